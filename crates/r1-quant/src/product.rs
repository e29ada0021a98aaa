//! Products of activations with matrices of blocks.
//!
//! One row of weights meets a few rows of activations at a time. The order of additions is written down once, in
//! [`portable`]; the bodies for wider machines keep to it, so the bits are the same everywhere.

mod activations;
mod floats;
mod portable;
#[cfg(target_arch = "x86_64")]
mod avx2;

use std::ops::Range;

use crate::{BlockType, Matrix};
use activations::Activations;

/// Multiply-adds below which a second thread costs more than it brings.
const SERIAL: usize = 1 << 16;

/// Bytes of activations that are worked on together: they stay in the second-level cache.
const TOGETHER: usize = 200 << 10;

/// Lanes that a sum of products is kept in.
const LANES: usize = 8;

pub(crate) fn product(matrix: &Matrix, x: &[f32], y: &mut [f32], stride: usize) {
    let [rows, width] = matrix.shape();
    if rows == 0 || x.is_empty() {
        return;
    }
    assert!(width > 0 && x.len().is_multiple_of(width), "x is no whole number of rows of {width}");
    let tokens = x.len() / width;
    assert!(stride >= rows && y.len() >= (tokens - 1) * stride + rows, "y is too short");
    let block_type = matrix.block_type();
    let (blocks, row_bytes) = (matrix.blocks(), matrix.blocks().len() / rows);
    let output = Output { y: y.as_mut_ptr(), stride };
    // SAFETY of both: the CPU has what the body needs, and the tasks share no row and column of the output.
    match block_type {
        BlockType::F32 | BlockType::F16 | BlockType::BF16 => {
            let (body, x) = (floats::body(), Rows { values: x, width });
            tasks([rows, tokens, width], 4 * width, |rows, tokens| {
                let weights = &blocks[rows.start * row_bytes..rows.end * row_bytes];
                unsafe { body(block_type, weights, &x, tokens, &output.at_column(rows.start)) }
            });
        }
        _ => {
            let (body, x) = (body(block_type), Activations::round(x, width));
            tasks([rows, tokens, width], x.row_bytes(), |rows, tokens| {
                let weights = &blocks[rows.start * row_bytes..rows.end * row_bytes];
                unsafe { body(block_type, weights, &x, tokens, &output.at_column(rows.start)) }
            });
        }
    }
}

/// Some rows of weights with some rows of activations.
type Body<X = Activations> = unsafe fn(BlockType, &[u8], &X, Range<usize>, &Output);

/// The fastest body of this machine.
fn body(block_type: BlockType) -> Body {
    #[cfg(target_arch = "x86_64")]
    if avx2::serves(block_type) {
        return avx2::rows;
    }
    let _ = block_type;
    portable::rows
}

/// Activations as they are, rows of `width`.
struct Rows<'a> {
    values: &'a [f32],
    width: usize,
}

/// Divides a product among the threads: `work(rows of the matrix, rows of x)`.
fn tasks(
    [rows, tokens, width]: [usize; 3],
    token_bytes: usize,
    work: impl Fn(Range<usize>, Range<usize>) + Sync + Send,
) {
    let together = (TOGETHER / token_bytes.max(1)).clamp(4, 256) / 4 * 4;
    let groups = tokens.div_ceil(together);
    let parts = match rows * tokens * width {
        ..SERIAL => 1,
        _ => (4 * r1_parallel::threads()).div_ceil(groups).min(rows.div_ceil(16)),
    };
    let part = rows.div_ceil(parts);
    let one = |task: usize| {
        let (first_row, first_token) = (task % parts * part, task / parts * together);
        let own = first_row.min(rows)..rows.min(first_row + part);
        work(own, first_token..tokens.min(first_token + together));
    };
    r1_parallel::for_each(groups * parts, one);
}

/// The output, of which each task writes its own rows and columns.
struct Output {
    y: *mut f32,
    stride: usize,
}

// SAFETY: no two tasks share rows and columns, see `tasks`.
unsafe impl Sync for Output {}
// SAFETY: likewise.
unsafe impl Send for Output {}

impl Output {
    /// The output whose first column is this one's column `column`.
    fn at_column(&self, column: usize) -> Self {
        Self { y: self.y.wrapping_add(column), stride: self.stride }
    }

    /// # Safety
    /// The place lies inside the output and is written by one task.
    unsafe fn put(&self, token: usize, column: usize, value: f32) {
        // SAFETY: the caller's promise.
        unsafe { *self.y.add(token * self.stride + column) = value }
    }
}

/// The sum of eight lanes: lane `i` with `i + 4`, then with `i + 2` and `i + 1`.
fn fold(mut lanes: [f32; LANES]) -> f32 {
    let mut width = LANES / 2;
    while width > 0 {
        for i in 0..width {
            lanes[i] += lanes[i + width];
        }
        width /= 2;
    }
    lanes[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{QuantError, decode, encode};

    const TYPES: [BlockType; 13] = BlockType::ALL;

    /// Numbers between -1 and 1 that follow no pattern, some of them large and some zero.
    fn numbers(count: usize, seed: u32) -> Vec<f32> {
        let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as f32 / u32::MAX as f32 * 2.0 - 1.0
        };
        (0..count)
            .map(|i| match (i / 32) % 7 {
                3 => 0.0,
                5 => next() * 40.0,
                _ => next(),
            })
            .collect()
    }

    /// A matrix of any format; of those that are only read, of bytes that follow no pattern and scales that are small.
    fn matrix(block_type: BlockType, [rows, width]: [usize; 2], seed: u32) -> Matrix {
        match encode(block_type, &numbers(rows * width, seed)) {
            Ok(_) => Matrix::encode(block_type, &numbers(rows * width, seed), [rows, width]).unwrap(),
            Err(QuantError::ReadOnly { .. }) => {
                let mut bytes: Vec<u8> = numbers(block_type.bytes_of(rows * width).unwrap(), seed)
                    .iter()
                    .map(|number| (number * 1e6) as i32 as u8)
                    .collect();
                for block in bytes.chunks_exact_mut(block_type.block_bytes()) {
                    let (scale, minimum) = if block_type == BlockType::Q2_K { (80, 82) } else { (108, 108) };
                    block[minimum..minimum + 2].copy_from_slice(&half::f16::from_f32(0.01).to_le_bytes());
                    block[scale..scale + 2].copy_from_slice(&half::f16::from_f32(0.02).to_le_bytes());
                }
                Matrix::new(block_type, std::sync::Arc::new(bytes), 0, [rows, width]).unwrap()
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn times(matrix: &Matrix, x: &[f32]) -> Vec<f32> {
        let [rows, width] = matrix.shape();
        let mut y = vec![0.0; x.len() / width * rows];
        product(matrix, x, &mut y, rows);
        y
    }

    #[test]
    fn every_body_has_the_bits_of_the_plain_loops() {
        for block_type in TYPES {
            for width in [256, 1280] {
                let (matrix, x) = (matrix(block_type, [5, width], 7), numbers(6 * width, 8));
                let mut expected = vec![0.0; 6 * 5];
                let activations = Activations::round(&x, width);
                let output = Output { y: expected.as_mut_ptr(), stride: 5 };
                // SAFETY: the output has six rows of five columns.
                unsafe {
                    match block_type.block_len() {
                        1 => floats::rows(
                            block_type,
                            matrix.blocks(),
                            &Rows { values: &x, width },
                            0..6,
                            &output,
                        ),
                        _ => portable::rows(block_type, matrix.blocks(), &activations, 0..6, &output),
                    }
                }
                let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(&times(&matrix, &x)), bits(&expected), "{block_type} {width}");
            }
        }
    }

    #[test]
    fn products_are_those_of_the_decoded_weights_within_the_rounding_of_the_activations() {
        for block_type in TYPES {
            let width = 512;
            let (matrix, x) = (matrix(block_type, [3, width], 3), numbers(2 * width, 4));
            let mut weights = vec![0.0; 3 * width];
            decode(block_type, matrix.blocks(), &mut weights).unwrap();
            for (i, found) in times(&matrix, &x).into_iter().enumerate() {
                let (x, w) = (&x[i / 3 * width..][..width], &weights[i % 3 * width..][..width]);
                let exact: f64 = x.iter().zip(w).map(|(x, w)| f64::from(*x) * f64::from(*w)).sum();
                // Each activation is off by at most half a step of its block, and in no direction.
                let step = |b: usize| {
                    x[b * 32..][..32].iter().fold(0.0f32, |largest, x| largest.max(x.abs())) / 254.0
                };
                let square: f64 =
                    w.iter().enumerate().map(|(i, w)| f64::from(w * step(i / 32)).powi(2)).sum();
                let size: f64 = x.iter().zip(w).map(|(x, w)| f64::from(x * w).abs()).sum();
                let rounding = if block_type.block_len() == 1 { 0.0 } else { 4.0 * square.sqrt() };
                let bound = rounding + 1e-6 * size;
                assert!((f64::from(found) - exact).abs() < bound, "{block_type} {found} {exact} {bound}");
            }
        }
    }

    #[test]
    fn a_rows_bits_do_not_depend_on_the_batch_or_the_threads() {
        for block_type in TYPES {
            let width = 768;
            let (matrix, x) = (matrix(block_type, [130, width], 1), numbers(37 * width, 2));
            let all = times(&matrix, &x);
            let threads = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
            assert!(all == threads.install(|| times(&matrix, &x)), "{block_type}");
            for count in [1, 2, 3, 5] {
                assert!(times(&matrix, &x[..count * width]) == all[..count * 130], "{block_type} {count}");
            }
        }
    }

    #[test]
    fn rows_of_a_wider_output_are_left_alone() {
        let (matrix, x) = (matrix(BlockType::Q8_0, [2, 32], 1), numbers(64, 2));
        let mut y = [9.0; 7];
        product(&matrix, &x, &mut y, 5);
        assert_eq!([y[2], y[3], y[4]], [9.0; 3]);
        assert_eq!([y[0], y[1], y[5], y[6]].to_vec(), times(&matrix, &x));
    }

    #[test]
    fn what_is_not_finite_does_no_harm() {
        for block_type in TYPES {
            let matrix = matrix(block_type, [1, 256], 1);
            for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e-45, f32::MAX] {
                let mut x = numbers(256, 2);
                x[17] = odd;
                times(&matrix, &x);
            }
        }
    }
}
