//! The order of additions, in plain loops.
//!
//! ```text
//! blocks of 32     lane j of 8:   a_j ← a_j + (d · s_b) · Σ integers 4j..4j+4 of block b        (one rounding)
//!                  y = fold(a) + Σ_b minimum_b · sum_b
//! blocks of 256    lane j of 8:   t_j ← t_j + s_b · Σ scale · integers 4j..4j+4 of part b of 8, then a_j ← a_j + d · t_j
//!                                 m_j ← m_j + (minimum · minima_j) · sum_j
//!                  y = fold(a) - fold(m)
//! ```
//! `d` is the scale of the weights' block, `s_b` that of the activations' block `b`, and `sum_b` the sum of its rounded
//! activations. The sums of integers are exact.

use std::ops::Range;

use super::{
    LANES, Output,
    activations::{Activations, BLOCK},
    fold,
};
use crate::{
    BlockType,
    blocks::{Long, Short},
};

/// Some rows of weights with some rows of activations, see [`Body`](super::Body).
///
/// # Safety
/// The output has a place for each product.
pub(super) unsafe fn rows(
    block_type: BlockType,
    weights: &[u8],
    x: &Activations,
    tokens: Range<usize>,
    output: &Output,
) {
    let row_bytes = x.width / block_type.block_len() * block_type.block_bytes();
    for (column, weights) in weights.chunks_exact(row_bytes).enumerate() {
        let blocks = weights.chunks_exact(block_type.block_bytes());
        // SAFETY: the caller's promise.
        let put = |token: usize, value: f32| unsafe { output.put(token, column, value) };
        if let Some(take) = Short::of(block_type) {
            let blocks: Vec<Short> = blocks.map(take).collect();
            tokens.clone().for_each(|token| put(token, short(&blocks, x, token)));
        } else if let Some(take) = Long::of(block_type) {
            let blocks: Vec<Long> = blocks.map(take).collect();
            tokens.clone().for_each(|token| put(token, long(&blocks, x, token, has_minima(block_type))));
        }
    }
}

/// Whether the long blocks of a format have minima.
fn has_minima(block_type: BlockType) -> bool {
    matches!(block_type, BlockType::Q2_K | BlockType::Q4_K | BlockType::Q5_K)
}

fn short(blocks: &[Short], x: &Activations, token: usize) -> f32 {
    let (mut lanes, mut minima) = ([0.0f32; LANES], None);
    let (integers, scales, sums) = x.row(token);
    for (b, block) in blocks.iter().enumerate() {
        let scale = block.scale * scales[b];
        let products = lane_sums(&block.integers, &integers[b * BLOCK..][..BLOCK], [1, 1]);
        for j in 0..LANES {
            lanes[j] = (products[j] as f32).mul_add(scale, lanes[j]);
        }
        if let Some(minimum) = block.minimum {
            minima = Some(minimum.mul_add(sums[b], minima.unwrap_or(0.0)));
        }
    }
    minima.map_or_else(|| fold(lanes), |minima| fold(lanes) + minima)
}

fn long(blocks: &[Long], x: &Activations, token: usize, has_minima: bool) -> f32 {
    let (mut lanes, mut minima) = ([0.0f32; LANES], [0.0f32; LANES]);
    let (integers, scales, sums) = x.row(token);
    for (number, block) in blocks.iter().enumerate() {
        let mut inside = [0.0f32; LANES];
        for part in 0..8 {
            let b = number * 8 + part;
            let own = [block.scales[2 * part], block.scales[2 * part + 1]];
            let products =
                lane_sums(&block.integers[part * BLOCK..][..BLOCK], &integers[b * BLOCK..][..BLOCK], own);
            for j in 0..LANES {
                inside[j] = (products[j] as f32).mul_add(scales[b], inside[j]);
            }
        }
        for j in 0..LANES {
            lanes[j] = inside[j].mul_add(block.scale, lanes[j]);
            if !has_minima {
                continue;
            }
            let [first, second] = [block.minima[2 * j], block.minima[2 * j + 1]];
            if first == second {
                let minimum = block.minimum * f32::from(first);
                minima[j] = minimum.mul_add(sums[number * 8 + j], minima[j]);
            } else {
                // Q2_K has a minimum for each 16 weights.
                let b = number * 8 + j;
                for (half, own) in [first, second].into_iter().enumerate() {
                    let total: i32 = integers[b * BLOCK + half * 16..][..16]
                        .iter()
                        .map(|integer| i32::from(*integer))
                        .sum();
                    minima[j] = (block.minimum * f32::from(own)).mul_add(scales[b] * total as f32, minima[j]);
                }
            }
        }
    }
    if has_minima { fold(lanes) - fold(minima) } else { fold(lanes) }
}

/// Sums of four products each of integers, times the scale of their half.
fn lane_sums(weights: &[i8], x: &[i8], scales: [i16; 2]) -> [i32; LANES] {
    std::array::from_fn(|j| {
        let products = (4 * j..4 * j + 4).map(|i| i32::from(weights[i]) * i32::from(x[i]));
        products.sum::<i32>() * i32::from(scales[j / 4])
    })
}
