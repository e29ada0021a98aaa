//! Causal attention over packed sequences, forward and backward, without atomics.
//!
//! Scores never leave the cube that computes them. Each pass is a fixed number of launches, whatever the number of
//! segments: one forward, four backward.

mod backward;
mod forward;
mod layout;
mod tile;

use cubecl::{client::Client, ir::ElemType, prelude::*};

use crate::{Buffer, cube::elementwise};

pub use layout::Segment;
use layout::{Lists, TILE};

/// How the columns of a fused query-key-value row are divided, and what a score is multiplied with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// Query heads.
    pub heads: usize,
    /// Key and value heads, which divide them.
    pub kv_heads: usize,
    /// Dimensions of a head.
    pub head_dim: usize,
    /// How many tokens a token sees, itself included.
    pub window: Option<usize>,
    /// What the scores are multiplied with.
    pub scale: f32,
}

/// Larger than any distance of two tokens, and still without overflow when added to a position.
const NO_WINDOW: u32 = 1 << 30;

/// What callers see to.
const FITS: &str = "the shape was asked whether it fits";

impl Shape {
    pub(crate) fn window(&self) -> u32 {
        self.window.map_or(NO_WINDOW, |window| (window as u32).min(NO_WINDOW))
    }

    pub(crate) fn group(&self) -> usize {
        self.heads / self.kv_heads
    }

    /// Rows of a unit: as many as the shared memory of a cube allows, when it holds so many tiles of rows, and so many
    /// of scores.
    fn rows_per_unit(&self, client: &Client, tiles: usize, scores: usize) -> Option<usize> {
        let room = client.properties().hardware.max_shared_memory_size.min(48 << 10);
        let fits = |per_unit: &usize| {
            let of_scores = 8 * per_unit * tile::weights_pitch(*per_unit) * 4;
            tiles * tile::bytes(*per_unit, self.head_dim) + scores * of_scores <= room
        };
        #[cfg(all(test, any(feature = "wgpu", feature = "vulkan", feature = "cuda")))]
        if let Some(wanted) = tests::ROWS_PER_UNIT.get() {
            return Some(wanted).filter(fits);
        }
        // A device without planes is a processor that plays a card: what is unrolled for one row is enough to compile.
        let most = if client.properties().features.plane.is_empty() { 1 } else { 4 };
        [4, 2, 1].into_iter().filter(|per_unit| *per_unit <= most).find(fits)
    }

    /// Whether the memory of a cube on this device holds what both passes need. Heads of up to 128 dimensions fit into
    /// 32 KiB.
    pub fn fits(&self, client: &Client) -> bool {
        self.rows_per_unit(client, 4, 2).is_some()
    }
}

/// The output, `[rows, heads · head_dim]`, and the log-sum-exp of each row's scores, `[rows, heads]` in `f32`.
///
/// # Panics
/// When the shape does not [fit](Shape::fits).
pub fn forward(
    client: &Client,
    qkv: &Buffer,
    [output, lse]: [&Buffer; 2],
    shape: &Shape,
    segments: &[Segment],
    dtype: ElemType,
) {
    let per_unit = shape.rows_per_unit(client, 3, 1).expect(FITS);
    let lists = Lists::of_queries(segments, 8 * per_unit);
    let count = lists.tiles.len() / TILE;
    if count == 0 {
        return;
    }
    let [tiles, stretches] = [&lists.tiles, &lists.stretches].map(|numbers| Buffer::upload(client, numbers));
    // SAFETY: the tiles are disjoint rows of the batch, and a cube writes the columns of its head.
    unsafe {
        forward::forward_kernel::launch_unchecked(
            client,
            CubeCount::Static(count as u32, shape.heads as u32, 1),
            CubeDim::new_1d(tile::UNITS as u32),
            qkv.arg(),
            tiles.arg(),
            stretches.arg(),
            output.arg(),
            lse.arg(),
            shape.scale,
            shape.window(),
            shape.heads,
            shape.group(),
            shape.head_dim,
            per_unit,
            dtype,
        );
    }
}

/// What [`backward`] reads.
#[derive(Debug, Clone, Copy)]
pub struct Saved<'a> {
    /// The fused rows.
    pub qkv: &'a Buffer,
    /// What [`forward`] gave.
    pub output: &'a Buffer,
    /// What [`forward`] gave.
    pub lse: &'a Buffer,
}

/// The gradient of the fused rows, like them, from that of the output.
///
/// # Panics
/// When the shape does not [fit](Shape::fits).
pub fn backward(
    client: &Client,
    gradient: &Buffer,
    saved: Saved<'_>,
    dqkv: &Buffer,
    shape: &Shape,
    segments: &[Segment],
    dtype: ElemType,
) {
    let (Saved { qkv, output, lse }, head_dim) = (saved, shape.head_dim);
    if lse.len == 0 {
        return;
    }
    let [delta, dkv] = [lse.len, 2 * gradient.len].map(|len| Buffer::empty::<f32>(client, len));
    let (count, dim) = elementwise(delta.len);
    // SAFETY: a unit writes its own number.
    unsafe {
        backward::delta_kernel::launch_unchecked(
            client,
            count,
            dim,
            gradient.arg(),
            output.arg(),
            delta.arg(),
            head_dim,
            dtype,
        );
    }
    let per_unit = shape.rows_per_unit(client, 4, 1).expect(FITS);
    let lists = Lists::of_queries(segments, 8 * per_unit);
    let [tiles, stretches] = [&lists.tiles, &lists.stretches].map(|numbers| Buffer::upload(client, numbers));
    let units = CubeDim::new_1d(tile::UNITS as u32);
    let cubes = |lists: &Lists| CubeCount::Static((lists.tiles.len() / TILE) as u32, shape.heads as u32, 1);
    // SAFETY: the tiles are disjoint rows of the batch, and a cube writes the columns of its head.
    unsafe {
        backward::queries_kernel::launch_unchecked(
            client,
            cubes(&lists),
            units,
            gradient.arg(),
            qkv.arg(),
            lse.arg(),
            delta.arg(),
            tiles.arg(),
            stretches.arg(),
            dqkv.arg(),
            shape.scale,
            shape.window(),
            shape.heads,
            shape.group(),
            head_dim,
            per_unit,
            dtype,
        );
    }
    let per_unit = shape.rows_per_unit(client, 4, 2).expect(FITS);
    let lists = Lists::of_keys(segments, 8 * per_unit);
    let [tiles, stretches] = [&lists.tiles, &lists.stretches].map(|numbers| Buffer::upload(client, numbers));
    let (count, dim) = elementwise(dkv.len / shape.group());
    // SAFETY: as above.
    unsafe {
        backward::keys_kernel::launch_unchecked(
            client,
            cubes(&lists),
            units,
            gradient.arg(),
            qkv.arg(),
            lse.arg(),
            delta.arg(),
            tiles.arg(),
            stretches.arg(),
            dkv.arg(),
            shape.scale,
            shape.window(),
            shape.heads,
            shape.group(),
            head_dim,
            per_unit,
            dtype,
        );
        backward::group_kernel::launch_unchecked(
            client,
            count,
            dim,
            dkv.arg(),
            dqkv.arg(),
            shape.heads,
            shape.group(),
            head_dim,
            dtype,
        );
    }
}

#[cfg(all(test, any(feature = "wgpu", feature = "vulkan", feature = "cuda")))]
mod tests;
