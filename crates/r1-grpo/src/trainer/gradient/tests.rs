use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{DType, Device, FloatDType, Tensor};
use r1_core::{Author, Completion, FinishReason, Key, Problem, Reference, TurnSpan};
use r1_model::{Architecture, ModelConfig, PackedBatch, Transformer};

use super::*;
use crate::{Correction, CorrectionLevel, Objective, Outside, Reduction};

fn model() -> Transformer {
    let raw = serde_json::json!({
        "model_type": "llama", "vocab_size": 16, "hidden_size": 32, "intermediate_size": 64,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
        "tie_word_embeddings": false, "hidden_act": "silu",
    });
    let config = ModelConfig::parse(raw.as_object().unwrap().clone(), "config.json".as_ref()).unwrap();
    // Larger weights than those training starts from, so that the gradients of no tensor are tiny.
    struct Louder;
    impl ModuleMapper for Louder {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|weight| if D == 2 { weight * 8.0 } else { weight })
        }
    }
    Transformer::random(&config, 5, &Device::flex()).map(&mut Louder)
}

/// Three groups of four with prompts and completions of many lengths, one of a single token.
fn groups() -> Vec<Group> {
    let mut stream = Key::new(11).stream();
    let group = |index: usize| {
        let mut rollout = |sample: usize| {
            let tokens = if (index, sample) == (1, 2) { 1 } else { 2 + stream.below(9) };
            let mut near = |middle: f64| -> Vec<f32> {
                (0..tokens).map(|_| (middle + 0.4 * stream.uniform()) as f32).collect()
            };
            let (old, reference, sampled) = (near(-2.9), near(-2.9), near(-2.9));
            let entropies = near(2.5);
            let mut completion = Completion::from_text("", FinishReason::Stop);
            completion.ids = (0..tokens).map(|_| stream.below(16) as u32).collect();
            completion.logprobs = sampled;
            Rollout {
                completion,
                reward: None,
                parts: Vec::new(),
                // Not of mean zero, for a relative error needs a loss that does not cancel.
                advantage: [2.0, -0.5, 0.0, 1.0][sample],
                steps: Vec::new(),
                token_advantages: Vec::new(),
                old: Some(TokenScores { logprobs: old, entropies }),
                reference_logprobs: Some(reference),
            }
        };
        let rollouts = (0..4).map(&mut rollout).collect();
        let prompt_ids = (0..3 + 2 * index).map(|_| stream.below(16) as u32).collect();
        Group { problem: Problem::new(index.to_string(), "?", Reference::number("1")), prompt_ids, rollouts }
    };
    (0..3).map(group).collect()
}

fn config(objective: Objective, tokens: usize) -> GrpoConfig {
    GrpoConfig::r1_zero().with_objective(objective).with_tokens_per_micro_batch(tokens)
}

/// Loss and gradients by path, as numbers.
fn run(model: &Transformer, groups: &[&Group], config: &GrpoConfig) -> (f64, Vec<(String, Vec<f64>)>) {
    let pass = step_pass(model, groups, config);
    let gradient = |path: &str| {
        let data = pass.gradients.get(path).unwrap().to_data().convert::<f64>();
        (path.to_owned(), data.try_to_vec().unwrap())
    };
    (pass.metrics.loss(), pass.gradients.paths().map(gradient).collect())
}

fn assert_same(
    ours: &(f64, Vec<(String, Vec<f64>)>),
    theirs: &(f64, Vec<(String, Vec<f64>)>),
    loss: f64,
    gradient: f64,
) {
    assert!((ours.0 - theirs.0).abs() <= loss * theirs.0.abs(), "loss {} and {}", ours.0, theirs.0);
    assert_eq!(ours.1.len(), theirs.1.len());
    for ((path, a), (_, b)) in ours.1.iter().zip(&theirs.1) {
        let largest = b.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
        let worst = a.iter().zip(b).fold(0.0f64, |worst, (a, b)| worst.max((a - b).abs()));
        assert!(worst <= gradient * largest, "`{path}` differs by {worst}, the largest entry is {largest}");
    }
}

fn objectives() -> Vec<Objective> {
    let correction =
        Correction { level: CorrectionLevel::Sequence, outside: Outside::Truncate, min: None, max: 2.0 };
    vec![
        Objective::r1(),
        Objective::dapo(),
        Objective::dr_grpo(12),
        Objective::gspo(),
        Objective { reduction: Reduction::PromptMean, entropy_coef: 0.01, ..Objective::cispo() },
        Objective { top_entropy: 0.5, correction: Some(correction), ..Objective::grpo() },
    ]
}

#[test]
fn any_split_and_order_gives_the_same_loss_and_gradient() {
    let (model, groups) = (model(), groups());
    let in_order: Vec<&Group> = groups.iter().collect();
    let reversed: Vec<&Group> = groups.iter().rev().collect();
    for objective in objectives() {
        let whole = run(&model, &in_order, &config(objective.clone(), 10_000));
        // Budget 1 puts every completion into a micro-batch of its own, with its own copy of the prompt.
        for tokens in [1, 17, 40] {
            let split = run(&model, &in_order, &config(objective.clone(), tokens));
            assert_same(&split, &whole, 1e-6, 1e-5);
        }
        assert_same(&run(&model, &reversed, &config(objective, 25)), &whole, 1e-6, 1e-5);
    }
}

/// The groups as dialogues: of each group the second and third rollout share their first turns with the first, and a
/// tool's turn stands in between.
fn dialogues() -> Vec<Group> {
    let mut groups = groups();
    for group in &mut groups {
        let first = group.rollouts[0].completion.clone();
        for (index, rollout) in group.rollouts.iter_mut().enumerate() {
            let (policy, tool) = (first.ids.len().min(2), 2);
            let own = rollout.completion.ids.len();
            let ids = [&first.ids[..policy], &[3, 4 + (index as u32) / 3], &rollout.completion.ids].concat();
            let end = ids.len();
            let span = |author, end| TurnSpan { author, end, trained: author == Author::Policy };
            rollout.completion.turns = vec![
                span(Author::Policy, policy),
                span(Author::Environment, policy + tool),
                span(Author::Policy, end),
            ];
            rollout.completion.logprobs = (0..end).map(|token| -2.5 - 0.1 * (token % 7) as f32).collect();
            rollout.completion.ids = ids;
            rollout.token_advantages = (0..end).map(|token| rollout.advantage + 0.1 * token as f32).collect();
            let values: Vec<f32> = (0..policy + own).map(|token| -2.6 - 0.05 * (token % 5) as f32).collect();
            rollout.old = Some(TokenScores { entropies: vec![2.0; values.len()], logprobs: values.clone() });
            rollout.reference_logprobs = Some(values);
        }
    }
    groups
}

#[test]
fn any_split_of_a_tree_of_dialogues_is_the_same() {
    let (model, groups) = (model(), dialogues());
    let groups: Vec<&Group> = groups.iter().collect();
    let (packed, _) = pack_groups(&groups, 10_000, |_| true);
    let (alone, _) = pack_groups(&groups, 1, |_| true);
    let deepest = packed[0].batch.segments().iter().filter(|segment| segment.prefix.is_some()).count();
    assert!(deepest > groups.len() * 2, "{deepest}");
    let tokens = |packs: &[MicroBatch]| packs.iter().map(|pack| pack.batch.len()).sum::<usize>();
    assert!(tokens(&packed) < tokens(&alone));
    for objective in [Objective::r1(), Objective::dapo(), Objective::gspo()] {
        let whole = run(&model, &groups, &config(objective.clone(), 10_000));
        for tokens in [1, 30] {
            assert_same(&run(&model, &groups, &config(objective.clone(), tokens)), &whole, 1e-6, 1e-5);
        }
    }
}

#[test]
fn in_double_precision_any_split_is_the_same_to_1e_10() {
    struct Double;
    impl ModuleMapper for Double {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|weight| weight.cast(FloatDType::F64))
        }
    }
    let (model, groups) = (model().map(&mut Double), groups());
    let groups: Vec<&Group> = groups.iter().collect();
    assert_eq!(model.head().weight.dtype(), DType::F64);
    for objective in objectives() {
        let whole = run(&model, &groups, &config(objective.clone(), 10_000));
        assert_same(&run(&model, &groups, &config(objective, 1)), &whole, 1e-10, 1e-10);
    }
}

#[test]
fn a_shared_prompt_is_the_same_as_separate_sequences() {
    let (model, groups) = (model(), groups());
    let packed = pack_groups(&groups, 10_000, |_| true).0.remove(0);
    let (mut sequences, mut rows): (Vec<Vec<u32>>, Vec<u32>) = (Vec::new(), Vec::new());
    for group in &groups {
        for rollout in &group.rollouts {
            let start = sequences.iter().map(Vec::len).sum::<usize>() + group.prompt_ids.len() - 1;
            rows.extend((start..start + rollout.completion.ids.len()).map(|row| row as u32));
            sequences.push([group.prompt_ids.as_slice(), &rollout.completion.ids].concat());
        }
    }
    let separate = MicroBatch { batch: PackedBatch::from_sequences(&sequences), rows, ..packed.clone() };
    assert!(packed.batch.len() < separate.batch.len());
    let scores = |micro_batch: &MicroBatch| {
        token_scores(&model, micro_batch, 0.7).into_data().try_to_vec::<f32>().unwrap()
    };
    for (ours, theirs) in scores(&packed).iter().zip(scores(&separate)) {
        assert!((ours - theirs).abs() < 1e-5, "{ours} {theirs}");
    }
}

#[test]
fn completions_without_advantage_need_not_be_computed() {
    let (model, groups) = (model(), groups());
    let mut groups: Vec<&Group> = groups.iter().collect();
    let skipping = config(Objective::dapo(), 10_000);
    let computing = skipping.clone().with_skip_zero_advantage(false);
    assert_same(&run(&model, &groups, &skipping), &run(&model, &groups, &computing), 1e-6, 1e-5);
    assert_eq!(step_pass(&model, &groups, &skipping).metrics.completions, 9);

    // Without any advantage there still is a gradient, of zeros.
    let mut flat = groups[0].clone();
    flat.rollouts.iter_mut().for_each(|rollout| rollout.advantage = 0.0);
    groups = vec![&flat];
    let pass = step_pass(&model, &groups, &skipping);
    assert_eq!((pass.gradients.norm(), pass.metrics.completions), (0.0, 1));
    assert_eq!(
        pass.gradients.paths().count(),
        step_pass(&model, &groups, &computing).gradients.paths().count()
    );
}

#[test]
fn truncated_completions_leave_the_loss_and_its_normalisers() {
    let (model, groups) = (model(), groups());
    let mut cut = groups.clone();
    cut[0].rollouts[1].completion.finish = FinishReason::Length;
    let mut removed = groups.clone();
    removed[0].rollouts.remove(1);
    for objective in objectives() {
        let config = config(objective, 10_000).with_mask_truncated(true);
        let of = |groups: &[Group]| run(&model, &groups.iter().collect::<Vec<_>>(), &config);
        assert_same(&of(&cut), &of(&removed), 1e-6, 1e-5);
    }
}
