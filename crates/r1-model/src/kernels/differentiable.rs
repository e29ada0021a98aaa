//! The kernels as operations of burn's autodiff: each has one float output and a backward step that calls the
//! backend's closed form.

use std::sync::Arc;

use burn::backend::autodiff::{
    NodeId,
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::{Autodiff, Backend, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;

use super::{
    Heads, RotaryTable,
    backend::{Bridge, Kernels},
    token_logprobs::Saved,
};
use crate::packed_batch::Segment;

/// The kernels with gradients. The shapes and formulas are documented on the public functions.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(any(feature = "cuda", feature = "rocm", feature = "vulkan", feature = "metal", feature = "wgpu")),
    Autodiff
)]
pub(crate) trait Differentiable: Backend {
    fn linear(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self>;
    fn rms_norm(x: FloatTensor<Self>, weight: FloatTensor<Self>, epsilon: f64) -> FloatTensor<Self>;
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
        epsilon: f64,
    ) -> FloatTensor<Self>;
    fn swiglu_linear(gate_up: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self>;
    fn token_logprobs(
        hidden: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        targets: Arc<[u32]>,
        temperature: f64,
    ) -> FloatTensor<Self>;
    fn seed(x: FloatTensor<Self>, upstream: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// Without autodiff nothing is saved.
impl<B: Bridge> Differentiable for B {
    fn linear(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        B::primitive(<B as Kernels>::linear(B::tensor(x), B::tensor(weight)))
    }

    fn rms_norm(x: FloatTensor<Self>, weight: FloatTensor<Self>, epsilon: f64) -> FloatTensor<Self> {
        B::primitive(<B as Kernels>::rms_norm(B::tensor(x), B::tensor(weight), epsilon))
    }

    fn rotary(
        x: FloatTensor<Self>,
        table: Arc<RotaryTable>,
        positions: Arc<[u32]>,
        heads: usize,
    ) -> FloatTensor<Self> {
        B::primitive(<B as Kernels>::rotary(B::tensor(x), &table, &positions, heads, false))
    }

    fn causal_attention(qkv: FloatTensor<Self>, heads: Heads, segments: Arc<[Segment]>) -> FloatTensor<Self> {
        B::primitive(<B as Kernels>::causal_attention(B::tensor(qkv), heads, &segments).0)
    }

    fn swiglu(gate_up: FloatTensor<Self>) -> FloatTensor<Self> {
        B::primitive(<B as Kernels>::swiglu(B::tensor(gate_up)))
    }

    fn norm_linear(
        x: FloatTensor<Self>,
        norm: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        let normalized = <B as Kernels>::rms_norm(B::tensor(x), B::tensor(norm), epsilon);
        B::primitive(<B as Kernels>::linear(normalized, B::tensor(weight)))
    }

    fn swiglu_linear(gate_up: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        let activation = <B as Kernels>::swiglu(B::tensor(gate_up));
        B::primitive(<B as Kernels>::linear(activation, B::tensor(weight)))
    }

    fn token_logprobs(
        hidden: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        targets: Arc<[u32]>,
        temperature: f64,
    ) -> FloatTensor<Self> {
        let (hidden, weight) = (B::tensor(hidden), B::tensor(weight));
        B::primitive(<B as Kernels>::token_logprobs(hidden, weight, &targets, temperature).output)
    }

    fn seed(x: FloatTensor<Self>, _: FloatTensor<Self>) -> FloatTensor<Self> {
        B::primitive(Tensor::<1>::zeros([1], &B::tensor::<2>(x).device()))
    }
}

/// Registers a backward step; its state is saved only when some parent is tracked.
macro_rules! record {
    ($step:expr, $strategy:ty, $parents:expr, $state:expr, $output:expr) => {
        match $step.prepare::<$strategy>($parents).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish($state, $output),
            OpsKind::UnTracked(prep) => prep.finish($output),
        }
    };
}

impl<B: Bridge, C: CheckpointStrategy> Differentiable for Autodiff<B, C> {
    fn linear(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        let parents = [x.node(), weight.node()];
        let (x, weight) = (x.into_primitive(), weight.into_primitive());
        let output = <B as Differentiable>::linear(x.clone(), weight.clone());
        record!(Linear, C, parents, (B::tensor(x), B::tensor(weight)), output)
    }

    fn rms_norm(x: FloatTensor<Self>, weight: FloatTensor<Self>, epsilon: f64) -> FloatTensor<Self> {
        let parents = [x.node(), weight.node()];
        let (x, weight) = (x.into_primitive(), weight.into_primitive());
        let output = <B as Differentiable>::rms_norm(x.clone(), weight.clone(), epsilon);
        record!(RmsNorm, C, parents, (B::tensor(x), B::tensor(weight), epsilon), output)
    }

    fn rotary(
        x: FloatTensor<Self>,
        table: Arc<RotaryTable>,
        positions: Arc<[u32]>,
        heads: usize,
    ) -> FloatTensor<Self> {
        let parents = [x.node()];
        let x = x.into_primitive();
        let output = <B as Differentiable>::rotary(x, table.clone(), positions.clone(), heads);
        record!(Rotary, C, parents, (table, positions, heads), output)
    }

    fn causal_attention(qkv: FloatTensor<Self>, heads: Heads, segments: Arc<[Segment]>) -> FloatTensor<Self> {
        let parents = [qkv.node()];
        let qkv = B::tensor(qkv.into_primitive());
        let (output, lse) = <B as Kernels>::causal_attention(qkv.clone(), heads, &segments);
        let state = (qkv, output.clone(), lse, heads, segments);
        record!(CausalAttention, C, parents, state, B::primitive(output))
    }

    fn swiglu(gate_up: FloatTensor<Self>) -> FloatTensor<Self> {
        let parents = [gate_up.node()];
        let gate_up = gate_up.into_primitive();
        let output = <B as Differentiable>::swiglu(gate_up.clone());
        record!(Swiglu, C, parents, B::tensor(gate_up), output)
    }

    fn norm_linear(
        x: FloatTensor<Self>,
        norm: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        let parents = [x.node(), norm.node(), weight.node()];
        let (x, norm, weight) = (x.into_primitive(), norm.into_primitive(), weight.into_primitive());
        let output = <B as Differentiable>::norm_linear(x.clone(), norm.clone(), weight.clone(), epsilon);
        record!(NormLinear, C, parents, (B::tensor(x), B::tensor(norm), B::tensor(weight), epsilon), output)
    }

    fn swiglu_linear(gate_up: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        let parents = [gate_up.node(), weight.node()];
        let (gate_up, weight) = (gate_up.into_primitive(), weight.into_primitive());
        let output = <B as Differentiable>::swiglu_linear(gate_up.clone(), weight.clone());
        record!(SwigluLinear, C, parents, (B::tensor(gate_up), B::tensor(weight)), output)
    }

    fn token_logprobs(
        hidden: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        targets: Arc<[u32]>,
        temperature: f64,
    ) -> FloatTensor<Self> {
        let parents = [hidden.node(), weight.node()];
        let (hidden, weight) = (B::tensor(hidden.into_primitive()), B::tensor(weight.into_primitive()));
        let saved = <B as Kernels>::token_logprobs(hidden.clone(), weight.clone(), &targets, temperature);
        let output = B::primitive(saved.output.clone());
        record!(TokenLogprobs, C, parents, (hidden, weight, targets, temperature, saved), output)
    }

    fn seed(x: FloatTensor<Self>, upstream: FloatTensor<Self>) -> FloatTensor<Self> {
        let parents = [x.node()];
        let (x, upstream) = (x.into_primitive(), upstream.into_primitive());
        let output = <B as Differentiable>::seed(x, upstream.clone());
        record!(Seed, C, parents, B::tensor(upstream), output)
    }
}

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
struct Linear;

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
struct RmsNorm;

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
struct Rotary;

impl<B: Bridge> Backward<B, 1> for Rotary {
    type State = (Arc<RotaryTable>, Arc<[u32]>, usize);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (g, [x_id]) = (B::tensor(grads.consume::<B>(&ops.node)), parents(&ops));
        let (table, positions, heads) = ops.state;
        register::<B, 2>(grads, x_id, <B as Kernels>::rotary(g, &table, &positions, heads, true));
    }
}

#[derive(Debug)]
struct CausalAttention;

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
struct Swiglu;

impl<B: Bridge> Backward<B, 1> for Swiglu {
    type State = Tensor<2>;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (g, [gate_up_id]) = (B::tensor(grads.consume::<B>(&ops.node)), parents(&ops));
        register::<B, 2>(grads, gate_up_id, B::swiglu_backward(g, ops.state));
    }
}

/// Gradients of both factors of a product of which `x` was computed again.
fn product_backward<B: Bridge>(g: Tensor<2>, x: Tensor<2>, weight: Tensor<2>) -> [Tensor<2>; 2] {
    <B as Kernels>::linear_backward(g, x, weight, [true, true])
        .map(|found| found.expect("both gradients were asked for"))
}

#[derive(Debug)]
struct NormLinear;

impl<B: Bridge> Backward<B, 3> for NormLinear {
    type State = (Tensor<2>, Tensor<1>, Tensor<2>, f64);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (g, [x_id, norm_id, weight_id]) = (B::tensor(grads.consume::<B>(&ops.node)), parents(&ops));
        let (x, norm, weight, epsilon) = ops.state;
        let normalized = <B as Kernels>::rms_norm(x.clone(), norm.clone(), epsilon);
        let [upstream, dweight] = product_backward::<B>(g, normalized, weight);
        let (dx, dnorm) = B::rms_norm_backward(upstream, x, norm, epsilon);
        register::<B, 2>(grads, x_id, dx);
        register::<B, 1>(grads, norm_id, dnorm);
        register::<B, 2>(grads, weight_id, dweight);
    }
}

#[derive(Debug)]
struct SwigluLinear;

impl<B: Bridge> Backward<B, 2> for SwigluLinear {
    type State = (Tensor<2>, Tensor<2>);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (g, [gate_up_id, weight_id]) = (B::tensor(grads.consume::<B>(&ops.node)), parents(&ops));
        let (gate_up, weight) = ops.state;
        let activation = <B as Kernels>::swiglu(gate_up.clone());
        let [upstream, dweight] = product_backward::<B>(g, activation, weight);
        register::<B, 2>(grads, gate_up_id, B::swiglu_backward(upstream, gate_up));
        register::<B, 2>(grads, weight_id, dweight);
    }
}

#[derive(Debug)]
struct TokenLogprobs;

impl<B: Bridge> Backward<B, 2> for TokenLogprobs {
    type State = (Tensor<2>, Tensor<2>, Arc<[u32]>, f64, Saved);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (g, parents) = (B::tensor(grads.consume::<B>(&ops.node)), parents(&ops));
        let (hidden, weight, targets, temperature, saved) = ops.state;
        let found = B::token_logprobs_backward(g, hidden, weight, &targets, temperature, saved);
        for (parent, gradient) in parents.into_iter().zip(found) {
            register::<B, 2>(grads, parent, gradient);
        }
    }
}

#[derive(Debug)]
struct Seed;

impl<B: Bridge> Backward<B, 1> for Seed {
    type State = Tensor<2>;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [x_id] = parents(&ops);
        grads.consume::<B>(&ops.node);
        register::<B, 2>(grads, x_id, ops.state);
    }
}
