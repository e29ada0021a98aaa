//! Matrix products in `f32` without tensor cores: never TF32, and one order of additions for a shape.
//!
//! A cube of 16 by 16 units makes a tile of the result, of `8 · 16` or `4 · 16` rows and columns. The factors come by
//! slices of 16 through shared memory, the next one on its way while this one is used. Where a result has few tiles, the
//! inner dimension is divided among several cubes, whose parts are added up in their order.

use cubecl::{client::Client, ir::ElemType, prelude::*};

use crate::{Buffer, cube::elementwise};

type V4 = Vector<f32, Const<4>>;

/// Units of a cube in one direction.
const SIDE: usize = 16;
/// Elements of the inner dimension at a time.
const DEPTH: usize = 16;
/// Tiles that keep a large card busy.
const BUSY: usize = 256;

/// Vectors of a slice that a unit loads: `DEPTH` rows of `tile / 4` vectors, over 256 units.
const fn loads(tile: usize) -> usize {
    tile / 4 * DEPTH / (SIDE * SIDE)
}

/// The unit's vectors of the slice that begins at `depth`: four elements of the outer dimension each, `outer_stride`
/// apart, at one place of the inner dimension.
#[cube]
fn fetch<F: Float>(
    from: &[F],
    first: usize,
    outer: usize,
    inner: usize,
    depth: usize,
    outer_stride: usize,
    inner_stride: usize,
    #[comptime] tile: usize,
    #[comptime] along_inner: bool,
) -> Array<V4> {
    let mut found = Array::<V4>::new(comptime!(loads(tile)));
    #[unroll]
    for load in 0..comptime!(loads(tile)) {
        let place = UNIT_POS as usize + load * comptime!(SIDE * SIDE);
        // Neighbours read along the dimension that is contiguous.
        let row = if along_inner { place % DEPTH } else { place / comptime!(tile / 4) };
        let vector = if along_inner { place / DEPTH } else { place % comptime!(tile / 4) };
        let at = depth + row;
        let mut value = V4::new(0.0);
        #[unroll]
        for lane in 0..4usize {
            let column = first + vector * 4 + lane;
            if at < inner && column < outer {
                value.insert(lane, f32::cast_from(from[column * outer_stride + at * inner_stride]));
            }
        }
        found[load] = value;
    }
    found
}

#[cube]
fn put(values: &Array<V4>, slice: &mut Shared<[V4]>, #[comptime] tile: usize, #[comptime] along_inner: bool) {
    #[unroll]
    for load in 0..comptime!(loads(tile)) {
        let place = UNIT_POS as usize + load * comptime!(SIDE * SIDE);
        let row = if along_inner { place % DEPTH } else { place / comptime!(tile / 4) };
        let vector = if along_inner { place / DEPTH } else { place % comptime!(tile / 4) };
        slice[row * comptime!(tile / 4 + 1) + vector] = values[load];
    }
}

/// Strides of a factor, in elements.
#[derive(CubeType, CubeLaunch, Clone, Copy)]
struct Strides {
    outer: usize,
    inner: usize,
}

#[cube(launch_unchecked)]
fn kernel<F: Float>(
    left: &[F],
    right: &[F],
    output: &mut [f32],
    rows: usize,
    columns: usize,
    inner: usize,
    share: usize,
    left_strides: Strides,
    right_strides: Strides,
    #[comptime] per_unit: usize,
    #[comptime] left_along: bool,
    #[comptime] right_along: bool,
    #[define(F)] _dtype: ElemType,
) {
    let tile = comptime!(SIDE * per_unit);
    let halves = comptime!(per_unit / 4);
    let pitch = comptime!(SIDE * per_unit / 4 + 1);
    let (y, x) = (UNIT_POS as usize / SIDE, UNIT_POS as usize % SIDE);
    let first_row = CUBE_POS_Y as usize * tile;
    let first_column = CUBE_POS_X as usize * tile;
    let begin = CUBE_POS_Z as usize * share;
    let end = (begin + share).min(inner);

    let mut left_slice = Shared::<[V4]>::new_slice(comptime!(DEPTH * (SIDE * per_unit / 4 + 1)));
    let mut right_slice = Shared::<[V4]>::new_slice(comptime!(DEPTH * (SIDE * per_unit / 4 + 1)));
    let mut sums = Array::<V4>::new(comptime!(per_unit * (per_unit / 4)));
    #[unroll]
    for place in 0..per_unit * halves {
        sums[place] = V4::new(0.0);
    }

    let (lo, li) = (left_strides.outer, left_strides.inner);
    let (ro, ri) = (right_strides.outer, right_strides.inner);
    let mut next_left = fetch::<F>(left, first_row, rows, end, begin, lo, li, tile, left_along);
    let mut next_right = fetch::<F>(right, first_column, columns, end, begin, ro, ri, tile, right_along);
    let mut depth = begin;
    while depth < end {
        sync_cube();
        put(&next_left, &mut left_slice, tile, left_along);
        put(&next_right, &mut right_slice, tile, right_along);
        sync_cube();
        depth += DEPTH;
        if depth < end {
            let more = fetch::<F>(left, first_row, rows, end, depth, lo, li, tile, left_along);
            #[unroll]
            for load in 0..comptime!(loads(tile)) {
                next_left[load] = more[load];
            }
            let more = fetch::<F>(right, first_column, columns, end, depth, ro, ri, tile, right_along);
            #[unroll]
            for load in 0..comptime!(loads(tile)) {
                next_right[load] = more[load];
            }
        }
        #[unroll]
        for at in 0..DEPTH {
            let mut own = Array::<V4>::new(halves);
            #[unroll]
            for half in 0..halves {
                own[half] = right_slice[at * pitch + x + half * SIDE];
            }
            #[unroll]
            for group in 0..halves {
                let four = left_slice[at * pitch + y + group * SIDE];
                #[unroll]
                for lane in 0..4usize {
                    let factor = V4::new(four.extract(lane));
                    #[unroll]
                    for half in 0..halves {
                        let place = (group * 4 + lane) * halves + half;
                        sums[place] = fma(factor, own[half], sums[place]);
                    }
                }
            }
        }
    }
    let part = CUBE_POS_Z as usize * rows;
    #[unroll]
    for group in 0..halves {
        #[unroll]
        for lane in 0..4usize {
            let row = first_row + (y + group * SIDE) * 4 + lane;
            if row < rows {
                #[unroll]
                for half in 0..halves {
                    let value = sums[(group * 4 + lane) * halves + half];
                    let column = first_column + (x + half * SIDE) * 4;
                    #[unroll]
                    for piece in 0..4usize {
                        if column + piece < columns {
                            output[(part + row) * columns + column + piece] = value.extract(piece);
                        }
                    }
                }
            }
        }
    }
}

/// Adds up parts of a result, a unit for each element.
#[cube(launch_unchecked)]
fn parts_kernel(parts: &[f32], output: &mut [f32]) {
    let place = ABSOLUTE_POS;
    if place < output.len() {
        let mut sum = f32::new(0.0);
        for part in 0..parts.len() / output.len() {
            sum += parts[part * output.len() + place];
        }
        output[place] = sum;
    }
}

/// A factor of a product: a matrix in memory, by its strides.
#[derive(Debug, Clone, Copy)]
pub struct Factor<'a> {
    /// Its elements.
    pub buffer: &'a Buffer,
    /// How far one place of the outer dimension is from the next: the rows of the left factor, the columns of the right.
    pub outer_stride: usize,
    /// How far one place of the inner dimension is from the next.
    pub inner_stride: usize,
}

/// `left · right`, row by row, in `f32`.
///
/// # Shapes
/// - `left`: `[rows, inner]`
/// - `right`: `[inner, columns]`
/// - `output`: `[rows, columns]` in `f32`
pub fn product(
    client: &Client,
    [left, right]: [Factor<'_>; 2],
    output: &Buffer,
    [rows, inner, columns]: [usize; 3],
    dtype: ElemType,
) {
    if rows == 0 || columns == 0 {
        return;
    }
    let tiles = |per_unit: usize| rows.div_ceil(SIDE * per_unit) * columns.div_ceil(SIDE * per_unit);
    let per_unit = if tiles(8) >= BUSY { 8 } else { 4 };
    // A part has at least 256 places of the inner dimension.
    let parts = (BUSY / tiles(per_unit)).min(inner / 256).max(1);
    let share = inner.div_ceil(parts).next_multiple_of(DEPTH);
    let parts = inner.div_ceil(share).max(1);
    let tile = SIDE * per_unit;
    let summands = (parts > 1).then(|| Buffer::empty::<f32>(client, parts * output.len));
    let count = CubeCount::Static(columns.div_ceil(tile) as u32, rows.div_ceil(tile) as u32, parts as u32);
    let strides = |factor: &Factor<'_>| StridesLaunch::new(factor.outer_stride, factor.inner_stride);
    // SAFETY: a cube writes a tile of its own.
    unsafe {
        kernel::launch_unchecked(
            client,
            count,
            CubeDim::new_1d((SIDE * SIDE) as u32),
            left.buffer.arg(),
            right.buffer.arg(),
            summands.as_ref().unwrap_or(output).arg(),
            rows,
            columns,
            inner,
            share,
            strides(&left),
            strides(&right),
            per_unit,
            left.inner_stride <= left.outer_stride,
            right.inner_stride <= right.outer_stride,
            dtype,
        );
    }
    if let Some(summands) = summands {
        let (count, dim) = elementwise(output.len);
        // SAFETY: a unit writes an element of its own.
        unsafe { parts_kernel::launch_unchecked(client, count, dim, summands.arg(), output.arg()) };
    }
}

#[cfg(all(test, any(feature = "wgpu", feature = "vulkan", feature = "cuda")))]
mod tests {
    use super::*;
    use crate::check::Device;

    #[test]
    fn products_of_plain_and_transposed_factors_are_right() {
        let device = Device::new();
        for [rows, inner, columns] in [[1, 1, 1], [3, 17, 5], [70, 33, 130], [65, 600, 3], [2100, 20, 1030]] {
            for (left_transposed, right_transposed) in [(false, true), (false, false), (true, false)] {
                let (a, b) = (device.random(rows * inner, 1), device.random(inner * columns, 2));
                let output = device.empty(rows * columns);
                let strides =
                    |outer: usize, inner: usize, along: bool| if along { (inner, 1) } else { (1, outer) };
                let (lo, li) = strides(rows, inner, !left_transposed);
                let (ro, ri) = strides(columns, inner, right_transposed);
                let factor =
                    |buffer, (outer_stride, inner_stride)| Factor { buffer, outer_stride, inner_stride };
                let factors = [factor(&a.on, (lo, li)), factor(&b.on, (ro, ri))];
                product(&device.client, factors, &output, [rows, inner, columns], device.f32());
                let found = device.read(&output);
                // All of a small result, and some of a large one.
                for place in (0..rows * columns).step_by(1 + rows * columns / 5000) {
                    let (row, column) = (place / columns, place % columns);
                    let exact: f64 = (0..inner)
                        .map(|i| a.host[row * lo + i * li] as f64 * b.host[column * ro + i * ri] as f64)
                        .sum();
                    assert!(
                        (found[place] as f64 - exact).abs() < 1e-4,
                        "{place}: {} is not {exact}",
                        found[place]
                    );
                }
            }
        }
    }
}
