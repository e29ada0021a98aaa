//! Blocks of 32 weights: one pass for the extremes, one for the integers.

use super::{inverse, put_f16};

pub(super) fn q4_0(values: &[f32; 32], block: &mut [u8; 18]) -> bool {
    let d = farthest(values) / -8.0;
    let inverse = inverse(d);
    put_nibbles(&mut block[2..], |i| ((values[i] * inverse + 8.5) as u8).min(15));
    put_f16(block, 0, d)
}

pub(super) fn q4_1(values: &[f32; 32], block: &mut [u8; 20]) -> bool {
    let (min, max) = extremes(values);
    let d = (max - min) / 15.0;
    let inverse = inverse(d);
    put_nibbles(&mut block[4..], |i| (((values[i] - min) * inverse + 0.5) as u8).min(15));
    put_f16(block, 0, d) & put_f16(block, 2, min)
}

pub(super) fn q5_0(values: &[f32; 32], block: &mut [u8; 22]) -> bool {
    let d = farthest(values) / -16.0;
    let inverse = inverse(d);
    put_fives(&mut block[2..], |i| ((values[i] * inverse + 16.5) as u8).min(31));
    put_f16(block, 0, d)
}

pub(super) fn q5_1(values: &[f32; 32], block: &mut [u8; 24]) -> bool {
    let (min, max) = extremes(values);
    let d = (max - min) / 31.0;
    let inverse = inverse(d);
    put_fives(&mut block[4..], |i| (((values[i] - min) * inverse + 0.5) as u8).min(31));
    put_f16(block, 0, d) & put_f16(block, 2, min)
}

pub(super) fn q8_0(values: &[f32; 32], block: &mut [u8; 34]) -> bool {
    let d = values.iter().fold(0.0, |largest: f32, value| largest.max(value.abs())) / 127.0;
    let inverse = inverse(d);
    for (byte, value) in block[2..].iter_mut().zip(values) {
        *byte = (value * inverse).round() as i8 as u8;
    }
    put_f16(block, 0, d)
}

/// The value farthest from zero, with its sign; the first of several.
fn farthest(values: &[f32; 32]) -> f32 {
    values.iter().fold(0.0, |found: f32, value| if value.abs() > found.abs() { *value } else { found })
}

fn extremes(values: &[f32; 32]) -> (f32, f32) {
    values.iter().fold((f32::MAX, f32::MIN), |(min, max), value| (min.min(*value), max.max(*value)))
}

fn put_nibbles(bytes: &mut [u8], integer: impl Fn(usize) -> u8) {
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = integer(i) | integer(i + 16) << 4;
    }
}

fn put_fives(bytes: &mut [u8], integer: impl Fn(usize) -> u8) {
    let fifths = (0..32).fold(0u32, |bits, i| bits | u32::from(integer(i) >> 4) << i);
    bytes[..4].copy_from_slice(&fifths.to_le_bytes());
    put_nibbles(&mut bytes[4..], |i| integer(i) & 15);
}
