//! Blocks of 256 weights.

use std::{arch::x86_64::*, marker::PhantomData};

use super::{fold, half_at, pairs};
use crate::product::activations::{Activations, BLOCK, Places};

/// A format whose blocks hold 256 weights: eight parts of 32, whose halves have scales that are integers.
pub(super) trait Long {
    const BYTES: usize;
    /// Whether the integers stand 32 too high.
    const OFFSET: bool = false;
    /// Where the scale of the block stands.
    const SCALE: usize;
    /// Where the scale of the minima stands, if there are any.
    const MINIMUM: Option<usize> = None;

    /// # Safety
    /// The CPU has AVX2, and `block` is valid for reads of a block.
    unsafe fn integers(block: *const u8) -> [__m256i; 8];

    /// The scale of each part's halves, as eight integers of 16 bits each.
    ///
    /// # Safety
    /// As [`integers`](Self::integers).
    unsafe fn scales(block: *const u8) -> [__m256i; 8];

    /// The minimum of each part, if the format has them.
    ///
    /// # Safety
    /// As [`integers`](Self::integers).
    unsafe fn minima(_block: *const u8) -> __m256 {
        // SAFETY: the CPU has AVX2.
        unsafe { _mm256_setzero_ps() }
    }
}

pub(super) struct Q4K;
pub(super) struct Q5K;
pub(super) struct Q6K;

impl Long for Q4K {
    const BYTES: usize = 144;
    const SCALE: usize = 0;
    const MINIMUM: Option<usize> = Some(2);

    #[inline(always)]
    unsafe fn integers(block: *const u8) -> [__m256i; 8] {
        // SAFETY: the caller's promise.
        unsafe { nibbles(block.add(16)) }
    }

    #[inline(always)]
    unsafe fn scales(block: *const u8) -> [__m256i; 8] {
        // SAFETY: the caller's promise.
        unsafe { same_halves(six_bits(block.add(4)).0) }
    }

    #[inline(always)]
    unsafe fn minima(block: *const u8) -> __m256 {
        // SAFETY: the caller's promise.
        unsafe { bytes_to_numbers(six_bits(block.add(4)).1) }
    }
}

impl Long for Q5K {
    const BYTES: usize = 176;
    const SCALE: usize = 0;
    const MINIMUM: Option<usize> = Some(2);

    #[inline(always)]
    unsafe fn integers(block: *const u8) -> [__m256i; 8] {
        // SAFETY: the caller's promise.
        unsafe { fives(block.add(16)) }
    }

    #[inline(always)]
    unsafe fn scales(block: *const u8) -> [__m256i; 8] {
        // SAFETY: the caller's promise.
        unsafe { same_halves(six_bits(block.add(4)).0) }
    }

    #[inline(always)]
    unsafe fn minima(block: *const u8) -> __m256 {
        // SAFETY: the caller's promise.
        unsafe { bytes_to_numbers(six_bits(block.add(4)).1) }
    }
}

impl Long for Q6K {
    const BYTES: usize = 210;
    const OFFSET: bool = true;
    const SCALE: usize = 208;

    #[inline(always)]
    unsafe fn integers(block: *const u8) -> [__m256i; 8] {
        // SAFETY: the caller's promise.
        unsafe { sixes(block) }
    }

    #[inline(always)]
    unsafe fn scales(block: *const u8) -> [__m256i; 8] {
        // SAFETY: the caller's promise.
        unsafe { two_halves(block.add(192)) }
    }
}

/// The low nibbles of 32 bytes, then the high ones, four times.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn nibbles(bytes: *const u8) -> [__m256i; 8] {
    let mask = _mm256_set1_epi8(15);
    let mut parts = [_mm256_setzero_si256(); 8];
    for pair in 0..4 {
        // SAFETY: the caller's promise.
        let both = unsafe { _mm256_loadu_si256(bytes.add(32 * pair).cast()) };
        parts[2 * pair] = _mm256_and_si256(both, mask);
        parts[2 * pair + 1] = _mm256_and_si256(_mm256_srli_epi16::<4>(both), mask);
    }
    parts
}

/// Nibbles behind 32 bytes, of which bit `i` is the fifth of part `i`.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn fives(bytes: *const u8) -> [__m256i; 8] {
    // SAFETY: the caller's promise.
    let (fifths, mut parts) = unsafe { (_mm256_loadu_si256(bytes.cast()), nibbles(bytes.add(32))) };
    let sixteen = _mm256_set1_epi8(16);
    // The bit of part i stands at place i and goes to place 4; what crosses from the neighbouring byte is masked.
    let up = |part: usize| match part {
        0 => _mm256_slli_epi16::<4>(fifths),
        1 => _mm256_slli_epi16::<3>(fifths),
        2 => _mm256_slli_epi16::<2>(fifths),
        3 => _mm256_slli_epi16::<1>(fifths),
        4 => fifths,
        5 => _mm256_srli_epi16::<1>(fifths),
        6 => _mm256_srli_epi16::<2>(fifths),
        _ => _mm256_srli_epi16::<3>(fifths),
    };
    for (part, integers) in parts.iter_mut().enumerate() {
        *integers = _mm256_or_si256(*integers, _mm256_and_si256(up(part), sixteen));
    }
    parts
}

/// Integers of six bits: 128 bytes of nibbles, 64 of two upper bits each.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn sixes(block: *const u8) -> [__m256i; 8] {
    let (nibble, upper) = (_mm256_set1_epi8(15), _mm256_set1_epi8(48));
    let mut parts = [_mm256_setzero_si256(); 8];
    for half in 0..2 {
        // SAFETY: the caller's promise.
        let [first, second, uppers] = unsafe {
            [block.add(64 * half), block.add(64 * half + 32), block.add(128 + 32 * half)]
                .map(|place| _mm256_loadu_si256(place.cast()))
        };
        let join = |low: __m256i, high: __m256i| {
            _mm256_or_si256(_mm256_and_si256(low, nibble), _mm256_and_si256(high, upper))
        };
        parts[4 * half] = join(first, _mm256_slli_epi16::<4>(uppers));
        parts[4 * half + 1] = join(second, _mm256_slli_epi16::<2>(uppers));
        parts[4 * half + 2] = join(_mm256_srli_epi16::<4>(first), uppers);
        parts[4 * half + 3] = join(_mm256_srli_epi16::<4>(second), _mm256_srli_epi16::<2>(uppers));
    }
    parts
}

/// Scales and minima of six bits of eight parts, a byte each.
#[inline(always)]
unsafe fn six_bits(bytes: *const u8) -> (u64, u64) {
    // SAFETY: the caller's promise.
    let word = |i: usize| unsafe { bytes.add(4 * i).cast::<u32>().read_unaligned() };
    let [scales, minima, rest] = [word(0), word(1), word(2)];
    let upper = |bytes: u32| bytes >> 2 & 0x3030_3030;
    let late_scales = rest & 0x0f0f_0f0f | upper(scales);
    let late_minima = rest >> 4 & 0x0f0f_0f0f | upper(minima);
    let join = |early: u32, late: u32| u64::from(early & 0x3f3f_3f3f) | u64::from(late) << 32;
    (join(scales, late_scales), join(minima, late_minima))
}

/// Eight bytes as numbers.
#[inline]
#[target_feature(enable = "avx2")]
fn bytes_to_numbers(bytes: u64) -> __m256 {
    _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_cvtsi64_si128(bytes as i64)))
}

/// Each of eight bytes as sixteen integers of 16 bits.
#[inline]
#[target_feature(enable = "avx2")]
fn same_halves(bytes: u64) -> [__m256i; 8] {
    let words = _mm256_broadcastsi128_si256(_mm_cvtepu8_epi16(_mm_cvtsi64_si128(bytes as i64)));
    let mut parts = [_mm256_setzero_si256(); 8];
    for (part, scales) in parts.iter_mut().enumerate() {
        *scales = _mm256_shuffle_epi8(words, _mm256_set1_epi16(word_at(part)));
    }
    parts
}

/// Where a shuffle of bytes finds the two bytes of a word.
#[inline(always)]
fn word_at(index: usize) -> i16 {
    i16::from_le_bytes([2 * index as u8, 2 * index as u8 + 1])
}

/// Of sixteen bytes with signs each pair as twice eight integers of 16 bits.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn two_halves(bytes: *const u8) -> [__m256i; 8] {
    // SAFETY: the caller's promise.
    let words = unsafe { _mm256_cvtepi8_epi16(_mm_loadu_si128(bytes.cast())) };
    let halves =
        [_mm256_permute2x128_si256::<0x00>(words, words), _mm256_permute2x128_si256::<0x11>(words, words)];
    let mut parts = [_mm256_setzero_si256(); 8];
    for (part, scales) in parts.iter_mut().enumerate() {
        let [first, second] = [2 * part, 2 * part + 1].map(|group| _mm_set1_epi16(word_at(group % 8)));
        let places = _mm256_set_m128i(second, first);
        *scales = _mm256_shuffle_epi8(halves[part / 4], places);
    }
    parts
}

/// Tiles of a format.
pub(super) struct Tile<F>(PhantomData<F>);

impl<F: Long> super::Tile for Tile<F> {
    type X = Activations;

    fn row_bytes(x: &Activations) -> usize {
        x.width / 256 * F::BYTES
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
        for number in 0..x.width / 256 {
            for r in 0..R {
                // SAFETY: there are as many weights as activations, by the caller's promise.
                unsafe {
                    let block = weights.add(r * stride + number * F::BYTES);
                    for line in 0..F::BYTES.div_ceil(64) {
                        _mm_prefetch::<_MM_HINT_T1>(block.wrapping_add(ahead + 64 * line).cast());
                    }
                    let (weight, part_scales) = (F::integers(block), F::scales(block));
                    let scale = half_at(block.add(F::SCALE));
                    for m in 0..M {
                        let mut inside = _mm256_setzero_ps();
                        for part in 0..8 {
                            let b = number * 8 + part;
                            let own = _mm256_loadu_si256(integers.add(m * x.width + b * BLOCK).cast());
                            let products = match F::OFFSET {
                                true => pairs::<false, 32>(weight[part], own),
                                false => pairs::<false, 0>(weight[part], own),
                            };
                            let sums = _mm256_cvtepi32_ps(_mm256_madd_epi16(products, part_scales[part]));
                            let scale = _mm256_broadcast_ss(&*scales.add(m * blocks + b));
                            inside = _mm256_fmadd_ps(sums, scale, inside);
                        }
                        lanes[r][m] = _mm256_fmadd_ps(inside, scale, lanes[r][m]);
                    }
                    if let Some(place) = F::MINIMUM {
                        let own = _mm256_mul_ps(half_at(block.add(place)), F::minima(block));
                        for m in 0..M {
                            let sums = _mm256_loadu_ps(sums.add(m * blocks + number * 8));
                            minima[r][m] = _mm256_fmadd_ps(own, sums, minima[r][m]);
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
                    products[r][m] -= fold(minima[r][m]);
                }
            }
        }
        products
    }
}
