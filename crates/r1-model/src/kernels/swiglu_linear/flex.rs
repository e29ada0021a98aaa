//! The CPU kernel.

use burn_flex::FlexTensor;

use crate::kernels::{linear, swiglu};

pub(crate) fn forward(gate_up: FlexTensor, weight: FlexTensor) -> FlexTensor {
    linear::flex::forward(swiglu::flex::forward(gate_up), weight)
}

/// Gradients of gate and up, and of the weight.
pub(crate) fn backward(g: FlexTensor, gate_up: FlexTensor, weight: FlexTensor) -> [FlexTensor; 2] {
    let activation = swiglu::flex::forward(gate_up.clone());
    let [upstream, dweight] = linear::flex::backward(g, activation, weight, [true, true]);
    let wanted = "both gradients were asked for";
    [swiglu::flex::backward(upstream.expect(wanted), gate_up), dweight.expect(wanted)]
}
