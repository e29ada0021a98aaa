//! Encoding of rows: f32 to blocks, by llama.cpp's methods without an importance matrix.

mod short;
mod long;
mod search;

use half::{bf16, f16};

use crate::{BlockType, QuantError};

/// Encodes weights as blocks.
///
/// # Errors
/// [`QuantError::Length`] if the weights are no whole number of blocks, [`QuantError::NotFinite`] or
/// [`QuantError::OutOfRange`] for weights that the format cannot hold, [`QuantError::ReadOnly`] for `Q2_K` and `Q3_K`.
pub fn encode(block_type: BlockType, values: &[f32]) -> Result<Vec<u8>, QuantError> {
    let len = values.len();
    let bytes = block_type.bytes_of(len).ok_or(QuantError::Length { len, block_type })?;
    if let Some(index) = values.iter().position(|value| !value.is_finite()) {
        return Err(QuantError::NotFinite { index, value: values[index], block_type });
    }
    let mut blocks = vec![0; bytes];
    let out = &mut blocks[..];
    let held = match block_type {
        BlockType::F32 => each(values, out, |value: &[f32; 1], block: &mut [u8; 4]| {
            *block = value[0].to_le_bytes();
            true
        }),
        BlockType::F16 => {
            each(values, out, |value: &[f32; 1], block: &mut [u8; 2]| put_f16(block, 0, value[0]))
        }
        BlockType::BF16 => each(values, out, |value: &[f32; 1], block: &mut [u8; 2]| {
            let rounded = bf16::from_f32(value[0]);
            *block = rounded.to_le_bytes();
            rounded.is_finite()
        }),
        BlockType::Q4_0 => each(values, out, short::q4_0),
        BlockType::Q4_1 => each(values, out, short::q4_1),
        BlockType::Q5_0 => each(values, out, short::q5_0),
        BlockType::Q5_1 => each(values, out, short::q5_1),
        BlockType::Q8_0 => each(values, out, short::q8_0),
        BlockType::Q4_K => each(values, out, long::q4_k),
        BlockType::Q5_K => each(values, out, long::q5_k),
        BlockType::Q6_K => each(values, out, long::q6_k),
        BlockType::Q2_K | BlockType::Q3_K => return Err(QuantError::ReadOnly { block_type }),
    };
    match held {
        Ok(()) => Ok(blocks),
        Err(block) => {
            let index = block * block_type.block_len();
            let inside = &values[index..index + block_type.block_len()];
            let largest = inside.iter().fold(0.0, |largest: f32, value| largest.max(value.abs()));
            Err(QuantError::OutOfRange { index, largest, block_type })
        }
    }
}

/// Encodes block by block; the number of the first block whose scales are not finite is the error.
fn each<const LEN: usize, const BYTES: usize>(
    values: &[f32],
    blocks: &mut [u8],
    encode: impl Fn(&[f32; LEN], &mut [u8; BYTES]) -> bool,
) -> Result<(), usize> {
    let (values, _) = values.as_chunks::<LEN>();
    let (blocks, _) = blocks.as_chunks_mut::<BYTES>();
    for (number, (values, block)) in values.iter().zip(blocks).enumerate() {
        if !encode(values, block) {
            return Err(number);
        }
    }
    Ok(())
}

/// Writes a number as f16 and says whether it is finite there.
fn put_f16(block: &mut [u8], offset: usize, value: f32) -> bool {
    let rounded = f16::from_f32(value);
    block[offset..offset + 2].copy_from_slice(&rounded.to_le_bytes());
    rounded.is_finite()
}

/// Inverse of a scale, and zero for the scale of a block of zeros.
fn inverse(scale: f32) -> f32 {
    if scale == 0.0 { 0.0 } else { 1.0 / scale }
}
