//! Rotary position embedding, rotate-half form.

#[cfg(feature = "flex")]
pub(crate) mod flex;

use std::sync::Arc;

use burn::backend::Dispatch;
use burn::tensor::{Tensor, TensorData};

use super::differentiable::Differentiable;

/// `cos` and `sin` of every position and frequency.
#[derive(Debug, Clone, PartialEq)]
pub struct RotaryTable {
    /// Dimensions of one head; pairs are `(i, i + head_dim / 2)`.
    pub head_dim: usize,
    /// `[positions, head_dim / 2]`
    pub(crate) cos: Vec<f32>,
    /// `[positions, head_dim / 2]`
    pub(crate) sin: Vec<f32>,
    #[cfg(feature = "gpu")]
    copies: super::gpu::Copies,
}

impl RotaryTable {
    /// The table of the first `positions` positions for angular frequencies in radians per token,
    /// one for each pair. Angles are computed in double precision.
    pub fn new(frequencies: &[f64], positions: usize) -> Self {
        let angles = (0..positions).flat_map(|p| frequencies.iter().map(move |f| p as f64 * f));
        let (cos, sin) = angles.map(|angle| (angle.cos() as f32, angle.sin() as f32)).unzip();
        Self {
            head_dim: 2 * frequencies.len(),
            cos,
            sin,
            #[cfg(feature = "gpu")]
            copies: Default::default(),
        }
    }

    /// `cos` and `sin` on a GPU, which keeps them.
    #[cfg(feature = "gpu")]
    pub(crate) fn on_gpu(&self, client: &burn_cubecl::cubecl::client::Client) -> [r1_gpu::Buffer; 2] {
        self.copies.on(client, [&self.cos, &self.sin])
    }

    /// How many positions the table holds.
    pub fn positions(&self) -> usize {
        self.cos.len() / (self.head_dim / 2).max(1)
    }
}

/// Rotates the first `heads` heads of each row by its position; the other columns pass through.
///
/// ```text
/// y_i       = x_i cos(p θ_i) − x_{i+h/2} sin(p θ_i)
/// y_{i+h/2} = x_{i+h/2} cos(p θ_i) + x_i sin(p θ_i)        for i < h/2, h = head_dim
/// ```
///
/// # Shapes
/// - `x`: `[tokens, width]` with `width ≥ heads · head_dim`
/// - `positions`: `[tokens]`
/// - output: `[tokens, width]`
///
/// # Gradients
/// Flow into `x`, by the inverse rotation.
///
/// # Panics
/// When a position lies outside the table.
///
/// # Source
/// Su et al., "RoFormer" (arXiv:2104.09864v5), eq. (34), in the pairing that Hugging Face's Llama and
/// Qwen checkpoints use.
pub fn rotary(x: Tensor<2>, table: &Arc<RotaryTable>, positions: &Arc<[u32]>, heads: usize) -> Tensor<2> {
    let limit = table.positions();
    assert!(positions.iter().all(|p| (*p as usize) < limit), "a position lies outside the table of {limit}");
    Tensor::from_dispatch(Dispatch::rotary(x.into_dispatch(), table.clone(), positions.clone(), heads))
}

/// [`rotary`] by plain tensor operations.
pub fn reference(x: Tensor<2>, table: &RotaryTable, positions: &[u32], heads: usize) -> Tensor<2> {
    rotate(x, table, positions, heads, false)
}

/// The portable body, for both directions.
pub(crate) fn rotate(
    x: Tensor<2>,
    table: &RotaryTable,
    positions: &[u32],
    heads: usize,
    inverse: bool,
) -> Tensor<2> {
    let [tokens, width] = x.dims();
    let (half, rotated) = (table.head_dim / 2, heads * table.head_dim);
    let gather = |values: &[f32]| {
        let rows: Vec<f32> =
            positions.iter().flat_map(|p| values[*p as usize * half..][..half].iter().copied()).collect();
        Tensor::<2>::from_data(TensorData::new(rows, [tokens, half]), (&x.device(), x.dtype()))
            .reshape([tokens, 1, half])
    };
    let (cos, mut sin) = (gather(&table.cos), gather(&table.sin));
    if inverse {
        sin = sin.neg();
    }
    let head = x.clone().slice([0..tokens, 0..rotated]).reshape([tokens, heads, table.head_dim]);
    let low = head.clone().slice([0..tokens, 0..heads, 0..half]);
    let high = head.slice([0..tokens, 0..heads, half..2 * half]);
    let turned =
        Tensor::cat(vec![low.clone() * cos.clone() - high.clone() * sin.clone(), high * cos + low * sin], 2)
            .reshape([tokens, rotated]);
    if rotated == width {
        return turned;
    }
    Tensor::cat(vec![turned, x.slice([0..tokens, rotated..width])], 1)
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;
    use crate::kernels::check;

    #[test]
    fn kernel_equals_reference_with_gradients() {
        let table = Arc::new(RotaryTable::new(&[1.0, 0.1, 0.01, 0.001], 50));
        for (tokens, width, heads) in [(1, 8, 1), (5, 30, 2), (70, 24, 3)] {
            let positions: Arc<[u32]> = (0..tokens as u32).map(|t| (t * 7) % 50).collect();
            check::agree(
                [tokens, width],
                &[vec![tokens, width]],
                |t| rotary(t[0].clone(), &table, &positions, heads),
                |t| reference(t[0].clone(), &table, &positions, heads),
            );
        }
    }

    #[test]
    #[should_panic(expected = "outside the table of 4")]
    fn a_position_outside_the_table_is_refused() {
        let table = Arc::new(RotaryTable::new(&[1.0], 4));
        let x = Tensor::zeros([1, 2], &burn::tensor::Device::flex());
        rotary(x, &table, &vec![4].into(), 1);
    }
}
