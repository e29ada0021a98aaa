//! Law 6: packing, order and shared prefixes change neither loss nor gradient.

mod support;

use std::sync::Arc;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{FloatDType, Tensor, TensorData};
use r1_model::{CausalLm, GradientStore, PackedBatch, Transformer, kernels::token_logprobs};

/// A group: its prompt and its completions.
const PROMPTS: [&[u32]; 2] = [&[5, 9, 13, 70], &[8, 8, 41]];
const COMPLETIONS: [&[&[u32]]; 2] = [&[&[7, 3, 22], &[90, 2], &[15]], &[&[33, 34, 35, 36, 2], &[6, 6]]];

/// Sum over all completion tokens of `weight(token) · logprob`, and its gradient by path.
fn loss_and_gradients(
    model: &Transformer,
    batches: &[(PackedBatch, Vec<(usize, u32)>)],
) -> (f64, Vec<(String, Vec<f64>)>) {
    let (mut total, mut gradients) = (0.0, GradientStore::new());
    for (batch, predictions) in batches {
        let tracked = model.clone().train();
        let head = tracked.head();
        let mut targets = vec![0; batch.len()];
        let mut weights = vec![0.0f64; batch.len()];
        for (row, id) in predictions {
            // A row that predicts two completions' first tokens is given one by one.
            targets[*row] = *id;
            weights[*row] += 0.1 + f64::from(*id) / 50.0;
        }
        let targets: Arc<[u32]> = targets.into();
        let scores =
            token_logprobs(head.normalize(tracked.hidden(batch)), head.weight.clone(), &targets, 1.0);
        let weights = TensorData::new(weights, [batch.len(), 1]);
        let weights = Tensor::<2>::from_data(weights, (&scores.device(), scores.dtype()));
        let loss = (scores.slice([0..batch.len(), 0..1]) * weights).sum();
        total += loss.clone().inner().into_data().convert::<f64>().try_to_vec::<f64>().unwrap()[0];
        gradients.add(&tracked, loss.backward());
    }
    let paths: Vec<String> = gradients.paths().map(str::to_owned).collect();
    let read = |path: String| {
        let values = gradients.get(&path).unwrap().to_data().convert::<f64>().try_to_vec::<f64>().unwrap();
        (path, values)
    };
    (total, paths.into_iter().map(read).collect())
}

/// Every completion with its own copy of the prompt, one batch each.
fn separate() -> Vec<(PackedBatch, Vec<(usize, u32)>)> {
    let mut batches = Vec::new();
    for (prompt, completions) in PROMPTS.iter().zip(COMPLETIONS) {
        for completion in completions {
            let sequence = [prompt, *completion].concat();
            let predictions = completion.iter().enumerate().map(|(t, id)| (prompt.len() - 1 + t, *id));
            batches.push((PackedBatch::from_sequences(&[&sequence]), predictions.collect()));
        }
    }
    batches
}

/// All in one batch, each completion with its own copy of the prompt, last group first.
fn packed() -> Vec<(PackedBatch, Vec<(usize, u32)>)> {
    let (mut batch, mut predictions) = (PackedBatch::new(), Vec::new());
    for (prompt, completions) in PROMPTS.iter().zip(COMPLETIONS).rev() {
        for completion in completions {
            let first = batch.len() + prompt.len() - 1;
            batch.push(&[prompt, *completion].concat(), None);
            predictions.extend(completion.iter().enumerate().map(|(t, id)| (first + t, *id)));
        }
    }
    vec![(batch, predictions)]
}

/// Each group's prompt once, as the prefix of its completions but the last token, which leads each
/// completion so that every prediction has a row of its own.
fn shared() -> Vec<(PackedBatch, Vec<(usize, u32)>)> {
    let (mut batch, mut predictions) = (PackedBatch::new(), Vec::new());
    for (prompt, completions) in PROMPTS.iter().zip(COMPLETIONS) {
        let (last, rest) = prompt.split_last().unwrap();
        let prefix = batch.push(rest, None);
        for completion in completions {
            let first = batch.len();
            batch.push(&[&[*last], *completion].concat(), Some(prefix));
            predictions.extend(completion.iter().enumerate().map(|(t, id)| (first + t, *id)));
        }
    }
    vec![(batch, predictions)]
}

fn compare(model: &Transformer, loss_tolerance: f64, gradient_tolerance: f64) {
    let (loss, gradients) = loss_and_gradients(model, &separate());
    for other in [packed(), shared()] {
        let (other_loss, other_gradients) = loss_and_gradients(model, &other);
        assert!(((loss - other_loss) / loss).abs() < loss_tolerance, "{loss} {other_loss}");
        for ((path, ours), (_, theirs)) in gradients.iter().zip(&other_gradients) {
            let largest = ours.iter().fold(0.0f64, |a, b| a.max(b.abs()));
            for (a, b) in ours.iter().zip(theirs) {
                assert!((a - b).abs() <= gradient_tolerance * largest, "{path}: {a} {b}");
            }
        }
    }
}

#[test]
fn packing_and_prefixes_change_nothing_in_f32() {
    for name in ["llama-tied", "llama3-scaled", "qwen3-moe", "deepseek-v3", "gemma3"] {
        compare(&support::load(name).1, 1e-6, 1e-5);
    }
}

#[test]
fn packing_and_prefixes_change_nothing_in_f64() {
    struct ToDouble;
    impl ModuleMapper for ToDouble {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|tensor| tensor.cast(FloatDType::F64))
        }
    }
    for name in ["llama-tied", "llama3-scaled", "qwen3-moe", "deepseek-v3", "gemma3"] {
        compare(&support::load(name).1.map(&mut ToDouble), 1e-12, 1e-10);
    }
}

#[test]
fn recomputation_changes_no_bit() {
    use r1_train::{Recompute, backward};
    for name in ["llama-tied", "llama3-scaled", "qwen3", "qwen3-moe", "deepseek-v3"] {
        let (_, model) = support::load(name);
        let (batch, _) = shared().remove(0);
        let targets: Arc<[u32]> = batch.ids().iter().map(|id| (id * 7) % 96).collect();
        let run = |recompute| {
            let mut gradients = GradientStore::new();
            let loss = backward(&model, &batch, recompute, &mut gradients, |hidden, head| {
                token_logprobs(head.normalize(hidden), head.weight.clone(), &targets, 1.0).sum()
            });
            let paths: Vec<String> = gradients.paths().map(str::to_owned).collect();
            let read = |path: &String| gradients.get(path).unwrap().to_data().try_to_vec::<f32>().unwrap();
            (loss.into_data().try_to_vec::<f32>().unwrap(), paths.iter().map(read).collect::<Vec<_>>(), paths)
        };
        assert!(run(Recompute::Nothing) == run(Recompute::Blocks), "{name}");
    }
}

#[test]
fn a_tape_changes_no_bit_of_any_family() {
    let folder = support::folder("");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.retain(|name| support::folder(name).join("config.json").exists());
    assert!(names.len() >= 17, "{names:?}");
    let batch = PackedBatch::from_sequences(&[(3..30).collect::<Vec<u32>>(), vec![90, 4, 55]]);
    let targets: Arc<[u32]> = batch.ids().iter().map(|id| (id * 7) % 96).collect();
    let scores = |model: &Transformer| {
        let head = model.head();
        token_logprobs(head.normalize(model.hidden(&batch)), head.weight.clone(), &targets, 1.0)
    };
    for name in names {
        let (_, model) = support::load(&name);
        let bits = |scores: Tensor<2>| scores.into_data().try_to_vec::<f32>().unwrap();
        assert!(bits(scores(&model)) == bits(scores(&model.clone().train()).inner()), "{name}");
    }
}
