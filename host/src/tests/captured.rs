//! What a host shows of itself: spans and lines as JSON, metrics as Prometheus reads them. The tests of the journey server read
//! this file, too, and put the server's own exporters beside.

use std::io::{self, Write};
use std::sync::{Arc, LazyLock, Mutex};

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use serde_json::Value;
use tracing::Dispatch;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::{Identity, Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;

/// With a single subscriber, `tracing` asks the thread that comes to a span first whether anybody wants it, and believes it for
/// all threads: one of another test, which has none. With several it asks them all.
static SEVERAL: LazyLock<[Dispatch; 2]> = LazyLock::new(|| [(); 2].map(|()| Dispatch::new(tracing_subscriber::registry())));

/// What this thread's calls show while it lives. A test's runtime has one thread, so that is the test's alone.
pub(crate) struct Captured {
    kept: Kept,
    metrics: PrometheusHandle,
    _guards: (DefaultGuard, metrics::LocalRecorderGuard<'static>),
}

impl Captured {
    pub(crate) fn begin() -> Self {
        Self::beside(Identity::new(), PrometheusBuilder::new().build_recorder())
    }

    /// Lets another exporter have all of it too, and counts by this recorder.
    pub(crate) fn beside(exporter: impl Layer<Registry> + Send + Sync + 'static, recorder: PrometheusRecorder) -> Self {
        LazyLock::force(&SEVERAL);
        let kept = Kept::default();
        let writer = kept.clone();
        let layer = tracing_subscriber::fmt::layer()
            .json()
            .with_span_events(FmtSpan::CLOSE)
            .with_span_list(false)
            .with_writer(move || writer.clone());
        let subscriber = tracing::subscriber::set_default(tracing_subscriber::registry().with(exporter).with(layer));
        let recorder = Box::leak(Box::new(recorder));
        let metrics = recorder.handle();
        Self { kept, metrics, _guards: (subscriber, metrics::set_default_local_recorder(recorder)) }
    }

    /// The fields of each line of a call.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let lines = self.events().into_iter().filter(|event| event["fields"]["message"] != "close");
        lines.map(|mut event| with(event["fields"].take(), "level", event["level"].take())).collect()
    }

    /// The fields of each span of this name that is over.
    pub(crate) fn spans(&self, name: &str) -> Vec<Value> {
        let closed = self.events().into_iter().filter(|event| event["fields"]["message"] == "close");
        closed.map(|mut event| event["span"].take()).filter(|span| span["name"] == name).collect()
    }

    fn events(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Spans and lines, each a JSON object.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.kept.0.lock().unwrap().clone()).unwrap()
    }

    /// All metrics.
    pub(crate) fn metrics(&self) -> String {
        self.metrics.render()
    }

    /// Each series of this name without the prefix that all have, with its labels and its value.
    pub(crate) fn series(&self, name: &str) -> Vec<String> {
        let text = self.metrics();
        let mut series: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("journey_step_")?.strip_prefix(name))
            .filter(|rest| rest.starts_with(['{', ' ']))
            .map(str::to_owned)
            .collect();
        series.sort();
        series
    }
}

fn with(mut fields: Value, name: &str, value: Value) -> Value {
    fields[name] = value;
    fields
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
