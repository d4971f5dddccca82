//! The exports. Without imports but those of the standard library, which nothing here reaches.

use std::sync::atomic::{AtomicU8, Ordering};

use modular_power::Modulus;

/// What the host writes and reads: a modulus, and behind it the base, later the result.
static NUMBERS: [AtomicU8; 2 * 512] = [const { AtomicU8::new(0) }; 2 * 512];

/// Where in memory the host writes the numbers, big-endian, without anything between them.
#[allow(unsafe_code, reason = "an export needs a name of its own, and nothing else here has this one")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn numbers() -> *const AtomicU8 {
    NUMBERS.as_ptr()
}

/// The base, of `base` bytes, to that power, in its place: modulo the number of `modulus` bytes before it. How many bytes the
/// result has; 0 where there is none.
#[allow(unsafe_code, reason = "an export needs a name of its own, and nothing else here has this one")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn power(modulus: usize, base: usize, exponent: u64) -> usize {
    let numbers: Vec<u8> = NUMBERS.iter().map(|byte| byte.load(Ordering::Relaxed)).collect();
    let Some((modulus, behind)) = numbers.split_at_checked(modulus) else { return 0 };
    let Some(base) = behind.get(..base) else { return 0 };
    let Some(result) = Modulus::new(modulus).and_then(|modulus| modulus.power(base, exponent)) else { return 0 };
    for (place, byte) in NUMBERS.iter().skip(modulus.len()).zip(&result) {
        place.store(*byte, Ordering::Relaxed);
    }
    result.len()
}
