//! Products of few rows with a weight matrix: what decoding is made of.
//!
//! A group of 32 units streams four rows of the weight once and multiplies them with up to eight rows of `x` at a time;
//! its units' shares are added up in their order. So a row of the result has the same bits alone and in any batch.

use cubecl::{client::Client, ir::ElemType, prelude::*};

use crate::Buffer;

type V4 = Vector<f32, Const<4>>;

/// Units that share a row of the weight.
const LANES: usize = 32;
/// Groups of units in a cube.
const GROUPS: usize = 4;
/// Rows of the weight that a group works on at a time.
const COLUMNS: usize = 4;
/// Most rows of `x` at a time.
const MOST_ROWS: usize = 8;

#[cube(launch_unchecked)]
fn kernel<F: Float, O: Float>(
    x: &[Vector<F, Const<4>>],
    weight: &[Vector<F, Const<4>>],
    output: &mut [O],
    rows: usize,
    columns: usize,
    #[comptime] vectors: usize,
    #[comptime] at_once: usize,
    #[define(F)] _factor_type: ElemType,
    #[define(O)] _output_type: ElemType,
) {
    let lane = UNIT_POS as usize % LANES;
    let group = UNIT_POS as usize / LANES;
    let first_row = CUBE_POS_Y as usize * at_once;
    let first_column = (CUBE_POS_X as usize * GROUPS + group) * COLUMNS;
    let values = comptime!(at_once * COLUMNS);
    let mut sums = Array::<V4>::new(values);
    #[unroll]
    for value in 0..values {
        sums[value] = V4::new(0.0);
    }
    let mut place = lane;
    while place < vectors {
        let mut left = Array::<V4>::new(at_once);
        #[unroll]
        for row in 0..at_once {
            // A row that is not there reads the last one, and what comes of it is not written.
            let from = (first_row + row).min(rows - 1) * vectors + place;
            left[row] = V4::cast_from(x[from]);
        }
        #[unroll]
        for column in 0..COLUMNS {
            let from = (first_column + column).min(columns - 1) * vectors + place;
            let right = V4::cast_from(weight[from]);
            #[unroll]
            for row in 0..at_once {
                let value = row * COLUMNS + column;
                sums[value] = fma(left[row], right, sums[value]);
            }
        }
        place += LANES;
    }
    let mut shares = Shared::<[f32]>::new_slice(comptime!(GROUPS * at_once * COLUMNS * (LANES + 1)));
    let own = group * comptime!(at_once * COLUMNS * (LANES + 1));
    #[unroll]
    for value in 0..values {
        let sum = sums[value];
        shares[own + value * (LANES + 1) + lane] =
            (sum.extract(0usize) + sum.extract(1usize)) + (sum.extract(2usize) + sum.extract(3usize));
    }
    sync_cube();
    if lane < values {
        let row = first_row + lane / COLUMNS;
        let column = first_column + lane % COLUMNS;
        if row < rows && column < columns {
            let mut sum = f32::new(0.0);
            for share in 0..LANES {
                sum += shares[own + lane * (LANES + 1) + share];
            }
            output[row * columns + column] = O::cast_from(sum);
        }
    }
}

/// Whether [`few_rows`] takes rows of this width.
pub fn takes(width: usize) -> bool {
    width > 0 && width.is_multiple_of(4)
}

/// `y = x Wᵀ`
///
/// # Shapes
/// - `x`: `[rows, width]`, see [`takes`]
/// - `weight`: `[columns, width]`
/// - `output`: `[rows, columns]`
///
/// `x` and the weight are of the one type, the output of the other.
pub fn few_rows(
    client: &Client,
    [x, weight, output]: [&Buffer; 3],
    width: usize,
    [factors, result]: [ElemType; 2],
) {
    let (rows, columns) = (x.len / width, weight.len / width);
    if rows == 0 || columns == 0 {
        return;
    }
    let at_once = rows.next_power_of_two().min(MOST_ROWS);
    let cubes =
        CubeCount::Static(columns.div_ceil(GROUPS * COLUMNS) as u32, rows.div_ceil(at_once) as u32, 1);
    // SAFETY: a unit writes an element of its own.
    unsafe {
        kernel::launch_unchecked(
            client,
            cubes,
            CubeDim::new_1d((LANES * GROUPS) as u32),
            x.arg(),
            weight.arg(),
            output.arg(),
            rows,
            columns,
            width / 4,
            at_once,
            factors,
            result,
        );
    }
}

#[cfg(all(test, any(feature = "wgpu", feature = "vulkan", feature = "cuda")))]
mod tests {
    use super::*;
    use crate::check::Device;

    #[test]
    fn products_are_right_and_a_rows_bits_do_not_depend_on_the_others() {
        let device = Device::new();
        for (rows, width, columns) in [(1, 4, 1), (3, 16, 5), (8, 132, 33), (21, 576, 19)] {
            let (x, weight) = (device.random(rows * width, 1), device.random(columns * width, 2));
            let output = device.empty(rows * columns);
            few_rows(&device.client, [&x.on, &weight.on, &output], width, [device.f32(); 2]);
            let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| *a as f64 * *b as f64).sum::<f64>();
            let expected: Vec<f64> = x
                .host
                .chunks(width)
                .flat_map(|x| weight.host.chunks(width).map(move |weight| dot(x, weight)))
                .collect();
            device.close(&output, &expected, 1e-5);
            let whole = device.read(&output);
            for row in [0, rows / 2, rows - 1] {
                let part = device.put(x.host[row * width..(row + 1) * width].to_vec());
                let output = device.empty(columns);
                few_rows(&device.client, [&part.on, &weight.on, &output], width, [device.f32(); 2]);
                assert_eq!(device.read(&output), whole[row * columns..(row + 1) * columns]);
            }
        }
    }
}
