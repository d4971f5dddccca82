//! Watching and breaking the host calls of a component: for a demo that shows them, and for tests of what follows a failure.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;

use crate::clock::lock;
use crate::import::Import;
use crate::visit::Visit;

/// Sees each host call of a component before and after. A host without one pays nothing.
#[async_trait]
pub trait Interceptor: Send + Sync {
    /// Before the host does anything. May wait, and may have the call fail.
    async fn before(&self, _call: &HostCall) -> Option<Injection> {
        None
    }

    /// When the answer is on its way to the component.
    fn after(&self, _call: &HostCall, _reply: &HostReply) {}
}

/// One host call. Holds no secret: keys are shortened, URLs end with their path.
#[derive(Clone, Debug)]
pub struct HostCall {
    /// On whose behalf.
    pub visit: Visit,
    /// The function called.
    pub import: Import,
    /// How many times this function has been called before by this call of the component.
    pub index: u32,
    /// The variable's name, the beginning of the key, the method with origin and path, or the number of bytes. One line of at
    /// most [`HostCall::MAX_TARGET`] characters.
    pub target: String,
}

impl HostCall {
    /// Characters of a target: a component can ask for a URL of two megabytes.
    pub const MAX_TARGET: usize = 128;
}

/// How a host call ended.
#[derive(Clone, Debug)]
pub struct HostReply {
    /// In a few words, without any value.
    pub summary: String,
    /// Whether the component got an error.
    pub failed: bool,
    /// Between the call and the answer.
    pub took: Duration,
}

/// A failure that a host call can have. Where an import has no such error, it gets its nearest one, or a trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostFault {
    /// Stores: `refused`; http: `denied`.
    Refused,
    /// Stores and http: `too-large`.
    TooLarge,
    /// Stores: `unavailable`; http: `unreachable`.
    Unavailable,
    /// http: `timeout`; stores: `unavailable`.
    Timeout,
    /// http: `other`; stores: `unavailable`.
    Other,
    /// The host itself fails: the component is ended.
    Trap,
}

/// When the failure comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// In place of the act.
    Instead,
    /// After the act has taken effect: its answer is lost.
    After,
}

/// A failure to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Injection {
    /// Which.
    pub fault: HostFault,
    /// When.
    pub moment: Moment,
}

/// Fails chosen host calls, and keeps a record of all.
#[derive(Default)]
pub struct Faults {
    plan: Vec<(Import, Option<u32>, Injection)>,
    record: Mutex<Vec<HostCall>>,
}

impl Faults {
    /// Fails nothing yet.
    pub fn none() -> Self {
        Self::default()
    }

    /// Fails the call of `import` that has this index, counted from 0 in each call of the component.
    #[must_use]
    pub fn fail(mut self, import: Import, index: u32, fault: HostFault) -> Self {
        self.plan.push((import, Some(index), Injection { fault, moment: Moment::Instead }));
        self
    }

    /// Fails every call of `import`.
    #[must_use]
    pub fn fail_all(mut self, import: Import, fault: HostFault) -> Self {
        self.plan.push((import, None, Injection { fault, moment: Moment::Instead }));
        self
    }

    /// Lets that call take effect, and loses its answer.
    #[must_use]
    pub fn fail_after(mut self, import: Import, index: u32, fault: HostFault) -> Self {
        self.plan.push((import, Some(index), Injection { fault, moment: Moment::After }));
        self
    }

    /// Every host call so far, in order.
    pub fn record(&self) -> Vec<HostCall> {
        lock(&self.record).clone()
    }
}

#[async_trait]
impl Interceptor for Faults {
    async fn before(&self, call: &HostCall) -> Option<Injection> {
        lock(&self.record).push(call.clone());
        let applies = |(import, index, _): &&(Import, Option<u32>, Injection)| {
            *import == call.import && index.is_none_or(|index| index == call.index)
        };
        self.plan.iter().find(applies).map(|(_, _, injection)| *injection)
    }
}

/// Prints each host call to standard output.
#[derive(Clone, Copy, Debug, Default)]
pub struct Printer;

impl Interceptor for Printer {
    fn after(&self, call: &HostCall, reply: &HostReply) {
        println!("  {:<24} {:<64} {:>5} ms  {}", call.import.to_string(), call.target, reply.took.as_millis(), reply.summary);
    }
}
