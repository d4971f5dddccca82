//! The metrics of the process, as Prometheus reads them.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

/// Seconds: from a fresh sandbox's processor time to a whole call's.
const SECONDS: [f64; 15] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 45.0];

/// Bytes: powers of two, up to what a sandbox may have.
const BYTES: [f64; 5] = [1048576.0, 2097152.0, 4194304.0, 8388608.0, 16777216.0];

/// A recorder with buckets that fit the host's metrics.
///
/// # Panics
/// Never: the buckets are not empty.
#[must_use]
pub fn recorder() -> PrometheusRecorder {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .and_then(|builder| builder.set_buckets_for_metric(Matcher::Suffix("_bytes".to_owned()), &BYTES));
    builder.unwrap_or_default().build_recorder()
}

/// Those of this process; from the first call on, they are recorded.
pub fn metrics() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let recorder = recorder();
        let handle = recorder.handle();
        // Where the process has another recorder already, the numbers are there.
        let _ = metrics::set_global_recorder(recorder);
        journey_host::telemetry::describe();
        handle
    })
}
