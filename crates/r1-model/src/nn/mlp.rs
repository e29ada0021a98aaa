//! The feed-forward layer.

use burn::module::Module;
use burn::tensor::{Tensor, activation::gelu_approximate};

use super::{Linear, RmsNorm};
use crate::{Initial, Parameters, checkpoint::Part, kernels};

/// What the gate goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// `x σ(x)`
    Silu,
    /// GELU by its approximation with tanh, as Gemma has it.
    GeluTanh,
}

/// `down(activation(gate(x)) · up(x))`, with gate and up in one matrix.
#[derive(Module, Debug)]
pub struct Mlp {
    /// `[2 · d_ff, d_model]`: gate, then up.
    pub gate_up: Linear,
    /// `[d_model, d_ff]`
    pub down: Linear,
    /// What the gate goes through.
    #[module(skip)]
    pub activation: Activation,
}

/// The shape of an [`Mlp`] and how it is stored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MlpShape {
    /// Width of the residual stream.
    pub d_model: usize,
    /// Width of the gate.
    pub d_ff: usize,
    /// Whether the products have biases.
    pub bias: bool,
    /// What the gate goes through.
    pub activation: Activation,
    /// Whether gate and up are one tensor, `gate_up_proj`, in the checkpoint.
    pub fused: bool,
    /// What the output matrix begins with.
    pub output: Initial,
}

impl Mlp {
    /// Its products with weights.
    pub(crate) fn linears_mut(&mut self) -> Vec<&mut Linear> {
        vec![&mut self.gate_up, &mut self.down]
    }

    /// The layer with Hugging Face's names: `gate_proj`, `up_proj` and `down_proj`.
    pub fn build(mut parameters: Parameters<'_>, shape: MlpShape) -> Self {
        let MlpShape { d_model, d_ff, bias, activation, fused, output } = shape;
        let parts = match fused {
            true => vec![Part::new("gate_up_proj", 2 * d_ff)],
            false => vec![Part::new("gate_proj", d_ff), Part::new("up_proj", d_ff)],
        };
        let gate_up =
            Linear::build(parameters.at("gate_up", ""), parts, [2 * d_ff, d_model], bias, Initial::WEIGHT);
        let down = Linear::build(parameters.at("down", "down_proj"), vec![], [d_model, d_ff], bias, output);
        Self { gate_up, down, activation }
    }

    /// `norm` is that in front of this layer, if there is one.
    ///
    /// # Shapes
    /// - `x` and output: `[tokens, d_model]`
    pub fn forward(&self, x: Tensor<2>, norm: Option<&RmsNorm>) -> Tensor<2> {
        let gate_up = self.gate_up.forward_normalized(x, norm);
        match self.activation {
            Activation::Silu => self.down.through(
                || kernels::swiglu(gate_up.clone()),
                |weight| kernels::swiglu_linear(gate_up.clone(), weight),
            ),
            Activation::GeluTanh => {
                let [tokens, width] = gate_up.dims();
                let half = |columns| gate_up.clone().slice([0..tokens, columns]);
                self.down.forward(gelu_approximate(half(0..width / 2)) * half(width / 2..width))
            }
        }
    }
}
