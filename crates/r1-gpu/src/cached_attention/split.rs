//! Attention to one split of the keys: a unit for each key, then for each dimension of the values.

use cubecl::prelude::*;

use super::{
    LANES, PAGE, SPLIT, UNITS,
    lists::{DIRECT, TASK},
};

/// Below any score.
const UNSEEN: f32 = -1e30;

/// See [`cached_attention`](super). A row of the cube is one query head of one token: row `token · chunk + head`.
#[cube(launch_unchecked)]
pub(super) fn split_kernel<F: Float>(
    qkv: &[F],
    keys: &[F],
    values: &[F],
    lists: &[u32],
    output: &mut [F],
    parts: &mut [f32],
    scale: f32,
    window: u32,
    #[comptime] heads: usize,
    #[comptime] group: usize,
    #[comptime] chunk: usize,
    #[comptime] tokens: usize,
    #[comptime] head_dim: usize,
    #[define(F)] _dtype: ElemType,
) {
    let unit = UNIT_POS as usize;
    let rows = comptime!(chunk * tokens);
    let kv_heads = comptime!(heads / group);
    let first_head = CUBE_POS_Y as usize * chunk;
    let kv_head = first_head / group;

    let task = CUBE_POS_X as usize * TASK;
    let first_row = lists[task] as usize;
    let count = lists[task + 1] as usize;
    let position = lists[task + 2];
    let split = lists[task + 3];
    let pages = lists[task + 4] as usize;
    let slots = lists[task + 5] as usize;

    let mut queries = Shared::<[f32]>::new_slice(comptime!(chunk * tokens * head_dim));
    let mut weights = Shared::<[f32]>::new_slice(comptime!(chunk * tokens * UNITS));
    let mut highest = Shared::<[f32]>::new_slice(comptime!(chunk * tokens * LANES));
    let mut total = Shared::<[f32]>::new_slice(comptime!(chunk * tokens * LANES));

    let mut place = unit;
    while place < rows * head_dim {
        let row = place / head_dim;
        let token = row / chunk;
        let mut value = f32::new(0.0);
        if token < count {
            let start = (first_row + token) * comptime!((heads + 2 * (heads / group)) * head_dim);
            value = f32::cast_from(qkv[start + (first_head + row % chunk) * head_dim + place % head_dim]);
        }
        queries[place] = value;
        place += UNITS;
    }
    sync_cube();

    // The scores of the unit's key. One that is behind all tokens of the cube may have no page.
    let key = split * SPLIT as u32 + unit as u32;
    let last = position + count as u32 - 1;
    let mut scores = Array::<f32>::new(rows);
    #[unroll]
    for row in 0..rows {
        scores[row] = f32::new(0.0);
    }
    if key <= last && key + window > position {
        let page = lists[pages + key as usize / PAGE] as usize;
        let start = (page * kv_heads + kv_head) * comptime!(head_dim * PAGE) + key as usize % PAGE;
        for element in 0..head_dim {
            let value = f32::cast_from(keys[start + element * PAGE]);
            #[unroll]
            for row in 0..rows {
                scores[row] = fma(queries[row * head_dim + element], value, scores[row]);
            }
        }
    }
    #[unroll]
    for row in 0..rows {
        let own = position + comptime!((row / chunk) as u32);
        let seen = key <= own && key + window > own;
        weights[row * UNITS + unit] = select(seen, scores[row] * scale, f32::new(UNSEEN));
    }
    sync_cube();

    // The highest score of each row, then the sum of its exponentials: by 32 units, eight rows at a time.
    let lane = unit % LANES;
    let line = unit / LANES;
    let lines = comptime!(UNITS / LANES);
    let blocks = comptime!((chunk * tokens).div_ceil(UNITS / LANES));
    #[unroll]
    for block in 0..blocks {
        let row = line + block * lines;
        if row < rows {
            let mut most = weights[row * UNITS + lane];
            #[unroll]
            for step in 1..lines {
                most = max(most, weights[row * UNITS + step * LANES + lane]);
            }
            highest[row * LANES + lane] = most;
        }
    }
    sync_cube();
    #[unroll]
    for step in 0..comptime!(LANES.trailing_zeros() as usize) {
        let stride = comptime!(LANES >> (step + 1));
        #[unroll]
        for block in 0..blocks {
            let row = line + block * lines;
            if row < rows && lane < stride {
                let place = row * LANES + lane;
                highest[place] = max(highest[place], highest[place + stride]);
            }
        }
        sync_cube();
    }
    #[unroll]
    for block in 0..blocks {
        let row = line + block * lines;
        if row < rows {
            let most = highest[row * LANES];
            let mut sum = f32::new(0.0);
            #[unroll]
            for step in 0..lines {
                let place = row * UNITS + step * LANES + lane;
                let score = weights[place];
                // Where a row sees nothing of the split, its highest score is that of an unseen key.
                let weight = select(score > f32::new(0.5 * UNSEEN), (score - most).exp(), f32::new(0.0));
                weights[place] = weight;
                sum += weight;
            }
            total[row * LANES + lane] = sum;
        }
    }
    sync_cube();
    #[unroll]
    for step in 0..comptime!(LANES.trailing_zeros() as usize) {
        let stride = comptime!(LANES >> (step + 1));
        #[unroll]
        for block in 0..blocks {
            let row = line + block * lines;
            if row < rows && lane < stride {
                let place = row * LANES + lane;
                total[place] += total[place + stride];
            }
        }
        sync_cube();
    }

    // The values: every `strides`-th key by one unit for each dimension.
    let strides = comptime!(UNITS / head_dim);
    let first_key = split * SPLIT as u32;
    let end = ((last + 1 - first_key) as usize).min(SPLIT);
    let mut sums = Array::<f32>::new(rows);
    #[unroll]
    for row in 0..rows {
        sums[row] = f32::new(0.0);
    }
    if unit < strides * head_dim {
        let element = unit % head_dim;
        let mut key = unit / head_dim;
        if position + 1 > window + first_key {
            // What the first token does not see, the others do not either.
            key += (position + 1 - window - first_key) as usize / strides * strides;
        }
        while key < end {
            let place = first_key as usize + key;
            let page = lists[pages + place / PAGE] as usize;
            let start = ((page * kv_heads + kv_head) * PAGE + place % PAGE) * head_dim;
            let value = f32::cast_from(values[start + element]);
            #[unroll]
            for row in 0..rows {
                sums[row] = fma(weights[row * UNITS + key], value, sums[row]);
            }
            key += strides;
        }
    }
    sync_cube();
    #[unroll]
    for row in 0..rows {
        weights[row * UNITS + unit] = sums[row];
    }
    sync_cube();

    let mut place = unit;
    while place < rows * head_dim {
        let row = place / head_dim;
        let element = place % head_dim;
        let token = row / chunk;
        let own = position + token as u32;
        let mut first_split = 0u32;
        if own + 1 > window {
            first_split = (own + 1 - window) / SPLIT as u32;
        }
        if token < count && split >= first_split && split <= own / SPLIT as u32 {
            let mut sum = weights[row * UNITS + element];
            #[unroll]
            for stride in 1..strides {
                sum += weights[row * UNITS + stride * head_dim + element];
            }
            let head = first_head + row % chunk;
            let slot = lists[slots + token];
            if slot == DIRECT {
                let start = ((first_row + token) * heads + head) * head_dim;
                output[start + element] = F::cast_from(sum / total[row * LANES]);
            } else {
                let slot = (slot + split - first_split) as usize;
                let start = (slot * heads + head) * comptime!(head_dim + 2);
                parts[start + element] = sum;
                if element == 0 {
                    parts[start + head_dim] = highest[row * LANES];
                    parts[start + head_dim + 1] = total[row * LANES];
                }
            }
        }
        place += UNITS;
    }
}
