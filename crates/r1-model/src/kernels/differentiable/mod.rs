//! The kernels as operations of burn's autodiff: each has one float output and a backward step that calls the
//! backend's closed form.

mod steps;

use std::sync::Arc;

use burn::backend::autodiff::{
    checkpoint::strategy::CheckpointStrategy,
    ops::{Backward, OpsKind},
};
use burn::backend::{Autodiff, Backend, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;

use super::{
    Heads, RotaryTable,
    backend::{Bridge, Kernels},
};
use crate::packed_batch::Segment;
use steps::{
    CausalAttention, Linear, NormLinear, RmsNorm, Rotary, Seed, Swiglu, SwigluLinear, TokenLogprobs,
};

/// The kernels with gradients. The shapes and formulas are documented on the public functions.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "gpu"),
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
    fn backward_from(x: FloatTensor<Self>, upstream: FloatTensor<Self>) -> FloatTensor<Self>;
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

    fn backward_from(x: FloatTensor<Self>, _: FloatTensor<Self>) -> FloatTensor<Self> {
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

    fn backward_from(x: FloatTensor<Self>, upstream: FloatTensor<Self>) -> FloatTensor<Self> {
        let parents = [x.node()];
        let (x, upstream) = (x.into_primitive(), upstream.into_primitive());
        let output = <B as Differentiable>::backward_from(x, upstream.clone());
        record!(Seed, C, parents, B::tensor(upstream), output)
    }
}
