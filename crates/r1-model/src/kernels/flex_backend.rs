//! The Flex CPU backend: our own kernels in `f32`, the portable bodies in any other type.

use burn::backend::Flex;
use burn::tensor::{DType, Tensor};
use burn_flex::FlexTensor;

use super::{
    Heads, RotaryTable,
    backend::{Bridge, Kernels},
    causal_attention,
    flex::slice,
    linear, rms_norm, rotary, swiglu,
    token_logprobs::{self, Saved},
};
use crate::packed_batch::Segment;

fn kernel_applies(tensor: &Tensor<2>) -> bool {
    tensor.dtype() == DType::F32
}

fn flex<const D: usize>(tensor: Tensor<D>) -> FlexTensor {
    Flex::primitive(tensor)
}

fn tensor<const D: usize>(primitive: FlexTensor) -> Tensor<D> {
    Flex::tensor(primitive)
}

impl Kernels for Flex {
    fn linear(x: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
        if !kernel_applies(&x) {
            return linear::reference(x, weight);
        }
        tensor(linear::flex::forward(flex(x), flex(weight)))
    }

    fn linear_backward(
        g: Tensor<2>,
        x: Tensor<2>,
        weight: Tensor<2>,
        wanted: [bool; 2],
    ) -> [Option<Tensor<2>>; 2] {
        if !kernel_applies(&x) {
            return linear::backward(g, x, weight, wanted);
        }
        linear::flex::backward(flex(g), flex(x), flex(weight), wanted).map(|found| found.map(tensor))
    }

    fn rms_norm(x: Tensor<2>, weight: Tensor<1>, epsilon: f64) -> Tensor<2> {
        if !kernel_applies(&x) {
            return rms_norm::reference(x, weight, epsilon);
        }
        tensor(rms_norm::flex::forward(flex(x), flex(weight), epsilon as f32))
    }

    fn rms_norm_backward(
        g: Tensor<2>,
        x: Tensor<2>,
        weight: Tensor<1>,
        epsilon: f64,
    ) -> (Tensor<2>, Tensor<1>) {
        if !kernel_applies(&x) {
            return rms_norm::backward(g, x, weight, epsilon);
        }
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
        if !kernel_applies(&x) {
            return rotary::rotate(x, table, positions, heads, inverse);
        }
        tensor(rotary::flex::rotate(flex(x), table, positions, heads, inverse))
    }

    fn causal_attention(qkv: Tensor<2>, heads: Heads, segments: &[Segment]) -> (Tensor<2>, Tensor<2>) {
        if !kernel_applies(&qkv) {
            return causal_attention::portable::forward(qkv, heads, segments);
        }
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
        if !kernel_applies(&qkv) {
            return causal_attention::portable::backward(g, qkv, output, lse, heads, segments);
        }
        let (g, qkv, output, lse) = (flex(g), flex(qkv), flex(output), flex(lse));
        tensor(causal_attention::flex_backward::backward(g, qkv, output, slice(&lse), heads, segments))
    }

    fn swiglu(gate_up: Tensor<2>) -> Tensor<2> {
        if !kernel_applies(&gate_up) {
            return swiglu::reference(gate_up);
        }
        tensor(swiglu::flex::forward(flex(gate_up)))
    }

    fn swiglu_backward(g: Tensor<2>, gate_up: Tensor<2>) -> Tensor<2> {
        if !kernel_applies(&gate_up) {
            return swiglu::backward(g, gate_up);
        }
        tensor(swiglu::flex::backward(flex(g), flex(gate_up)))
    }

    fn token_logprobs(hidden: Tensor<2>, weight: Tensor<2>, targets: &[u32], temperature: f64) -> Saved {
        if !kernel_applies(&hidden) {
            return token_logprobs::portable::forward(hidden, weight, targets, temperature);
        }
        let saved = token_logprobs::flex::forward(flex(hidden), flex(weight), targets, temperature as f32);
        Saved {
            output: tensor(saved.output),
            lse: tensor(saved.lse),
            kept: saved.kept.map(|kept| kept.map(tensor)),
        }
    }

    fn token_logprobs_backward(
        g: Tensor<2>,
        hidden: Tensor<2>,
        weight: Tensor<2>,
        targets: &[u32],
        temperature: f64,
        saved: Saved,
    ) -> [Tensor<2>; 2] {
        if !kernel_applies(&hidden) {
            return token_logprobs::portable::backward(g, hidden, weight, targets, temperature, saved);
        }
        let (g, hidden, weight) = (flex(g), flex(hidden), flex(weight));
        let saved = token_logprobs::flex::Saved {
            output: flex(saved.output),
            lse: flex(saved.lse),
            kept: saved.kept.map(|kept| kept.map(flex)),
        };
        token_logprobs::flex::backward(g, hidden, weight, targets, temperature as f32, saved).map(tensor)
    }
}
