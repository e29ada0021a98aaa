//! Model families, each a file that composes [`nn`](crate::nn), and the stack they have in common.

pub mod transformer;
mod family;
mod llama;
mod mistral;
mod smollm3;
mod phi3;
mod olmo2;
mod granite;
mod glm4;
mod gemma3;
mod qwen_moe;
mod deepseek;

use burn::tensor::Device;

use crate::{
    CausalLm, ModelError, Parameters,
    checkpoint::{Slot, TensorFiles},
};

pub(crate) use family::{Defaults, Family, known, read};
pub use transformer::Transformer;

/// **A causal language model that is built by one walk over its parameters.** The walk names each parameter once; run
/// without values it lists them, with a checkpoint it loads them, with a seed it draws them.
pub trait Architecture: CausalLm + Sized {
    /// What decides the model's shape.
    type Config;

    /// Builds the model, asking `parameters` for each of its parameters.
    fn build(config: &Self::Config, parameters: &mut Parameters<'_>) -> Self;

    /// The parameters and the checkpoint tensors that they are made of.
    fn slots(config: &Self::Config) -> Vec<Slot> {
        Parameters::list(|parameters| Self::build(config, parameters))
    }

    /// The model with random weights: for each seed the same.
    fn random(config: &Self::Config, seed: u64, device: &Device) -> Self {
        Parameters::random(seed, device, |parameters| Self::build(config, parameters))
    }

    /// The model with the weights of a checkpoint, one parameter at a time.
    ///
    /// # Errors
    /// When a tensor is missing, misshapen, of a type that cannot be weights, or not finite.
    fn load(config: &Self::Config, tensors: &TensorFiles, device: &Device) -> Result<Self, ModelError> {
        tensors.check(&Self::slots(config), &|_| true)?;
        Parameters::load(tensors, device, |parameters| Self::build(config, parameters))
    }
}
