//! Blocks of 256 weights: a search for each group's scale, then scales as small integers of the block's f16 numbers.

use half::f16;

use super::put_f16;
use super::search::{AffineSearch, symmetric_scale};

pub(super) fn q4_k(values: &[f32; 256], block: &mut [u8; 144]) -> bool {
    let search = AffineSearch { max: 15, first: -1.0, step: 0.1, steps: 20 };
    let (integers, held) = affine_groups(values, &mut block[..16], &search);
    for (pair, bytes) in block[16..].chunks_exact_mut(32).enumerate() {
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = integers[pair * 64 + i] | integers[pair * 64 + 32 + i] << 4;
        }
    }
    held
}

pub(super) fn q5_k(values: &[f32; 256], block: &mut [u8; 176]) -> bool {
    let search = AffineSearch { max: 31, first: -0.5, step: 0.1, steps: 15 };
    let (integers, held) = affine_groups(values, &mut block[..16], &search);
    let (fifths, nibbles) = block[16..].split_at_mut(32);
    for (place, integer) in integers.iter().enumerate() {
        let (group, i) = (place / 32, place % 32);
        fifths[i] |= (integer >> 4) << group;
        nibbles[group / 2 * 32 + i] |= (integer & 15) << (group % 2 * 4);
    }
    held
}

/// Integers of the eight groups of 32, whose scales and minima are written to `head`.
fn affine_groups(values: &[f32; 256], head: &mut [u8], search: &AffineSearch) -> ([u8; 256], bool) {
    let mut integers = [0u8; 256];
    let (mut scales, mut minima) = ([0.0f32; 8], [0.0f32; 8]);
    for (group, x) in values.chunks_exact(32).enumerate() {
        let mean_square = x.iter().map(|x| x * x).sum::<f32>() / 32.0;
        let root = mean_square.sqrt();
        let weights: [f32; 32] = std::array::from_fn(|i| root + x[i].abs());
        (scales[group], minima[group]) = search.best(x, &weights, &mut integers[group * 32..][..32]);
    }
    let largest = |numbers: &[f32; 8]| numbers.iter().fold(0.0, |largest: f32, number| largest.max(*number));
    let (largest_scale, largest_minimum) = (largest(&scales), largest(&minima));
    let sixes = |numbers: &[f32; 8], largest: f32| -> [u8; 8] {
        let inverse = if largest > 0.0 { 63.0 / largest } else { 0.0 };
        numbers.map(|number| (inverse * number).round_ties_even().clamp(0.0, 63.0) as u8)
    };
    let (scales, minima) = (sixes(&scales, largest_scale), sixes(&minima, largest_minimum));
    let (d, m) = (largest_scale / 63.0, largest_minimum / 63.0);
    let held = put_f16(head, 0, d) & put_f16(head, 2, m);
    put_scales_and_minima(&mut head[4..], &scales, &minima);

    let (d, m) = (f16::from_f32(d).to_f32(), f16::from_f32(m).to_f32());
    for (group, x) in values.chunks_exact(32).enumerate() {
        let scale = d * f32::from(scales[group]);
        let minimum = m * f32::from(minima[group]);
        if scale == 0.0 {
            continue;
        }
        for (q, x) in integers[group * 32..].iter_mut().zip(x) {
            *q = ((x + minimum) / scale).round_ties_even().clamp(0.0, f32::from(search.max)) as u8;
        }
    }
    (integers, held)
}

/// The layout that the decoder describes.
fn put_scales_and_minima(bytes: &mut [u8], scales: &[u8; 8], minima: &[u8; 8]) {
    for group in 0..4 {
        bytes[group] = scales[group] | scales[group + 4] >> 4 << 6;
        bytes[group + 4] = minima[group] | minima[group + 4] >> 4 << 6;
        bytes[group + 8] = scales[group + 4] & 15 | (minima[group + 4] & 15) << 4;
    }
}

pub(super) fn q6_k(values: &[f32; 256], block: &mut [u8; 210]) -> bool {
    let mut scales = [0.0f32; 16];
    for (scale, x) in scales.iter_mut().zip(values.chunks_exact(16)) {
        *scale = symmetric_scale(x, 32.0);
    }
    let farthest = scales.iter().fold(0.0, |found: f32, s| if s.abs() > found.abs() { *s } else { found });
    if farthest.abs() < 1e-15 {
        block.fill(0);
        return true;
    }
    let inverse = -128.0 / farthest;
    let held = put_f16(block, 208, 1.0 / inverse);
    let d = f16::from_f32(1.0 / inverse).to_f32();
    for (group, x) in values.chunks_exact(16).enumerate() {
        let integer = (inverse * scales[group]).round_ties_even().clamp(-128.0, 127.0);
        block[192 + group] = integer as i8 as u8;
        let scale = d * integer;
        for (i, x) in x.iter().enumerate() {
            // Without a scale any integer is the same weight; llama.cpp stores zero bits.
            let q = if scale == 0.0 { -32.0 } else { (x / scale).round_ties_even().clamp(-32.0, 31.0) };
            let q = (q as i32 + 32) as u8;
            let place = group * 16 + i;
            let (half, inside) = (place / 128, place % 128);
            block[half * 64 + inside % 64] |= (q & 15) << (inside / 64 * 4);
            block[128 + half * 32 + inside % 32] |= (q >> 4) << (inside / 32 * 2);
        }
    }
    held
}
