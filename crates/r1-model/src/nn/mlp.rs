//! The feed-forward layer.

use burn::module::Module;
use burn::tensor::Tensor;

use super::{Linear, RmsNorm};
use crate::kernels;

/// `down(silu(gate(x)) · up(x))`, with gate and up in one matrix.
#[derive(Module, Debug)]
pub struct Mlp {
    /// `[2 · d_ff, d_model]`: gate, then up.
    pub gate_up: Linear,
    /// `[d_model, d_ff]`
    pub down: Linear,
}

impl Mlp {
    /// `norm` is that in front of this layer.
    ///
    /// # Shapes
    /// - `x` and output: `[tokens, d_model]`
    pub fn forward(&self, x: Tensor<2>, norm: &RmsNorm) -> Tensor<2> {
        let gate_up = self.gate_up.forward_normalized(x, norm);
        self.down.with_bias(kernels::swiglu_linear(gate_up, self.down.weight.val()))
    }
}
