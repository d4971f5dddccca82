//! A power: modulus and base in hexadecimal, and the exponent, each on a line of its own.
//!
//! Every result is compared with `dashu-int`'s.

use dashu_int::UBig;
use dashu_int::fast_div::ConstDivisor;
use modular_power::Modulus;

/// There is a power just where modulus, base and exponent are fit, and it is the right one.
pub fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let mut lines = text.split('\n');
    let mut line = || lines.next().unwrap_or_default();
    let (Some(modulus), Some(base)) = (bytes(line()), bytes(line())) else { return };
    let Ok(exponent) = line().parse::<u64>() else { return };

    let number = UBig::from_be_bytes(&modulus);
    let bits = dashu_int::ops::BitTest::bit_len(&number);
    let is_odd = modulus.last().is_some_and(|byte| byte & 1 == 1);
    let fit = is_odd && !modulus.starts_with(&[0]) && (2048..=4096).contains(&bits);
    let parsed = Modulus::new(&modulus);
    assert_eq!(parsed.is_some(), fit);

    let Some(parsed) = parsed else { return };
    let fit = base.len() == modulus.len() && base < modulus && exponent >= 3 && exponent % 2 == 1;
    let power = parsed.power(&base, exponent);
    assert_eq!(power.is_some(), fit);
    if let Some(power) = power {
        assert_eq!(power.len(), modulus.len());
        let divisor = ConstDivisor::new(number);
        let dashus = divisor.reduce(UBig::from_be_bytes(&base)).pow(&UBig::from(exponent)).residue();
        assert_eq!(UBig::from_be_bytes(&power), dashus);
    }
}

/// Pairs of hexadecimal digits.
fn bytes(line: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let pairs = line.as_bytes().chunks(2);
    pairs.map(|pair| Some((digit(pair.first()?)? << 4 | digit(pair.get(1)?)?) as u8)).collect()
}
