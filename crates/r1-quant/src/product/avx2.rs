//! The bodies for AVX2, in the order of additions of [`portable`](super::portable).

// The indices are those of a tile, of which several arrays have as many.
#![allow(clippy::needless_range_loop)]

mod floats;
mod long;
mod short;

use std::{arch::x86_64::*, ops::Range};

pub(super) use floats::float_rows;

use super::{Output, activations::Activations};
use crate::BlockType;

/// Whether the CPU has what these bodies need.
pub(super) fn is_here() -> bool {
    use std::arch::is_x86_feature_detected as has;
    has!("avx2") && has!("fma") && has!("f16c")
}

/// Whether there is a body for a format of integers.
pub(super) fn serves(block_type: BlockType) -> bool {
    !matches!(block_type, BlockType::Q2_K | BlockType::Q3_K) && is_here()
}

/// Some rows of weights with some rows of activations, see [`Body`](super::Body).
///
/// # Safety
/// The CPU [has](is_here) what is needed, the format is [served](serves), and the output has a place for each product.
pub(super) unsafe fn rows(
    block_type: BlockType,
    weights: &[u8],
    x: &Activations,
    tokens: Range<usize>,
    output: &Output,
) {
    // SAFETY: the caller's promise.
    unsafe {
        match block_type {
            BlockType::Q4_0 => tiles::<short::Tile<short::Q4_0>>(weights, x, tokens, output),
            BlockType::Q4_1 => tiles::<short::Tile<short::Q4_1>>(weights, x, tokens, output),
            BlockType::Q5_0 => tiles::<short::Tile<short::Q5_0>>(weights, x, tokens, output),
            BlockType::Q5_1 => tiles::<short::Tile<short::Q5_1>>(weights, x, tokens, output),
            BlockType::Q8_0 => tiles::<short::Tile<short::Q8_0>>(weights, x, tokens, output),
            BlockType::Q4_K => tiles::<long::Tile<long::Q4K>>(weights, x, tokens, output),
            BlockType::Q5_K => tiles::<long::Tile<long::Q5K>>(weights, x, tokens, output),
            _ => tiles::<long::Tile<long::Q6K>>(weights, x, tokens, output),
        }
    }
}

/// Bytes between what a tile reads and what is fetched meanwhile: whole tiles, and at least 4 KiB.
///
/// Rows in blocks are short, and the processor's own fetching ahead begins anew with each.
fn ahead(tile_bytes: usize) -> usize {
    tile_bytes * usize::div_ceil(4 << 10, tile_bytes.max(1))
}

/// Rows of weights that stay in the nearest caches while the tokens pass.
const STRIP: usize = 16;

/// Products of a few rows of weights with a few rows of activations, which stay in registers.
trait Tile {
    /// The rows of activations.
    type X;

    /// Whether one token meets several rows of weights at a time: it pays where a block costs more than its bytes.
    const SEVERAL: bool = true;

    /// Bytes of a row of weights.
    fn row_bytes(x: &Self::X) -> usize;

    /// Products of `R` rows of weights, the first at `weights`, with `M` rows of activations from `token` on.
    ///
    /// # Safety
    /// The CPU [has](is_here) what is needed, and there are as many rows.
    unsafe fn products<const R: usize, const M: usize>(
        weights: *const u8,
        x: &Self::X,
        token: usize,
    ) -> [[f32; M]; R];
}

/// All products, in tiles.
///
/// # Safety
/// As [`rows`].
unsafe fn tiles<T: Tile>(weights: &[u8], x: &T::X, tokens: Range<usize>, output: &Output) {
    let strip_bytes = STRIP * T::row_bytes(x);
    for (strip, weights) in weights.chunks(strip_bytes).enumerate() {
        let output = output.at_column(strip * STRIP);
        for token in tokens.clone().step_by(4) {
            // SAFETY: the caller's promise.
            unsafe {
                match tokens.end - token {
                    1 if T::SEVERAL => columns::<T, 4, 1>(weights, x, token, &output),
                    1 => columns::<T, 1, 1>(weights, x, token, &output),
                    2 => columns::<T, 2, 2>(weights, x, token, &output),
                    3 => columns::<T, 1, 3>(weights, x, token, &output),
                    _ => columns::<T, 1, 4>(weights, x, token, &output),
                }
            }
        }
    }
}

/// The products of all rows of weights with `M` rows of activations.
///
/// # Safety
/// As [`rows`].
unsafe fn columns<T: Tile, const R: usize, const M: usize>(
    weights: &[u8],
    x: &T::X,
    token: usize,
    output: &Output,
) {
    let bytes = T::row_bytes(x);
    let count = weights.len() / bytes;
    let put = |column: usize, products: &[[f32; M]]| {
        for (r, products) in products.iter().enumerate() {
            for (m, product) in products.iter().enumerate() {
                // SAFETY: the caller's promise.
                unsafe { output.put(token + m, column + r, *product) };
            }
        }
    };
    let whole = count / R * R;
    // SAFETY: the caller's promise, and each tile lies inside the rows.
    unsafe {
        for column in (0..whole).step_by(R) {
            put(column, &T::products::<R, M>(weights.as_ptr().add(column * bytes), x, token));
        }
        for column in whole..count {
            put(column, &T::products::<1, M>(weights.as_ptr().add(column * bytes), x, token));
        }
    }
}

/// The f16 number at `place`, eight times.
///
/// All lanes are asked for: of one lane alone the compiler makes an insertion into some register, and the product then
/// waits for whatever wrote that register last.
///
/// # Safety
/// The CPU [has](is_here) what is needed, and two bytes can be read at `place`.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
unsafe fn half_at(place: *const u8) -> __m256 {
    // SAFETY: the caller's promise.
    _mm256_cvtph_ps(_mm_set1_epi16(unsafe { place.cast::<i16>().read_unaligned() }))
}

/// The sum of eight lanes in the order of [`fold`](super::fold).
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn fold(lanes: __m256) -> f32 {
    let four = _mm_add_ps(_mm256_castps256_ps128(lanes), _mm256_extractf128_ps::<1>(lanes));
    let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
}

/// The sums of products of neighbouring pairs: weights from 0 to 255 whose pairs do not overflow, activations with
/// signs.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn pairs<const SIGNED: bool, const OFFSET: i8>(weights: __m256i, x: __m256i) -> __m256i {
    if SIGNED {
        return _mm256_maddubs_epi16(_mm256_sign_epi8(weights, weights), _mm256_sign_epi8(x, weights));
    }
    let products = _mm256_maddubs_epi16(weights, x);
    if OFFSET == 0 {
        return products;
    }
    _mm256_sub_epi16(products, _mm256_maddubs_epi16(_mm256_set1_epi8(OFFSET), x))
}
