//! Weights that are numbers themselves.

use std::{arch::x86_64::*, ops::Range};

use super::AHEAD;
use crate::{BlockType, product::floats::fold16};

/// One row of weights with some rows of `x`, see [`Row`](crate::product::floats::Row).
///
/// # Safety
/// The CPU [has](super::is_here) what is needed, and `weights` is as wide as the rows of `x`.
pub(in crate::product) unsafe fn float_row(
    block_type: BlockType,
    weights: &[u8],
    x: &[f32],
    width: usize,
    tokens: Range<usize>,
    put: &mut dyn FnMut(usize, f32),
) {
    // SAFETY: the caller's promise.
    unsafe {
        match block_type {
            BlockType::F32 => row::<F32>(weights, x, width, tokens, put),
            BlockType::F16 => row::<F16>(weights, x, width, tokens, put),
            _ => row::<Bf16>(weights, x, width, tokens, put),
        }
    }
}

/// A format of numbers.
trait Float {
    const BYTES: usize;

    /// Eight weights.
    ///
    /// # Safety
    /// The CPU has AVX2 and F16C, and `place` is valid for reads of eight weights.
    unsafe fn load(place: *const u8) -> __m256;

    /// One weight.
    ///
    /// # Safety
    /// Likewise, of one weight.
    unsafe fn one(place: *const u8) -> f32;
}

struct F32;
struct F16;
struct Bf16;

impl Float for F32 {
    const BYTES: usize = 4;

    #[inline(always)]
    unsafe fn load(place: *const u8) -> __m256 {
        // SAFETY: the caller's promise.
        unsafe { _mm256_loadu_ps(place.cast()) }
    }

    #[inline(always)]
    unsafe fn one(place: *const u8) -> f32 {
        // SAFETY: the caller's promise.
        unsafe { place.cast::<f32>().read_unaligned() }
    }
}

impl Float for F16 {
    const BYTES: usize = 2;

    #[inline(always)]
    unsafe fn load(place: *const u8) -> __m256 {
        // SAFETY: the caller's promise.
        unsafe { _mm256_cvtph_ps(_mm_loadu_si128(place.cast())) }
    }

    #[inline(always)]
    unsafe fn one(place: *const u8) -> f32 {
        // SAFETY: the caller's promise.
        unsafe { super::half_at(place) }
    }
}

impl Float for Bf16 {
    const BYTES: usize = 2;

    #[inline(always)]
    unsafe fn load(place: *const u8) -> __m256 {
        // SAFETY: the caller's promise.
        unsafe {
            let wide = _mm256_cvtepu16_epi32(_mm_loadu_si128(place.cast()));
            _mm256_castsi256_ps(_mm256_slli_epi32::<16>(wide))
        }
    }

    #[inline(always)]
    unsafe fn one(place: *const u8) -> f32 {
        // SAFETY: the caller's promise.
        let bits = unsafe { place.cast::<u16>().read_unaligned() };
        f32::from_bits(u32::from(bits) << 16)
    }
}

/// One row of weights with some rows of activations.
///
/// # Safety
/// The CPU has what [`is_here`](super::is_here) asks for, and `weights` is as wide as the rows of `x`.
unsafe fn row<F: Float>(
    weights: &[u8],
    x: &[f32],
    width: usize,
    tokens: Range<usize>,
    put: &mut dyn FnMut(usize, f32),
) {
    let mut token = tokens.start;
    while token < tokens.end {
        let rows = &x[token * width..tokens.end * width];
        let mut one = |token: usize, values: &[f32]| {
            values.iter().enumerate().for_each(|(i, value)| put(token + i, *value));
        };
        // SAFETY: the caller's promise.
        unsafe {
            match tokens.end - token {
                1 => one(token, &tile::<F, 1>(weights, rows, width)),
                2 => one(token, &tile::<F, 2>(weights, rows, width)),
                3 => one(token, &tile::<F, 3>(weights, rows, width)),
                _ => one(token, &tile::<F, 4>(weights, rows, width)),
            }
        }
        token += 4;
    }
}

/// The row with the first `M` rows of `x`.
#[allow(clippy::needless_range_loop)]
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
unsafe fn tile<F: Float, const M: usize>(weights: &[u8], x: &[f32], width: usize) -> [f32; M] {
    let mut sums = [[_mm256_setzero_ps(); 2]; M];
    let (weights, x) = (weights.as_ptr(), x.as_ptr());
    let whole = width / 16 * 16;
    let mut i = 0;
    // SAFETY: every element lies in a row, by the caller's promise.
    unsafe {
        while i < whole {
            _mm_prefetch::<_MM_HINT_T0>(weights.wrapping_add(AHEAD + i * F::BYTES).cast());
            for half in 0..2 {
                let weight = F::load(weights.add((i + 8 * half) * F::BYTES));
                for m in 0..M {
                    let own = _mm256_loadu_ps(x.add(m * width + i + 8 * half));
                    sums[m][half] = _mm256_fmadd_ps(own, weight, sums[m][half]);
                }
            }
            i += 16;
        }
        std::array::from_fn(|m| {
            let mut lanes = [0.0f32; 16];
            _mm256_storeu_ps(lanes.as_mut_ptr(), sums[m][0]);
            _mm256_storeu_ps(lanes.as_mut_ptr().add(8), sums[m][1]);
            for i in whole..width {
                let weight = F::one(weights.add(i * F::BYTES));
                lanes[i - whole] = (*x.add(m * width + i)).mul_add(weight, lanes[i - whole]);
            }
            fold16(lanes)
        })
    }
}
