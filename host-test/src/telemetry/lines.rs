//! Log lines: one JSON object each.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::registry::LookupSpan;

/// Where lines go.
#[derive(Clone, Default)]
pub struct Lines(Option<Arc<Mutex<Vec<u8>>>>);

impl Lines {
    /// To standard error.
    #[must_use]
    pub fn to_standard_error() -> Self {
        Self(None)
    }

    /// Into memory, to be shown later.
    #[must_use]
    pub fn kept() -> Self {
        Self(Some(Arc::default()))
    }

    /// What was kept.
    #[must_use]
    pub fn text(&self) -> String {
        let bytes = self.0.as_ref().map(|kept| kept.lock().unwrap_or_else(PoisonError::into_inner).clone());
        String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &self.0 {
            Some(kept) => kept.lock().unwrap_or_else(PoisonError::into_inner).write(bytes),
            None => io::stderr().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// The fields of each line at its top. Spans aren't repeated in it: what a reader needs of them is in the line itself.
pub fn json<S: Subscriber + for<'a> LookupSpan<'a>>(lines: Lines) -> impl Layer<S> {
    tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(false).with_writer(lines)
}
