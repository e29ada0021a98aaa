//! Errors of this crate.

use crate::BlockType;

/// Reason why weights were neither encoded nor decoded.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum QuantError {
    /// A row is no whole number of blocks.
    #[error("{len} weights are no whole number of {block_type} blocks of {}; choose a smaller block, such as Q8_0's 32, or F16", block_type.block_len())]
    Length {
        /// Number of weights.
        len: usize,
        /// Format.
        block_type: BlockType,
    },
    /// The bytes are not as many as the weights need.
    #[error("{bytes} bytes of {block_type} blocks for {len} weights, which take {}", block_type.bytes_of(*len).unwrap_or(0))]
    Bytes {
        /// Number of bytes.
        bytes: usize,
        /// Number of weights.
        len: usize,
        /// Format.
        block_type: BlockType,
    },
    /// A weight is infinite or no number.
    #[error("weight {index} is {value}, and {block_type} holds finite numbers only")]
    NotFinite {
        /// Place of the weight among those given.
        index: usize,
        /// The weight.
        value: f32,
        /// Format.
        block_type: BlockType,
    },
    /// The scale of a block is larger than an f16 holds.
    #[error(
        "the weights from {index} on reach {largest}, beyond what the f16 scales of {block_type} hold; keep them in F32 or BF16"
    )]
    OutOfRange {
        /// Place of the block's first weight among those given.
        index: usize,
        /// Largest absolute value in the block.
        largest: f32,
        /// Format.
        block_type: BlockType,
    },
    /// There is no encoder for the format.
    #[error("{block_type} is read but not written; write Q4_K, Q5_K, Q6_K or Q8_0")]
    ReadOnly {
        /// Format.
        block_type: BlockType,
    },
}
