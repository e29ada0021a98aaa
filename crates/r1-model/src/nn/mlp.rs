//! The feed-forward layer.

use burn::module::Module;
use burn::tensor::Tensor;

use super::Linear;
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
    /// # Shapes
    /// - `x` and output: `[tokens, d_model]`
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.down.forward(kernels::swiglu(self.gate_up.forward(x)))
    }
}
