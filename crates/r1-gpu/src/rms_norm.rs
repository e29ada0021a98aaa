//! Root-mean-square normalisation of rows.

use cubecl::{client::Client, ir::ElemType, prelude::*};

use crate::{
    Buffer,
    cube::{at_least, cube_sum, elementwise},
};

/// Units that work on a row.
const UNITS: usize = 128;

#[cube(launch_unchecked)]
fn forward_kernel<F: Float>(
    x: &[F],
    weight: &[F],
    output: &mut [F],
    epsilon: f32,
    rows: usize,
    #[comptime] width: usize,
    #[comptime] units: usize,
    #[define(F)] _dtype: ElemType,
) {
    let unit = UNIT_POS as usize;
    // A cube too many writes the last row once more.
    let first = CUBE_POS.min(rows - 1) * width;
    let mut scratch = Shared::<[f32]>::new_slice(units);
    let mut squares = 0.0f32;
    let mut column = unit;
    while column < width {
        let value = f32::cast_from(x[first + column]);
        squares += value * value;
        column += units;
    }
    let sum = cube_sum(squares, &mut scratch, units);
    let scale = f32::new(1.0) / (sum / comptime!(width as f32) + epsilon).sqrt();
    let mut column = unit;
    while column < width {
        let value = f32::cast_from(x[first + column]) * scale;
        output[first + column] = F::cast_from(value * f32::cast_from(weight[column]));
        column += units;
    }
}

/// `y_tj = x_tj / sqrt(mean_j(x_tj²) + ε) · w_j`
///
/// # Shapes
/// - `x`, `output`: `[rows, width]`
/// - `weight`: `[width]`
pub fn forward(client: &Client, [x, weight, output]: [&Buffer; 3], epsilon: f32, dtype: ElemType) {
    let width = weight.len;
    if x.len == 0 {
        return;
    }
    let rows = x.len / width;
    // SAFETY: a cube reads and writes its own row, and the weight.
    unsafe {
        forward_kernel::launch_unchecked(
            client,
            at_least(rows),
            CubeDim::new_1d(UNITS as u32),
            x.arg(),
            weight.arg(),
            output.arg(),
            epsilon,
            rows,
            width,
            UNITS,
            dtype,
        );
    }
}

#[cube(launch_unchecked)]
fn backward_kernel<F: Float>(
    gradient: &[F],
    x: &[F],
    weight: &[F],
    dx: &mut [F],
    dweight: &mut [f32],
    epsilon: f32,
    rows: usize,
    chunk: usize,
    #[comptime] width: usize,
    #[comptime] units: usize,
    #[define(F)] _dtype: ElemType,
) {
    let unit = UNIT_POS as usize;
    let mut scratch = Shared::<[f32]>::new_slice(units);
    let mine = comptime!(width.div_ceil(units));
    let mut sums = Array::<f32>::new(mine);
    #[unroll]
    for c in 0..mine {
        sums[c] = f32::new(0.0);
    }
    let first_row = CUBE_POS * chunk;
    for row in first_row..(first_row + chunk).min(rows) {
        let first = row * width;
        let mut squares = f32::new(0.0);
        let mut products = f32::new(0.0);
        #[unroll]
        for c in 0..mine {
            let column = unit + c * units;
            if column < width {
                let value = f32::cast_from(x[first + column]);
                squares += value * value;
                let slope = f32::cast_from(gradient[first + column]) * f32::cast_from(weight[column]);
                products += slope * value;
            }
        }
        let squares = cube_sum(squares, &mut scratch, units);
        let products = cube_sum(products, &mut scratch, units);
        let scale = f32::new(1.0) / (squares / comptime!(width as f32) + epsilon).sqrt();
        let along = products * scale / comptime!(width as f32);
        #[unroll]
        for c in 0..mine {
            let column = unit + c * units;
            if column < width {
                let normalized = f32::cast_from(x[first + column]) * scale;
                let slope = f32::cast_from(gradient[first + column]);
                sums[c] += slope * normalized;
                let wanted = (slope * f32::cast_from(weight[column]) - normalized * along) * scale;
                dx[first + column] = F::cast_from(wanted);
            }
        }
    }
    #[unroll]
    for c in 0..mine {
        let column = unit + c * units;
        if column < width {
            dweight[CUBE_POS * width + column] = sums[c];
        }
    }
}

/// Sums of columns, a unit for each.
#[cube(launch_unchecked)]
fn columns_kernel(parts: &[f32], sums: &mut [f32], #[comptime] width: usize) {
    let column = ABSOLUTE_POS;
    if column < width {
        let mut sum = f32::new(0.0);
        for row in 0..parts.len() / width {
            sum += parts[row * width + column];
        }
        sums[column] = sum;
    }
}

/// What [`backward`] reads.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The gradient of the output, `[rows, width]`.
    pub gradient: &'a Buffer,
    /// `[rows, width]`
    pub x: &'a Buffer,
    /// `[width]`
    pub weight: &'a Buffer,
}

/// Gradients of `x`, `[rows, width]`, and of the weight, `[width]` and always in `f32`. With `x̂ = x / rms`:
/// `dx = (g·w − x̂ · mean(g·w·x̂)) / rms` and `dw = Σ_t g·x̂`.
///
/// Up to 256 cubes share the rows, and what they have for the weight is added up in their order.
pub fn backward(
    client: &Client,
    inputs: Inputs<'_>,
    [dx, dweight]: [&Buffer; 2],
    epsilon: f32,
    dtype: ElemType,
) {
    let Inputs { gradient, x, weight } = inputs;
    let width = weight.len;
    let rows = x.len / width.max(1);
    let chunk = rows.div_ceil(256).max(1);
    let cubes = rows.div_ceil(chunk);
    let parts = Buffer::empty::<f32>(client, cubes * width);
    let (count, dim) = elementwise(width);
    // SAFETY: a cube reads and writes its own rows, and a row of its own of the parts.
    unsafe {
        if rows > 0 {
            backward_kernel::launch_unchecked(
                client,
                CubeCount::Static(cubes as u32, 1, 1),
                CubeDim::new_1d(UNITS as u32),
                gradient.arg(),
                x.arg(),
                weight.arg(),
                dx.arg(),
                parts.arg(),
                epsilon,
                rows,
                chunk,
                width,
                UNITS,
                dtype,
            );
        }
        columns_kernel::launch_unchecked(client, count, dim, parts.arg(), dweight.arg(), width);
    }
}

#[cfg(all(test, any(feature = "wgpu", feature = "vulkan", feature = "cuda")))]
mod tests {
    use super::*;
    use crate::check::Device;

    #[test]
    fn rows_are_divided_by_their_root_mean_square() {
        let device = Device::new();
        for [rows, width] in [[1, 3], [3, 17], [5, 576], [2, 129], [65_601, 2]] {
            let (x, weight) = (device.random(rows * width, 1), device.random(width, 2));
            let output = device.empty(rows * width);
            forward(&device.client, [&x.on, &weight.on, &output], 1e-5, device.f32());
            let mut expected = Vec::new();
            for row in x.host.chunks(width) {
                let mean = row.iter().map(|x| (x * x) as f64).sum::<f64>() / width as f64;
                let rms = (mean + 1e-5).sqrt();
                expected.extend(row.iter().zip(&weight.host).map(|(x, w)| *x as f64 / rms * *w as f64));
            }
            device.close(&output, &expected, 1e-5);
        }
    }

    #[test]
    fn gradients_are_those_of_the_closed_form() {
        let device = Device::new();
        for [rows, width] in [[0, 3], [1, 3], [3, 17], [600, 33], [5, 576]] {
            let (x, weight) = (device.random(rows * width, 1), device.random(width, 2));
            let gradient = device.random(rows * width, 3);
            let (dx, dweight) = (device.empty(rows * width), device.empty(width));
            let inputs = Inputs { gradient: &gradient.on, x: &x.on, weight: &weight.on };
            backward(&device.client, inputs, [&dx, &dweight], 1e-5, device.f32());
            let (mut expected, mut sums) = (Vec::new(), vec![0.0; width]);
            for (x, g) in x.host.chunks(width).zip(gradient.host.chunks(width)) {
                let mean = |f: &dyn Fn(usize) -> f64| (0..width).map(f).sum::<f64>() / width as f64;
                let rms = (mean(&|i| (x[i] * x[i]) as f64) + 1e-5).sqrt();
                let normalized = |i: usize| x[i] as f64 / rms;
                let slope = |i: usize| (g[i] * weight.host[i]) as f64;
                let along = mean(&|i| slope(i) * normalized(i));
                for i in 0..width {
                    sums[i] += g[i] as f64 * normalized(i);
                    expected.push((slope(i) - normalized(i) * along) / rms);
                }
            }
            device.close(&dx, &expected, 2e-5);
            device.close(&dweight, &sums, 2e-5);
        }
    }
}
