//! The keys and values of new tokens go to their pages: a cube for each token.

use cubecl::prelude::*;

use super::{PAGE, UNITS};

/// See [`cached_attention`](super).
#[cube(launch_unchecked)]
pub(super) fn store_kernel<F: Float>(
    qkv: &[F],
    places: &[u32],
    keys: &mut [F],
    values: &mut [F],
    #[comptime] heads: usize,
    #[comptime] kv_heads: usize,
    #[comptime] head_dim: usize,
    #[define(F)] _dtype: ElemType,
) {
    let token = CUBE_POS_X as usize;
    let place = places[token] as usize;
    let page = place / PAGE * kv_heads;
    let offset = place % PAGE;
    let width = comptime!(kv_heads * head_dim);
    let first = token * comptime!((heads + 2 * kv_heads) * head_dim) + comptime!(heads * head_dim);
    let mut column = UNIT_POS as usize;
    while column < width {
        let head = page + column / head_dim;
        let element = column % head_dim;
        keys[(head * head_dim + element) * PAGE + offset] = qkv[first + column];
        values[(head * PAGE + offset) * head_dim + element] = qkv[first + width + column];
        column += UNITS;
    }
}
