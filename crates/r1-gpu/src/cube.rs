//! What kernels share: sums and maxima over a cube, in one order.

use cubecl::prelude::*;

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
            scratch[unit] = scratch[unit] + other;
        }
        sync_cube();
    }
    let sum = scratch[0];
    sync_cube();
    sum
}
