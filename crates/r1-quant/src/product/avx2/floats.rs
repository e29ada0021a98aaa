//! Weights that are numbers themselves.

use std::{arch::x86_64::*, marker::PhantomData, ops::Range};

use super::tiles;
use crate::{
    BlockType,
    product::{Output, Rows, floats::fold16},
};

/// Some rows of weights with some rows of activations, see [`Body`](crate::product::Body).
///
/// # Safety
/// The CPU [has](super::is_here) what is needed, and the output has a place for each product.
pub(in crate::product) unsafe fn float_rows(
    block_type: BlockType,
    weights: &[u8],
    x: &Rows,
    tokens: Range<usize>,
    output: &Output,
) {
    // SAFETY: the caller's promise.
    unsafe {
        match block_type {
            BlockType::F32 => tiles::<Tile<F32>>(weights, x, tokens, output),
            BlockType::F16 => tiles::<Tile<F16>>(weights, x, tokens, output),
            _ => tiles::<Tile<Bf16>>(weights, x, tokens, output),
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
        half::f16::from_bits(unsafe { place.cast::<u16>().read_unaligned() }).to_f32()
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

/// Tiles of a format.
struct Tile<'a, F>(PhantomData<&'a F>);

impl<'a, F: Float> super::Tile for Tile<'a, F> {
    type X = Rows<'a>;
    const SEVERAL: bool = false;

    fn row_bytes(x: &Rows<'a>) -> usize {
        x.width * F::BYTES
    }

    #[inline]
    #[target_feature(enable = "avx2,fma,f16c")]
    unsafe fn products<const R: usize, const M: usize>(
        weights: *const u8,
        x: &Rows<'a>,
        token: usize,
    ) -> [[f32; M]; R] {
        let (width, whole) = (x.width, x.width / 16 * 16);
        let x = x.values[token * width..].as_ptr();
        let mut sums = [[[_mm256_setzero_ps(); 2]; M]; R];
        let mut products = [[0.0; M]; R];
        // SAFETY: every element lies in a row, by the caller's promise.
        unsafe {
            for i in (0..whole).step_by(16) {
                for half in 0..2 {
                    for r in 0..R {
                        let place = weights.add((r * width + i + 8 * half) * F::BYTES);
                        let weight = F::load(place);
                        for m in 0..M {
                            let own = _mm256_loadu_ps(x.add(m * width + i + 8 * half));
                            sums[r][m][half] = _mm256_fmadd_ps(own, weight, sums[r][m][half]);
                        }
                    }
                }
            }
            for r in 0..R {
                for m in 0..M {
                    let mut lanes = [0.0f32; 16];
                    _mm256_storeu_ps(lanes.as_mut_ptr(), sums[r][m][0]);
                    _mm256_storeu_ps(lanes.as_mut_ptr().add(8), sums[r][m][1]);
                    for i in whole..width {
                        let weight = F::one(weights.add((r * width + i) * F::BYTES));
                        lanes[i - whole] = (*x.add(m * width + i)).mul_add(weight, lanes[i - whole]);
                    }
                    products[r][m] = fold16(lanes);
                }
            }
        }
        products
    }
}
