//! Format of each tensor of a file, as llama.cpp chooses it.

use std::fmt::{Display, Formatter};
use std::str::FromStr;

use r1_quant::BlockType;

use crate::GgufError;
use crate::config::Architecture;
use crate::error::shown;

/// Type of a file: the format of most of its matrices. Vectors and routers are always f32.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileType {
    /// f32.
    F32,
    /// f16: half the size, exact for weights that were trained in it.
    F16,
    /// bf16: half the size, the range of f32.
    BF16,
    /// 8.5 bits a weight, hardly to be told from f16.
    Q8_0,
    /// About 4.8 bits a weight: `Q4_K`, and `Q6_K` where more bits pay most.
    Q4KM,
}

impl FileType {
    /// Every type, with the name that llama.cpp gives it.
    const NAMES: [(&'static str, FileType); 5] = [
        ("f32", FileType::F32),
        ("f16", FileType::F16),
        ("bf16", FileType::BF16),
        ("q8_0", FileType::Q8_0),
        ("q4_k_m", FileType::Q4KM),
    ];

    /// `general.file_type` of the file.
    pub(super) fn id(self) -> u32 {
        match self {
            FileType::F32 => 0,
            FileType::F16 => 1,
            FileType::BF16 => 32,
            FileType::Q8_0 => 7,
            FileType::Q4KM => 15,
        }
    }

    fn most(self) -> BlockType {
        match self {
            FileType::F32 => BlockType::F32,
            FileType::F16 => BlockType::F16,
            FileType::BF16 => BlockType::BF16,
            FileType::Q8_0 => BlockType::Q8_0,
            FileType::Q4KM => BlockType::Q4_K,
        }
    }
}

/// By the name that llama.cpp gives the type, in small or capital letters.
///
/// ```
/// use r1_gguf::FileType;
///
/// assert_eq!("Q4_K_M".parse::<FileType>()?, FileType::Q4KM);
/// assert_eq!(FileType::Q4KM.to_string(), "q4_k_m");
/// # Ok::<(), r1_gguf::GgufError>(())
/// ```
impl FromStr for FileType {
    type Err = GgufError;

    fn from_str(name: &str) -> Result<FileType, GgufError> {
        let found = FileType::NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, file_type)| *file_type).ok_or_else(|| GgufError::FileType { name: shown(name) })
    }
}

impl Display for FileType {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let found = FileType::NAMES.iter().find(|(_, file_type)| file_type == self);
        f.pad(found.map_or("", |(name, _)| name))
    }
}

/// What decides about a tensor besides its name.
pub(super) struct Model {
    pub(super) architecture: Architecture,
    pub(super) file_type: FileType,
    pub(super) layers: usize,
    pub(super) experts: usize,
    pub(super) tied: bool,
}

impl Model {
    /// Format of a tensor, by its name in the file and its shape.
    pub(super) fn block_type(&self, name: &str, shape: &[usize]) -> BlockType {
        let columns = shape[shape.len() - 1];
        if shape.len() == 1
            || !name.ends_with(".weight")
            || name.contains("_norm.")
            || name.contains("ffn_gate_inp")
        {
            return BlockType::F32;
        }
        let wanted = match self.file_type {
            FileType::Q4KM => self.of_mixture(name),
            other => other.most(),
        };
        fitting(wanted, columns)
    }

    /// `Q4_K_M`: values, the ends of feed-forward layers and the output matrix get more bits in some layers.
    fn of_mixture(&self, name: &str) -> BlockType {
        let stem = name.trim_end_matches(".weight");
        if stem == "output" || (self.tied && stem == "token_embd") {
            return BlockType::Q6_K;
        }
        let Some((layer, part)) = stem.strip_prefix("blk.").and_then(|rest| rest.split_once('.')) else {
            return BlockType::Q4_K;
        };
        let more = layer.parse().is_ok_and(|layer| more_bits(layer, self.layers));
        // Eight heads share a value matrix in models of 70B, so its bits cost little.
        let wide =
            self.layers == 80 && matches!(self.architecture, Architecture::Llama | Architecture::Qwen2);
        match part {
            "attn_v" | "attn_k" if self.experts == 8 => BlockType::Q8_0,
            "attn_output" if self.experts == 8 => BlockType::Q5_K,
            "attn_v" if more => BlockType::Q6_K,
            "attn_v" if wide => BlockType::Q5_K,
            "ffn_down" | "ffn_down_exps" | "ffn_down_shexp" if more => BlockType::Q6_K,
            _ => BlockType::Q4_K,
        }
    }
}

/// The first and last eighth of the layers, and every third between.
fn more_bits(layer: usize, layers: usize) -> bool {
    let eighth = layers / 8;
    layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2
}

/// The format itself, or the next better one whose blocks divide a row.
fn fitting(wanted: BlockType, columns: usize) -> BlockType {
    if columns.is_multiple_of(wanted.block_len()) {
        return wanted;
    }
    let smaller = match wanted {
        BlockType::Q4_K => BlockType::Q5_0,
        BlockType::Q5_K => BlockType::Q5_1,
        _ => BlockType::Q8_0,
    };
    if columns.is_multiple_of(32) { smaller } else { BlockType::F16 }
}
