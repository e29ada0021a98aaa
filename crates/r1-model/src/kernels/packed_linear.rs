//! The product with a weight matrix whose rows are blocks.

use burn::tensor::{Tensor, TensorData};
use r1_quant::{BlockType, Matrix, QuantError};

use crate::checkpoint::Packing;

/// A weight matrix in blocks, `[d_out, d_in]`: matrices of one width under each other, each of its own block type.
///
/// It serves generation on the CPU: there is no gradient through it.
#[derive(Debug, Clone)]
pub struct PackedMatrix {
    parts: Vec<Matrix>,
}

impl PackedMatrix {
    /// The matrices under each other.
    ///
    /// # Panics
    /// When there is none, or their widths differ.
    pub fn new(parts: Vec<Matrix>) -> Self {
        let width = parts.first().expect("a matrix has rows").shape()[1];
        assert!(parts.iter().all(|part| part.shape()[1] == width), "the parts differ in width");
        Self { parts }
    }

    /// One matrix, of row-major weights.
    ///
    /// # Errors
    /// When the block type cannot hold a weight, or a row is no whole number of blocks.
    pub fn encode(block_type: BlockType, weights: &[f32], shape: [usize; 2]) -> Result<Self, QuantError> {
        Ok(Self::new(vec![Matrix::encode(block_type, weights, shape)?]))
    }

    /// One matrix, of a weight `[d_out, d_in]`.
    ///
    /// # Errors
    /// When the packing cannot hold a weight.
    pub fn pack(packing: Packing, weight: Tensor<2>) -> Result<Self, QuantError> {
        let [rows, width] = weight.dims();
        let data = weight.into_data().convert::<f32>();
        let values: &[f32] = data.as_slice().expect("the data was converted to f32");
        Self::encode(packing.block_type(width), values, [rows, width])
    }

    /// `[d_out, d_in]`
    pub fn shape(&self) -> [usize; 2] {
        [self.parts.iter().map(|part| part.shape()[0]).sum(), self.parts[0].shape()[1]]
    }

    /// Bytes of the blocks.
    pub fn bytes(&self) -> usize {
        self.parts.iter().map(|part| part.blocks().len()).sum()
    }

    /// The rows of these numbers, decoded: how a table of embeddings is looked up.
    ///
    /// # Shapes
    /// - output: `[ids, d_in]`
    ///
    /// # Panics
    /// When there is no such row.
    pub fn rows(&self, ids: &[u32], device: &burn::tensor::Device) -> Tensor<2> {
        let [_, width] = self.shape();
        let mut values = vec![0.0; ids.len() * width];
        for (id, values) in ids.iter().zip(values.chunks_exact_mut(width)) {
            let mut row = *id as usize;
            let part = self.parts.iter().find(|part| {
                let own = row < part.shape()[0];
                row -= if own { 0 } else { part.shape()[0] };
                own
            });
            part.expect("an id is a row of the table").row(row, values);
        }
        Tensor::from_data(TensorData::new(values, [ids.len(), width]), device)
    }
}

/// `y = x Wᵀ` with a weight in blocks.
///
/// As with [`linear`](fn@super::linear), a row's result has the same bits alone, in any batch and with any number of
/// threads. Where blocks hold integers, `x` is rounded to 8 bits in blocks of 32 first.
///
/// # Shapes
/// - `x`: `[tokens, d_in]`
/// - output: `[tokens, d_out]`
///
/// # Gradients
/// None: packed weights serve generation, and tensors on an autodiff tape are refused.
///
/// # Panics
/// When the inner dimensions differ, or `x` is tracked.
pub fn packed_linear(x: Tensor<2>, weight: &PackedMatrix) -> Tensor<2> {
    let ([tokens, width], [rows, inner]) = (x.dims(), weight.shape());
    assert_eq!(width, inner, "x and the weight need the same inner dimension");
    assert!(!x.is_require_grad(), "there is no gradient through packed weights");
    let device = x.device();
    let data = x.into_data().convert::<f32>();
    let x: &[f32] = data.as_slice().expect("the data was converted to f32");
    let mut y = vec![0.0; tokens * rows];
    let mut first = 0;
    for part in &weight.parts {
        if tokens > 0 {
            part.product(x, &mut y[first..], rows);
        }
        first += part.shape()[0];
    }
    Tensor::from_data(TensorData::new(y, [tokens, rows]), &device)
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;
    use crate::kernels::{check, linear};

    fn values(tensor: Tensor<2>) -> Vec<f32> {
        tensor.into_data().try_to_vec().unwrap()
    }

    #[test]
    fn numbers_have_the_bits_of_the_product_in_f32() {
        let (x, weight) = (check::random([7, 100], 1), check::random([37, 100], 2));
        let packed = PackedMatrix::encode(BlockType::F32, &values(weight.clone()), [37, 100]).unwrap();
        assert_eq!(values(packed_linear(x.clone(), &packed)), values(linear(x, weight)));
    }

    #[test]
    fn parts_stand_under_each_other() {
        let (x, weight) = (check::random([3, 64], 1), values(check::random([10, 64], 2)));
        let part = |block_type, rows: std::ops::Range<usize>| {
            Matrix::encode(block_type, &weight[rows.start * 64..rows.end * 64], [rows.len(), 64]).unwrap()
        };
        let parts =
            vec![part(BlockType::F32, 0..4), part(BlockType::BF16, 4..5), part(BlockType::Q8_0, 5..10)];
        let packed = PackedMatrix::new(parts.clone());
        let whole = values(packed_linear(x.clone(), &packed));
        let mut first = 0;
        for part in parts {
            let rows = part.shape()[0];
            let own = values(packed_linear(x.clone(), &PackedMatrix::new(vec![part])));
            for token in 0..3 {
                assert_eq!(whole[token * 10 + first..][..rows], own[token * rows..][..rows]);
            }
            first += rows;
        }
        let row = values(packed.rows(&[4, 0], &x.device()));
        assert_eq!(row[64..], weight[..64]);
        assert_eq!(row[0], half::bf16::from_f32(weight[4 * 64]).to_f32());
    }
}
