//! Several numbers in one vector, for the inner loops: WebAssembly's `simd128` in the component, the same in plain integers
//! elsewhere.
//!
//! No lane overflows where [`Quad`]s hold digits or doubled digits and [`Columns`] sums of their products: see [`super`].

#[cfg(not(target_feature = "simd128"))]
pub(super) use portable::{Columns, Quad};
#[cfg(target_feature = "simd128")]
pub(super) use simd128::{Columns, Quad};

#[cfg(target_feature = "simd128")]
mod simd128 {
    use core::arch::wasm32::{
        u32x4, u64x2, u64x2_add, u64x2_extmul_high_u32x4, u64x2_extmul_low_u32x4, u64x2_extract_lane, u64x2_sub, v128,
    };

    /// Two neighbouring columns of a sum of products.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Columns(v128);

    impl Columns {
        pub(in super::super) const fn new([low, high]: [u64; 2]) -> Self {
            Self(u64x2(low, high))
        }

        pub(in super::super) fn lanes(self) -> [u64; 2] {
            [u64x2_extract_lane::<0>(self.0), u64x2_extract_lane::<1>(self.0)]
        }

        pub(in super::super) fn plus(self, other: Self) -> Self {
            Self(u64x2_add(self.0, other.0))
        }

        pub(in super::super) fn minus(self, other: Self) -> Self {
            Self(u64x2_sub(self.0, other.0))
        }
    }

    /// Four digits.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Quad(v128);

    impl Quad {
        pub(in super::super) const fn new([a, b, c, d]: [u32; 4]) -> Self {
            Self(u32x4(a, b, c, d))
        }

        /// `a0 b0 + a2 b2` and `a1 b1 + a3 b3`.
        pub(in super::super) fn products(self, other: Self) -> Columns {
            let low = u64x2_extmul_low_u32x4(self.0, other.0);
            let high = u64x2_extmul_high_u32x4(self.0, other.0);
            Columns(u64x2_add(low, high))
        }
    }
}

#[cfg(not(target_feature = "simd128"))]
mod portable {
    /// Two neighbouring columns of a sum of products.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Columns([u64; 2]);

    impl Columns {
        pub(in super::super) const fn new(lanes: [u64; 2]) -> Self {
            Self(lanes)
        }

        pub(in super::super) fn lanes(self) -> [u64; 2] {
            self.0
        }

        pub(in super::super) fn plus(self, other: Self) -> Self {
            let ([a, b], [c, d]) = (self.0, other.0);
            Self([a + c, b + d])
        }

        pub(in super::super) fn minus(self, other: Self) -> Self {
            let ([a, b], [c, d]) = (self.0, other.0);
            Self([a - c, b - d])
        }
    }

    /// Four digits.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Quad([u32; 4]);

    impl Quad {
        pub(in super::super) const fn new(lanes: [u32; 4]) -> Self {
            Self(lanes)
        }

        /// `a0 b0 + a2 b2` and `a1 b1 + a3 b3`.
        pub(in super::super) fn products(self, other: Self) -> Columns {
            let product = |a: u32, b: u32| u64::from(a) * u64::from(b);
            let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (self.0, other.0);
            Columns([product(a0, b0) + product(a2, b2), product(a1, b1) + product(a3, b3)])
        }
    }
}
