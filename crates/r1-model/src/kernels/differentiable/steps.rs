//! The backward steps: each takes the gradient of its operation's output and registers those of the inputs.

use std::sync::Arc;

use burn::backend::autodiff::{
    NodeId,
    checkpoint::base::Checkpointer,
    grads::Gradients,
    ops::{Backward, Ops},
};
use burn::tensor::Tensor;

use crate::kernels::{
    Heads, RotaryTable,
    backend::{Bridge, Kernels},
    token_logprobs::Saved,
};
use crate::packed_batch::Segment;

/// Where a step's gradients go: to its parents, where they are tracked.
fn parents<S, const N: usize>(ops: &Ops<S, N>) -> [Option<NodeId>; N] {
    ops.parents.each_ref().map(|parent| parent.as_ref().map(|node| node.id))
}

fn register<B: Bridge, const D: usize>(grads: &mut Gradients, parent: Option<NodeId>, gradient: Tensor<D>) {
    if let Some(id) = parent {
        grads.register::<B>(id, B::primitive(gradient));
    }
}

#[derive(Debug)]
pub(super) struct Linear;

impl<B: Bridge> Backward<B, 2> for Linear {
    type State = (Tensor<2>, Tensor<2>);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (g, parents) = (B::tensor(grads.consume::<B>(&ops.node)), parents(&ops));
        let (x, weight) = ops.state;
        let found = <B as Kernels>::linear_backward(g, x, weight, parents.map(|parent| parent.is_some()));
        for (parent, gradient) in parents.into_iter().zip(found) {
            if let Some(gradient) = gradient {
                register::<B, 2>(grads, parent, gradient);
            }
        }
    }
}

#[derive(Debug)]
pub(super) struct RmsNorm;

impl<B: Bridge> Backward<B, 2> for RmsNorm {
    type State = (Tensor<2>, Tensor<1>, f64);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (g, [x_id, weight_id]) = (B::tensor(grads.consume::<B>(&ops.node)), parents(&ops));
        let (x, weight, epsilon) = ops.state;
        let (dx, dweight) = B::rms_norm_backward(g, x, weight, epsilon);
        register::<B, 2>(grads, x_id, dx);
        register::<B, 1>(grads, weight_id, dweight);
    }
}

#[derive(Debug)]
pub(super) struct Rotary;

impl<B: Bridge> Backward<B, 1> for Rotary {
    type State = (Arc<RotaryTable>, Arc<[u32]>, usize);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (g, [x_id]) = (B::tensor(grads.consume::<B>(&ops.node)), parents(&ops));
        let (table, positions, heads) = ops.state;
        register::<B, 2>(grads, x_id, <B as Kernels>::rotary(g, &table, &positions, heads, true));
    }
}

#[derive(Debug)]
pub(super) struct CausalAttention;

impl<B: Bridge> Backward<B, 1> for CausalAttention {
    type State = (Tensor<2>, Tensor<2>, Tensor<2>, Heads, Arc<[Segment]>);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (g, [qkv_id]) = (B::tensor(grads.consume::<B>(&ops.node)), parents(&ops));
        let (qkv, output, lse, heads, segments) = ops.state;
        let dqkv = B::causal_attention_backward(g, qkv, output, lse, heads, &segments);
        register::<B, 2>(grads, qkv_id, dqkv);
    }
}

#[derive(Debug)]
pub(super) struct Swiglu;

impl<B: Bridge> Backward<B, 1> for Swiglu {
    type State = Tensor<2>;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (g, [gate_up_id]) = (B::tensor(grads.consume::<B>(&ops.node)), parents(&ops));
        register::<B, 2>(grads, gate_up_id, B::swiglu_backward(g, ops.state));
    }
}

/// Gradients of both factors of a product of which `x` was computed again; that of the weight where it is tracked.
fn product_backward<B: Bridge>(
    g: Tensor<2>,
    x: Tensor<2>,
    weight: Tensor<2>,
    tracked: bool,
) -> (Tensor<2>, Option<Tensor<2>>) {
    let [dx, dweight] = <B as Kernels>::linear_backward(g, x, weight, [true, tracked]);
    (dx.expect("this gradient was asked for"), dweight)
}

#[derive(Debug)]
pub(super) struct NormLinear;

impl<B: Bridge> Backward<B, 3> for NormLinear {
    type State = (Tensor<2>, Tensor<1>, Tensor<2>, f64);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (g, [x_id, norm_id, weight_id]) = (B::tensor(grads.consume::<B>(&ops.node)), parents(&ops));
        let (x, norm, weight, epsilon) = ops.state;
        let normalized = <B as Kernels>::rms_norm(x.clone(), norm.clone(), epsilon);
        let (upstream, dweight) = product_backward::<B>(g, normalized, weight, weight_id.is_some());
        let (dx, dnorm) = B::rms_norm_backward(upstream, x, norm, epsilon);
        register::<B, 2>(grads, x_id, dx);
        register::<B, 1>(grads, norm_id, dnorm);
        if let Some(dweight) = dweight {
            register::<B, 2>(grads, weight_id, dweight);
        }
    }
}

#[derive(Debug)]
pub(super) struct SwigluLinear;

impl<B: Bridge> Backward<B, 2> for SwigluLinear {
    type State = (Tensor<2>, Tensor<2>);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (g, [gate_up_id, weight_id]) = (B::tensor(grads.consume::<B>(&ops.node)), parents(&ops));
        let (gate_up, weight) = ops.state;
        let activation = <B as Kernels>::swiglu(gate_up.clone());
        let (upstream, dweight) = product_backward::<B>(g, activation, weight, weight_id.is_some());
        register::<B, 2>(grads, gate_up_id, B::swiglu_backward(upstream, gate_up));
        if let Some(dweight) = dweight {
            register::<B, 2>(grads, weight_id, dweight);
        }
    }
}

#[derive(Debug)]
pub(super) struct TokenLogprobs;

impl<B: Bridge> Backward<B, 2> for TokenLogprobs {
    type State = (Tensor<2>, Tensor<2>, Arc<[u32]>, f64, Saved);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (g, [hidden_id, weight_id]) = (B::tensor(grads.consume::<B>(&ops.node)), parents(&ops));
        let (hidden, weight, targets, temperature, saved) = ops.state;
        let states = [hidden, weight];
        let (dhidden, dweight) =
            B::token_logprobs_backward(g, states, &targets, temperature, saved, weight_id.is_some());
        register::<B, 2>(grads, hidden_id, dhidden);
        if let Some(dweight) = dweight {
            register::<B, 2>(grads, weight_id, dweight);
        }
    }
}

#[derive(Debug)]
pub(super) struct Seed;

impl<B: Bridge> Backward<B, 1> for Seed {
    type State = Tensor<2>;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [x_id] = parents(&ops);
        grads.consume::<B>(&ops.node);
        register::<B, 2>(grads, x_id, ops.state);
    }
}
