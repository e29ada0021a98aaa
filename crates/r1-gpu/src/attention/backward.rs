//! The backward pass: gradients of the queries by tiles of queries, of keys and values by tiles of keys.
//!
//! ```text
//! P = exp(S − lse)        dV = Pᵀ G        dS = P ∘ (G Vᵀ − δ) · scale        dQ = dS K        dK = dSᵀ Q
//! δ_t = Σ_i g_ti o_ti
//! ```

use cubecl::prelude::*;

use super::{
    layout::{STRETCH, TILE},
    tile::{V4, accumulate, inner, keep, load, own_vectors, store, stride, weights_pitch},
};

/// `δ`, one number for each row and head.
#[cube(launch_unchecked)]
pub(super) fn delta_kernel<F: Float>(
    gradient: &[F],
    output: &[F],
    delta: &mut [f32],
    #[comptime] head_dim: usize,
    #[define(F)] _dtype: ElemType,
) {
    let place = ABSOLUTE_POS;
    if place < delta.len() {
        let mut sum = f32::new(0.0);
        for column in 0..head_dim {
            let at = place * head_dim + column;
            sum += f32::cast_from(gradient[at]) * f32::cast_from(output[at]);
        }
        delta[place] = sum;
    }
}

/// Gradients of the queries: a cube for each tile of queries and each head.
#[cube(launch_unchecked)]
pub(super) fn queries_kernel<F: Float>(
    gradient: &[F],
    qkv: &[F],
    lse: &[f32],
    delta: &[f32],
    tiles: &[u32],
    stretches: &[u32],
    dqkv: &mut [F],
    scale: f32,
    window: u32,
    #[comptime] heads: usize,
    #[comptime] group: usize,
    #[comptime] head_dim: usize,
    #[comptime] per_unit: usize,
    #[define(F)] _dtype: ElemType,
) {
    let (y, x) = (UNIT_POS as usize / 8, UNIT_POS as usize % 8);
    let tile_rows = comptime!(8 * per_unit);
    let mine = comptime!(own_vectors(head_dim));
    let kv_heads = comptime!(heads / group);
    let pitch = comptime!((heads + 2 * (heads / group)) * head_dim);
    let width = comptime!(heads * head_dim);
    let head = CUBE_POS_Y as usize;
    let key_column = (heads + head / group) * head_dim;
    let value_column = key_column + kv_heads * head_dim;

    let about = CUBE_POS_X as usize * TILE;
    let first_row = tiles[about] as usize;
    let rows = tiles[about + 1] as usize;
    let position = tiles[about + 2];

    let mut queries = Shared::<[V4]>::new_slice(comptime!(8 * per_unit * stride(head_dim)));
    let mut gradients = Shared::<[V4]>::new_slice(comptime!(8 * per_unit * stride(head_dim)));
    let mut keys = Shared::<[V4]>::new_slice(comptime!(8 * per_unit * stride(head_dim)));
    let mut values = Shared::<[V4]>::new_slice(comptime!(8 * per_unit * stride(head_dim)));
    let mut weights = Shared::<[f32]>::new_slice(comptime!(8 * per_unit * weights_pitch(per_unit)));

    let column = head * head_dim;
    load::<F>(qkv, first_row * pitch + column, pitch, rows, &mut queries, per_unit, head_dim);
    load::<F>(gradient, first_row * width + column, width, rows, &mut gradients, per_unit, head_dim);

    let mut row_lse = Array::<f32>::new(per_unit);
    let mut row_delta = Array::<f32>::new(per_unit);
    let mut sums = Array::<V4>::new(comptime!(per_unit * own_vectors(head_dim)));
    #[unroll]
    for i in 0..per_unit {
        let row = (first_row + (y + 8 * i).min(rows - 1)) * heads + head;
        row_lse[i] = lse[row];
        row_delta[i] = delta[row];
        #[unroll]
        for c in 0..mine {
            sums[i * mine + c] = V4::new(0.0);
        }
    }

    let last_position = position + rows as u32 - 1;
    for stretch in tiles[about + 3]..tiles[about + 4] {
        let about = stretch as usize * STRETCH;
        let start = stretches[about] as usize;
        let length = stretches[about + 1];
        let key_position = stretches[about + 2];
        let end = length.min(last_position + 1 - key_position) as usize;
        let mut key = 0usize;
        if position + 1 > window + key_position {
            key = ((position + 1 - window - key_position) as usize).min(end);
        }
        while key < end {
            let count = (end - key).min(tile_rows);
            let row = (start + key) * pitch;
            sync_cube();
            load::<F>(qkv, row + key_column, pitch, count, &mut keys, per_unit, head_dim);
            load::<F>(qkv, row + value_column, pitch, count, &mut values, per_unit, head_dim);
            sync_cube();
            let scores = inner(&queries, &keys, y, x, per_unit, head_dim);
            let mut slopes = inner(&gradients, &values, y, x, per_unit, head_dim);
            #[unroll]
            for i in 0..per_unit {
                let query_position = position + (y + 8 * i) as u32;
                #[unroll]
                for j in 0..per_unit {
                    let column = x + 8 * j;
                    let other = key_position + (key + column) as u32;
                    let seen = column < count && other <= query_position && other + window > query_position;
                    let place = comptime!(i * per_unit + j);
                    let share = (scores[place] * scale - row_lse[i]).min(0.0).exp();
                    let slope = share * (slopes[place] - row_delta[i]) * scale;
                    slopes[place] = select(seen, slope, f32::new(0.0));
                }
            }
            keep(&mut weights, &slopes, y, x, per_unit);
            sync_cube();
            accumulate(&mut sums, &weights, &keys, y, x, per_unit, head_dim);
            key += tile_rows;
        }
    }
    store::<F>(&sums, dqkv, first_row * pitch + column, pitch, rows, y, x, per_unit, head_dim);
}

/// Gradients of keys and values: a cube for each tile of keys and each query head, whose share goes to `dkv` as
/// `[rows, 2, heads, head_dim]`.
#[cube(launch_unchecked)]
pub(super) fn keys_kernel<F: Float>(
    gradient: &[F],
    qkv: &[F],
    lse: &[f32],
    delta: &[f32],
    tiles: &[u32],
    stretches: &[u32],
    dkv: &mut [f32],
    scale: f32,
    window: u32,
    #[comptime] heads: usize,
    #[comptime] group: usize,
    #[comptime] head_dim: usize,
    #[comptime] per_unit: usize,
    #[define(F)] _dtype: ElemType,
) {
    let (y, x) = (UNIT_POS as usize / 8, UNIT_POS as usize % 8);
    let tile_rows = comptime!(8 * per_unit);
    let mine = comptime!(own_vectors(head_dim));
    let kv_heads = comptime!(heads / group);
    let pitch = comptime!((heads + 2 * (heads / group)) * head_dim);
    let width = comptime!(heads * head_dim);
    let head = CUBE_POS_Y as usize;
    let key_column = (heads + head / group) * head_dim;
    let value_column = key_column + kv_heads * head_dim;

    let about = CUBE_POS_X as usize * TILE;
    let first_row = tiles[about] as usize;
    let rows = tiles[about + 1] as usize;
    let position = tiles[about + 2];

    let mut queries = Shared::<[V4]>::new_slice(comptime!(8 * per_unit * stride(head_dim)));
    let mut gradients = Shared::<[V4]>::new_slice(comptime!(8 * per_unit * stride(head_dim)));
    let mut keys = Shared::<[V4]>::new_slice(comptime!(8 * per_unit * stride(head_dim)));
    let mut values = Shared::<[V4]>::new_slice(comptime!(8 * per_unit * stride(head_dim)));
    let mut shares = Shared::<[f32]>::new_slice(comptime!(8 * per_unit * weights_pitch(per_unit)));
    let mut weights = Shared::<[f32]>::new_slice(comptime!(8 * per_unit * weights_pitch(per_unit)));

    let row = first_row * pitch;
    load::<F>(qkv, row + key_column, pitch, rows, &mut keys, per_unit, head_dim);
    load::<F>(qkv, row + value_column, pitch, rows, &mut values, per_unit, head_dim);

    let mut key_sums = Array::<V4>::new(comptime!(per_unit * own_vectors(head_dim)));
    let mut value_sums = Array::<V4>::new(comptime!(per_unit * own_vectors(head_dim)));
    #[unroll]
    for place in 0..per_unit * mine {
        key_sums[place] = V4::new(0.0);
        value_sums[place] = V4::new(0.0);
    }

    let last_position = position + rows as u32 - 1;
    for stretch in tiles[about + 3]..tiles[about + 4] {
        let about = stretch as usize * STRETCH;
        let start = stretches[about] as usize;
        let length = stretches[about + 1];
        let query_position = stretches[about + 2];
        // No query before the first key sees any, and none so far behind the last that the window has passed.
        let mut query = 0usize;
        if position > query_position {
            query = (position - query_position) as usize;
        }
        let mut end = length as usize;
        if last_position + window < query_position + length {
            end = 0;
            if last_position + window > query_position {
                end = (last_position + window - query_position) as usize;
            }
        }
        while query < end {
            let count = (end - query).min(tile_rows);
            let row = start + query;
            sync_cube();
            let column = head * head_dim;
            load::<F>(qkv, row * pitch + column, pitch, count, &mut queries, per_unit, head_dim);
            load::<F>(gradient, row * width + column, width, count, &mut gradients, per_unit, head_dim);
            sync_cube();
            // Rows are keys here, and columns queries.
            let mut scores = inner(&keys, &queries, y, x, per_unit, head_dim);
            let mut slopes = inner(&values, &gradients, y, x, per_unit, head_dim);
            #[unroll]
            for j in 0..per_unit {
                let column = x + 8 * j;
                let at = (row + column.min(count - 1)) * heads + head;
                let (query_lse, query_delta) = (lse[at], delta[at]);
                let asks = query_position + (query + column) as u32;
                #[unroll]
                for i in 0..per_unit {
                    let key = position + (y + 8 * i) as u32;
                    let seen = column < count && y + 8 * i < rows && key <= asks && key + window > asks;
                    let place = comptime!(i * per_unit + j);
                    let share = (scores[place] * scale - query_lse).min(0.0).exp();
                    let share = select(seen, share, f32::new(0.0));
                    scores[place] = share;
                    slopes[place] = share * (slopes[place] - query_delta) * scale;
                }
            }
            keep(&mut shares, &scores, y, x, per_unit);
            keep(&mut weights, &slopes, y, x, per_unit);
            sync_cube();
            accumulate(&mut value_sums, &shares, &gradients, y, x, per_unit, head_dim);
            accumulate(&mut key_sums, &weights, &queries, y, x, per_unit, head_dim);
            query += tile_rows;
        }
    }
    let to = first_row * 2 * width + head * head_dim;
    store::<f32>(&key_sums, dkv, to, 2 * width, rows, y, x, per_unit, head_dim);
    store::<f32>(&value_sums, dkv, to + width, 2 * width, rows, y, x, per_unit, head_dim);
}

/// Adds up what the query heads of a group give to their key head, in their order: a unit for each element of
/// `[rows, 2, kv_heads, head_dim]`.
#[cube(launch_unchecked)]
pub(super) fn group_kernel<F: Float>(
    dkv: &[f32],
    dqkv: &mut [F],
    #[comptime] heads: usize,
    #[comptime] group: usize,
    #[comptime] head_dim: usize,
    #[define(F)] _dtype: ElemType,
) {
    let kv_width = comptime!(heads / group * head_dim);
    let width = comptime!(heads * head_dim);
    let row = ABSOLUTE_POS / comptime!(2 * kv_width);
    let column = ABSOLUTE_POS % comptime!(2 * kv_width);
    if row * comptime!(2 * width) < dkv.len() {
        let part = column / kv_width;
        let head = column % kv_width / head_dim;
        let first = (row * 2 + part) * width + head * comptime!(group * head_dim) + column % head_dim;
        let mut sum = f32::new(0.0);
        for member in 0..group {
            sum += dkv[first + member * head_dim];
        }
        dqkv[row * comptime!(width + 2 * kv_width) + width + column] = F::cast_from(sum);
    }
}
