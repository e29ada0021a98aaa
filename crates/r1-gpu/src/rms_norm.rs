//! Root-mean-square normalisation of rows.

use cubecl::{client::Client, ir::ElemType, prelude::*};

use crate::{Buffer, cube::cube_sum};

/// Units that work on a row.
const UNITS: usize = 128;

#[cube(launch_unchecked)]
fn forward_kernel<F: Float>(
    x: &[F],
    weight: &[F],
    output: &mut [F],
    epsilon: f32,
    #[comptime] width: usize,
    #[comptime] units: usize,
    #[define(F)] _dtype: ElemType,
) {
    let unit = UNIT_POS as usize;
    let first = CUBE_POS as usize * width;
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
            CubeCount::Static(rows as u32, 1, 1),
            CubeDim::new_1d(UNITS as u32),
            x.arg(),
            weight.arg(),
            output.arg(),
            epsilon,
            width,
            UNITS,
            dtype,
        );
    }
}

#[cfg(all(test, feature = "wgpu"))]
mod tests {
    use super::*;
    use crate::check::Device;

    #[test]
    fn rows_are_divided_by_their_root_mean_square() {
        let device = Device::new();
        for [rows, width] in [[1, 3], [3, 17], [5, 576], [2, 129]] {
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
}
