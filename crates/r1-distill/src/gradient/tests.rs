use std::path::{Path, PathBuf};

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, FloatDType};
use r1_model::{
    Architecture, Transformer,
    checkpoint::{Slot, load_model},
};
use safetensors::SafeTensors;

use super::*;

fn golden_model() -> (Transformer, Vec<Slot>) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../r1-model/tests/golden/llama-tied");
    let (model, config) = load_model(&dir, &Device::flex()).unwrap();
    (model, Transformer::slots(&config))
}

/// The batch of tests/golden/generate.py.
fn traces() -> Vec<EncodedTrace> {
    let trace = |id: &str, prompt: &[u32], completion: &[u32]| EncodedTrace::new(id, prompt, completion);
    vec![
        trace("a", &[5, 9, 13, 70], &[7, 3, 22, 64, 1]).unwrap(),
        trace("b", &[8], &[41, 1]).unwrap(),
        trace("c", &[90, 2, 33, 34, 35, 36, 6], &[6, 17, 17, 50, 88, 12, 4, 71, 1]).unwrap(),
    ]
}

fn pass(model: &Transformer, traces: &[EncodedTrace], max_tokens: usize) -> SftPass {
    sft_pass(model, traces, max_tokens, Recompute::Nothing)
}

fn values(pass: &SftPass, path: &str) -> Vec<f64> {
    let gradient = pass.gradients.get(path).unwrap_or_else(|| panic!("no gradient for {path}"));
    gradient.to_data().convert::<f64>().try_to_vec().unwrap()
}

/// The greatest difference, as a share of the greatest entry of `b`.
fn difference(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let largest = b.iter().fold(0.0f64, |most, value| most.max(value.abs()));
    a.iter().zip(b).fold(0.0f64, |most, (a, b)| most.max((a - b).abs())) / largest
}

#[test]
fn loss_and_gradients_are_those_of_transformers() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/sft.safetensors");
    let bytes = std::fs::read(path).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let golden = |name: &str| -> Vec<f64> {
        let data = tensors.tensor(name).unwrap().data().to_vec();
        data.chunks_exact(4).map(|b| f64::from(f32::from_le_bytes(b.try_into().unwrap()))).collect()
    };
    let (model, slots) = golden_model();
    let pass = pass(&model, &traces(), 4096);
    assert_eq!(pass.tokens, 16);
    assert!((pass.loss - golden("loss")[0]).abs() < 1e-5, "loss {}", pass.loss);
    for slot in slots {
        let expected: Vec<f64> =
            slot.parts.iter().flat_map(|part| golden(&format!("grad.{}", part.name))).collect();
        let worst = difference(&values(&pass, &slot.path), &expected);
        assert!(worst < 1e-5, "{} differs by {worst} of its largest entry", slot.path);
    }
}

fn compare(model: &Transformer, slots: &[Slot], loss: f64, gradient: f64) {
    let traces = traces();
    let whole = pass(model, &traces, 4096);
    let reversed: Vec<EncodedTrace> = traces.iter().rev().cloned().collect();
    // Each alone; two and one; one by one in another order; in one batch in another order.
    for other in [
        pass(model, &traces, 1),
        pass(model, &traces, 12),
        pass(model, &reversed, 1),
        pass(model, &reversed, 99),
    ] {
        assert!(((whole.loss - other.loss) / whole.loss).abs() < loss, "{} {}", whole.loss, other.loss);
        for slot in slots {
            let worst = difference(&values(&other, &slot.path), &values(&whole, &slot.path));
            assert!(worst < gradient, "{} differs by {worst}", slot.path);
        }
    }
}

#[test]
fn packing_order_and_micro_batches_change_nothing_in_f32() {
    let (model, slots) = golden_model();
    assert_eq!(pack(&traces(), 1).len(), 3);
    assert_eq!(pack(&traces(), 12).len(), 2);
    assert_eq!(pack(&traces(), 25).len(), 1);
    compare(&model, &slots, 1e-6, 1e-5);
}

#[test]
fn packing_order_and_micro_batches_change_nothing_in_f64() {
    struct ToDouble;
    impl ModuleMapper for ToDouble {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|tensor| tensor.cast(FloatDType::F64))
        }
    }
    let (model, slots) = golden_model();
    compare(&model.map(&mut ToDouble), &slots, 1e-12, 1e-10);
}

#[test]
fn the_evaluation_loss_is_the_loss_without_its_gradient() {
    let (model, _) = golden_model();
    let loss = pass(&model, &traces(), 4096).loss;
    for max_tokens in [1, 12, 4096] {
        assert!((mean_loss(&model, &traces(), max_tokens) - loss).abs() < 1e-6);
    }
}

#[test]
fn recomputation_changes_no_bit() {
    let (model, slots) = golden_model();
    let kept = pass(&model, &traces(), 4096);
    let again = sft_pass(&model, &traces(), 4096, Recompute::Blocks);
    assert_eq!(kept.loss.to_bits(), again.loss.to_bits());
    for slot in slots {
        assert!(values(&kept, &slot.path) == values(&again, &slot.path), "{}", slot.path);
    }
}
