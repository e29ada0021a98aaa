//! The Flex CPU backend: our own kernels in `f32`, the portable bodies in any other type.

use burn::backend::Flex;
use burn::tensor::{DType, Tensor};
use burn_flex::FlexTensor;

use super::{
    Heads, RotaryTable,
    adamw_step::{self, Moments, StepConstants},
    backend::{Bridge, Kernels},
    cached_attention::{self, CachedRun, LayerCache},
    causal_attention,
    flex::slice,
    linear, reduce, rms_norm, rotary, swiglu,
    token_logprobs::{self, Saved},
};
use crate::packed_batch::Segment;

fn flex<const D: usize>(tensor: Tensor<D>) -> FlexTensor {
    Flex::primitive(tensor)
}

fn tensor<const D: usize>(primitive: FlexTensor) -> Tensor<D> {
    Flex::tensor(primitive)
}

/// The bodies that serve every backend.
struct Portable;

impl Kernels for Portable {}

/// Defines methods of [`Kernels`] that have these bodies when the first tensor is in `f32`, and the portable ones else.
macro_rules! in_f32 {
    ($(fn $name:ident($first:ident: $type:ty $(, $other:ident: $other_type:ty)* $(,)?) -> $result:ty $body:block)+) => {$(
        fn $name($first: $type $(, $other: $other_type)*) -> $result {
            if $first.dtype() == DType::F32 $body else { Portable::$name($first $(, $other)*) }
        }
    )+};
}

impl Kernels for Flex {
    in_f32! {
        fn linear(x: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
            tensor(linear::flex::forward(flex(x), flex(weight)))
        }

        fn linear_backward(
            g: Tensor<2>,
            x: Tensor<2>,
            weight: Tensor<2>,
            wanted: [bool; 2],
        ) -> [Option<Tensor<2>>; 2] {
            linear::flex::backward(flex(g), flex(x), flex(weight), wanted).map(|found| found.map(tensor))
        }

        fn rms_norm(x: Tensor<2>, weight: Tensor<1>, epsilon: f64) -> Tensor<2> {
            tensor(rms_norm::flex::forward(flex(x), flex(weight), epsilon as f32))
        }

        fn rms_norm_backward(
            g: Tensor<2>,
            x: Tensor<2>,
            weight: Tensor<1>,
            epsilon: f64,
        ) -> (Tensor<2>, Tensor<1>) {
            let (dx, dweight) = rms_norm::flex::backward(flex(g), flex(x), flex(weight), epsilon as f32);
            (tensor(dx), tensor(dweight))
        }

        fn rotary(
            x: Tensor<2>,
            table: &RotaryTable,
            positions: &[u32],
            heads: usize,
            inverse: bool,
        ) -> Tensor<2> {
            tensor(rotary::flex::rotate(flex(x), table, positions, heads, inverse))
        }

        fn causal_attention(
            qkv: Tensor<2>,
            heads: Heads,
            segments: &[Segment],
        ) -> (Tensor<2>, Tensor<2>) {
            let (output, lse) = causal_attention::flex::forward(flex(qkv), heads, segments);
            (tensor(output), tensor(lse))
        }

        fn causal_attention_backward(
            g: Tensor<2>,
            qkv: Tensor<2>,
            output: Tensor<2>,
            lse: Tensor<2>,
            heads: Heads,
            segments: &[Segment],
        ) -> Tensor<2> {
            let (g, qkv, output, lse) = (flex(g), flex(qkv), flex(output), flex(lse));
            tensor(causal_attention::flex_backward::backward(g, qkv, output, slice(&lse), heads, segments))
        }

        fn swiglu(gate_up: Tensor<2>) -> Tensor<2> {
            tensor(swiglu::flex::forward(flex(gate_up)))
        }

        fn swiglu_backward(g: Tensor<2>, gate_up: Tensor<2>) -> Tensor<2> {
            tensor(swiglu::flex::backward(flex(g), flex(gate_up)))
        }

        fn token_logprobs(
            hidden: Tensor<2>,
            weight: Tensor<2>,
            targets: &[u32],
            temperature: f64,
        ) -> Saved {
            let saved =
                token_logprobs::flex::forward(flex(hidden), flex(weight), targets, temperature as f32);
            Saved {
                output: tensor(saved.output),
                lse: tensor(saved.lse),
                kept: saved.kept.map(|kept| kept.map(tensor)),
            }
        }

        fn token_logprobs_backward(
            g: Tensor<2>,
            states: [Tensor<2>; 2],
            targets: &[u32],
            temperature: f64,
            saved: Saved,
            weight_wanted: bool,
        ) -> (Tensor<2>, Option<Tensor<2>>) {
            let saved = token_logprobs::flex::Saved {
                output: flex(saved.output),
                lse: flex(saved.lse),
                kept: saved.kept.map(|kept| kept.map(flex)),
            };
            let (states, temperature) = (states.map(flex), temperature as f32);
            let found =
                token_logprobs::flex::backward(flex(g), states, targets, temperature, saved, weight_wanted);
            (tensor(found.0), found.1.map(tensor))
        }

        fn cached_attention(
            qkv: Tensor<2>,
            cache: LayerCache,
            runs: &[CachedRun],
            heads: Heads,
        ) -> (Tensor<2>, LayerCache) {
            let cache = [flex(cache.keys), flex(cache.values)];
            let (output, [keys, values]) = cached_attention::flex::cached_attention(flex(qkv), cache, runs, heads);
            (tensor(output), LayerCache { keys: tensor(keys), values: tensor(values) })
        }

        fn adamw_step(
            weight: Tensor<1>,
            gradient: Tensor<1>,
            moments: Moments,
            constants: &StepConstants,
        ) -> (Tensor<1>, Moments) {
            let moments = [flex(moments.first), flex(moments.second)];
            let (weight, [first, second]) =
                adamw_step::flex::adamw_step(flex(weight), flex(gradient), moments, constants);
            (tensor(weight), Moments { first: tensor(first), second: tensor(second) })
        }

        fn add_onto(sum: Tensor<1>, term: Tensor<1>) -> Tensor<1> {
            tensor(reduce::flex::add_onto(flex(sum), flex(term)))
        }

        fn add_rows_onto(sum: Tensor<2>, ids: &[u32], rows: Tensor<2>) -> Tensor<2> {
            tensor(reduce::flex::add_rows_onto(flex(sum), ids, flex(rows)))
        }

        fn sum_of_squares(x: Tensor<1>) -> f64 {
            reduce::flex::sum_of_squares(flex(x))
        }
    }
}
