//! Attention of new tokens to keys and values that lie in pages, for a whole batch of sequences at once.
//!
//! The keys of a token are cut by their position into splits of `SPLIT` keys; a cube works on one split, for some tokens of a
//! sequence and some query heads that share a key head. Where a token sees more than one split, a second kernel puts the
//! parts together in their order. The number of launches depends on neither the sequences nor their lengths, and the
//! arithmetic of a token on its position alone: it has the same bits in any batch.

mod lists;
mod merge;
mod split;
mod store;

use cubecl::{client::Client, ir::ElemType, prelude::*};

use crate::{Buffer, attention::Shape};

use lists::{Kind, MERGE, Work};

/// Tokens of a page.
pub const PAGE: usize = 64;

/// Keys of a split.
pub(super) const SPLIT: usize = 4 * PAGE;

/// Units of a cube: one for each key of a split.
pub(super) const UNITS: usize = SPLIT;

/// Most rows of a cube: its tokens times its query heads.
const ROWS: usize = 16;

/// Most query heads of a cube.
const HEADS: usize = 8;

/// Units that a row's scores are summed by.
pub(super) const LANES: usize = 32;

/// Most memory for the parts of tokens that see more than one split; a longer pass is done piece by piece.
const PARTS_BYTES: usize = 256 << 20;

/// Consecutive tokens of one sequence: rows of a batch that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run<'a> {
    /// The pages of the sequence: token `i` lies in `pages[i / PAGE]`.
    pub pages: &'a [u32],
    /// The position of the first of the tokens.
    pub position: usize,
    /// How many they are.
    pub tokens: usize,
}

/// Query heads of a cube: as many of a group as divide it.
fn heads_of_cube(shape: &Shape) -> usize {
    (1..=HEADS).rev().find(|heads| shape.group().is_multiple_of(*heads)).unwrap_or(1)
}

/// The most tokens of a cube for which its memory suffices.
fn tokens_of_cube(client: &Client, shape: &Shape) -> Option<usize> {
    let room = client.properties().hardware.max_shared_memory_size.min(48 << 10);
    let heads = heads_of_cube(shape);
    let bytes = |tokens: &usize| tokens * heads * (UNITS + 2 * LANES + shape.head_dim) * size_of::<f32>();
    (1..=ROWS / heads).rev().find(|tokens| bytes(tokens) <= room)
}

/// Whether heads of this shape can be attended to on this device.
pub fn fits(client: &Client, shape: &Shape) -> bool {
    shape.head_dim <= UNITS && tokens_of_cube(client, shape).is_some()
}

/// Stores the keys and values of new tokens in their pages and attends from each token to all that its sequence holds, as
/// far as its own position.
///
/// # Shapes
/// - `qkv`: `[tokens, (heads + 2 · kv_heads) · head_dim]`, the runs one after the other
/// - `keys`: `[pages, kv_heads, head_dim, PAGE]`
/// - `values`: `[pages, kv_heads, PAGE, head_dim]`
/// - `output`: `[tokens, heads · head_dim]`
///
/// # Panics
/// When the shape does not [fit](fits).
pub fn forward(
    client: &Client,
    qkv: &Buffer,
    [keys, values]: [&Buffer; 2],
    output: &Buffer,
    shape: &Shape,
    runs: &[Run<'_>],
    dtype: ElemType,
) {
    let places = lists::places(runs);
    if places.is_empty() {
        return;
    }
    let Shape { heads, kv_heads, head_dim, scale, .. } = *shape;
    let places = Buffer::upload(client, &places);
    // SAFETY: a cube writes the place of its token, and no two tokens have one.
    unsafe {
        store::store_kernel::launch_unchecked(
            client,
            CubeCount::Static(places.len as u32, 1, 1),
            CubeDim::new_1d(UNITS as u32),
            qkv.arg(),
            places.arg(),
            keys.arg(),
            values.arg(),
            heads,
            kv_heads,
            head_dim,
            dtype,
        );
    }
    let most = tokens_of_cube(client, shape).expect("the shape was asked whether it fits");
    let part = heads * (head_dim + 2);
    let limit = PARTS_BYTES / (part * size_of::<f32>());
    let work =
        |kind: Kind| Work::new(runs, kind, shape.window, limit).into_iter().map(move |work| (kind, work));
    for (kind, work) in work(Kind::Lone).chain(work(Kind::Tiles(most))) {
        let list = Buffer::upload(client, &work.numbers);
        let parts = Buffer::empty::<f32>(client, work.parts * part);
        let of_cube = heads_of_cube(shape);
        // SAFETY: a cube writes the rows and heads of its task, or its part of them.
        unsafe {
            split::split_kernel::launch_unchecked(
                client,
                CubeCount::Static(work.tasks as u32, (heads / of_cube) as u32, 1),
                CubeDim::new_1d(UNITS as u32),
                qkv.arg(),
                keys.arg(),
                values.arg(),
                list.arg(),
                output.arg(),
                parts.arg(),
                scale,
                shape.window(),
                heads,
                shape.group(),
                of_cube,
                kind.tokens(),
                head_dim,
                dtype,
            );
        }
        if work.merges.is_empty() {
            continue;
        }
        let list = Buffer::upload(client, &work.merges);
        // SAFETY: a cube writes one head of one row.
        unsafe {
            merge::merge_kernel::launch_unchecked(
                client,
                CubeCount::Static((list.len / MERGE) as u32, heads as u32, 1),
                CubeDim::new_1d(merge::UNITS as u32),
                parts.arg(),
                list.arg(),
                output.arg(),
                heads,
                head_dim,
                dtype,
            );
        }
    }
}

#[cfg(all(test, any(feature = "wgpu", feature = "vulkan", feature = "cuda")))]
mod tests;
