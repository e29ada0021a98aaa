//! The CPU kernel: tiles of dot products kept in registers, nothing packed.
//!
//! A dot product adds sixteen lanes, element `i` to lane `i mod 16` in the order of `i`, by fused
//! multiply-adds, and then the lanes in a fixed tree, on every instruction set.

use burn_flex::FlexTensor;
use pulp::{Arch, Simd, WithSimd};

use super::ahead::Ahead;
#[cfg(target_arch = "x86_64")]
use super::avx512;
use crate::kernels::flex::{Matrix, contiguous, dims2, filled, matmul, slice, tensor};

/// Rows of `x` that are worked on together: they stay in the second-level cache.
const ROW_BYTES: usize = 400 << 10;

/// Below this many multiply-adds a second thread costs more than it brings.
const SERIAL: usize = 1 << 16;

pub(crate) fn forward(x: FlexTensor, weight: FlexTensor) -> FlexTensor {
    let (x, weight) = (contiguous(x), contiguous(weight));
    let ([rows, width], [columns, _]) = (dims2(&x), dims2(&weight));
    tensor(product(slice(&x), slice(&weight), [rows, columns, width]), [rows, columns])
}

/// Gradients of the input and of the weight.
pub(crate) fn backward(
    g: FlexTensor,
    x: FlexTensor,
    weight: FlexTensor,
    wanted: [bool; 2],
) -> [Option<FlexTensor>; 2] {
    let (g, x, weight) = (contiguous(g), contiguous(x), contiguous(weight));
    let ([rows, width], [columns, _]) = (dims2(&x), dims2(&weight));
    let matrix = |data, width, transposed| Matrix { data, width, transposed };
    let dx = wanted[0].then(|| {
        let (g, w) = (matrix(slice(&g), columns, false), matrix(slice(&weight), width, false));
        tensor(matmul([rows, width, columns], g, w), [rows, width])
    });
    let dweight = wanted[1].then(|| {
        let (g, x) = (matrix(slice(&g), columns, true), matrix(slice(&x), width, false));
        tensor(matmul([columns, width, rows], g, x), [columns, width])
    });
    [dx, dweight]
}

/// `X[rows, width] · W[columns, width]ᵀ`
pub(crate) fn product(x: &[f32], w: &[f32], sizes: [usize; 3]) -> Vec<f32> {
    let [rows, columns, width] = sizes;
    assert!(x.len() >= rows * width && w.len() >= columns * width, "operands are too short");
    if rows == 0 || columns == 0 {
        return Vec::new();
    }
    // SAFETY: the tasks tile the output and write all of it.
    unsafe { filled(rows * columns, |y| multiply(x, w, Output(y.as_mut_ptr().cast()), sizes)) }
}

fn multiply(x: &[f32], w: &[f32], output: Output, [rows, columns, width]: [usize; 3]) {
    let threads = r1_parallel::threads();
    let fitting = rows.div_ceil((ROW_BYTES / (4 * width.max(1))).clamp(16, 256));
    // As many blocks for each thread.
    let blocks = if fitting == 1 { 1 } else { fitting.next_multiple_of(threads) };
    let block = rows.div_ceil(blocks).next_multiple_of(4);
    let blocks = rows.div_ceil(block);
    // Enough tasks for all threads, but each with many columns.
    let parts = if rows * columns * width < SERIAL {
        1
    } else {
        (2 * threads).div_ceil(blocks).min(columns.div_ceil(48))
    };
    let part = columns.div_ceil(parts).next_multiple_of(12);
    let work = |task: usize| {
        let (first_row, first_column) = (task / parts * block, task % parts * part);
        let rows = first_row..rows.min(first_row + block);
        let columns_here = first_column.min(columns)..columns.min(first_column + part);
        Arch::new().dispatch(Block { x, w, y: &output, rows, columns: columns_here, width, stride: columns });
    };
    r1_parallel::for_each(blocks * parts, work);
}

/// The output, of which each task writes its own rows and columns.
struct Output(*mut f32);

// SAFETY: no two tasks share rows and columns, see `product`.
unsafe impl Sync for Output {}
// SAFETY: likewise.
unsafe impl Send for Output {}

struct Block<'a> {
    x: &'a [f32],
    w: &'a [f32],
    y: &'a Output,
    rows: std::ops::Range<usize>,
    columns: std::ops::Range<usize>,
    width: usize,
    stride: usize,
}

impl WithSimd for Block<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // Sixteen lanes are one, two, four or sixteen vectors; wide machines have registers for more tiles.
        match S::F32_LANES {
            16 => self.run::<S, 1, 4, 6>(simd),
            8 => self.run::<S, 2, 2, 2>(simd),
            4 => self.run::<S, 4, 2, 2>(simd),
            _ => self.run::<S, 16, 1, 1>(simd),
        }
    }
}

impl Block<'_> {
    /// The weights of `count` columns from `column` on.
    fn ahead(&self, column: usize, count: usize, tiles: usize) -> Ahead {
        let at = |column: usize| column.min(self.columns.end) * self.width;
        Ahead::new(&self.w[at(column)..at(column + count)], count, tiles)
    }

    #[inline(always)]
    fn run<S: Simd, const P: usize, const M: usize, const N: usize>(&self, simd: S) {
        if self.rows.len() == 1 {
            return self.run_row::<S, P>(simd);
        }
        let mut column = self.columns.start;
        let tiles = self.rows.len().div_ceil(M);
        while column < self.columns.end {
            let whole = self.columns.end - column >= N;
            let mut row = self.rows.start;
            let mut ahead = self.ahead(column + N, N, tiles);
            while row < self.rows.end {
                let left = self.rows.end - row;
                // SAFETY: `product` checked the operands, and the tile lies inside this block.
                unsafe {
                    match (whole, left >= M) {
                        (true, true) => self.tile::<S, P, M, N>(simd, row, column, &mut ahead),
                        (true, false) => {
                            (0..left).for_each(|i| self.tile::<S, P, 1, N>(simd, row + i, column, &mut ahead))
                        }
                        (false, true) => self.tile::<S, P, M, 1>(simd, row, column, &mut ahead),
                        (false, false) => {
                            (0..left).for_each(|i| self.tile::<S, P, 1, 1>(simd, row + i, column, &mut ahead))
                        }
                    }
                }
                row += M;
            }
            column += if whole { N } else { 1 };
        }
    }

    /// One row of `x`: the weights pass once, and as one stretch of memory the processor fetches them best by itself.
    #[inline(always)]
    fn run_row<S: Simd, const P: usize>(&self, simd: S) {
        let mut none = Ahead::new(&[], 0, 1);
        for column in self.columns.clone() {
            // SAFETY: as in `run`.
            unsafe { self.tile::<S, P, 1, 1>(simd, self.rows.start, column, &mut none) };
        }
    }

    /// `M × N` dot products. The indices are those of the tile, so they stay indices.
    #[allow(clippy::needless_range_loop)]
    #[inline(always)]
    unsafe fn tile<S: Simd, const P: usize, const M: usize, const N: usize>(
        &self,
        simd: S,
        row: usize,
        column: usize,
        ahead: &mut Ahead,
    ) {
        let lanes = S::F32_LANES;
        let whole = self.width / 16 * 16;
        unsafe {
            let x = self.x.as_ptr().add(row * self.width);
            let w = self.w.as_ptr().add(column * self.width);
            let mut sums = [[[simd.splat_f32s(0.0); P]; N]; M];
            let mut i = 0;
            while i < whole {
                ahead.fetch();
                for p in 0..P {
                    let place = i + p * lanes;
                    let mut xs = [simd.splat_f32s(0.0); M];
                    for m in 0..M {
                        xs[m] = x.add(m * self.width + place).cast::<S::f32s>().read_unaligned();
                    }
                    for n in 0..N {
                        let weight = w.add(n * self.width + place).cast::<S::f32s>().read_unaligned();
                        for m in 0..M {
                            sums[m][n][p] = simd.mul_add_f32s(xs[m], weight, sums[m][n][p]);
                        }
                    }
                }
                i += 16;
            }
            for p in 0..P {
                let place = whole + p * lanes;
                let count = self.width.saturating_sub(place).min(lanes);
                if count == 0 {
                    break;
                }
                let load = |base: *const f32| {
                    simd.partial_load_f32s(std::slice::from_raw_parts(base.add(place), count))
                };
                for n in 0..N {
                    let weight = load(w.add(n * self.width));
                    for m in 0..M {
                        sums[m][n][p] = simd.mul_add_f32s(load(x.add(m * self.width)), weight, sums[m][n][p]);
                    }
                }
            }
            #[cfg(target_arch = "x86_64")]
            if lanes == 16 && M == 4 && N == 6 {
                // SAFETY: only a vector of AVX-512 has sixteen lanes here.
                let vector = |m: usize, n: usize| std::mem::transmute_copy(&sums[m][n][0]);
                let tile = std::array::from_fn(|m| std::array::from_fn(|n| vector(m, n)));
                return avx512::put(tile, self.y.0.add(row * self.stride + column), self.stride);
            }
            for m in 0..M {
                for n in 0..N {
                    let total = reduce::<S, P>(simd, sums[m][n]);
                    *self.y.0.add((row + m) * self.stride + column + n) = total;
                }
            }
        }
    }
}

/// The sum of sixteen lanes: lane `i` with `i + 8`, then with `i + 4`, and so on.
#[inline(always)]
fn reduce<S: Simd, const P: usize>(simd: S, mut parts: [S::f32s; P]) -> f32 {
    let mut count = P / 2;
    while count > 0 {
        for i in 0..count {
            parts[i] = simd.add_f32s(parts[i], parts[i + count]);
        }
        count /= 2;
    }
    simd.reduce_sum_f32s(parts[0])
}
