//! Weights that are packed while they are loaded.

use std::str::FromStr;

use r1_quant::{BlockType, Matrix};

use super::{Part, Slot, TensorSource};
use crate::{ModelError, kernels::PackedMatrix};

/// What the weight matrices of a model are held in for generation. Norms, biases and routers stay in f32.
///
/// ```
/// use r1_model::checkpoint::Packing;
///
/// assert_eq!("q8_0".parse(), Ok(Packing::Q8_0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Packing {
    /// 16 bits, the upper half of an f32.
    Bf16,
    /// IEEE half precision.
    F16,
    /// Integers of 8 bits in blocks of 32 with one scale: 8.5 bits a weight.
    #[serde(rename = "q8_0")]
    Q8_0,
}

impl Packing {
    /// The blocks of rows of so many weights.
    pub(crate) fn block_type(self, width: usize) -> BlockType {
        match self {
            Self::F16 => BlockType::F16,
            Self::Q8_0 if width.is_multiple_of(BlockType::Q8_0.block_len()) => BlockType::Q8_0,
            // Rows that are no whole number of blocks are held as numbers.
            Self::Bf16 | Self::Q8_0 => BlockType::BF16,
        }
    }
}

impl FromStr for Packing {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name.to_ascii_lowercase().as_str() {
            "bf16" => Ok(Self::Bf16),
            "f16" => Ok(Self::F16),
            "q8_0" => Ok(Self::Q8_0),
            _ => Err(format!("`{name}` is no type that weights are packed in; there are bf16, f16 and q8_0")),
        }
    }
}

/// A source whose weight matrices are packed as they are read, one at a time.
pub(crate) struct Packed<'a> {
    pub(crate) tensors: &'a dyn TensorSource,
    pub(crate) packing: Packing,
}

impl TensorSource for Packed<'_> {
    fn read(&self, part: &Part, values: &mut [f32]) -> Result<(), ModelError> {
        self.tensors.read(part, values)
    }

    fn packed(&self, slot: &Slot) -> Result<Option<PackedMatrix>, ModelError> {
        if let Some(packed) = self.tensors.packed(slot)? {
            return Ok(Some(packed));
        }
        let width = slot.width();
        let block_type = self.packing.block_type(width);
        let mut matrices = Vec::with_capacity(slot.parts.len());
        for part in &slot.parts {
            let mut values = vec![0.0; part.rows * width];
            self.read(part, &mut values)?;
            part.to_parameter(&mut values, width);
            let matrix = Matrix::encode(block_type, &values, [part.rows, width]);
            matrices
                .push(matrix.map_err(|error| ModelError::Pack { name: part.name.clone(), source: error })?);
        }
        Ok(Some(PackedMatrix::new(matrices)))
    }
}
