//! The forward pass: a cube for each tile of queries and each head, softmax by the way.

use cubecl::prelude::*;

use super::{
    layout::{STRETCH, TILE},
    tile::{UNITS, V4, accumulate, inner, keep, load, own_vectors, store, stride, weights_pitch},
};

/// Below any score.
pub(super) const UNSEEN: f32 = -1e30;

/// See [`attention`](super).
#[cube(launch_unchecked)]
pub(super) fn forward_kernel<F: Float>(
    qkv: &[F],
    tiles: &[u32],
    stretches: &[u32],
    output: &mut [F],
    lse: &mut [f32],
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
    let head = CUBE_POS_Y as usize;
    let key_column = (heads + head / group) * head_dim;
    let value_column = key_column + kv_heads * head_dim;

    let about = CUBE_POS_X as usize * TILE;
    let first_row = tiles[about] as usize;
    let rows = tiles[about + 1] as usize;
    let position = tiles[about + 2];

    let mut queries = Shared::<[V4]>::new_slice(comptime!(8 * per_unit * stride(head_dim)));
    let mut keys = Shared::<[V4]>::new_slice(comptime!(8 * per_unit * stride(head_dim)));
    let mut values = Shared::<[V4]>::new_slice(comptime!(8 * per_unit * stride(head_dim)));
    let mut weights = Shared::<[f32]>::new_slice(comptime!(8 * per_unit * weights_pitch(per_unit)));

    load::<F>(qkv, first_row * pitch + head * head_dim, pitch, rows, &mut queries, per_unit, head_dim);

    let mut highest = Array::<f32>::new(per_unit);
    let mut total = Array::<f32>::new(per_unit);
    let mut sums = Array::<V4>::new(comptime!(per_unit * own_vectors(head_dim)));
    #[unroll]
    for i in 0..per_unit {
        highest[i] = f32::new(UNSEEN);
        total[i] = f32::new(0.0);
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
        // No later key is seen by any row of the tile, and no earlier one than the first row sees.
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
            let mut scores = inner(&queries, &keys, y, x, per_unit, head_dim);
            #[unroll]
            for i in 0..per_unit {
                let query_position = position + (y + 8 * i) as u32;
                #[unroll]
                for j in 0..per_unit {
                    let column = x + 8 * j;
                    let other = key_position + (key + column) as u32;
                    let seen = column < count && other <= query_position && other + window > query_position;
                    let score = scores[i * per_unit + j] * scale;
                    scores[i * per_unit + j] = select(seen, score, f32::new(UNSEEN));
                }
            }
            // The highest score of each row: of the unit's own columns first, then of the eight units that share it.
            #[unroll]
            for i in 0..per_unit {
                let mut most = scores[i * per_unit];
                #[unroll]
                for j in 1..per_unit {
                    most = max(most, scores[i * per_unit + j]);
                }
                weights[(y * per_unit + i) * 8 + x] = most;
            }
            sync_cube();
            #[unroll]
            for i in 0..per_unit {
                let before = highest[i];
                let mut most = before;
                #[unroll]
                for other in 0..8usize {
                    most = max(most, weights[(y * per_unit + i) * 8 + other]);
                }
                highest[i] = most;
                let fade = (before - most).exp();
                let mut sum = total[i] * fade;
                #[unroll]
                for j in 0..per_unit {
                    let score = scores[i * per_unit + j];
                    // Where a row sees nothing yet, its highest score is that of an unseen key.
                    let weight = select(score > f32::new(0.5 * UNSEEN), (score - most).exp(), f32::new(0.0));
                    scores[i * per_unit + j] = weight;
                    sum += weight;
                }
                total[i] = sum;
                #[unroll]
                for c in 0..mine {
                    sums[i * mine + c] *= V4::new(fade);
                }
            }
            sync_cube();
            keep(&mut weights, &scores, y, x, per_unit);
            sync_cube();
            accumulate(&mut sums, &weights, &values, y, x, per_unit, head_dim);
            key += tile_rows;
        }
    }

    // Each unit has the sum of its own columns.
    sync_cube();
    #[unroll]
    for i in 0..per_unit {
        weights[(y * per_unit + i) * 8 + x] = total[i];
    }
    sync_cube();
    #[unroll]
    for i in 0..per_unit {
        let mut sum = f32::new(0.0);
        #[unroll]
        for other in 0..8usize {
            sum += weights[(y * per_unit + i) * 8 + other];
        }
        let share = f32::new(1.0) / sum;
        #[unroll]
        for c in 0..mine {
            sums[i * mine + c] *= V4::new(share);
        }
        let row = y + 8 * i;
        if x == 0 && row < rows {
            lse[(first_row + row) * heads + head] = highest[i] + sum.ln();
        }
    }
    let width = comptime!(heads * head_dim);
    store::<F>(&sums, output, first_row * width + head * head_dim, width, rows, y, x, per_unit, head_dim);
    let _ = UNITS;
}
