//! Blocks of 256 weights: groups of 16 or 32 have a small integer as their scale, the block an f16 for all of them.

use super::scale_at;

pub(super) fn q2_k(block: &[u8; 84], out: &mut [f32; 256]) {
    let (scales, twos) = (&block[..16], &block[16..80]);
    let (d, m) = (scale_at(block, 80), scale_at(block, 82));
    for (group, values) in out.chunks_exact_mut(16).enumerate() {
        let scale = d * f32::from(scales[group] & 15);
        let minimum = m * f32::from(scales[group] >> 4);
        for (i, value) in values.iter_mut().enumerate() {
            *value = scale * f32::from(twos_at(twos, group * 16 + i)) - minimum;
        }
    }
}

pub(super) fn q3_k(block: &[u8; 110], out: &mut [f32; 256]) {
    let (thirds, twos, scales) = (&block[..32], &block[32..96], &block[96..108]);
    let d = scale_at(block, 108);
    for (group, values) in out.chunks_exact_mut(16).enumerate() {
        let low = scales[group % 8] >> (group / 8 * 4) & 15;
        let high = scales[8 + group % 4] >> (group / 4 * 2) & 3;
        let scale = d * (i32::from(low | high << 4) - 32) as f32;
        for (i, value) in values.iter_mut().enumerate() {
            let place = group * 16 + i;
            // A set third bit takes nothing away, a missing one takes 4.
            let missing = !(thirds[place % 32] >> (place / 32)) & 1;
            *value = scale * (i32::from(twos_at(twos, place)) - 4 * i32::from(missing)) as f32;
        }
    }
}

/// Integer of two bits: 32 bytes hold 128 weights, their lowest bits the first 32.
fn twos_at(twos: &[u8], place: usize) -> u8 {
    twos[place / 128 * 32 + place % 32] >> (place % 128 / 32 * 2) & 3
}

pub(super) fn q4_k(block: &[u8; 144], out: &mut [f32; 256]) {
    let (d, m) = (scale_at(block, 0), scale_at(block, 2));
    let scales = scales_and_minima(&block[4..16]);
    for (pair, (bytes, values)) in block[16..].chunks_exact(32).zip(out.chunks_exact_mut(64)).enumerate() {
        let [(low, low_min), (high, high_min)] = [scales[2 * pair], scales[2 * pair + 1]];
        let (low, low_min) = (d * f32::from(low), m * f32::from(low_min));
        let (high, high_min) = (d * f32::from(high), m * f32::from(high_min));
        for (i, byte) in bytes.iter().enumerate() {
            values[i] = low * f32::from(byte & 15) - low_min;
            values[i + 32] = high * f32::from(byte >> 4) - high_min;
        }
    }
}

pub(super) fn q5_k(block: &[u8; 176], out: &mut [f32; 256]) {
    let (d, m) = (scale_at(block, 0), scale_at(block, 2));
    let scales = scales_and_minima(&block[4..16]);
    let (fifths, nibbles) = block[16..].split_at(32);
    for (group, values) in out.chunks_exact_mut(32).enumerate() {
        let (scale, minimum) = (d * f32::from(scales[group].0), m * f32::from(scales[group].1));
        for (i, value) in values.iter_mut().enumerate() {
            let nibble = nibbles[group / 2 * 32 + i] >> (group % 2 * 4) & 15;
            let fifth = fifths[i] >> group & 1;
            *value = scale * f32::from(nibble | fifth << 4) - minimum;
        }
    }
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

pub(super) fn q6_k(block: &[u8; 210], out: &mut [f32; 256]) {
    let (nibbles, uppers, scales) = (&block[..128], &block[128..192], &block[192..208]);
    let d = scale_at(block, 208);
    for (group, values) in out.chunks_exact_mut(16).enumerate() {
        let scale = d * f32::from(scales[group] as i8);
        for (i, value) in values.iter_mut().enumerate() {
            let place = group * 16 + i;
            let (half, inside) = (place / 128, place % 128);
            let nibble = nibbles[half * 64 + inside % 64] >> (inside / 64 * 4) & 15;
            let upper = uppers[half * 32 + inside % 32] >> (inside / 32 * 2) & 3;
            *value = scale * (i32::from(nibble | upper << 4) - 32) as f32;
        }
    }
}
