//! Loops over `f32` slices, compiled for the widest vectors of the machine at run time.
//!
//! Every reduction uses sixteen fixed lanes that are added in one fixed tree, and every multiply-add
//! is fused, so the result has the same bits on AVX-512, on AVX2 and without either.

use pulp::{Arch, Simd, WithSimd};

const LANES: usize = 16;

/// Defines functions whose bodies are compiled three times, for AVX-512, for AVX2 and for neither, and
/// chosen at run time. The loops inside are vectorised when the functions they call are
/// `#[inline(always)]`. (A closure cannot be forced inline, so a function it must be.)
macro_rules! vectorized {
    ($($(#[$attribute:meta])* $visibility:vis fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block)+) => {$(
        $(#[$attribute])*
        #[allow(clippy::too_many_arguments)]
        $visibility fn $name($($argument: $type),*) $(-> $result)? {
            #[inline(always)]
            #[allow(clippy::too_many_arguments)]
            fn body($($argument: $type),*) $(-> $result)? $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,fma")]
                #[allow(clippy::too_many_arguments)]
                fn v4($($argument: $type),*) $(-> $result)? {
                    body($($argument),*)
                }
                #[target_feature(enable = "avx2,fma")]
                #[allow(clippy::too_many_arguments)]
                fn v3($($argument: $type),*) $(-> $result)? {
                    body($($argument),*)
                }
                match $crate::kernels::simd::level() {
                    // SAFETY: the CPU was found to have these instructions.
                    $crate::kernels::simd::Level::V4 => return unsafe { v4($($argument),*) },
                    // SAFETY: the CPU was found to have these instructions.
                    $crate::kernels::simd::Level::V3 => return unsafe { v3($($argument),*) },
                    $crate::kernels::simd::Level::Baseline => (),
                }
            }
            body($($argument),*)
        }
    )+};
}
pub(crate) use vectorized;

/// What the CPU can do.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(crate) enum Level {
    V4,
    V3,
    Baseline,
}

/// What this CPU can do; the detection is cached by the standard library.
#[cfg(target_arch = "x86_64")]
pub(crate) fn level() -> Level {
    use std::arch::is_x86_feature_detected as has;
    if has!("avx512f") && has!("avx512vl") && has!("avx512bw") && has!("avx512dq") && has!("fma") {
        Level::V4
    } else if has!("avx2") && has!("fma") {
        Level::V3
    } else {
        Level::Baseline
    }
}

#[inline(always)]
fn fold(lanes: [f32; LANES]) -> f32 {
    let mut lanes = lanes;
    let mut width = LANES / 2;
    while width > 0 {
        for i in 0..width {
            lanes[i] += lanes[i + width];
        }
        width /= 2;
    }
    lanes[0]
}

/// `Σ x_i`.
#[inline(always)]
pub(crate) fn sum(xs: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    let chunks = xs.chunks_exact(LANES);
    for (lane, x) in lanes.iter_mut().zip(chunks.remainder()) {
        *lane += x;
    }
    for chunk in chunks {
        for i in 0..LANES {
            lanes[i] += chunk[i];
        }
    }
    fold(lanes)
}

/// `Σ a_i b_i`.
#[inline(always)]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let (left, right) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    for (lane, (x, y)) in lanes.iter_mut().zip(left.remainder().iter().zip(right.remainder())) {
        *lane = x.mul_add(*y, *lane);
    }
    for (x, y) in left.zip(right) {
        for i in 0..LANES {
            lanes[i] = x[i].mul_add(y[i], lanes[i]);
        }
    }
    fold(lanes)
}

/// The largest element; minus infinity for none.
#[inline(always)]
pub(crate) fn max(xs: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let chunks = xs.chunks_exact(LANES);
    for (lane, &x) in lanes.iter_mut().zip(chunks.remainder()) {
        *lane = if x > *lane { x } else { *lane };
    }
    for chunk in chunks {
        for i in 0..LANES {
            lanes[i] = if chunk[i] > lanes[i] { chunk[i] } else { lanes[i] };
        }
    }
    lanes.into_iter().fold(f32::NEG_INFINITY, f32::max)
}

/// `e^x` with a relative error below 2e-7 for `x` in `[-87, 88]`; 0 below, about 2.4e38 above.
///
/// Range reduction by Cody and Waite (`x = n ln 2 + r`, `|r| ≤ ln 2 / 2`), then a polynomial of
/// degree 7 in `r` (its Taylor series: the truncation error at `ln 2 / 2` is 5e-9).
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0; // 1.5 · 2^23: adding it rounds to a whole number
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let clamped = if x > 88.0 { 88.0 } else { x };
    let shifted = clamped.mul_add(std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = n.mul_add(-LN_2_LOW, n.mul_add(-LN_2_HIGH, clamped));
    let mut p = 1.0 / 5040.0;
    p = r.mul_add(p, 1.0 / 720.0);
    p = r.mul_add(p, 1.0 / 120.0);
    p = r.mul_add(p, 1.0 / 24.0);
    p = r.mul_add(p, 1.0 / 6.0);
    p = r.mul_add(p, 0.5);
    p = r.mul_add(p, 1.0);
    p = r.mul_add(p, 1.0);
    let exponent = shifted.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127) << 23;
    if x < -87.0 { 0.0 } else { p * f32::from_bits(exponent) }
}

/// A row-major view `[rows, columns]` with any strides, into a slice.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) data: &'a [f32],
    pub(crate) row: usize,
    pub(crate) column: usize,
}

/// `C[m, n] += A[m, k] · B[k, n]`, where `B` and `C` have unit column stride.
///
/// Every element of `C` is one chain of fused multiply-adds in the order of `k`, whatever `m`, `n`
/// and the vector width are: a row's result does not depend on the other rows.
pub(crate) fn matmul_add(m: usize, n: usize, k: usize, a: View, b: View, c: &mut [f32], c_row: usize) {
    if m == 0 || n == 0 || k == 0 {
        return;
    }
    assert!(b.column == 1, "B needs contiguous rows");
    assert!(a.data.len() > (m - 1) * a.row + (k - 1) * a.column, "A is too short");
    assert!(b.data.len() >= (k - 1) * b.row + n, "B is too short");
    assert!(c.len() >= (m - 1) * c_row + n, "C is too short");
    Arch::new().dispatch(MatmulAdd { m, n, k, a, b, c, c_row });
}

struct MatmulAdd<'a> {
    m: usize,
    n: usize,
    k: usize,
    a: View<'a>,
    b: View<'a>,
    c: &'a mut [f32],
    c_row: usize,
}

impl WithSimd for MatmulAdd<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { m, n, k, a, b, c, c_row } = self;
        let width = S::F32_LANES;
        let mut i = 0;
        while i < m {
            let rows = (m - i).min(4);
            let mut j = 0;
            while j < n {
                // SAFETY: `matmul_add` checked that every element of the three matrices is inside.
                unsafe {
                    let (pa, pb) = (a.data.as_ptr().add(i * a.row), b.data.as_ptr().add(j));
                    let pc = c.as_mut_ptr().add(i * c_row + j);
                    let tile = Tile { k, pa, a_row: a.row, a_column: a.column, pb, b_row: b.row, pc, c_row };
                    let columns = (n - j).min(2 * width);
                    match (rows, columns == 2 * width) {
                        (4, true) => tile.full::<S, 4>(simd),
                        (3, true) => tile.full::<S, 3>(simd),
                        (2, true) => tile.full::<S, 2>(simd),
                        (1, true) => tile.full::<S, 1>(simd),
                        (4, false) => tile.edge::<S, 4>(simd, columns),
                        (3, false) => tile.edge::<S, 3>(simd, columns),
                        (2, false) => tile.edge::<S, 2>(simd, columns),
                        _ => tile.edge::<S, 1>(simd, columns),
                    }
                }
                j += 2 * width;
            }
            i += 4;
        }
    }
}

/// `R` rows by two vectors of `C`, kept in registers.
struct Tile {
    k: usize,
    pa: *const f32,
    a_row: usize,
    a_column: usize,
    pb: *const f32,
    b_row: usize,
    pc: *mut f32,
    c_row: usize,
}

impl Tile {
    #[inline(always)]
    unsafe fn full<S: Simd, const R: usize>(self, simd: S) {
        let width = S::F32_LANES;
        unsafe {
            let mut sums = [[simd.splat_f32s(0.0); 2]; R];
            for (r, sum) in sums.iter_mut().enumerate() {
                let row = self.pc.add(r * self.c_row);
                *sum = [
                    row.cast::<S::f32s>().read_unaligned(),
                    row.add(width).cast::<S::f32s>().read_unaligned(),
                ];
            }
            for k in 0..self.k {
                let row = self.pb.add(k * self.b_row);
                let b0 = row.cast::<S::f32s>().read_unaligned();
                let b1 = row.add(width).cast::<S::f32s>().read_unaligned();
                for (r, sum) in sums.iter_mut().enumerate() {
                    let x = simd.splat_f32s(*self.pa.add(r * self.a_row + k * self.a_column));
                    sum[0] = simd.mul_add_f32s(x, b0, sum[0]);
                    sum[1] = simd.mul_add_f32s(x, b1, sum[1]);
                }
            }
            for (r, sum) in sums.iter().enumerate() {
                let row = self.pc.add(r * self.c_row);
                row.cast::<S::f32s>().write_unaligned(sum[0]);
                row.add(width).cast::<S::f32s>().write_unaligned(sum[1]);
            }
        }
    }

    #[inline(always)]
    unsafe fn edge<S: Simd, const R: usize>(self, simd: S, columns: usize) {
        let width = S::F32_LANES;
        let (first, second) = (columns.min(width), columns.saturating_sub(width));
        unsafe {
            let load = |p: *const f32, count| simd.partial_load_f32s(std::slice::from_raw_parts(p, count));
            let mut sums = [[simd.splat_f32s(0.0); 2]; R];
            for (r, sum) in sums.iter_mut().enumerate() {
                let row = self.pc.add(r * self.c_row);
                *sum = [load(row, first), load(row.add(first), second)];
            }
            for k in 0..self.k {
                let row = self.pb.add(k * self.b_row);
                let (b0, b1) = (load(row, first), load(row.add(first), second));
                for (r, sum) in sums.iter_mut().enumerate() {
                    let x = simd.splat_f32s(*self.pa.add(r * self.a_row + k * self.a_column));
                    sum[0] = simd.mul_add_f32s(x, b0, sum[0]);
                    sum[1] = simd.mul_add_f32s(x, b1, sum[1]);
                }
            }
            for (r, sum) in sums.iter().enumerate() {
                let row = self.pc.add(r * self.c_row);
                simd.partial_store_f32s(std::slice::from_raw_parts_mut(row, first), sum[0]);
                simd.partial_store_f32s(std::slice::from_raw_parts_mut(row.add(first), second), sum[1]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use r1_data::Key;

    fn random(count: usize, seed: u64) -> Vec<f32> {
        let mut stream = Key::new(seed).stream();
        (0..count).map(|_| stream.uniform() as f32 * 2.0 - 1.0).collect()
    }

    #[test]
    fn exp_is_within_its_stated_error() {
        let mut worst = 0.0f64;
        for i in 0..2_000_000 {
            let x = -87.0 + 175.0 * (i as f32 / 2e6);
            let exact = f64::from(x).exp();
            worst = worst.max(((f64::from(exp(x)) - exact) / exact).abs());
        }
        assert!(worst < 2e-7, "{worst}");
        assert_eq!(exp(-100.0), 0.0);
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
        assert!(exp(f32::NAN).is_nan());
        assert!(exp(1e9).is_finite());
    }

    #[test]
    fn reductions_match_sums_in_double_precision() {
        for count in [0, 1, 15, 16, 17, 100, 1000] {
            let (a, b) = (random(count, 1), random(count, 2));
            let exact: f64 = a.iter().zip(&b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
            assert!((f64::from(dot(&a, &b)) - exact).abs() < 1e-4);
            let exact: f64 = a.iter().map(|x| f64::from(*x)).sum();
            assert!((f64::from(sum(&a)) - exact).abs() < 1e-4);
            assert_eq!(max(&a), a.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        }
    }

    #[test]
    fn matmul_add_matches_the_definition_at_odd_sizes() {
        for (m, n, k) in [(1, 1, 1), (3, 5, 7), (4, 32, 16), (5, 33, 9), (9, 70, 31), (2, 16, 64)] {
            let (a, b, c) = (random(m * k, 3), random(k * n, 4), random(m * n, 5));
            for transposed in [false, true] {
                let (row, column) = if transposed { (1, m) } else { (k, 1) };
                let mut result = c.clone();
                let b_view = View { data: &b, row: n, column: 1 };
                matmul_add(m, n, k, View { data: &a, row, column }, b_view, &mut result, n);
                for i in 0..m {
                    for j in 0..n {
                        let exact = (0..k).fold(f64::from(c[i * n + j]), |s, l| {
                            s + f64::from(a[i * row + l * column]) * f64::from(b[l * n + j])
                        });
                        assert!((f64::from(result[i * n + j]) - exact).abs() < 1e-5);
                    }
                }
            }
        }
    }
}
