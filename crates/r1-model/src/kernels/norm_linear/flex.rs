//! The CPU kernel.

use burn_flex::FlexTensor;

use crate::kernels::{linear, rms_norm};

pub(crate) fn forward(x: FlexTensor, norm: FlexTensor, weight: FlexTensor, epsilon: f32) -> FlexTensor {
    linear::flex::forward(rms_norm::flex::forward(x, norm, epsilon), weight)
}

/// Gradients of the input, the norm's weight and the product's weight.
pub(crate) fn backward(
    g: FlexTensor,
    x: FlexTensor,
    norm: FlexTensor,
    weight: FlexTensor,
    epsilon: f32,
) -> [FlexTensor; 3] {
    let normalized = rms_norm::flex::forward(x.clone(), norm.clone(), epsilon);
    let [upstream, dweight] = linear::flex::backward(g, normalized, weight, [true, true]);
    let wanted = "both gradients were asked for";
    let (dx, dnorm) = rms_norm::flex::backward(upstream.expect(wanted), x, norm, epsilon);
    [dx, dnorm, dweight.expect(wanted)]
}
