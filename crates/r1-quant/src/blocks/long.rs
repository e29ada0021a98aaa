//! Blocks of 256 weights: groups of 16 or 32 have a small integer as their scale, the block an f16 for all of them.

use super::{Long, scale_at};

pub(super) fn q2_k(block: &[u8]) -> Long {
    let (scales, twos) = (&block[..16], &block[16..80]);
    Long {
        integers: std::array::from_fn(|place| twos_at(twos, place) as i8),
        scales: std::array::from_fn(|group| i16::from(scales[group] & 15)),
        scale: scale_at(block, 80),
        minima: std::array::from_fn(|group| scales[group] >> 4),
        minimum: scale_at(block, 82),
    }
}

pub(super) fn q3_k(block: &[u8]) -> Long {
    let (thirds, twos, scales) = (&block[..32], &block[32..96], &block[96..108]);
    let six_bits = |group: usize| {
        let low = scales[group % 8] >> (group / 8 * 4) & 15;
        let high = scales[8 + group % 4] >> (group / 4 * 2) & 3;
        i16::from(low | high << 4) - 32
    };
    // A set third bit takes nothing away, a missing one takes 4.
    let missing = |place: usize| !(thirds[place % 32] >> (place / 32)) & 1;
    Long {
        integers: std::array::from_fn(|place| twos_at(twos, place) as i8 - 4 * missing(place) as i8),
        scales: std::array::from_fn(six_bits),
        scale: scale_at(block, 108),
        minima: [0; 16],
        minimum: 0.0,
    }
}

/// Integer of two bits: 32 bytes hold 128 weights, their lowest bits the first 32.
fn twos_at(twos: &[u8], place: usize) -> u8 {
    twos[place / 128 * 32 + place % 32] >> (place % 128 / 32 * 2) & 3
}

pub(super) fn q4_k(block: &[u8]) -> Long {
    let pairs = scales_and_minima(&block[4..16]);
    Long {
        integers: std::array::from_fn(|place| nibble_at(&block[16..144], place) as i8),
        scales: std::array::from_fn(|group| i16::from(pairs[group / 2].0)),
        scale: scale_at(block, 0),
        minima: std::array::from_fn(|group| pairs[group / 2].1),
        minimum: scale_at(block, 2),
    }
}

pub(super) fn q5_k(block: &[u8]) -> Long {
    let pairs = scales_and_minima(&block[4..16]);
    let (fifths, nibbles) = block[16..176].split_at(32);
    let fifth = |place: usize| fifths[place % 32] >> (place / 32) & 1;
    Long {
        integers: std::array::from_fn(|place| (nibble_at(nibbles, place) | fifth(place) << 4) as i8),
        scales: std::array::from_fn(|group| i16::from(pairs[group / 2].0)),
        scale: scale_at(block, 0),
        minima: std::array::from_fn(|group| pairs[group / 2].1),
        minimum: scale_at(block, 2),
    }
}

/// Integer of four bits: 32 bytes hold 64 weights, their low nibbles the first 32.
fn nibble_at(nibbles: &[u8], place: usize) -> u8 {
    nibbles[place / 64 * 32 + place % 32] >> (place / 32 % 2 * 4) & 15
}

/// Scales and minima of six bits of the eight groups of `Q4_K` and `Q5_K`.
///
/// Groups 0 to 3 have a byte each for the scale (bytes 0 to 3) and the minimum (4 to 7), of which six bits are theirs.
/// The two others are the upper bits of groups 4 to 7, whose lower four stand in bytes 8 to 11.
fn scales_and_minima(bytes: &[u8]) -> [(u8, u8); 8] {
    std::array::from_fn(|group| match group {
        0..4 => (bytes[group] & 63, bytes[group + 4] & 63),
        _ => (
            bytes[group + 4] & 15 | bytes[group - 4] >> 6 << 4,
            bytes[group + 4] >> 4 | bytes[group] >> 6 << 4,
        ),
    })
}

pub(super) fn q6_k(block: &[u8]) -> Long {
    let (nibbles, uppers, scales) = (&block[..128], &block[128..192], &block[192..208]);
    let integer = |place: usize| {
        let (half, inside) = (place / 128, place % 128);
        let nibble = nibbles[half * 64 + inside % 64] >> (inside / 64 * 4) & 15;
        let upper = uppers[half * 32 + inside % 32] >> (inside / 32 * 2) & 3;
        (nibble | upper << 4) as i8 - 32
    };
    Long {
        integers: std::array::from_fn(integer),
        scales: std::array::from_fn(|group| i16::from(scales[group] as i8)),
        scale: scale_at(block, 208),
        minima: [0; 16],
        minimum: 0.0,
    }
}
