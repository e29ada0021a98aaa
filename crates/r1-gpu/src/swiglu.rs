//! The gated activation of the feed-forward layer.

use cubecl::{client::Client, ir::ElemType, prelude::*};

use crate::{Buffer, cube::elementwise};

#[cube]
fn sigmoid(x: f32) -> f32 {
    f32::new(1.0) / (f32::new(1.0) + (-x).exp())
}

#[cube(launch_unchecked)]
fn forward_kernel<F: Float>(gate_up: &[F], output: &mut [F], width: usize, #[define(F)] _dtype: ElemType) {
    let place = ABSOLUTE_POS;
    if place < output.len() {
        let gate = place / width * width + place;
        let a = f32::cast_from(gate_up[gate]);
        output[place] = F::cast_from(a * sigmoid(a) * f32::cast_from(gate_up[gate + width]));
    }
}

#[cube(launch_unchecked)]
fn backward_kernel<F: Float>(
    gradient: &[F],
    gate_up: &[F],
    dgate_up: &mut [F],
    width: usize,
    #[define(F)] _dtype: ElemType,
) {
    let place = ABSOLUTE_POS;
    if place < gradient.len() {
        let gate = place / width * width + place;
        let g = f32::cast_from(gradient[place]);
        let a = f32::cast_from(gate_up[gate]);
        let b = f32::cast_from(gate_up[gate + width]);
        let share = sigmoid(a);
        dgate_up[gate] = F::cast_from(g * b * share * (f32::new(1.0) + a * (f32::new(1.0) - share)));
        dgate_up[gate + width] = F::cast_from(g * a * share);
    }
}

/// `y = a · σ(a) · b` where a row of `gate_up` holds `a`, then `b`.
///
/// # Shapes
/// - `gate_up`: `[rows, 2 · width]`
/// - `output`: `[rows, width]`
pub fn forward(client: &Client, gate_up: &Buffer, output: &Buffer, width: usize, dtype: ElemType) {
    if output.len == 0 {
        return;
    }
    let (count, dim) = elementwise(output.len);
    // SAFETY: a unit writes an element of its own.
    unsafe {
        forward_kernel::launch_unchecked(client, count, dim, gate_up.arg(), output.arg(), width, dtype);
    }
}

/// The gradient of both halves: `da = g b σ(a) (1 + a (1 − σ(a)))`, `db = g a σ(a)`.
///
/// # Shapes
/// - `gradient`: `[rows, width]`
/// - `gate_up`, `dgate_up`: `[rows, 2 · width]`
pub fn backward(client: &Client, [gradient, gate_up, dgate_up]: [&Buffer; 3], width: usize, dtype: ElemType) {
    if gradient.len == 0 {
        return;
    }
    let (count, dim) = elementwise(gradient.len);
    // SAFETY: a unit writes two elements of its own.
    unsafe {
        let (g, x, dx) = (gradient.arg(), gate_up.arg(), dgate_up.arg());
        backward_kernel::launch_unchecked(client, count, dim, g, x, dx, width, dtype);
    }
}

#[cfg(all(test, any(feature = "wgpu", feature = "vulkan", feature = "cuda")))]
mod tests {
    use super::*;
    use crate::check::Device;

    #[test]
    fn both_passes_equal_their_formulas() {
        let device = Device::new();
        for [rows, width] in [[1, 1], [7, 17], [300, 64]] {
            let (x, g) = (device.random(2 * rows * width, 1), device.random(rows * width, 2));
            let (output, dx) = (device.empty(rows * width), device.empty(2 * rows * width));
            forward(&device.client, &x.on, &output, width, device.f32());
            backward(&device.client, [&g.on, &x.on, &dx], width, device.f32());
            let (mut expected, mut slopes) = (Vec::new(), Vec::new());
            for (x, g) in x.host.chunks(2 * width).zip(g.host.chunks(width)) {
                let share = |i: usize| 1.0 / (1.0 + (-x[i] as f64).exp());
                let [a, b] = [0, width].map(|first| move |i: usize| x[first + i] as f64);
                expected.extend((0..width).map(|i| a(i) * share(i) * b(i)));
                slopes.extend(
                    (0..width).map(|i| g[i] as f64 * b(i) * share(i) * (1.0 + a(i) * (1.0 - share(i)))),
                );
                slopes.extend((0..width).map(|i| g[i] as f64 * a(i) * share(i)));
            }
            device.close(&output, &expected, 1e-5);
            device.close(&dx, &slopes, 1e-5);
        }
    }
}
