//! What the attention kernels share: tiles of rows in shared memory, and the products of two of them.
//!
//! A cube has 64 units in 8 rows and 8 columns. With `R` rows a unit, a tile has `8 R` rows: unit `(y, x)` works on the
//! rows `y + 8 i` of one tile and `x + 8 j` of the other, so that neighbours read neighbouring rows. Rows lie as vectors
//! of four with one of padding between them, which keeps the units of a plane in different banks.

use cubecl::prelude::*;

/// Four numbers.
pub(super) type V4 = Vector<f32, Const<4>>;

/// Units of a cube.
pub(super) const UNITS: usize = 64;

/// Vectors of a row in shared memory, that of padding included.
pub(super) const fn stride(head_dim: usize) -> usize {
    head_dim.div_ceil(4) + 1
}

/// Bytes of a tile of rows in shared memory.
pub(super) const fn bytes(per_unit: usize, head_dim: usize) -> usize {
    8 * per_unit * stride(head_dim) * 16
}

/// Copies `count` rows, the first of which begins at `first`, to a tile whose other rows become zeros.
#[cube]
pub(super) fn load<F: Float>(
    from: &[F],
    first: usize,
    pitch: usize,
    count: usize,
    tile: &mut Shared<[V4]>,
    #[comptime] per_unit: usize,
    #[comptime] head_dim: usize,
) {
    let vectors = comptime!(head_dim.div_ceil(4));
    let total = comptime!(8 * per_unit * head_dim.div_ceil(4));
    let mut place = UNIT_POS as usize;
    while place < total {
        let row = place / vectors;
        let vector = place % vectors;
        let mut value = V4::new(0.0);
        if row < count {
            let start = first + row * pitch + vector * 4;
            #[unroll]
            for lane in 0..4usize {
                if vector * 4 + lane < head_dim {
                    value.insert(lane, f32::cast_from(from[start + lane]));
                }
            }
        }
        tile[row * comptime!(stride(head_dim)) + vector] = value;
        place += UNITS;
    }
}

/// The inner products of rows `y + 8 i` of the one tile with rows `x + 8 j` of the other, at `[i · R + j]`.
#[cube]
pub(super) fn inner(
    rows: &Shared<[V4]>,
    columns: &Shared<[V4]>,
    y: usize,
    x: usize,
    #[comptime] per_unit: usize,
    #[comptime] head_dim: usize,
) -> Array<f32> {
    let pitch = comptime!(stride(head_dim));
    let mut lanes = Array::<V4>::new(comptime!(per_unit * per_unit));
    #[unroll]
    for place in 0..per_unit * per_unit {
        lanes[place] = V4::new(0.0);
    }
    for vector in 0..comptime!(head_dim.div_ceil(4)) {
        let mut left = Array::<V4>::new(per_unit);
        #[unroll]
        for i in 0..per_unit {
            left[i] = rows[(y + 8 * i) * pitch + vector];
        }
        #[unroll]
        for j in 0..per_unit {
            let right = columns[(x + 8 * j) * pitch + vector];
            #[unroll]
            for i in 0..per_unit {
                lanes[i * per_unit + j] = fma(left[i], right, lanes[i * per_unit + j]);
            }
        }
    }
    let mut sums = Array::<f32>::new(comptime!(per_unit * per_unit));
    #[unroll]
    for place in 0..per_unit * per_unit {
        let lane = lanes[place];
        sums[place] =
            (lane.extract(0usize) + lane.extract(1usize)) + (lane.extract(2usize) + lane.extract(3usize));
    }
    sums
}

/// Adds to the sums `[i · C + c]` of the unit's rows and its vectors `x + 8 c` the rows of a tile, each multiplied with its
/// weight: `weights[key · pitch + y · R + i]`.
#[cube]
pub(super) fn accumulate(
    sums: &mut Array<V4>,
    weights: &Shared<[f32]>,
    tile: &Shared<[V4]>,
    y: usize,
    x: usize,
    #[comptime] per_unit: usize,
    #[comptime] head_dim: usize,
) {
    let pitch = comptime!(stride(head_dim));
    let vectors = comptime!(head_dim.div_ceil(4));
    let mine = comptime!(own_vectors(head_dim));
    for key in 0..comptime!(8 * per_unit) {
        let mut row = Array::<V4>::new(mine);
        #[unroll]
        for c in 0..mine {
            // The last vectors of a head may be nobody's; the padding is read instead and never written back.
            row[c] = if comptime!(8 * (c + 1) <= vectors) {
                tile[key * pitch + x + 8 * c]
            } else {
                tile[key * pitch + (x + 8 * c).min(vectors - 1)]
            };
        }
        #[unroll]
        for i in 0..per_unit {
            let weight = V4::new(weights[key * comptime!(weights_pitch(per_unit)) + y * per_unit + i]);
            #[unroll]
            for c in 0..mine {
                sums[i * mine + c] = fma(weight, row[c], sums[i * mine + c]);
            }
        }
    }
}

/// Vectors of a row that a unit works on.
pub(super) const fn own_vectors(head_dim: usize) -> usize {
    head_dim.div_ceil(4).div_ceil(8)
}

/// Distance of a key's weights in shared memory.
pub(super) const fn weights_pitch(per_unit: usize) -> usize {
    8 * per_unit + 1
}

/// Puts the weight of row `y + 8 i` for key `x + 8 j` where [`accumulate`] looks for it.
#[cube]
pub(super) fn keep(
    weights: &mut Shared<[f32]>,
    values: &Array<f32>,
    y: usize,
    x: usize,
    #[comptime] per_unit: usize,
) {
    #[unroll]
    for j in 0..per_unit {
        #[unroll]
        for i in 0..per_unit {
            let place = (x + 8 * j) * comptime!(weights_pitch(per_unit)) + y * per_unit + i;
            weights[place] = values[i * per_unit + j];
        }
    }
}

/// Writes the unit's sums of row `y + 8 i` to the rows that begin at `first`.
#[cube]
pub(super) fn store<F: Float>(
    sums: &Array<V4>,
    to: &mut [F],
    first: usize,
    pitch: usize,
    count: usize,
    y: usize,
    x: usize,
    #[comptime] per_unit: usize,
    #[comptime] head_dim: usize,
) {
    let mine = comptime!(own_vectors(head_dim));
    #[unroll]
    for i in 0..per_unit {
        let row = y + 8 * i;
        if row < count {
            #[unroll]
            for c in 0..mine {
                let column = (x + 8 * c) * 4;
                #[unroll]
                for lane in 0..4usize {
                    if column + lane < head_dim {
                        to[first + row * pitch + column + lane] =
                            F::cast_from(sums[i * mine + c].extract(lane));
                    }
                }
            }
        }
    }
}
