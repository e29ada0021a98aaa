//! Decoding of rows: blocks to f32.

mod short;
mod long;

use half::{bf16, f16};

use crate::{BlockType, QuantError};

/// Decodes blocks to weights.
///
/// # Errors
/// [`QuantError::Length`] if `values` is no whole number of blocks, [`QuantError::Bytes`] if `blocks` has not exactly
/// the bytes of that many weights.
pub fn decode(block_type: BlockType, blocks: &[u8], values: &mut [f32]) -> Result<(), QuantError> {
    let len = values.len();
    let bytes = block_type.bytes_of(len).ok_or(QuantError::Length { len, block_type })?;
    if blocks.len() != bytes {
        return Err(QuantError::Bytes { bytes: blocks.len(), len, block_type });
    }
    match block_type {
        BlockType::F32 => each(blocks, values, |block: &[u8; 4], out: &mut [f32; 1]| {
            out[0] = f32::from_le_bytes(*block);
        }),
        BlockType::F16 => each(blocks, values, |block: &[u8; 2], out: &mut [f32; 1]| {
            out[0] = f16::from_le_bytes(*block).to_f32();
        }),
        BlockType::BF16 => each(blocks, values, |block: &[u8; 2], out: &mut [f32; 1]| {
            out[0] = bf16::from_le_bytes(*block).to_f32();
        }),
        BlockType::Q4_0 => each(blocks, values, short::q4_0),
        BlockType::Q4_1 => each(blocks, values, short::q4_1),
        BlockType::Q5_0 => each(blocks, values, short::q5_0),
        BlockType::Q5_1 => each(blocks, values, short::q5_1),
        BlockType::Q8_0 => each(blocks, values, short::q8_0),
        BlockType::Q2_K => each(blocks, values, long::q2_k),
        BlockType::Q3_K => each(blocks, values, long::q3_k),
        BlockType::Q4_K => each(blocks, values, long::q4_k),
        BlockType::Q5_K => each(blocks, values, long::q5_k),
        BlockType::Q6_K => each(blocks, values, long::q6_k),
    }
    Ok(())
}

fn each<const BYTES: usize, const LEN: usize>(
    blocks: &[u8],
    values: &mut [f32],
    decode: impl Fn(&[u8; BYTES], &mut [f32; LEN]),
) {
    let (blocks, _) = blocks.as_chunks::<BYTES>();
    let (values, _) = values.as_chunks_mut::<LEN>();
    for (block, out) in blocks.iter().zip(values) {
        decode(block, out);
    }
}

/// The f16 number at a place of a block.
fn scale_at(block: &[u8], offset: usize) -> f32 {
    f16::from_le_bytes([block[offset], block[offset + 1]]).to_f32()
}
