//! Tokens drawn from logits, by the inverse of the cumulative distribution in vocabulary order.
//!
//! A cube draws one token. The row is cut into 256 segments; each is summed by the units of a group, and one unit goes
//! through the sums to find the segment in which the draw lies, then through those of its pieces.

use cubecl::{client::Client, ir::ElemType, prelude::*};

use crate::{Buffer, cube::cube_sum};

/// Units of a cube, segments of a row, and pieces of a segment.
const UNITS: usize = 256;

/// Units that sum a segment.
const LANES: usize = 16;

/// Numbers of a draw on the device: its row, the bits of the inverse temperature and of the uniform number, and whether the
/// most probable is taken.
const ABOUT: usize = 4;

/// An id that is none.
const NONE: u32 = u32::MAX;

/// A token to draw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wanted {
    /// The row of logits; several may be drawn from one.
    pub row: usize,
    /// Divides the logits; 0 takes the most probable id, the smallest of equals.
    pub temperature: f32,
    /// Where in the distribution, in `[0, 1)`.
    pub uniform: f64,
}

/// A drawn token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawn {
    /// The token.
    pub id: u32,
    /// `log softmax(logits / temperature)[id]` over the whole vocabulary, in nats. At temperature 0 the logits are taken as
    /// they are.
    pub logprob: f32,
    /// The same among what is not forbidden.
    pub allowed_logprob: f32,
}

/// Whether an id may be drawn.
#[cube]
fn allows(forbidden: &[u32], id: usize, #[comptime] some_forbidden: bool) -> bool {
    if some_forbidden { (forbidden[id / 32] >> (id % 32) as u32) & 1u32 == 0u32 } else { true.runtime() }
}

#[cube(launch_unchecked)]
fn draw_kernel<F: Float>(
    logits: &[F],
    wanted: &[u32],
    forbidden: &[u32],
    drawn: &mut [u32],
    #[comptime] vocab: usize,
    #[comptime] some_forbidden: bool,
    #[define(F)] _dtype: ElemType,
) {
    let unit = UNIT_POS as usize;
    let draw = CUBE_POS_X as usize;
    let first = wanted[draw * ABOUT] as usize * vocab;
    let inverse = f32::reinterpret(wanted[draw * ABOUT + 1]);
    let uniform = f32::reinterpret(wanted[draw * ABOUT + 2]);
    let greedy = wanted[draw * ABOUT + 3] == 1;

    // The highest logit of all, and the most probable id that may be drawn.
    let mut scratch = Shared::<[f32]>::new_slice(UNITS);
    let mut peaks = Shared::<[f32]>::new_slice(UNITS);
    let mut ids = Shared::<[u32]>::new_slice(UNITS);
    let mut highest = f32::new(f32::MIN);
    let mut peak = f32::new(f32::MIN);
    let mut best = NONE.runtime();
    let mut id = unit;
    while id < vocab {
        let logit = f32::cast_from(logits[first + id]);
        highest = max(highest, logit);
        if logit > peak && allows(forbidden, id, some_forbidden) {
            peak = logit;
            best = id as u32;
        }
        id += UNITS;
    }
    scratch[unit] = highest;
    peaks[unit] = peak;
    ids[unit] = best;
    sync_cube();
    #[unroll]
    for step in 0..comptime!(UNITS.trailing_zeros() as usize) {
        let stride = comptime!(UNITS >> (step + 1));
        if unit < stride {
            scratch[unit] = max(scratch[unit], scratch[unit + stride]);
            let (other, other_id) = (peaks[unit + stride], ids[unit + stride]);
            if other > peaks[unit] || (other == peaks[unit] && other_id < ids[unit]) {
                peaks[unit] = other;
                ids[unit] = other_id;
            }
        }
        sync_cube();
    }
    let highest = scratch[0];
    let best = ids[0];
    sync_cube();

    // The weight of each segment.
    let segment = comptime!(vocab.div_ceil(UNITS));
    let mut sums = Shared::<[f32]>::new_slice(comptime!(UNITS * LANES));
    let lane = unit % LANES;
    let group = unit / LANES;
    let mut all = f32::new(0.0);
    for turn in 0..LANES {
        let index = group * LANES + turn;
        let mut id = index * segment + lane;
        let end = (index * segment + segment).min(vocab);
        let mut sum = f32::new(0.0);
        while id < end {
            let weight = ((f32::cast_from(logits[first + id]) - highest) * inverse).exp();
            all += weight;
            if allows(forbidden, id, some_forbidden) {
                sum += weight;
            }
            id += LANES;
        }
        sums[index * LANES + lane] = sum;
    }
    let all = cube_sum(all, &mut scratch, UNITS);
    let mut sum = f32::new(0.0);
    #[unroll]
    for lane in 0..LANES {
        sum += sums[unit * LANES + lane];
    }
    scratch[unit] = sum;
    sync_cube();

    // The segment in which the draw lies, and how far in. Should rounding leave none, it is the last with any weight.
    let mut chosen = Shared::<[u32]>::new_slice(1usize);
    let mut rest = Shared::<[f32]>::new_slice(2usize);
    if unit == 0 {
        let mut total = f32::new(0.0);
        for index in 0..UNITS {
            total += scratch[index];
        }
        let found = find(&scratch, uniform * total);
        chosen[0] = found;
        rest[0] = uniform * total - before(&scratch, found);
        rest[1] = total;
    }
    sync_cube();

    // Its pieces, likewise.
    let piece = comptime!(vocab.div_ceil(UNITS).div_ceil(UNITS));
    let start = chosen[0] as usize * segment;
    let end = (start + segment).min(vocab);
    let mut sum = f32::new(0.0);
    #[unroll]
    for step in 0..piece {
        let id = start + unit * piece + step;
        if id < end && allows(forbidden, id, some_forbidden) {
            sum += ((f32::cast_from(logits[first + id]) - highest) * inverse).exp();
        }
    }
    sync_cube();
    scratch[unit] = sum;
    sync_cube();
    if unit == 0 {
        let mut id = best;
        if !greedy {
            let found = find(&scratch, rest[0]);
            let threshold = rest[0] - before(&scratch, found);
            let mut sum = f32::new(0.0);
            let mut over = false.runtime();
            id = (start + found as usize * piece) as u32;
            #[unroll]
            for step in 0..piece {
                let other = start + found as usize * piece + step;
                if other < end && allows(forbidden, other, some_forbidden) {
                    let weight = ((f32::cast_from(logits[first + other]) - highest) * inverse).exp();
                    sum += weight;
                    if !over && weight > 0.0 {
                        id = other as u32;
                        over = sum > threshold;
                    }
                }
            }
        }
        if id >= vocab as u32 {
            // No logit is a number.
            id = 0u32;
        }
        let scaled = (f32::cast_from(logits[first + id as usize]) - highest) * inverse;
        let words = comptime!(words(some_forbidden));
        drawn[draw * words] = id;
        drawn[draw * words + 1] = u32::reinterpret(scaled - all.ln());
        if some_forbidden {
            drawn[draw * words + 2] = u32::reinterpret(scaled - rest[1].ln());
        }
    }
}

/// Words that are read back for each token.
const fn words(some_forbidden: bool) -> usize {
    if some_forbidden { 3 } else { 2 }
}

/// The first place whose cumulative weight exceeds the threshold, or the last one with any weight.
#[cube]
fn find(weights: &Shared<[f32]>, threshold: f32) -> u32 {
    let mut found = 0u32;
    let mut over = false.runtime();
    let mut sum = f32::new(0.0);
    for index in 0..UNITS {
        let weight = weights[index];
        sum += weight;
        if !over && weight > 0.0 {
            found = index as u32;
            over = sum > threshold;
        }
    }
    found
}

/// The weight of all places before one.
#[cube]
fn before(weights: &Shared<[f32]>, place: u32) -> f32 {
    let mut sum = f32::new(0.0);
    for index in 0..place as usize {
        sum += weights[index];
    }
    sum
}

/// Draws tokens from rows of logits, in one launch, and reads them back: 8 bytes for each, or 12 where ids are forbidden.
///
/// # Shapes
/// - `logits`: `[rows, vocab]`
///
/// # Panics
/// When a row or a forbidden id lies outside of the logits.
pub fn draw(
    client: &Client,
    logits: &Buffer,
    vocab: usize,
    wanted: &[Wanted],
    forbidden: &[u32],
    dtype: ElemType,
) -> Vec<Drawn> {
    if wanted.is_empty() {
        return Vec::new();
    }
    assert!(wanted.iter().all(|one| (one.row + 1) * vocab <= logits.len), "a row lies outside of the logits");
    let some_forbidden = !forbidden.is_empty();
    let mut mask = vec![0u32; if some_forbidden { vocab.div_ceil(32) } else { 1 }];
    for id in forbidden {
        assert!((*id as usize) < vocab, "id {id} lies outside of the {vocab} logits");
        mask[*id as usize / 32] |= 1 << (id % 32);
    }
    let about = |one: &Wanted| {
        let greedy = one.temperature == 0.0;
        let inverse = if greedy { 1.0 } else { 1.0 / one.temperature };
        // A number just below 1 is not to become 1.
        let uniform = (one.uniform as f32).min(1.0 - f32::EPSILON / 2.0);
        [one.row as u32, inverse.to_bits(), uniform.to_bits(), u32::from(greedy)]
    };
    let list: Vec<u32> = wanted.iter().flat_map(about).collect();
    let [list, mask] = [&list, &mask].map(|numbers| Buffer::upload(client, numbers));
    let words = words(some_forbidden);
    let drawn = Buffer::empty::<u32>(client, wanted.len() * words);
    // SAFETY: a cube reads its row and writes its own words.
    unsafe {
        draw_kernel::launch_unchecked(
            client,
            CubeCount::Static(wanted.len() as u32, 1, 1),
            CubeDim::new_1d(UNITS as u32),
            logits.arg(),
            list.arg(),
            mask.arg(),
            drawn.arg(),
            vocab,
            some_forbidden,
            dtype,
        );
    }
    let bytes = client.read_one(drawn.handle).expect("the device gives what it drew");
    let of_token = |words: &[u32]| {
        let logprob = f32::from_bits(words[1]);
        let allowed_logprob = words.get(2).map_or(logprob, |bits| f32::from_bits(*bits));
        Drawn { id: words[0], logprob, allowed_logprob }
    };
    u32::from_bytes(&bytes).chunks_exact(words).take(wanted.len()).map(of_token).collect()
}

#[cfg(all(test, any(feature = "wgpu", feature = "vulkan", feature = "cuda")))]
mod tests;
