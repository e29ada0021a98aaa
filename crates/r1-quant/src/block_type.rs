//! The formats, their sizes and their numbers in a file.

/// Format in which a row of weights is stored, with the name that ggml gives it.
///
/// | format | weights a block | bytes a block | bits a weight | weight |
/// |---|---|---|---|---|
/// | `F32`, `F16`, `BF16` | 1 | 4, 2, 2 | 32, 16, 16 | itself |
/// | `Q4_0`, `Q5_0`, `Q8_0` | 32 | 18, 22, 34 | 4.5, 5.5, 8.5 | `d q` |
/// | `Q4_1`, `Q5_1` | 32 | 20, 24 | 5, 6 | `d q + m` |
/// | `Q2_K`, `Q4_K`, `Q5_K` | 256 | 84, 144, 176 | 2.625, 4.5, 5.5 | `d s q - m t` |
/// | `Q3_K`, `Q6_K` | 256 | 110, 210 | 3.4375, 6.5625 | `d s q` |
///
/// `q` is the weight's integer, `d` and `m` are f16 numbers of the block, `s` and `t` small integers of 16 or 32 weights.
#[allow(non_camel_case_types, missing_docs)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlockType {
    F32,
    F16,
    BF16,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q2_K,
    Q3_K,
    Q4_K,
    Q5_K,
    Q6_K,
}

impl BlockType {
    /// Every format.
    pub const ALL: [BlockType; 13] = [
        BlockType::F32,
        BlockType::F16,
        BlockType::BF16,
        BlockType::Q4_0,
        BlockType::Q4_1,
        BlockType::Q5_0,
        BlockType::Q5_1,
        BlockType::Q8_0,
        BlockType::Q2_K,
        BlockType::Q3_K,
        BlockType::Q4_K,
        BlockType::Q5_K,
        BlockType::Q6_K,
    ];

    /// Number of weights in a block.
    pub const fn block_len(self) -> usize {
        match self {
            BlockType::F32 | BlockType::F16 | BlockType::BF16 => 1,
            BlockType::Q4_0 | BlockType::Q4_1 | BlockType::Q5_0 | BlockType::Q5_1 | BlockType::Q8_0 => 32,
            _ => 256,
        }
    }

    /// Number of bytes of a block.
    pub const fn block_bytes(self) -> usize {
        match self {
            BlockType::F32 => 4,
            BlockType::F16 | BlockType::BF16 => 2,
            BlockType::Q4_0 => 18,
            BlockType::Q4_1 => 20,
            BlockType::Q5_0 => 22,
            BlockType::Q5_1 => 24,
            BlockType::Q8_0 => 34,
            BlockType::Q2_K => 84,
            BlockType::Q3_K => 110,
            BlockType::Q4_K => 144,
            BlockType::Q5_K => 176,
            BlockType::Q6_K => 210,
        }
    }

    /// Number of bytes of `len` weights, or none where `len` is no whole number of blocks or the bytes overflow.
    pub const fn bytes_of(self, len: usize) -> Option<usize> {
        if len.is_multiple_of(self.block_len()) {
            (len / self.block_len()).checked_mul(self.block_bytes())
        } else {
            None
        }
    }

    /// Number of the format in a GGUF file (`ggml_type`).
    pub const fn ggml_id(self) -> u32 {
        match self {
            BlockType::F32 => 0,
            BlockType::F16 => 1,
            BlockType::BF16 => 30,
            BlockType::Q4_0 => 2,
            BlockType::Q4_1 => 3,
            BlockType::Q5_0 => 6,
            BlockType::Q5_1 => 7,
            BlockType::Q8_0 => 8,
            BlockType::Q2_K => 10,
            BlockType::Q3_K => 11,
            BlockType::Q4_K => 12,
            BlockType::Q5_K => 13,
            BlockType::Q6_K => 14,
        }
    }

    /// Format of a number in a GGUF file.
    pub fn from_ggml_id(id: u32) -> Option<BlockType> {
        BlockType::ALL.into_iter().find(|block_type| block_type.ggml_id() == id)
    }
}

impl std::fmt::Display for BlockType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self, f)
    }
}
