//! What kernels share: sums and maxima over a cube, in one order, and launches of a unit for each element.

use cubecl::prelude::*;

/// Units of a cube where each has an element of its own.
const UNITS: usize = 256;

/// Enough units for so many elements, in two dimensions where one has no room: a unit's `ABSOLUTE_POS` may lie beyond.
pub(crate) fn elementwise(count: usize) -> (CubeCount, CubeDim) {
    (at_least(count.div_ceil(UNITS)), CubeDim::new_1d(UNITS as u32))
}

/// So many cubes or some more, in two dimensions where one has no room: Vulkan allows 65,535.
pub(crate) fn at_least(cubes: usize) -> CubeCount {
    let rows = cubes.div_ceil(1 << 15).max(1);
    CubeCount::Static(cubes.div_ceil(rows) as u32, rows as u32, 1)
}

/// The sum of every unit's value, known to all of them. The order of additions depends on `units` alone.
///
/// `scratch` has room for one value of each unit and may be used again afterwards.
#[cube]
pub(crate) fn cube_sum(value: f32, scratch: &mut Shared<[f32]>, #[comptime] units: usize) -> f32 {
    let unit = UNIT_POS as usize;
    scratch[unit] = value;
    sync_cube();
    let steps = comptime!(units.trailing_zeros() as usize);
    #[unroll]
    for step in 0..steps {
        let stride = comptime!(units >> (step + 1));
        if unit < stride {
            let other = scratch[unit + stride];
            scratch[unit] += other;
        }
        sync_cube();
    }
    let sum = scratch[0];
    sync_cube();
    sum
}

/// The largest of every unit's values, known to all of them; `scratch` as in [`cube_sum`].
#[cube]
pub(crate) fn cube_max(value: f32, scratch: &mut Shared<[f32]>, #[comptime] units: usize) -> f32 {
    let unit = UNIT_POS as usize;
    scratch[unit] = value;
    sync_cube();
    let steps = comptime!(units.trailing_zeros() as usize);
    #[unroll]
    for step in 0..steps {
        let stride = comptime!(units >> (step + 1));
        if unit < stride {
            let other = scratch[unit + stride];
            scratch[unit] = max(scratch[unit], other);
        }
        sync_cube();
    }
    let most = scratch[0];
    sync_cube();
    most
}
