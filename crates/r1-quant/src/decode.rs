//! Decoding of rows: blocks to f32.

use half::{bf16, f16};

use crate::{
    BlockType, QuantError,
    blocks::{Long, Short},
};

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
    let (blocks, values) =
        (blocks.chunks_exact(block_type.block_bytes()), values.chunks_exact_mut(block_type.block_len()));
    let pairs = blocks.zip(values);
    if let Some(take) = Short::of(block_type) {
        pairs.for_each(|(block, values)| short(take(block), values));
    } else if let Some(take) = Long::of(block_type) {
        pairs.for_each(|(block, values)| long(take(block), values));
    } else {
        let number = match block_type {
            BlockType::F16 => |block: &[u8]| f16::from_le_bytes([block[0], block[1]]).to_f32(),
            BlockType::BF16 => |block: &[u8]| bf16::from_le_bytes([block[0], block[1]]).to_f32(),
            _ => |block: &[u8]| f32::from_le_bytes([block[0], block[1], block[2], block[3]]),
        };
        pairs.for_each(|(block, values)| values[0] = number(block));
    }
    Ok(())
}

fn short(Short { integers, scale, minimum }: Short, values: &mut [f32]) {
    for (value, integer) in values.iter_mut().zip(integers) {
        *value = scale * f32::from(integer);
        if let Some(minimum) = minimum {
            *value += minimum;
        }
    }
}

fn long(Long { integers, scales, scale, minima, minimum }: Long, values: &mut [f32]) {
    for (group, (values, integers)) in values.chunks_exact_mut(16).zip(integers.chunks_exact(16)).enumerate()
    {
        let (scale, minimum) = (scale * f32::from(scales[group]), minimum * f32::from(minima[group]));
        for (value, integer) in values.iter_mut().zip(integers) {
            *value = scale * f32::from(*integer) - minimum;
        }
    }
}
