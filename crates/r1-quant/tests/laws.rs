//! Laws of encoding and decoding.

use proptest::prelude::*;
use r1_quant::{BlockType, QuantError, decode, encode};

const WRITTEN: [BlockType; 11] = [
    BlockType::F32,
    BlockType::F16,
    BlockType::BF16,
    BlockType::Q4_0,
    BlockType::Q4_1,
    BlockType::Q5_0,
    BlockType::Q5_1,
    BlockType::Q8_0,
    BlockType::Q4_K,
    BlockType::Q5_K,
    BlockType::Q6_K,
];

fn back(block_type: BlockType, blocks: &[u8], len: usize) -> Vec<f32> {
    let mut values = vec![0.0; len];
    decode(block_type, blocks, &mut values).unwrap();
    values
}

proptest! {
    /// The largest error of a block is a share of its range: the step of its integers, and the rounding of the scales
    /// (weights below a thousandth have scales among the subnormal f16, which are coarse).
    #[test]
    fn encoded_weights_come_back_within_the_step_of_their_format(
        weights in prop::collection::vec(-1.0f32..1.0, 512), size in -1i32..3,
    ) {
        let weights: Vec<f32> = weights.iter().map(|w| w * 10f32.powi(size)).collect();
        let largest = weights.iter().fold(0.0, |largest: f32, w| largest.max(w.abs()));
        for block_type in WRITTEN {
            let blocks = encode(block_type, &weights).unwrap();
            prop_assert_eq!(blocks.len(), block_type.bytes_of(512).unwrap());
            let step = match block_type {
                BlockType::F32 => 0.0,
                BlockType::F16 | BlockType::BF16 | BlockType::Q8_0 => 0.01,
                BlockType::Q6_K => 0.06,
                BlockType::Q5_0 | BlockType::Q5_1 | BlockType::Q5_K => 0.12,
                _ => 0.22,
            };
            for (weight, value) in weights.iter().zip(back(block_type, &blocks, 512)) {
                prop_assert!((weight - value).abs() <= largest * step, "{} {} {}", block_type, weight, value);
            }
        }
    }

    #[test]
    fn any_bytes_are_decoded(bytes in prop::collection::vec(any::<u8>(), 210)) {
        for block_type in BlockType::ALL {
            let count = bytes.len() / block_type.block_bytes();
            back(block_type, &bytes[..count * block_type.block_bytes()], count * block_type.block_len());
        }
    }

    /// Finite weights either fit or are refused; what was written is finite.
    #[test]
    fn finite_weights_are_written_finite_or_refused(bits in prop::collection::vec(any::<u32>(), 256)) {
        let weights: Vec<f32> = bits.iter().map(|b| f32::from_bits(*b)).map(|w| if w.is_finite() { w } else { 0.0 }).collect();
        for block_type in WRITTEN {
            match encode(block_type, &weights) {
                Ok(blocks) => prop_assert!(back(block_type, &blocks, 256).iter().all(|w| w.is_finite()), "{}", block_type),
                Err(QuantError::OutOfRange { .. }) => {}
                Err(error) => prop_assert!(false, "{}", error),
            }
        }
    }
}

#[test]
fn zeros_stay_zeros() {
    for block_type in WRITTEN {
        let blocks = encode(block_type, &[0.0; 256]).unwrap();
        assert!(back(block_type, &blocks, 256).iter().all(|w| *w == 0.0), "{block_type}");
    }
}

#[test]
fn wrong_sizes_and_numbers_are_named() {
    let mut weights = vec![0.5; 256];
    weights[77] = f32::NAN;
    assert!(matches!(encode(BlockType::Q8_0, &weights), Err(QuantError::NotFinite { index: 77, .. })));
    weights[77] = 3e38;
    assert!(matches!(encode(BlockType::Q8_0, &weights), Err(QuantError::OutOfRange { index: 64, .. })));
    assert!(matches!(encode(BlockType::Q4_K, &weights[..96]), Err(QuantError::Length { len: 96, .. })));
    assert!(matches!(encode(BlockType::Q2_K, &[0.0; 256]), Err(QuantError::ReadOnly { .. })));
    let bytes = decode(BlockType::Q8_0, &[0; 33], &mut [0.0; 32]);
    assert_eq!(bytes.unwrap_err().to_string(), "33 bytes of Q8_0 blocks for 32 weights, which take 34");
}
