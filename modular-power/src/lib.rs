//! A power modulo an odd number of 2048 to 4096 bits: what verifying a signature by an RSA key is about (RFC 8017 5.2.2).
//!
//! Every value is public, so its time may depend on any of them.
//!
//! **Digits.** A number is `n` digits of 27 bits, where `n` is a multiple of four and `R = 2^(27 n)` is at least four times the
//! modulus `N`: 76 digits for 2048 bits, 152 for 4096. A product of two numbers is a sum of `n` products in each column, carried
//! only at the end.
//!
//! **No column overflows.** A product of two digits is below 2^54. A column holds at most `n` of a product of two numbers (those
//! of a square that occur twice count as two) and `n` of a multiple of `N`: 304 products and a carry below 2^37, which is less
//! than 2^63.
//!
//! **Montgomery multiplication** (`multiply`, `square`; Montgomery 1985) gives `a b / R` modulo `N`. From the lowest
//! column up, that multiple of `N` is added which makes the column's digit zero; then the lower half is dropped. From `a` and `b`
//! below `2 N` comes at most `(4 N^2 + R N) / R`, which is again below `2 N`.
//!
//! **A square** needs half of the products: those of two different digits occur twice, so one of the two is doubled.
//!
//! **The power** goes through the exponent's bits from the highest down, with `base · R` modulo `N` (`shifted`) as the base, so
//! that each product is again `R` times the right one. The exponent is odd. Its last multiplication is by the base itself, and so
//! leaves no `R`. What comes out is below `2 N`: `N` is taken away at most once.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail loudly")
)]

mod digits;
mod lanes;
mod products;

#[cfg(test)]
mod cases;
#[cfg(test)]
mod tests;

use digits::{BITS, Digits, MASK};
use lanes::Columns;
use products::{Rows, Windows, sum};

/// Bits that a modulus may have.
const MODULUS_BITS: core::ops::RangeInclusive<usize> = 2048..=4096;
/// Bits of a number that a quotient is estimated by.
const LEADING_BITS: usize = 32;

/// A modulus, and what is computed from it once.
pub struct Modulus {
    /// Bytes, without leading zeros.
    length: usize,
    bits: usize,
    /// Pairs of digits to compute with: an even number.
    pairs: usize,
    digits: Digits,
    windows: Windows,
    /// `-1 / N` modulo 2^27.
    negated_inverse: u64,
}

/// Room for one multiplication.
struct Work {
    rows: Rows,
    windows: Windows,
    /// Of `N`, to be added.
    quotients: Rows,
}

impl Modulus {
    /// From big-endian bytes without leading zeros. `None`: it is even, or hasn't 2048 to 4096 bits.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let (first, last) = (bytes.first()?, bytes.last()?);
        let bits = bytes.len().checked_mul(8)?.checked_sub(first.leading_zeros() as usize)?;
        if *first == 0 || last & 1 == 0 || !MODULUS_BITS.contains(&bits) {
            return None;
        }
        // Two bits more than the modulus: `R` is at least `4 N`.
        let pairs = (bits + 2).div_ceil(4 * BITS as usize) * 2;
        let digits = Digits::of(bytes);
        let mut windows = Windows::ZERO;
        windows.set(&digits, pairs, 1);
        let negated_inverse = negated_inverse(digits.lowest());
        Some(Self { length: bytes.len(), bits, pairs, digits, windows, negated_inverse })
    }

    /// `base` to that power, big-endian and as long as the modulus. `None`: the base isn't as long as the modulus, or isn't
    /// smaller (RFC 8017 5.2.2, step 1); the exponent is even or below 3.
    #[must_use]
    pub fn power(&self, base: &[u8], exponent: u64) -> Option<Vec<u8>> {
        if base.len() != self.length || exponent < 3 || exponent & 1 == 0 {
            return None;
        }
        let base = Digits::of(base);
        if !base.is_below(&self.digits) {
            return None;
        }
        let mut work = Work { rows: Rows::ZERO, windows: Windows::ZERO, quotients: Rows::ZERO };
        let shifted = self.shifted(&base);
        let mut power = shifted.clone();
        for bit in (0..exponent.ilog2()).rev() {
            self.square(&mut power, &mut work);
            if exponent >> bit & 1 == 1 {
                self.multiply(&mut power, if bit == 0 { &base } else { &shifted }, &mut work);
            }
        }
        power.subtract_unless_below(&self.digits);
        Some(power.to_bytes(self.length))
    }

    /// `R · number` modulo `N`, below `2 N`, for a number below `2 N`: one digit is appended `n` times, and each time a multiple
    /// of `N` is taken away.
    ///
    /// The quotient is estimated by the bits `t` and `d` of the remainder and of `N` above the same bit, as `2^27 t / (d + 1)`.
    /// That is never too much, and since `d` has 32 bits and the remainder is below `2 N`, too little by less than
    /// `1 + 2^27 · 3 / 2^31`: less than `2 N` remains.
    ///
    /// By itself, and four digits a turn: an engine that keeps all of a power in one function has too few registers for this.
    #[inline(never)]
    fn shifted(&self, number: &Digits) -> Digits {
        let mut remainder = number.clone();
        let below = self.bits - LEADING_BITS;
        let divisor = self.digits.above(below) + 1;
        for _ in 0..2 * self.pairs {
            // `t` has 33 bits, the quotient 28.
            let quotient = ((remainder.above(below) << BITS) / divisor) as i64;
            let (mut lower, mut carry) = (0, 0);
            let (fours, _) = remainder.0.as_flattened_mut().as_chunks_mut::<4>();
            let (moduli, _) = self.digits.flat().as_chunks::<4>();
            for (digits, moduli) in fours.iter_mut().zip(moduli).take(self.pairs / 2) {
                for (digit, modulus) in digits.iter_mut().zip(moduli) {
                    let sum = i64::from(lower) - quotient * i64::from(*modulus) + carry;
                    lower = *digit;
                    *digit = (sum & MASK as i64) as u32;
                    carry = sum >> BITS;
                }
            }
        }
        remainder
    }

    /// `number · other / R`.
    fn multiply(&self, number: &mut Digits, other: &Digits, work: &mut Work) {
        let Work { rows, windows, quotients } = work;
        rows.set(other, self.pairs);
        windows.set(number, self.pairs, 1);
        self.reduce(number, quotients, |column| {
            let first = column.saturating_sub(self.pairs);
            sum(rows, first..self.pairs.min(column + 2), windows, column)
        });
    }

    /// `number · number / R`.
    fn square(&self, number: &mut Digits, work: &mut Work) {
        let Work { rows, windows, quotients } = work;
        rows.set(number, self.pairs);
        windows.set(number, self.pairs, 2);
        let digits = number.clone();
        self.reduce(number, quotients, |column| {
            // Up to the middle row, each product is one of two different digits, the second doubled.
            let middle = column / 2;
            let [low, high] = sum(rows, column.saturating_sub(self.pairs)..middle, windows, column);
            // In the middle row (a, b) are the squares; its window doubles that of b, too.
            let [a, b] = digits.0.get(middle).copied().unwrap_or_default().map(u64::from);
            let doubled = rows.get(middle).products(windows.get(middle + 1));
            [low.plus(Columns::new([a * a, 2 * a * b])), high.plus(doubled).minus(Columns::new([b * b, 0]))]
        });
    }

    /// `number = product / R`. The product comes as its pairs of columns `column` and `column + 1`, each asked for once.
    fn reduce(&self, number: &mut Digits, quotients: &mut Rows, product: impl Fn(usize) -> [Columns; 2]) {
        let [lowest, second, third, fourth] = self.digits.flat().first_chunk().copied().unwrap_or_default().map(u64::from);
        let mut carry = 0;
        // How often `N` is to be added for the pair's digits to become zero.
        let mut quotients_of = |[low, high]: [u64; 2]| {
            let low = low + carry;
            let first = low.wrapping_mul(self.negated_inverse) & MASK;
            let high = high + first * second + ((low + first * lowest) >> BITS);
            let next = high.wrapping_mul(self.negated_inverse) & MASK;
            carry = (high + next * lowest) >> BITS;
            [first, next]
        };
        for column in (0..self.pairs).step_by(2) {
            let ([a, b], [c, d]) = (product(column), sum(quotients, 0..column, &self.windows, column));
            // What the first pair adds to the second is four products of numbers that are at hand: no vectors.
            let lower = quotients_of(a.plus(c).lanes());
            let ([e, f], [low, high]) = (lower, b.plus(d).lanes());
            let upper = quotients_of([low + e * third + f * second, high + e * fourth + f * third]);
            quotients.set_two(column, [lower, upper].map(|pair| Rows::row(pair.map(|digit| digit as u32))));
        }
        for (digits, column) in number.0.as_chunks_mut().0.iter_mut().zip((self.pairs..2 * self.pairs).step_by(2)) {
            let ([a, b], [c, d]) = (product(column), sum(quotients, column - self.pairs..self.pairs, &self.windows, column));
            *digits = [a.plus(c), b.plus(d)].map(|columns| {
                let [low, high] = columns.lanes();
                let low = low + carry;
                let high = high + (low >> BITS);
                carry = high >> BITS;
                [(low & MASK) as u32, (high & MASK) as u32]
            });
        }
    }
}

/// `-1 / odd` modulo 2^27. An odd number is its own inverse modulo 8, and each of Newton's steps doubles the number of right
/// bits: 3, 6, 12, 24, 48.
fn negated_inverse(odd: u64) -> u64 {
    let mut inverse = odd;
    for _ in 0..4 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(inverse)));
    }
    inverse.wrapping_neg() & MASK
}
