//! Packed models beside transformers' logits.

mod support;

use burn::tensor::Device;
use r1_model::{
    CausalLm, PackedBatch, Transformer,
    checkpoint::{Packing, load_packed_model},
};
use safetensors::SafeTensors;

/// The ids of `golden.safetensors`, and the logits.
fn golden(name: &str) -> (Vec<u32>, Vec<f32>) {
    let bytes = std::fs::read(support::folder(name).join("golden.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let ids = tensors.tensor("input_ids").unwrap().data().to_vec();
    let ids = ids.chunks_exact(8).map(|b| i64::from_le_bytes(b.try_into().unwrap()) as u32).collect();
    let logits = tensors.tensor("logits").unwrap().data().to_vec();
    let logits = logits.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    (ids, logits)
}

/// Root of the mean square of the difference, as a part of that of the values.
fn error(found: &[f32], expected: &[f32]) -> f64 {
    let square = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>();
    let difference = square(&mut found.iter().zip(expected).map(|(a, b)| f64::from(*a) - f64::from(*b)));
    (difference / square(&mut expected.iter().map(|value| f64::from(*value)))).sqrt()
}

#[test]
fn logits_are_as_near_as_the_packing_is_fine() {
    // Models without a router: there a rounding can change which expert is chosen.
    let names = [
        "llama-tied",
        "llama3-scaled",
        "llama-yarn-biases",
        "qwen2",
        "qwen2-tied-sharded-bf16",
        "qwen3",
        "mistral",
        "smollm3",
        "phi3",
        "olmo2",
        "granite",
        "glm4",
        "gemma3",
    ];
    for name in names {
        let (ids, expected) = golden(name);
        let rows: Vec<&[u32]> = ids.chunks(24).collect();
        for (packing, bound) in [(Packing::F16, 1e-3), (Packing::Bf16, 8e-3), (Packing::Q8_0, 3e-2)] {
            let (model, _) =
                load_packed_model::<Transformer>(&support::folder(name), packing, &Device::flex()).unwrap();
            let logits = model.head().logits(model.hidden(&PackedBatch::from_sequences(&rows)));
            let logits = logits.into_data().try_to_vec::<f32>().unwrap();
            let error = error(&logits, &expected);
            println!("{name} {packing:?} {error:.5}");
            assert!(error < bound, "{name} {packing:?}: {error}");
        }
    }
}
