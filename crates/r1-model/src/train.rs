//! From a loss to gradients, with or without keeping what the blocks computed.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::{
    causal_lm::{Attend, CausalLm, Head},
    optimizer::GradientStore,
    packed_batch::PackedBatch,
};

/// What the backward pass computes a second time instead of keeping it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recompute {
    /// Nothing: fastest, and every block's intermediate values are kept.
    #[default]
    Nothing,
    /// Every block: only its input is kept (`[tokens, d_model]`), for a third more work.
    Blocks,
}

/// Adds the gradient of a loss to `gradients` and returns the loss.
///
/// `loss` is given the hidden states after the last block, before the final norm, and the head. The
/// gradient does not depend on `recompute`, not even in its last bit on the CPU.
///
/// # Shapes
/// - the hidden states: `[tokens, d_model]`
///
/// # Gradients
/// Flow into every parameter that `loss` depends on.
pub fn backward<M: CausalLm>(
    model: &M,
    batch: &PackedBatch,
    recompute: Recompute,
    gradients: &mut GradientStore,
    loss: impl FnOnce(Tensor<2>, Head) -> Tensor<1>,
) -> Tensor<1> {
    let tracked = model.clone().train();
    if recompute == Recompute::Nothing {
        let value = loss(tracked.hidden(batch), tracked.head());
        gradients.add(&tracked, value.backward());
        return value.inner();
    }
    let layout = batch.layout();
    let mut inputs = Vec::with_capacity(model.num_blocks());
    let mut x = model.embed(batch);
    for index in 0..model.num_blocks() {
        inputs.push(x.clone());
        x = model.block(index, x, Attend::Packed(&layout));
    }
    let x = x.autodiff().require_grad();
    let value = loss(x.clone(), tracked.head());
    let mut found = value.backward();
    let mut upstream = x.grad_remove(&mut found).expect("the loss depends on the hidden states");
    gradients.add(&tracked, found);
    for (index, input) in inputs.into_iter().enumerate().rev() {
        let input = input.autodiff().require_grad();
        let output = tracked.block(index, input.clone(), Attend::Packed(&layout));
        let mut found = (output * upstream.autodiff()).sum().backward();
        upstream = input.grad_remove(&mut found).expect("a block depends on its input");
        gradients.add(&tracked, found);
    }
    gradients.add(&tracked, (tracked.embed(batch) * upstream.autodiff()).sum().backward());
    value.inner()
}
