//! One block of the stack.

use std::sync::Arc;

use burn::module::Module;
use burn::tensor::Tensor;

use super::{Attention, LatentAttention, Linear, Mlp, Moe, RmsNorm};
use crate::{causal_lm::Attend, engine::Memory};

/// `x += attention(norm(x)); x += mlp(norm(x))`, with norms in front of the layers, behind them, or both.
#[derive(Module, Debug)]
pub struct Block {
    /// Norm before attention.
    pub attention_norm: Option<RmsNorm>,
    /// Attention; either this or [`latent`](Self::latent) is there.
    pub attention: Option<Attention>,
    /// Attention whose keys and values come of a narrow row.
    pub latent: Option<LatentAttention>,
    /// Norm of what attention adds.
    pub attention_output_norm: Option<RmsNorm>,
    /// Norm before the feed-forward layer.
    pub mlp_norm: Option<RmsNorm>,
    /// Feed-forward layer; either this or [`moe`](Self::moe) is there.
    pub mlp: Option<Mlp>,
    /// Feed-forward layer of several experts.
    pub moe: Option<Moe>,
    /// Norm of what the feed-forward layer adds.
    pub mlp_output_norm: Option<RmsNorm>,
    /// What both layers' outputs are multiplied with.
    #[module(skip)]
    pub residual_scale: f64,
}

impl Block {
    /// `layer` names the part of a cache that belongs to this block.
    ///
    /// # Shapes
    /// - `x` and output: `[tokens, d_model]`
    pub fn forward(&self, x: Tensor<2>, layer: usize, attend: Attend<'_>) -> Tensor<2> {
        let norm = self.attention_norm.as_ref();
        let mixed = match (&self.attention, &self.latent) {
            (Some(attention), _) => attention.forward(x.clone(), norm, layer, attend),
            (None, Some(latent)) => latent.forward(x.clone(), norm, layer, attend),
            (None, None) => unreachable!("a block has attention"),
        };
        let x = x + self.added(mixed, self.attention_output_norm.as_ref());
        let norm = self.mlp_norm.as_ref();
        let fed = match (&self.mlp, &self.moe) {
            (Some(mlp), _) => mlp.forward(x.clone(), norm),
            (None, Some(moe)) => moe.forward(x.clone(), norm),
            (None, None) => unreachable!("a block has a feed-forward layer"),
        };
        x + self.added(fed, self.mlp_output_norm.as_ref())
    }

    /// The products with weights of all layers.
    pub(crate) fn linears_mut(&mut self) -> Vec<&mut Linear> {
        let attention = self.attention.iter_mut().flat_map(|layer| [&mut layer.qkv, &mut layer.output]);
        let latent = self.latent.iter_mut().flat_map(LatentAttention::linears_mut);
        let mlp = self.mlp.iter_mut().flat_map(Mlp::linears_mut);
        let moe = self.moe.iter_mut().flat_map(Moe::linears_mut);
        attention.chain(latent).chain(mlp).chain(moe).collect()
    }

    /// What this block remembers of the tokens before.
    pub fn memory(&self) -> Arc<dyn Memory> {
        let heads = match (&self.attention, &self.latent) {
            (Some(attention), _) => attention.heads,
            (None, Some(latent)) => latent.shape.heads,
            (None, None) => unreachable!("a block has attention"),
        };
        Arc::new(heads)
    }

    /// What a layer adds to the residual stream.
    fn added(&self, y: Tensor<2>, norm: Option<&RmsNorm>) -> Tensor<2> {
        let y = match norm {
            Some(norm) => norm.forward(y),
            None => y,
        };
        if self.residual_scale == 1.0 { y } else { y.mul_scalar(self.residual_scale) }
    }
}
