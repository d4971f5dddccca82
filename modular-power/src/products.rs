//! Sums of products of digits, by columns: what all the time is spent on.
//!
//! Column `k` of `a · b` is the sum of all `a[i] b[k - i]`. Four columns are summed at once. A row and a window hold, for one
//! pair of `a`'s digits and two of `b`'s, all products of two neighbouring columns:
//!
//! | lane | 0 | 1 | 2 | 3 |
//! |---|---|---|---|---|
//! | row `i` | `a[2i]` | `a[2i]` | `a[2i+1]` | `a[2i+1]` |
//! | window `j` | `b[2j]` | `b[2j+1]` | `b[2j-1]` | `b[2j]` |
//! | column of the product | `2(i+j)` | `2(i+j)+1` | `2(i+j)` | `2(i+j)+1` |
//!
//! Both are read from memory in the innermost loop. Where one of them stays the same, LLVM moves a part of the multiplication
//! before the loop, and engines no longer see that it takes two numbers of 32 bits: three times the work.

use core::ops::Range;

use super::digits::{Digits, MAX_PAIRS};
use super::lanes::{Columns, Quad};

const NOTHING: Quad = Quad::new([0; 4]);

/// The first factor, pair by pair.
pub(super) struct Rows([Quad; MAX_PAIRS]);

/// The second factor. The highest window comes first, so that both factors are read upwards. Beyond the number windows are zero.
pub(super) struct Windows([Quad; MAX_PAIRS + 3]);

impl Rows {
    pub(super) const ZERO: Self = Self([NOTHING; MAX_PAIRS]);

    /// Of the number's lowest `pairs` pairs.
    pub(super) fn set(&mut self, number: &Digits, pairs: usize) {
        for (row, digits) in self.0.iter_mut().zip(&number.0).take(pairs) {
            *row = Self::row(*digits);
        }
    }

    /// Rows `index` and `index + 1`, where `index` is even.
    pub(super) fn set_two(&mut self, index: usize, rows: [Quad; 2]) {
        if let Some(two) = self.0.as_chunks_mut().0.get_mut(index / 2) {
            *two = rows;
        }
    }

    pub(super) fn get(&self, index: usize) -> Quad {
        self.0.get(index).copied().unwrap_or(NOTHING)
    }

    pub(super) fn row([low, high]: [u32; 2]) -> Quad {
        Quad::new([low, low, high, high])
    }
}

impl Windows {
    pub(super) const ZERO: Self = Self([NOTHING; MAX_PAIRS + 3]);

    /// Of the number's lowest `pairs` pairs, each digit times `factor`. What was set before had as many pairs.
    pub(super) fn set(&mut self, number: &Digits, pairs: usize, factor: u32) {
        let mut below = 0;
        let digits = number.0.iter().take(pairs).chain([&[0; 2]]);
        // The last one is window -1.
        for (window, digits) in self.0.iter_mut().rev().skip(1).zip(digits) {
            let [low, high] = digits.map(|digit| digit * factor);
            *window = Quad::new([low, high, below, low]);
            below = high;
        }
    }

    pub(super) fn get(&self, index: usize) -> Quad {
        self.down_from(index).first().copied().unwrap_or(NOTHING)
    }

    /// From window `index`, at most `MAX_PAIRS + 1`, down to window -1.
    fn down_from(&self, index: usize) -> &[Quad] {
        self.0.get(MAX_PAIRS + 1 - index..).unwrap_or_default()
    }
}

/// The pairs of columns `column` and `column + 1`, summed over those rows: none before `column - MAX_PAIRS`.
#[inline(always)]
pub(super) fn sum(rows: &Rows, range: Range<usize>, windows: &Windows, column: usize) -> [Columns; 2] {
    let upper = windows.down_from(column + 1 - range.start);
    let lower = upper.get(1..).unwrap_or_default();
    let rows = rows.0.get(range).unwrap_or_default();

    let (twos, one) = rows.as_chunks::<2>();
    let mut sums = [Columns::new([0; 2]); 2];
    let [low, high] = &mut sums;
    for (([a, b], [c, d]), [e, f]) in twos.iter().zip(upper.as_chunks().0).zip(lower.as_chunks().0) {
        *low = low.plus(a.products(*e)).plus(b.products(*f));
        *high = high.plus(a.products(*c)).plus(b.products(*d));
    }
    let last = twos.len() * 2;
    if let ([row], Some(upper), Some(lower)) = (one, upper.get(last), lower.get(last)) {
        *low = low.plus(row.products(*lower));
        *high = high.plus(row.products(*upper));
    }
    sums
}
