//! What the step asked of its host in one call, for whoever shows it: each call has a list of its own, whatever runs beside it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use journey_host::{HostCall, HostReply, Import, Injection, Interceptor, Step};

/// One host call, without any secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// When, counted from the beginning of the step's call.
    pub at: Duration,
    /// Which function.
    pub import: Import,
    /// The variable's name, the beginning of the key, the method with origin and path, or the number of bytes.
    pub target: String,
    /// How it ended, in a few words.
    pub summary: String,
    /// Between the call and the answer.
    pub took: Duration,
}

/// Keeps the host calls of one call of the step. Passes everything on to the interceptor that was there before.
pub(super) struct Recorder {
    since: Instant,
    before: Option<Arc<dyn Interceptor>>,
    asked: Mutex<Vec<Asked>>,
}

impl Recorder {
    /// The step for one call, and what records that call.
    pub(super) fn of(step: &Step) -> (Step, Arc<Self>) {
        let before = step.services().interceptor.clone();
        let recorder = Arc::new(Self { since: Instant::now(), before, asked: Mutex::default() });
        (step.with_interceptor(Arc::clone(&recorder) as _), recorder)
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Interceptor for Recorder {
    async fn before(&self, call: &HostCall) -> Option<Injection> {
        match &self.before {
            Some(interceptor) => interceptor.before(call).await,
            None => None,
        }
    }

    fn after(&self, call: &HostCall, reply: &HostReply) {
        let (HostCall { import, target, .. }, HostReply { summary, took, .. }) = (call.clone(), reply.clone());
        let asked = Asked { at: self.since.elapsed().saturating_sub(took), import, target, summary, took };
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(asked);
        if let Some(interceptor) = &self.before {
            interceptor.after(call, reply);
        }
    }
}
