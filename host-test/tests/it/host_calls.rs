//! What a login asks of its host: each host call crosses the sandbox's border, and each fetch the network; and how much memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use journey_host::{Completed, HostCall, Import, Injection, Interceptor};

use crate::stage::Stage;

/// Counts host calls of any kind.
#[derive(Default)]
struct Counter {
    calls: AtomicU32,
    fetches: AtomicU32,
}

#[async_trait]
impl Interceptor for Counter {
    async fn before(&self, call: &HostCall) -> Option<Injection> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.fetches.fetch_add(u32::from(call.import == Import::Fetch), Ordering::Relaxed);
        None
    }
}

impl Counter {
    /// Calls, and the fetches among them, since it was last asked.
    fn taken(&self) -> (u32, u32) {
        (self.calls.swap(0, Ordering::Relaxed), self.fetches.swap(0, Ordering::Relaxed))
    }
}

/// Bytes of linear memory that a call may take where nothing is out of the ordinary.
const MEMORY: usize = 1_250_000;

/// One login on this stage: its host calls, and the round trips of `begin` and of `complete`.
async fn login(stage: &Stage, counter: &Counter) -> (u32, [u32; 2]) {
    counter.taken();
    let request = stage.begin().await;
    let begin = counter.taken();
    let response = stage.sign_in(&request).await;
    let completed = stage.complete(&response).await;
    assert!(matches!(completed.outcome, Completed::Authenticated(_)), "{}", completed.outcome);
    assert!(completed.usage.memory <= MEMORY, "{} bytes", completed.usage.memory);
    let complete = counter.taken();
    (begin.0 + complete.0, [begin.1, complete.1])
}

/// The native tests count what the step's own code asks for; here is what comes out of the sandbox, libraries and bindings
/// included.
#[tokio::test]
async fn a_login_whose_keys_are_cached_is_two_round_trips_and_fewer_than_nineteen_host_calls() {
    let mut stage = Stage::new().await;
    let counter = Arc::new(Counter::default());
    stage.step = stage.step.with_interceptor(Arc::clone(&counter) as _);
    let (_, cold) = login(&stage, &counter).await;
    assert_eq!(cold, [0, 3]);
    stage.visit = stage.visit.next();
    let (calls, warm) = login(&stage, &counter).await;
    assert_eq!(warm, [0, 2]);
    assert!(calls < 19, "{calls}");
}
