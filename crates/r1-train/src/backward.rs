//! From a loss to gradients, with or without keeping what the blocks computed.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use r1_model::{
    Attend, CausalLm, GradientStore, Head, PackedBatch, PackedLayout, kernels::backward_from, stay_awake,
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
    let layout = batch.layout();
    // Each block has a tape of its own, so that its gradients join the sum, and its intermediate values
    // are freed, before the next block's exist.
    let mut tapes = Vec::with_capacity(model.num_blocks());
    let mut x = model.embed(batch);
    for index in 0..model.num_blocks() {
        stay_awake(&x.device());
        let input = x.clone();
        let tape = match recompute {
            Recompute::Nothing => Tape::record(&tracked, index, input, &layout),
            Recompute::Blocks => Tape { input, output: None },
        };
        x = match &tape.output {
            Some(output) => output.clone().inner(),
            None => model.block(index, x, Attend::Packed(&layout)),
        };
        tapes.push(tape);
    }
    let x = x.autodiff().require_grad();
    let value = loss(x.clone(), tracked.head());
    let mut found = value.backward();
    let mut upstream = x.grad_remove(&mut found).expect("the loss depends on the hidden states");
    gradients.add(&tracked, found);
    while let Some(tape) = tapes.pop() {
        stay_awake(&upstream.device());
        let index = tapes.len();
        let tape =
            if tape.output.is_some() { tape } else { Tape::record(&tracked, index, tape.input, &layout) };
        let output = tape.output.expect("the tape was recorded");
        let mut found = backward_from(output, upstream.autodiff()).backward();
        upstream = tape.input.grad_remove(&mut found).expect("a block depends on its input");
        gradients.add(&tracked, found);
    }
    tracked.embed_backward(batch, upstream, gradients);
    value.inner()
}

/// One block's input and, once it was recorded, its output.
struct Tape {
    input: Tensor<2>,
    output: Option<Tensor<2>>,
}

impl Tape {
    fn record<M: CausalLm>(tracked: &M, index: usize, input: Tensor<2>, layout: &PackedLayout) -> Self {
        let input = input.autodiff().require_grad();
        let output = Some(tracked.block(index, input.clone(), Attend::Packed(layout)));
        Self { input, output }
    }
}
