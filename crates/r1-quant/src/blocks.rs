//! Blocks taken apart into integers and scales: the one place that knows how they lie in a block.

mod short;
mod long;

use half::f16;

use crate::BlockType;

/// 32 weights: `scale · integer`, plus the minimum where the format has one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Short {
    pub(crate) integers: [i8; 32],
    pub(crate) scale: f32,
    pub(crate) minimum: Option<f32>,
}

/// 256 weights in groups of 16: `scale · scales[group] · integer - minimum · minima[group]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Long {
    pub(crate) integers: [i8; 256],
    pub(crate) scales: [i16; 16],
    pub(crate) scale: f32,
    pub(crate) minima: [u8; 16],
    pub(crate) minimum: f32,
}

impl Short {
    /// How the blocks of 32 of a format are taken apart, from the bytes of one block.
    pub(crate) fn of(block_type: BlockType) -> Option<fn(&[u8]) -> Self> {
        Some(match block_type {
            BlockType::Q4_0 => short::q4_0,
            BlockType::Q4_1 => short::q4_1,
            BlockType::Q5_0 => short::q5_0,
            BlockType::Q5_1 => short::q5_1,
            BlockType::Q8_0 => short::q8_0,
            _ => return None,
        })
    }
}

impl Long {
    /// How the blocks of 256 of a format are taken apart, from the bytes of one block.
    pub(crate) fn of(block_type: BlockType) -> Option<fn(&[u8]) -> Self> {
        Some(match block_type {
            BlockType::Q2_K => long::q2_k,
            BlockType::Q3_K => long::q3_k,
            BlockType::Q4_K => long::q4_k,
            BlockType::Q5_K => long::q5_k,
            BlockType::Q6_K => long::q6_k,
            _ => return None,
        })
    }
}

/// The f16 number at a place of a block.
fn scale_at(block: &[u8], offset: usize) -> f32 {
    f16::from_le_bytes([block[offset], block[offset + 1]]).to_f32()
}
