//! The bodies for AVX2, in the order of additions of [`portable`](super::portable).

mod floats;
mod long;
mod short;

use std::{arch::x86_64::*, ops::Range};

pub(super) use floats::float_row;

use super::activations::Activations;
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

/// Bytes ahead of the present block that are fetched.
const AHEAD: usize = 1 << 10;

/// One row of weights with some rows of activations, see [`Body`](super::Body).
///
/// # Safety
/// The CPU [has](is_here) what is needed, and the format is [served](serves).
pub(super) unsafe fn row(
    block_type: BlockType,
    weights: &[u8],
    x: &Activations,
    tokens: Range<usize>,
    put: &mut dyn FnMut(usize, f32),
) {
    // SAFETY: the caller's promise; a row of weights is as wide as a row of activations.
    unsafe {
        match block_type {
            BlockType::Q4_0 => short::row::<short::Q4_0>(weights, x, tokens, put),
            BlockType::Q4_1 => short::row::<short::Q4_1>(weights, x, tokens, put),
            BlockType::Q5_0 => short::row::<short::Q5_0>(weights, x, tokens, put),
            BlockType::Q5_1 => short::row::<short::Q5_1>(weights, x, tokens, put),
            BlockType::Q8_0 => short::row::<short::Q8_0>(weights, x, tokens, put),
            BlockType::Q4_K => long::row::<long::Q4K>(weights, x, tokens, put),
            BlockType::Q5_K => long::row::<long::Q5K>(weights, x, tokens, put),
            _ => long::row::<long::Q6K>(weights, x, tokens, put),
        }
    }
}

/// The f16 number at `place`.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
unsafe fn half_at(place: *const u8) -> f32 {
    // SAFETY: the caller's promise.
    let bits = unsafe { place.cast::<u16>().read_unaligned() };
    _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(i32::from(bits))))
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
