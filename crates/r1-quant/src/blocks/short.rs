//! Blocks of 32 weights. The low nibbles hold the first 16 weights, the high nibbles the last 16.

use super::{Short, scale_at};

pub(super) fn q4_0(block: &[u8]) -> Short {
    let integers = nibbles(&block[2..18]).map(|nibble| nibble as i8 - 8);
    Short { integers, scale: scale_at(block, 0), minimum: None }
}

pub(super) fn q4_1(block: &[u8]) -> Short {
    let integers = nibbles(&block[4..20]).map(|nibble| nibble as i8);
    Short { integers, scale: scale_at(block, 0), minimum: Some(scale_at(block, 2)) }
}

pub(super) fn q5_0(block: &[u8]) -> Short {
    let integers = fives(&block[2..22]).map(|five| five as i8 - 16);
    Short { integers, scale: scale_at(block, 0), minimum: None }
}

pub(super) fn q5_1(block: &[u8]) -> Short {
    let integers = fives(&block[4..24]).map(|five| five as i8);
    Short { integers, scale: scale_at(block, 0), minimum: Some(scale_at(block, 2)) }
}

pub(super) fn q8_0(block: &[u8]) -> Short {
    let integers = std::array::from_fn(|i| block[2 + i] as i8);
    Short { integers, scale: scale_at(block, 0), minimum: None }
}

fn nibbles(bytes: &[u8]) -> [u8; 32] {
    std::array::from_fn(|i| if i < 16 { bytes[i] & 15 } else { bytes[i - 16] >> 4 })
}

/// Integers of five bits: 32 fifth bits come first, then the nibbles.
fn fives(bytes: &[u8]) -> [u8; 32] {
    let fifths = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    let nibbles = nibbles(&bytes[4..]);
    std::array::from_fn(|i| nibbles[i] | ((fifths >> i) as u8 & 1) << 4)
}
