//! Small matrix products, for the attention of one head: tiles of the sum kept in registers, nothing packed.

use pulp::{Arch, Simd, WithSimd};

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
        let columns = 2 * S::F32_LANES;
        for k_start in (0..k).step_by(DEPTH) {
            let k = DEPTH.min(k - k_start);
            for j in (0..n).step_by(columns) {
                let columns = columns.min(n - j);
                let mut i = 0;
                while i < m {
                    // SAFETY: `matmul_add` checked that every element of the three matrices is inside.
                    unsafe {
                        let tile = Tile {
                            k,
                            pa: a.data.as_ptr().add(i * a.row + k_start * a.column),
                            a_row: a.row,
                            a_column: a.column,
                            pb: b.data.as_ptr().add(k_start * b.row + j),
                            b_row: b.row,
                            pc: c.as_mut_ptr().add(i * c_row + j),
                            c_row,
                        };
                        i += tile.rows::<S>(simd, m - i, columns);
                    }
                }
            }
        }
    }
}

/// Rows of `B` that are worked on together: so many of two vectors stay in the first-level cache.
const DEPTH: usize = 128;

/// `R` rows by up to two vectors of `C`, kept in registers.
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
    /// Does as many rows as the registers hold of those that are `left`, and returns their number.
    #[inline(always)]
    unsafe fn rows<S: Simd>(self, simd: S, left: usize, columns: usize) -> usize {
        unsafe {
            match left {
                // AVX-512 has twice the registers.
                8.. if S::F32_LANES == 16 => self.run::<S, 8>(simd, columns),
                4.. => self.run::<S, 4>(simd, columns),
                3 => self.run::<S, 3>(simd, columns),
                2 => self.run::<S, 2>(simd, columns),
                _ => self.run::<S, 1>(simd, columns),
            }
        }
    }

    #[inline(always)]
    unsafe fn run<S: Simd, const R: usize>(self, simd: S, columns: usize) -> usize {
        unsafe {
            match columns / S::F32_LANES {
                2 => self.full::<S, R, 2>(simd),
                1 if columns == S::F32_LANES => self.full::<S, R, 1>(simd),
                _ => self.edge::<S, R>(simd, columns),
            }
        }
        R
    }

    /// `V` whole vectors.
    #[allow(clippy::needless_range_loop)]
    #[inline(always)]
    unsafe fn full<S: Simd, const R: usize, const V: usize>(self, simd: S) {
        let width = S::F32_LANES;
        unsafe {
            let mut sums = [[simd.splat_f32s(0.0); V]; R];
            for r in 0..R {
                for v in 0..V {
                    sums[r][v] = self.pc.add(r * self.c_row + v * width).cast::<S::f32s>().read_unaligned();
                }
            }
            for k in 0..self.k {
                let row = self.pb.add(k * self.b_row);
                let mut b = [simd.splat_f32s(0.0); V];
                for v in 0..V {
                    b[v] = row.add(v * width).cast::<S::f32s>().read_unaligned();
                }
                for r in 0..R {
                    let x = simd.splat_f32s(*self.pa.add(r * self.a_row + k * self.a_column));
                    for v in 0..V {
                        sums[r][v] = simd.mul_add_f32s(x, b[v], sums[r][v]);
                    }
                }
            }
            for r in 0..R {
                for v in 0..V {
                    self.pc.add(r * self.c_row + v * width).cast::<S::f32s>().write_unaligned(sums[r][v]);
                }
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
    use r1_core::Key;

    fn random(count: usize, seed: u64) -> Vec<f32> {
        let mut stream = Key::new(seed).stream();
        (0..count).map(|_| stream.uniform() as f32 * 2.0 - 1.0).collect()
    }

    #[test]
    fn matmul_add_matches_the_definition_at_odd_sizes() {
        for (m, n, k) in [
            (1, 1, 1),
            (3, 5, 7),
            (4, 32, 16),
            (5, 33, 9),
            (5, 48, 9),
            (9, 70, 31),
            (2, 16, 64),
            (21, 64, 300),
        ] {
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
                        assert!((f64::from(result[i * n + j]) - exact).abs() < 2e-5);
                    }
                }
            }
        }
    }
}
