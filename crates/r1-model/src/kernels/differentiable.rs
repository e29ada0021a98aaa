//! Our CPU kernels as operations of burn's autodiff: each has one float output and a backward step
//! that calls the kernel's closed form.

use std::sync::Arc;

use burn::backend::autodiff::{
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::{Autodiff, Backend, Flex, backend_extension, tensor::FloatTensor};
use burn_flex::FlexTensor;

use super::{
    Heads, RotaryTable, causal_attention, linear, norm_linear, rms_norm, rotary, swiglu, swiglu_linear,
    token_logprobs,
};
use crate::packed_batch::Segment;

/// The kernels with gradients. The shapes and formulas are documented on the public functions.
#[backend_extension(Flex, Autodiff)]
pub(crate) trait Differentiable: Backend {
    fn linear(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self>;
    fn rms_norm(x: FloatTensor<Self>, weight: FloatTensor<Self>, epsilon: f32) -> FloatTensor<Self>;
    fn rotary(
        x: FloatTensor<Self>,
        table: Arc<RotaryTable>,
        positions: Arc<[u32]>,
        heads: usize,
    ) -> FloatTensor<Self>;
    fn causal_attention(qkv: FloatTensor<Self>, heads: Heads, segments: Arc<[Segment]>) -> FloatTensor<Self>;
    fn swiglu(gate_up: FloatTensor<Self>) -> FloatTensor<Self>;
    fn norm_linear(
        x: FloatTensor<Self>,
        norm: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        epsilon: f32,
    ) -> FloatTensor<Self>;
    fn swiglu_linear(gate_up: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self>;
    fn token_logprobs(
        hidden: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        targets: Arc<[u32]>,
        temperature: f32,
    ) -> FloatTensor<Self>;
}

impl Differentiable for Flex {
    fn linear(x: FlexTensor, weight: FlexTensor) -> FlexTensor {
        linear::flex::forward(x, weight)
    }

    fn rms_norm(x: FlexTensor, weight: FlexTensor, epsilon: f32) -> FlexTensor {
        rms_norm::flex::forward(x, weight, epsilon)
    }

    fn rotary(x: FlexTensor, table: Arc<RotaryTable>, positions: Arc<[u32]>, heads: usize) -> FlexTensor {
        rotary::flex::rotate(x, &table, &positions, heads, false)
    }

    fn causal_attention(qkv: FlexTensor, heads: Heads, segments: Arc<[Segment]>) -> FlexTensor {
        causal_attention::flex::forward(qkv, heads, &segments).0
    }

    fn swiglu(gate_up: FlexTensor) -> FlexTensor {
        swiglu::flex::forward(gate_up)
    }

    fn norm_linear(x: FlexTensor, norm: FlexTensor, weight: FlexTensor, epsilon: f32) -> FlexTensor {
        norm_linear::flex::forward(x, norm, weight, epsilon)
    }

    fn swiglu_linear(gate_up: FlexTensor, weight: FlexTensor) -> FlexTensor {
        swiglu_linear::flex::forward(gate_up, weight)
    }

    fn token_logprobs(
        hidden: FlexTensor,
        weight: FlexTensor,
        targets: Arc<[u32]>,
        temperature: f32,
    ) -> FlexTensor {
        token_logprobs::flex::forward(hidden, weight, &targets, temperature).0
    }
}

/// Registers a backward step with `N` parents; `State` is saved only when some parent is tracked.
macro_rules! record {
    ($step:expr, $strategy:ty, $parents:expr, $state:expr, $output:expr) => {
        match $step.prepare::<$strategy>($parents).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish($state, $output),
            OpsKind::UnTracked(prep) => prep.finish($output),
        }
    };
}

impl<C: CheckpointStrategy> Differentiable for Autodiff<Flex, C> {
    fn linear(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        let parents = [x.node(), weight.node()];
        let (x, weight) = (x.into_primitive(), weight.into_primitive());
        let output = linear::flex::forward(x.clone(), weight.clone());
        record!(Linear, C, parents, (x, weight), output)
    }

    fn rms_norm(x: FloatTensor<Self>, weight: FloatTensor<Self>, epsilon: f32) -> FloatTensor<Self> {
        let parents = [x.node(), weight.node()];
        let (x, weight) = (x.into_primitive(), weight.into_primitive());
        let output = rms_norm::flex::forward(x.clone(), weight.clone(), epsilon);
        record!(RmsNorm, C, parents, (x, weight, epsilon), output)
    }

    fn rotary(
        x: FloatTensor<Self>,
        table: Arc<RotaryTable>,
        positions: Arc<[u32]>,
        heads: usize,
    ) -> FloatTensor<Self> {
        let parents = [x.node()];
        let output = rotary::flex::rotate(x.into_primitive(), &table, &positions, heads, false);
        record!(Rotary, C, parents, (table, positions, heads), output)
    }

    fn causal_attention(qkv: FloatTensor<Self>, heads: Heads, segments: Arc<[Segment]>) -> FloatTensor<Self> {
        let parents = [qkv.node()];
        let qkv = qkv.into_primitive();
        let (output, lse) = causal_attention::flex::forward(qkv.clone(), heads, &segments);
        record!(CausalAttention, C, parents, (qkv, output.clone(), lse, heads, segments), output)
    }

    fn swiglu(gate_up: FloatTensor<Self>) -> FloatTensor<Self> {
        let parents = [gate_up.node()];
        let gate_up = gate_up.into_primitive();
        let output = swiglu::flex::forward(gate_up.clone());
        record!(Swiglu, C, parents, gate_up, output)
    }

    fn norm_linear(
        x: FloatTensor<Self>,
        norm: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        epsilon: f32,
    ) -> FloatTensor<Self> {
        let parents = [x.node(), norm.node(), weight.node()];
        let (x, norm, weight) = (x.into_primitive(), norm.into_primitive(), weight.into_primitive());
        let output = norm_linear::flex::forward(x.clone(), norm.clone(), weight.clone(), epsilon);
        record!(NormLinear, C, parents, (x, norm, weight, epsilon), output)
    }

    fn swiglu_linear(gate_up: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        let parents = [gate_up.node(), weight.node()];
        let (gate_up, weight) = (gate_up.into_primitive(), weight.into_primitive());
        let output = swiglu_linear::flex::forward(gate_up.clone(), weight.clone());
        record!(SwigluLinear, C, parents, (gate_up, weight), output)
    }

    fn token_logprobs(
        hidden: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        targets: Arc<[u32]>,
        temperature: f32,
    ) -> FloatTensor<Self> {
        let parents = [hidden.node(), weight.node()];
        let (hidden, weight) = (hidden.into_primitive(), weight.into_primitive());
        let (output, lse) =
            token_logprobs::flex::forward(hidden.clone(), weight.clone(), &targets, temperature);
        let state = (hidden, weight, targets, temperature, output.clone(), lse);
        record!(TokenLogprobs, C, parents, state, output)
    }
}

#[derive(Debug)]
struct Linear;

impl Backward<Flex, 2> for Linear {
    type State = (FlexTensor, FlexTensor);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (x, weight) = ops.state;
        let gradient = grads.consume::<Flex>(&ops.node);
        let wanted = [ops.parents[0].is_some(), ops.parents[1].is_some()];
        for (node, gradient) in
            ops.parents.into_iter().zip(linear::flex::backward(gradient, x, weight, wanted))
        {
            if let (Some(node), Some(gradient)) = (node, gradient) {
                grads.register::<Flex>(node.id, gradient);
            }
        }
    }
}

#[derive(Debug)]
struct RmsNorm;

impl Backward<Flex, 2> for RmsNorm {
    type State = (FlexTensor, FlexTensor, f32);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (x, weight, epsilon) = ops.state;
        let gradient = grads.consume::<Flex>(&ops.node);
        let (dx, dweight) = rms_norm::flex::backward(gradient, x, weight, epsilon);
        let [x_node, weight_node] = ops.parents;
        if let Some(node) = x_node {
            grads.register::<Flex>(node.id, dx);
        }
        if let Some(node) = weight_node {
            grads.register::<Flex>(node.id, dweight);
        }
    }
}

#[derive(Debug)]
struct Rotary;

impl Backward<Flex, 1> for Rotary {
    type State = (Arc<RotaryTable>, Arc<[u32]>, usize);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (table, positions, heads) = ops.state;
        let gradient = grads.consume::<Flex>(&ops.node);
        if let [Some(node)] = ops.parents {
            grads.register::<Flex>(node.id, rotary::flex::rotate(gradient, &table, &positions, heads, true));
        }
    }
}

#[derive(Debug)]
struct CausalAttention;

impl Backward<Flex, 1> for CausalAttention {
    type State = (FlexTensor, FlexTensor, Vec<f32>, Heads, Arc<[Segment]>);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (qkv, output, lse, heads, segments) = ops.state;
        let gradient = grads.consume::<Flex>(&ops.node);
        if let [Some(node)] = ops.parents {
            let dqkv =
                causal_attention::flex_backward::backward(gradient, qkv, output, &lse, heads, &segments);
            grads.register::<Flex>(node.id, dqkv);
        }
    }
}

#[derive(Debug)]
struct Swiglu;

impl Backward<Flex, 1> for Swiglu {
    type State = FlexTensor;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<Flex>(&ops.node);
        if let [Some(node)] = ops.parents {
            grads.register::<Flex>(node.id, swiglu::flex::backward(gradient, ops.state));
        }
    }
}

#[derive(Debug)]
struct NormLinear;

impl Backward<Flex, 3> for NormLinear {
    type State = (FlexTensor, FlexTensor, FlexTensor, f32);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (x, norm, weight, epsilon) = ops.state;
        let gradient = grads.consume::<Flex>(&ops.node);
        let found = norm_linear::flex::backward(gradient, x, norm, weight, epsilon);
        for (node, gradient) in ops.parents.into_iter().zip(found) {
            if let Some(node) = node {
                grads.register::<Flex>(node.id, gradient);
            }
        }
    }
}

#[derive(Debug)]
struct SwigluLinear;

impl Backward<Flex, 2> for SwigluLinear {
    type State = (FlexTensor, FlexTensor);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (gate_up, weight) = ops.state;
        let gradient = grads.consume::<Flex>(&ops.node);
        let found = swiglu_linear::flex::backward(gradient, gate_up, weight);
        for (node, gradient) in ops.parents.into_iter().zip(found) {
            if let Some(node) = node {
                grads.register::<Flex>(node.id, gradient);
            }
        }
    }
}

#[derive(Debug)]
struct TokenLogprobs;

impl Backward<Flex, 2> for TokenLogprobs {
    type State = (FlexTensor, FlexTensor, Arc<[u32]>, f32, FlexTensor, Vec<f32>);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (hidden, weight, targets, temperature, output, lse) = ops.state;
        let gradient = grads.consume::<Flex>(&ops.node);
        let saved = token_logprobs::flex::Saved { output, lse };
        let (dhidden, dweight) =
            token_logprobs::flex::backward(gradient, hidden, weight, &targets, temperature, saved);
        let [hidden_node, weight_node] = ops.parents;
        if let Some(node) = hidden_node {
            grads.register::<Flex>(node.id, dhidden);
        }
        if let Some(node) = weight_node {
            grads.register::<Flex>(node.id, dweight);
        }
    }
}
