//! Each step of the arithmetic against `dashu-int`; the power against that and `ring`.

use dashu_int::UBig;
use proptest::prelude::*;

use super::cases::{Case, cases};
use super::digits::MAX_PAIRS;
use super::lanes::Quad;
use super::*;

fn modulus(bytes: &[u8]) -> Modulus {
    Modulus::new(bytes).unwrap()
}

fn ubig(digits: &Digits) -> UBig {
    digits.flat().iter().rev().fold(UBig::ZERO, |number, digit| (number << BITS as usize) + UBig::from(*digit))
}

fn digits(number: &UBig) -> Digits {
    Digits::of(&number.to_be_bytes())
}

fn work() -> Work {
    Work { rows: Rows::ZERO, windows: Windows::ZERO, quotients: Rows::ZERO }
}

/// `R`.
fn shift(modulus: &Modulus) -> UBig {
    UBig::ONE << (2 * modulus.pairs * BITS as usize)
}

/// Whether the base is a right signature.
fn check(case: &Case) -> bool {
    case.check(Modulus::new(&case.modulus).and_then(|modulus| modulus.power(&case.base, case.exponent)))
}

#[test]
fn the_power_is_the_same_as_dashus_and_the_verdict_as_rings() {
    let right = cases(1).take(200).filter(check).count();
    assert!((1..20).contains(&right), "{right} right signatures");
}

#[test]
#[ignore = "minutes: `cargo xtask signature`"]
fn a_million_powers_are_the_same_as_dashus_and_the_verdicts_as_rings() {
    let right = cases(2).take(1_000_000).filter(check).count();
    println!("{right} right signatures");
    assert!((5_000..50_000).contains(&right), "{right} right signatures");
}

/// The largest and the smallest modulus of each length around the ends of digits, with bases at both ends.
#[test]
fn the_power_is_right_at_the_ends_of_moduli_and_bases() {
    for bits in [2048, 2049, 2050, 2051, 2052, 2053, 2077, 2078, 2079, 2080, 2158, 2159, 2160, 2161, 3072, 4095, 4096] {
        let largest = (UBig::ONE << bits) - UBig::ONE;
        let smallest = (UBig::ONE << (bits - 1)) + UBig::ONE;
        for number in [largest, smallest] {
            let modulus = number.to_be_bytes().to_vec();
            for base in [UBig::ZERO, UBig::ONE, UBig::from(2_u8), &number - UBig::from(2_u8), &number - UBig::ONE] {
                let base = base.to_be_bytes();
                let base = [vec![0; modulus.len() - base.len()], base.to_vec()].concat();
                for exponent in [3, 17] {
                    check(&Case { modulus: modulus.clone(), base: base.clone(), exponent });
                }
            }
        }
    }
}

#[test]
fn an_unfit_modulus_is_refused() {
    let number = |bits: usize| ((UBig::ONE << bits) - UBig::ONE).to_be_bytes().to_vec();
    assert!(Modulus::new(&number(2048)).is_some() && Modulus::new(&number(4096)).is_some());
    let even = ((UBig::ONE << 2048_usize) - UBig::from(2_u8)).to_be_bytes().to_vec();
    for unfit in [vec![], vec![0; 256], number(2047), number(4097), number(8192), even, [vec![0], number(2048)].concat()] {
        assert!(Modulus::new(&unfit).is_none(), "{unfit:02x?}");
    }
}

#[test]
fn an_unfit_base_or_exponent_is_refused() {
    let bytes = [0xff; 256];
    let modulus = modulus(&bytes);
    let mut below = bytes;
    below[255] -= 1;
    assert!(modulus.power(&below, 3).is_some());
    assert!(modulus.power(&bytes, 3).is_none(), "the modulus itself");
    assert!(modulus.power(&below[1..], 3).is_none());
    assert!(modulus.power(&[&[0], &below[..]].concat(), 3).is_none());
    for exponent in [0, 1, 2, 4, 65536, 1 << 33] {
        assert!(modulus.power(&below, exponent).is_none(), "{exponent}");
    }
}

/// Every digit at its largest: no sum overflows, or this panics.
#[test]
fn the_largest_columns_do_not_overflow() {
    let modulus = modulus(&[0xff; 512]);
    assert_eq!(modulus.pairs, MAX_PAIRS);
    let largest = Digits([[MASK as u32; 2]; MAX_PAIRS]);
    for square in [true, false] {
        let mut number = largest.clone();
        match square {
            true => modulus.square(&mut number, &mut work()),
            false => modulus.multiply(&mut number, &largest, &mut work()),
        }
        let product = ubig(&largest) * ubig(&largest);
        let expected = (&product + multiple(&modulus, &product)) / shift(&modulus);
        assert_eq!(ubig(&number), expected % shift(&modulus));
    }
}

/// What makes a product divisible by `R`.
fn multiple(modulus: &Modulus, product: &UBig) -> UBig {
    let (r, n) = (shift(modulus), ubig(&modulus.digits));
    // By Newton's steps, as `negated_inverse`, but of the whole number.
    let mut inverse = UBig::ONE;
    for _ in 0..14 {
        inverse = (&inverse * ((UBig::from(2_u8) + &r * &r) - (&n * &inverse) % &r)) % &r;
    }
    let quotient = (product % &r * (&r - inverse)) % &r;
    quotient * n
}

fn number_of(bytes: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![3 => any::<u8>(), 1 => Just(0), 1 => Just(0xff)];
    prop::collection::vec(byte, bytes)
}

fn moduli() -> impl Strategy<Value = Vec<u8>> {
    number_of(256..=512).prop_map(|mut bytes| {
        let last = bytes.len() - 1;
        bytes[0] |= if last == 255 { 0x80 } else { 1 };
        bytes[last] |= 1;
        bytes
    })
}

/// A modulus, and two numbers below twice that.
fn operands() -> impl Strategy<Value = (Vec<u8>, UBig, UBig)> {
    (moduli(), number_of(512..=512), number_of(512..=512)).prop_map(|(bytes, a, b)| {
        let double = UBig::from_be_bytes(&bytes) << 1_usize;
        let (a, b) = (UBig::from_be_bytes(&a) % &double, UBig::from_be_bytes(&b) % &double);
        (bytes, a, b)
    })
}

proptest! {
    #[test]
    fn digits_are_the_number(bytes in number_of(0..=513)) {
        let digits = Digits::of(&bytes);
        prop_assert!(digits.flat().iter().all(|digit| u64::from(*digit) <= MASK));
        prop_assert_eq!(ubig(&digits), UBig::from_be_bytes(&bytes));
        prop_assert_eq!(digits.to_bytes(bytes.len()), bytes);
    }

    #[test]
    fn the_bits_above_are_those(number in any::<[u8; 513]>(), kept in 0..=37_usize, length in 40..4104_usize) {
        let number = UBig::from_be_bytes(&number) % (UBig::ONE << length);
        let dropped = length - kept;
        prop_assert_eq!(UBig::from(digits(&number).above(dropped)), number >> dropped);
    }

    #[test]
    fn numbers_are_compared_and_subtracted(a in number_of(0..=513), b in number_of(0..=513), equal in any::<bool>()) {
        let b = if equal { a.clone() } else { b };
        let (mut ours, other) = (Digits::of(&a), Digits::of(&b));
        let (a, b) = (UBig::from_be_bytes(&a), UBig::from_be_bytes(&b));
        prop_assert_eq!(ours.is_below(&other), a < b);
        ours.subtract_unless_below(&other);
        prop_assert_eq!(ubig(&ours), if a < b { a } else { a - b });
    }

    #[test]
    fn the_inverse_is_one(number in 0..1_u64 << BITS) {
        let odd = number | 1;
        prop_assert_eq!((odd * negated_inverse(odd)) & MASK, MASK);
        prop_assert!(negated_inverse(odd) <= MASK);
    }

    #[test]
    fn products_are_those_of_the_lanes(a in any::<[u32; 4]>(), b in any::<[u32; 4]>(), c in any::<[u32; 2]>()) {
        let [a, b] = [a, b].map(|lanes| lanes.map(|lane| lane >> 4));
        let product = |index: usize| u64::from(a[index]) * u64::from(b[index]);
        let expected = [product(0) + product(2), product(1) + product(3)];
        let products = Quad::new(a).products(Quad::new(b));
        prop_assert_eq!(products.lanes(), expected);
        let c = Columns::new(c.map(u64::from));
        prop_assert_eq!(products.plus(c).minus(products).lanes(), c.lanes());
    }

    #[test]
    fn sums_are_those_of_the_columns(a in number_of(500..=500), b in number_of(500..=500), column in 0..MAX_PAIRS, factor in 1..=2_u32) {
        let (a, b) = (Digits::of(&a), Digits::of(&b));
        let (mut rows, mut windows) = (Rows::ZERO, Windows::ZERO);
        rows.set(&a, MAX_PAIRS);
        windows.set(&b, MAX_PAIRS, factor);
        let column = 2 * column;
        let first = column.saturating_sub(MAX_PAIRS);
        let sums = sum(&rows, first..MAX_PAIRS.min(column + 2), &windows, column).map(Columns::lanes);
        let digit = |digits: &Digits, index: usize| u64::from(digits.flat().get(index).copied().unwrap_or_default());
        for (sum, column) in sums.as_flattened().iter().zip(2 * column..) {
            let expected: u64 = (0..=column).map(|index| digit(&a, index) * digit(&b, column - index)).sum();
            prop_assert_eq!(*sum, expected * u64::from(factor), "column {}", column);
        }
    }

    #[test]
    fn a_shifted_number_is_the_same_times_r((bytes, a, _) in operands()) {
        let modulus = modulus(&bytes);
        let shifted = ubig(&modulus.shifted(&digits(&a)));
        let n = ubig(&modulus.digits);
        prop_assert!(shifted < &n * UBig::from(2_u8));
        prop_assert_eq!(shifted % &n, a * shift(&modulus) % &n);
    }

    #[test]
    fn a_product_is_divided_by_r((bytes, a, b) in operands()) {
        let modulus = modulus(&bytes);
        let n = ubig(&modulus.digits);
        for (a, b, square) in [(&a, &b, false), (&b, &a, false), (&a, &a, true), (&b, &b, true)] {
            let mut number = digits(a);
            match square {
                true => modulus.square(&mut number, &mut work()),
                false => modulus.multiply(&mut number, &digits(b), &mut work()),
            }
            let number = ubig(&number);
            prop_assert!(number < &n * UBig::from(2_u8));
            prop_assert_eq!(number * shift(&modulus) % &n, a * b % &n);
        }
    }
}
