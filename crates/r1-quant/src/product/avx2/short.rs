//! Blocks of 32 weights.

use std::{arch::x86_64::*, marker::PhantomData};

use super::{fold, half_at, pairs};
use crate::product::activations::{Activations, BLOCK, Places};

/// A format whose blocks hold 32 weights.
pub(super) trait Short {
    const BYTES: usize;
    /// Whether [`integers`](Self::integers) have signs; else they stand [`OFFSET`](Self::OFFSET) too high.
    const SIGNED: bool = false;
    const OFFSET: i8 = 0;
    /// Where the minimum of the block stands, if it has one.
    const MINIMUM: Option<usize> = None;

    /// # Safety
    /// The CPU has AVX2, and `block` is valid for reads of a block.
    unsafe fn integers(block: *const u8) -> __m256i;
}

pub(super) struct Q8_0;
pub(super) struct Q4_0;
pub(super) struct Q4_1;
pub(super) struct Q5_0;
pub(super) struct Q5_1;

impl Short for Q8_0 {
    const BYTES: usize = 34;
    const SIGNED: bool = true;

    #[inline(always)]
    unsafe fn integers(block: *const u8) -> __m256i {
        // SAFETY: the caller's promise.
        unsafe { _mm256_loadu_si256(block.add(2).cast()) }
    }
}

impl Short for Q4_0 {
    const BYTES: usize = 18;
    const OFFSET: i8 = 8;

    #[inline(always)]
    unsafe fn integers(block: *const u8) -> __m256i {
        // SAFETY: the caller's promise.
        unsafe { nibbles(block.add(2)) }
    }
}

impl Short for Q4_1 {
    const BYTES: usize = 20;
    const MINIMUM: Option<usize> = Some(2);

    #[inline(always)]
    unsafe fn integers(block: *const u8) -> __m256i {
        // SAFETY: the caller's promise.
        unsafe { nibbles(block.add(4)) }
    }
}

impl Short for Q5_0 {
    const BYTES: usize = 22;
    const OFFSET: i8 = 16;

    #[inline(always)]
    unsafe fn integers(block: *const u8) -> __m256i {
        // SAFETY: the caller's promise.
        unsafe { fives(block.add(2)) }
    }
}

impl Short for Q5_1 {
    const BYTES: usize = 24;
    const MINIMUM: Option<usize> = Some(2);

    #[inline(always)]
    unsafe fn integers(block: *const u8) -> __m256i {
        // SAFETY: the caller's promise.
        unsafe { fives(block.add(4)) }
    }
}

/// The low nibbles of 16 bytes, then the high ones.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn nibbles(bytes: *const u8) -> __m256i {
    // SAFETY: the caller's promise.
    let low = unsafe { _mm_loadu_si128(bytes.cast()) };
    let both = _mm256_set_m128i(_mm_srli_epi16::<4>(low), low);
    _mm256_and_si256(both, _mm256_set1_epi8(15))
}

/// Integers of five bits: 32 fifth bits, then the nibbles.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn fives(bytes: *const u8) -> __m256i {
    // SAFETY: the caller's promise.
    let (bits, nibbles) = unsafe { (bytes.cast::<u32>().read_unaligned(), nibbles(bytes.add(4))) };
    // Byte i gets the byte in which its bit stands; of it the bit is kept, and where it is set, 16.
    let (first, second) = (0x0101_0101_0101_0101u64 as i64, 0x0202_0202_0202_0202u64 as i64);
    let place = _mm256_setr_epi64x(0, first, second, first + second);
    let spread = _mm256_shuffle_epi8(_mm256_set1_epi32(bits as i32), place);
    let own = _mm256_set1_epi64x(0x8040_2010_0804_0201u64 as i64);
    let set = _mm256_cmpeq_epi8(_mm256_and_si256(spread, own), own);
    _mm256_or_si256(nibbles, _mm256_and_si256(set, _mm256_set1_epi8(16)))
}

/// Tiles of a format.
pub(super) struct Tile<F>(PhantomData<F>);

impl<F: Short> super::Tile for Tile<F> {
    type X = Activations;

    fn row_bytes(x: &Activations) -> usize {
        x.width / BLOCK * F::BYTES
    }

    #[inline]
    #[target_feature(enable = "avx2,fma,f16c")]
    unsafe fn products<const R: usize, const M: usize>(
        weights: *const u8,
        x: &Activations,
        token: usize,
    ) -> [[f32; M]; R] {
        let (blocks, stride) = (x.width / BLOCK, Self::row_bytes(x));
        let ahead = super::ahead(R * stride);
        let Places { integers, scales, sums } = x.places(token);
        let (mut lanes, mut minima) = ([[_mm256_setzero_ps(); M]; R], [[_mm256_setzero_ps(); M]; R]);
        let ones = _mm256_set1_epi16(1);
        for b in 0..blocks {
            for r in 0..R {
                // SAFETY: there are as many blocks of weights as of activations, by the caller's promise.
                unsafe {
                    let block = weights.add(r * stride + b * F::BYTES);
                    _mm_prefetch::<_MM_HINT_T1>(block.wrapping_add(ahead).cast());
                    let (weight, scale) = (F::integers(block), half_at(block));
                    for m in 0..M {
                        let own = _mm256_loadu_si256(integers.add(m * x.width + b * BLOCK).cast());
                        let products = _mm256_madd_epi16(signed_pairs::<F>(weight, own), ones);
                        let scale = _mm256_mul_ps(scale, _mm256_broadcast_ss(&*scales.add(m * blocks + b)));
                        lanes[r][m] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(products), scale, lanes[r][m]);
                    }
                    if let Some(place) = F::MINIMUM {
                        let minimum = half_at(block.add(place));
                        for m in 0..M {
                            let sum = _mm256_broadcast_ss(&*sums.add(m * blocks + b));
                            minima[r][m] = _mm256_fmadd_ps(minimum, sum, minima[r][m]);
                        }
                    }
                }
            }
        }
        let mut products = [[0.0; M]; R];
        for r in 0..R {
            for m in 0..M {
                products[r][m] = fold(lanes[r][m]);
                if F::MINIMUM.is_some() {
                    products[r][m] += _mm256_cvtss_f32(minima[r][m]);
                }
            }
        }
        products
    }
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn signed_pairs<F: Short>(integers: __m256i, x: __m256i) -> __m256i {
    match (F::SIGNED, F::OFFSET) {
        (true, _) => pairs::<true, 0>(integers, x),
        (false, 8) => pairs::<false, 8>(integers, x),
        (false, 16) => pairs::<false, 16>(integers, x),
        _ => pairs::<false, 0>(integers, x),
    }
}
