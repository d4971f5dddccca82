//! Powers to compute, as many as one likes: random ones, those at which arithmetic breaks first, and right signatures. For tests
//! here and of the sealed module.

use dashu_int::UBig;
use dashu_int::fast_div::ConstDivisor;
use dashu_int::ops::BitTest;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use sha2::{Digest, Sha256};

/// What each base is taken for a signature of.
const MESSAGE: &[u8] = b"message";

/// One power to compute.
#[derive(Debug)]
pub(crate) struct Case {
    /// Odd, of 2048 to 4096 bits, big-endian.
    pub(crate) modulus: Vec<u8>,
    /// Smaller than the modulus, and as long.
    pub(crate) base: Vec<u8>,
    /// Odd, of 2 to 33 bits.
    pub(crate) exponent: u64,
}

impl Case {
    /// The power is `dashu-int`'s, and says of the base as a signature what `ring` says. Returns whether it is right.
    pub(crate) fn check(&self, power: Option<Vec<u8>>) -> bool {
        let Self { modulus, base, exponent } = self;
        let divisor = ConstDivisor::new(UBig::from_be_bytes(modulus));
        let dashus = divisor.reduce(UBig::from_be_bytes(base)).pow(&UBig::from(*exponent)).residue();
        let power = power.unwrap_or_else(|| panic!("no power: {self:02x?}"));
        assert_eq!((power.len(), UBig::from_be_bytes(&power)), (modulus.len(), dashus), "{self:02x?}");

        let is_right = power == encoding(MESSAGE, modulus.len());
        let exponent = exponent.to_be_bytes();
        let zeros = exponent.iter().take_while(|byte| **byte == 0).count();
        let key = RsaPublicKeyComponents { n: modulus.as_slice(), e: &exponent[zeros..] };
        assert_eq!(key.verify(&RSA_PKCS1_2048_8192_SHA256, MESSAGE, base).is_ok(), is_right, "{self:02x?}");
        is_right
    }
}

/// EMSA-PKCS1-v1_5 with SHA-256 (RFC 8017 9.2).
pub(crate) fn encoding(message: &[u8], length: usize) -> Vec<u8> {
    let digest_info = b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";
    let end = [&[0], &digest_info[..], &Sha256::digest(message)].concat();
    [&[0, 1], &vec![0xff; length - end.len() - 2][..], &end].concat()
}

/// The same cases for the same seed, without end.
pub(crate) fn cases(seed: u64) -> impl Iterator<Item = Case> {
    let mut random = Random(seed);
    std::iter::repeat_with(move || random.case())
}

struct Random(u64);

impl Random {
    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn case(&mut self) -> Case {
        if self.below(16) == 0
            && let Some(case) = self.signature()
        {
            return case;
        }
        // Mostly the usual length; else one where digits begin or end, or any.
        let bits = match self.below(8) {
            0 => 2048 + self.below(2049),
            1 => [2049, 2050, 2051, 2052, 2053, 2078, 2079, 2159, 2160, 2161, 3072, 4095, 4096][self.below(13) as usize],
            _ => 2048,
        };
        let length = bits.div_ceil(8) as usize;
        let highest = 1 << ((bits - 1) % 8);
        let mut modulus = self.bytes(length);
        modulus[0] = modulus[0] & (highest - 1) | highest;
        modulus[length - 1] |= 1;
        let mut base = match self.below(8) {
            // Just below the modulus.
            0 => {
                let mut base = modulus.clone();
                base[length - 1] -= 1;
                base
            }
            // Next to nothing.
            1 => [vec![0; length - 1], vec![self.next() as u8]].concat(),
            _ => self.bytes(length),
        };
        while base >= modulus {
            base[0] /= 2;
            base[1] /= 2;
        }
        let exponent = match self.below(8) {
            0 => 3,
            1 => (1 << 33) - 1,
            2 => (1 << 32) + 1,
            3 => self.below(1 << 33) | 3,
            _ => 65537,
        };
        Case { modulus, base, exponent }
    }

    /// A right signature by a modulus that nobody has factors of: what the cube of a random base exceeds the encoding by.
    fn signature(&mut self) -> Option<Case> {
        let bits = 683 + self.below(683) as usize;
        let base = UBig::from_be_bytes(&self.bytes(bits.div_ceil(8))) >> (bits.next_multiple_of(8) - bits);
        let cube = base.pow(3);
        let length = cube.bit_len().div_ceil(8).max(256);
        let encoding = UBig::from_be_bytes(&encoding(MESSAGE, length));
        if cube <= encoding {
            return None;
        }
        let modulus = (cube - &encoding).to_be_bytes().to_vec();
        let number = UBig::from_be_bytes(&modulus);
        let fits = modulus.len() == length && number > encoding && number.bit(0) && (2048..=4096).contains(&number.bit_len());
        let base = base.to_be_bytes();
        fits.then(|| Case { base: [vec![0; length - base.len()], base.to_vec()].concat(), modulus, exponent: 3 })
    }

    /// Random bytes; or runs of ones and zeros, where carries go far.
    fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut random = vec![0; length];
        for bytes in random.chunks_mut(8) {
            bytes.copy_from_slice(&self.next().to_le_bytes()[..bytes.len()]);
        }
        if self.below(2) == 0 {
            return random;
        }
        let mut byte = 0xff;
        let mut runs = Vec::new();
        while runs.len() < length {
            let run = 1 + self.below(length as u64) as usize;
            runs.extend(std::iter::repeat_n(byte, run));
            byte = if self.below(4) == 0 { self.next() as u8 } else { !byte };
        }
        runs.truncate(length);
        runs
    }
}
