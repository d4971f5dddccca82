//! The time of day and random bytes, injected so that tests move the one and repeat the other.

#[cfg(feature = "testing")]
pub(crate) mod testing;

use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The time of day. Must follow UTC: it is compared with times that an identity provider wrote.
pub trait Clock: Send + Sync {
    /// Time since 1970-01-01T00:00:00Z.
    fn now(&self) -> Duration;
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}

/// Random bytes. Anything but [`SystemRandom`] is for tests: `state`, `nonce` and the PKCE code verifier come from here.
pub trait Random: Send + Sync {
    /// Fills the whole buffer.
    ///
    /// # Errors
    ///
    /// Where the source doesn't answer. The call that asked is ended: weak bytes are never handed out.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), String>;
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), String> {
        getrandom::fill(buffer).map_err(|error| error.to_string())
    }
}

/// A panic of another thread can't leave these values half-written, so its poison means nothing.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_clock_is_of_this_century_and_its_random_bytes_are_random() {
        assert!(SystemClock.now().as_secs() > 1_700_000_000);
        let (mut bytes, mut others) = ([0; 32], [0; 32]);
        SystemRandom.fill(&mut bytes).unwrap();
        SystemRandom.fill(&mut others).unwrap();
        assert!(bytes != [0; 32] && bytes != others);
    }
}
