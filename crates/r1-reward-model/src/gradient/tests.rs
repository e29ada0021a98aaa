use std::path::{Path, PathBuf};

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, FloatDType};
use r1_model::{
    Architecture, Transformer,
    checkpoint::{Slot, load_model},
};
use safetensors::SafeTensors;

use super::*;
use crate::encode::Responses;

type Model = RewardModel<Transformer>;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn golden_model(name: &str) -> (Model, Vec<Slot>) {
    let (model, config) = load_model::<Model>(&golden(name), &Device::flex()).unwrap();
    (model, Model::slots(&config))
}

/// The batch of tests/golden/generate.py.
fn rows() -> Vec<EncodedRow> {
    let row = |id: &str, prompt: &[u32], responses: &[&[u32]], target| EncodedRow {
        id: id.into(),
        texts: Responses {
            prompt: prompt.to_vec(),
            responses: responses.iter().map(|ids| ids.to_vec()).collect(),
            chained: false,
        },
        target,
    };
    let pair = |margin| Target::Pair { margin };
    vec![
        row("a", &[5, 9, 13], &[&[7, 3, 22, 2], &[41, 2]], pair(0.0)),
        row("b", &[8], &[&[30, 31, 2], &[17, 17, 40, 4, 12, 2]], pair(0.5)),
        row("c", &[11, 6], &[&[33, 34, 2]], Target::Label(1.0)),
        row("d", &[20, 21, 22, 23], &[&[45, 2]], Target::Label(0.25)),
    ]
}

fn pass(model: &Model, rows: &[EncodedRow], max_tokens: usize) -> RewardPass {
    reward_pass(model, rows, max_tokens, Recompute::Nothing)
}

fn values(pass: &RewardPass, path: &str) -> Vec<f64> {
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
fn scores_losses_and_gradients_are_those_of_transformers() {
    for name in ["llama", "qwen2"] {
        let bytes = std::fs::read(golden(name).join("golden.safetensors")).unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let golden = |name: &str| -> Vec<f64> {
            let data = tensors.tensor(name).unwrap().data().to_vec();
            data.chunks_exact(4).map(|b| f64::from(f32::from_le_bytes(b.try_into().unwrap()))).collect()
        };
        let (model, slots) = golden_model(name);
        let rows = rows();
        let batch = pack(rows.iter().map(|row| &row.texts), 4096).remove(0);
        let scores = numbers(Model::score_rows(model.hidden(&batch.batch), model.head(), &batch.rows));
        for (found, expected) in scores.iter().zip(golden("scores")) {
            assert!((found - expected).abs() < 1e-5, "{name}: {found} {expected}");
        }
        let whole = pass(&model, &rows, 4096);
        assert!((whole.tally.loss - golden("loss")[0]).abs() < 1e-5, "{name}: {}", whole.tally.loss);
        for slot in &slots {
            let expected: Vec<f64> =
                slot.parts.iter().flat_map(|part| golden(&format!("grad.{}", part.name))).collect();
            let worst = difference(&values(&whole, &slot.path), &expected);
            assert!(worst < 1e-4, "{name}: {} differs by {worst} of its largest entry", slot.path);
        }
        let mut pairs = rows[..2].to_vec();
        pairs[1].target = Target::Pair { margin: 0.0 };
        assert!((judge(&model, &pairs, 4096).loss - golden("pairwise")[0]).abs() < 1e-5);
        assert!((judge(&model, &rows[2..], 4096).loss - golden("pointwise")[0]).abs() < 1e-5);
    }
}

fn compare(model: &Model, slots: &[Slot], loss: f64, gradient: f64) {
    let rows = rows();
    let whole = pass(model, &rows, 4096);
    let reversed: Vec<EncodedRow> = rows.iter().rev().cloned().collect();
    // Each alone; two and two; one by one in another order; in one batch in another order.
    for other in
        [pass(model, &rows, 1), pass(model, &rows, 19), pass(model, &reversed, 1), pass(model, &reversed, 99)]
    {
        let (a, b) = (whole.tally.loss, other.tally.loss);
        assert!(((a - b) / a).abs() < loss, "{a} {b}");
        assert_eq!((other.tally.right, other.tally.tokens), (whole.tally.right, whole.tally.tokens));
        for slot in slots {
            let worst = difference(&values(&other, &slot.path), &values(&whole, &slot.path));
            assert!(worst < gradient, "{} differs by {worst}", slot.path);
        }
    }
}

#[test]
fn packing_order_and_micro_batches_change_nothing_in_f32() {
    let (model, slots) = golden_model("llama");
    let batches = |max_tokens| pack(rows().iter().map(|row| &row.texts), max_tokens).len();
    assert_eq!((batches(1), batches(19), batches(99)), (4, 2, 1));
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
    let (model, slots) = golden_model("qwen2");
    compare(&model.map(&mut ToDouble), &slots, 1e-12, 1e-10);
}

/// A shared prompt is computed once, and counts for both responses.
#[test]
fn a_shared_prompt_is_two_sequences() {
    let (model, _) = golden_model("llama");
    let scores = |texts: &[Responses]| {
        let batches = pack(texts, 4096);
        let batch = &batches[0];
        numbers(Model::score_rows(model.hidden(&batch.batch), model.head(), &batch.rows))
    };
    let both = rows()[0].texts.clone();
    let alone: Vec<Responses> = both
        .responses
        .iter()
        .map(|response| Responses { responses: vec![response.clone()], ..both.clone() })
        .collect();
    assert_eq!(scores(&[both]), scores(&alone));
}

/// Each step is scored where a response that ends with it is, and they weigh as much as one such response.
#[test]
fn steps_are_labelled_beginnings() {
    let (model, slots) = golden_model("qwen2");
    let (prompt, steps) = (vec![11, 6], [vec![33, 34], vec![7], vec![41, 22, 2]]);
    let labels = [1.0, 0.25, 0.0];
    let row = |responses: &[Vec<u32>], chained, target| EncodedRow {
        id: "a".into(),
        texts: Responses { prompt: prompt.clone(), responses: responses.to_vec(), chained },
        target,
    };
    let in_steps = [row(&steps, true, Target::Steps(labels.to_vec()))];
    let beginnings =
        [1, 2, 3].map(|end| row(&[steps[..end].concat()], false, Target::Label(labels[end - 1])));
    let (a, b) = (pass(&model, &in_steps, 4096), pass(&model, &beginnings, 4096));
    assert!((a.tally.loss - b.tally.loss).abs() < 1e-6, "{} {}", a.tally.loss, b.tally.loss);
    assert_eq!((a.tally.rows, a.tally.judged, a.tally.right), (1, 3, b.tally.right));
    for slot in slots {
        assert!(difference(&values(&a, &slot.path), &values(&b, &slot.path)) < 1e-4, "{}", slot.path);
    }
}

#[test]
fn a_judgement_is_the_pass_without_its_gradient() {
    let (model, _) = golden_model("qwen2");
    let rows = rows();
    let whole = pass(&model, &rows, 4096).tally;
    for max_tokens in [1, 19, 4096] {
        let judged = judge(&model, &rows, max_tokens);
        assert!((judged.loss - whole.loss).abs() < 1e-6);
        assert_eq!((judged.rows, judged.pairs, judged.responses), (4, 2, 6));
        assert_eq!((judged.right, judged.tokens), (whole.right, whole.tokens));
    }
}

#[test]
fn recomputation_changes_no_bit() {
    let (model, slots) = golden_model("llama");
    let kept = pass(&model, &rows(), 4096);
    let again = reward_pass(&model, &rows(), 4096, Recompute::Blocks);
    assert_eq!(kept.tally, again.tally);
    for slot in slots {
        assert!(values(&kept, &slot.path) == values(&again, &slot.path), "{}", slot.path);
    }
}
