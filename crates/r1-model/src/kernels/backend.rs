//! What every backend computes: each kernel's forward pass and, where it has one, its closed-form backward pass, without
//! autodiff.
//!
//! The bodies here are plain tensor operations and serve any backend; a backend with something better
//! overrides them (`flex_backend.rs` does).

use burn::backend::{Backend, DispatchKindConversion, tensor::FloatTensor};
use burn::tensor::{DispatchTensor, Tensor};

use super::{
    Heads, RotaryTable,
    adamw_step::{self, Moments, StepConstants},
    cached_attention::{self, CachedRun, LayerCache},
    causal_attention,
    draw::{Drawn, Wanted},
    linear, reduce, rms_norm, rotary, swiglu,
    token_logprobs::{self, Saved},
};
use crate::packed_batch::Segment;

/// A backend that has the kernels and whose tensors can be seen as [`Tensor`]s and back.
pub(crate) trait Bridge: Backend + Kernels {
    /// The tensor of a primitive, outside autodiff.
    fn tensor<const D: usize>(primitive: FloatTensor<Self>) -> Tensor<D>;

    /// The primitive of a tensor that lies on this backend, outside autodiff.
    fn primitive<const D: usize>(tensor: Tensor<D>) -> FloatTensor<Self>;
}

impl<B: Backend + Kernels> Bridge for B
where
    DispatchTensor: DispatchKindConversion<B>,
{
    fn tensor<const D: usize>(primitive: FloatTensor<Self>) -> Tensor<D> {
        Tensor::from_primitive::<B>(primitive)
    }

    fn primitive<const D: usize>(tensor: Tensor<D>) -> FloatTensor<Self> {
        tensor.try_into_primitive::<B>().expect("a kernel's tensors lie on one backend")
    }
}

/// The kernels without gradients. The shapes and formulas are documented on the public functions; a backward
/// pass takes the output's gradient first.
pub(crate) trait Kernels {
    fn linear(x: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
        linear::reference(x, weight)
    }

    /// [`linear`](Self::linear) for draws: in `f32` on a GPU.
    fn logits(x: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
        Self::linear(x, weight)
    }

    /// Gradients of the input and of the weight, those that are wanted.
    fn linear_backward(
        g: Tensor<2>,
        x: Tensor<2>,
        weight: Tensor<2>,
        wanted: [bool; 2],
    ) -> [Option<Tensor<2>>; 2] {
        linear::backward(g, x, weight, wanted)
    }

    fn rms_norm(x: Tensor<2>, weight: Tensor<1>, epsilon: f64) -> Tensor<2> {
        rms_norm::reference(x, weight, epsilon)
    }

    /// Gradients of the input and of the weight.
    fn rms_norm_backward(
        g: Tensor<2>,
        x: Tensor<2>,
        weight: Tensor<1>,
        epsilon: f64,
    ) -> (Tensor<2>, Tensor<1>) {
        rms_norm::backward(g, x, weight, epsilon)
    }

    /// The rotation, or its inverse, which is its backward pass.
    fn rotary(
        x: Tensor<2>,
        table: &RotaryTable,
        positions: &[u32],
        heads: usize,
        inverse: bool,
    ) -> Tensor<2> {
        rotary::rotate(x, table, positions, heads, inverse)
    }

    /// The output, and the log-sum-exp of each query's scores as `[tokens, heads]`.
    fn causal_attention(qkv: Tensor<2>, heads: Heads, segments: &[Segment]) -> (Tensor<2>, Tensor<2>) {
        causal_attention::portable::forward(qkv, heads, segments)
    }

    fn causal_attention_backward(
        g: Tensor<2>,
        qkv: Tensor<2>,
        output: Tensor<2>,
        lse: Tensor<2>,
        heads: Heads,
        segments: &[Segment],
    ) -> Tensor<2> {
        causal_attention::portable::backward(g, qkv, output, lse, heads, segments)
    }

    fn swiglu(gate_up: Tensor<2>) -> Tensor<2> {
        swiglu::reference(gate_up)
    }

    fn swiglu_backward(g: Tensor<2>, gate_up: Tensor<2>) -> Tensor<2> {
        swiglu::backward(g, gate_up)
    }

    fn token_logprobs(hidden: Tensor<2>, weight: Tensor<2>, targets: &[u32], temperature: f64) -> Saved {
        token_logprobs::portable::forward(hidden, weight, targets, temperature)
    }

    /// Gradients of the hidden states and of the weight, the latter if it is wanted.
    fn token_logprobs_backward(
        g: Tensor<2>,
        states: [Tensor<2>; 2],
        targets: &[u32],
        temperature: f64,
        saved: Saved,
        weight_wanted: bool,
    ) -> (Tensor<2>, Option<Tensor<2>>) {
        token_logprobs::portable::backward(g, states, targets, temperature, saved, weight_wanted)
    }

    fn cached_attention(
        qkv: Tensor<2>,
        cache: LayerCache,
        runs: &[CachedRun],
        heads: Heads,
    ) -> (Tensor<2>, LayerCache) {
        cached_attention::reference(qkv, cache, runs, heads)
    }

    /// Copies one page to others.
    fn copy_page(cache: LayerCache, from: u32, to: &[u32]) -> LayerCache {
        cached_attention::copy_by_the_host(cache, from, to)
    }

    /// The tokens, if the backend draws itself.
    fn draw(_logits: Tensor<2>, _wanted: &[Wanted], _forbidden: &[u32]) -> Option<Vec<Drawn>> {
        None
    }

    fn adamw_step(
        weight: Tensor<1>,
        gradient: Tensor<1>,
        moments: Moments,
        constants: &StepConstants,
    ) -> (Tensor<1>, Moments) {
        adamw_step::reference(weight, gradient, moments, constants)
    }

    fn add_onto(sum: Tensor<1>, term: Tensor<1>) -> Tensor<1> {
        reduce::reference::add_onto(sum, term)
    }

    fn add_rows_onto(sum: Tensor<2>, ids: &[u32], rows: Tensor<2>) -> Tensor<2> {
        reduce::reference::add_rows_onto(sum, ids, rows)
    }

    fn sum_of_squares(x: Tensor<1>) -> f64 {
        reduce::reference::sum_of_squares(x)
    }
}

#[cfg(feature = "ndarray")]
#[allow(deprecated)]
impl Kernels for burn::backend::NdArray {}
