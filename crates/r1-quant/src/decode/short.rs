//! Blocks of 32 weights. The low nibbles hold the first 16 weights, the high nibbles the last 16.

use super::scale_at;

pub(super) fn q4_0(block: &[u8; 18], out: &mut [f32; 32]) {
    let d = scale_at(block, 0);
    for (i, byte) in block[2..].iter().enumerate() {
        out[i] = d * (i32::from(byte & 15) - 8) as f32;
        out[i + 16] = d * (i32::from(byte >> 4) - 8) as f32;
    }
}

pub(super) fn q4_1(block: &[u8; 20], out: &mut [f32; 32]) {
    let (d, m) = (scale_at(block, 0), scale_at(block, 2));
    for (i, byte) in block[4..].iter().enumerate() {
        out[i] = d * f32::from(byte & 15) + m;
        out[i + 16] = d * f32::from(byte >> 4) + m;
    }
}

pub(super) fn q5_0(block: &[u8; 22], out: &mut [f32; 32]) {
    let d = scale_at(block, 0);
    for (i, (low, high)) in fives(&block[2..]).enumerate() {
        out[i] = d * (i32::from(low) - 16) as f32;
        out[i + 16] = d * (i32::from(high) - 16) as f32;
    }
}

pub(super) fn q5_1(block: &[u8; 24], out: &mut [f32; 32]) {
    let (d, m) = (scale_at(block, 0), scale_at(block, 2));
    for (i, (low, high)) in fives(&block[4..]).enumerate() {
        out[i] = d * f32::from(low) + m;
        out[i + 16] = d * f32::from(high) + m;
    }
}

/// Integers of five bits, of weight `i` and of weight `i + 16`: 32 fifth bits come first, then the nibbles.
fn fives(bits: &[u8]) -> impl Iterator<Item = (u8, u8)> {
    let fifths = u32::from_le_bytes([bits[0], bits[1], bits[2], bits[3]]);
    let fifth = move |i: usize| ((fifths >> i) as u8 & 1) << 4;
    bits[4..].iter().enumerate().map(move |(i, byte)| (byte & 15 | fifth(i), byte >> 4 | fifth(i + 16)))
}

pub(super) fn q8_0(block: &[u8; 34], out: &mut [f32; 32]) {
    let d = scale_at(block, 0);
    for (value, byte) in out.iter_mut().zip(&block[2..]) {
        *value = f32::from(*byte as i8) * d;
    }
}
