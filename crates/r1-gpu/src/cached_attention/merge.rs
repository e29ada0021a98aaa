//! What a token saw in each of its splits becomes one row, in the order of the splits: a cube for each row and head.

use cubecl::prelude::*;

use super::lists::MERGE;

/// Units of a cube.
pub(super) const UNITS: usize = 64;

/// See [`cached_attention`](super).
#[cube(launch_unchecked)]
pub(super) fn merge_kernel<F: Float>(
    parts: &[f32],
    lists: &[u32],
    output: &mut [F],
    #[comptime] heads: usize,
    #[comptime] head_dim: usize,
    #[define(F)] _dtype: ElemType,
) {
    let about = CUBE_POS_X as usize * MERGE;
    let row = lists[about] as usize;
    let first = lists[about + 1] as usize;
    let count = lists[about + 2] as usize;
    let head = CUBE_POS_Y as usize;
    let pitch = comptime!(heads * (head_dim + 2));
    let start = first * pitch + head * comptime!(head_dim + 2);
    let mut most = parts[start + head_dim];
    for part in 1..count {
        most = max(most, parts[start + part * pitch + head_dim]);
    }
    let mut element = UNIT_POS as usize;
    while element < head_dim {
        let mut sum = f32::new(0.0);
        let mut total = f32::new(0.0);
        for part in 0..count {
            let at = start + part * pitch;
            let weight = (parts[at + head_dim] - most).exp();
            total = fma(weight, parts[at + head_dim + 1], total);
            sum = fma(weight, parts[at + element], sum);
        }
        output[(row * heads + head) * head_dim + element] = F::cast_from(sum / total);
        element += UNITS;
    }
}
