//! Numbers as digits of 27 bits, the lowest first.

/// Bits of a digit.
pub(super) const BITS: u32 = 27;
/// The lowest digit of a sum.
pub(super) const MASK: u64 = (1 << BITS) - 1;
/// Pairs of digits for the longest modulus: 4096 bits and two more.
pub(super) const MAX_PAIRS: usize = 76;

/// A number below 2^4104, in pairs of digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Digits(pub(super) [[u32; 2]; MAX_PAIRS]);

impl Digits {
    /// From big-endian bytes, of which there are at most 513.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut digits = [[0; 2]; MAX_PAIRS];
        let mut bytes = bytes.iter().rev();
        let (mut pending, mut bits) = (0_u64, 0);
        for digit in digits.as_flattened_mut() {
            while bits < BITS {
                pending |= u64::from(bytes.next().copied().unwrap_or_default()) << bits;
                bits += u8::BITS;
            }
            *digit = (pending & MASK) as u32;
            pending >>= BITS;
            bits -= BITS;
        }
        Self(digits)
    }

    /// The lowest `length` bytes, big-endian.
    pub(super) fn to_bytes(&self, length: usize) -> Vec<u8> {
        let mut digits = self.flat().iter();
        let mut bytes = vec![0; length];
        let (mut pending, mut bits) = (0_u64, 0);
        for byte in bytes.iter_mut().rev() {
            if bits < u8::BITS {
                pending |= u64::from(digits.next().copied().unwrap_or_default()) << bits;
                bits += BITS;
            }
            *byte = (pending & 0xff) as u8;
            pending >>= u8::BITS;
            bits -= u8::BITS;
        }
        bytes
    }

    /// The digits without their pairs.
    pub(super) fn flat(&self) -> &[u32] {
        self.0.as_flattened()
    }

    pub(super) fn lowest(&self) -> u64 {
        self.flat().first().copied().unwrap_or_default().into()
    }

    pub(super) fn is_below(&self, other: &Self) -> bool {
        self.flat().iter().rev().lt(other.flat().iter().rev())
    }

    /// The number without its lowest bits, which leave at most 37 of it: of the third digit then, no bit is shifted out.
    pub(super) fn above(&self, bits: usize) -> u64 {
        let (whole, offset) = (bits / BITS as usize, bits % BITS as usize);
        let mut digits = self.flat().iter().skip(whole).map(|digit| u64::from(*digit));
        let mut next = || digits.next().unwrap_or_default();
        let (low, middle, high) = (next(), next(), next());
        low >> offset | middle << (BITS as usize - offset) | high << (2 * BITS as usize - offset)
    }

    /// Takes `other` away, unless this number is below it.
    pub(super) fn subtract_unless_below(&mut self, other: &Self) {
        let mut difference = self.clone();
        let mut borrow = 0;
        for (digit, other) in difference.0.as_flattened_mut().iter_mut().zip(other.flat()) {
            let sum = i64::from(*digit) - i64::from(*other) + borrow;
            *digit = (sum & MASK as i64) as u32;
            borrow = sum >> BITS;
        }
        if borrow == 0 {
            *self = difference;
        }
    }
}
