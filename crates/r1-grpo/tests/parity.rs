//! Rollouts recorded on the Flex CPU backend, trained on by other backends: three updates give the same losses and
//! gradients.
//!
//! ```text
//! cargo test --release -p r1-grpo --features ndarray --test parity
//! R1_DEVICE=wgpu cargo test --release -p r1-grpo --features ndarray,wgpu --test parity
//! ```

mod tiny;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData};
use r1_grpo::{Group, GrpoInputs, GrpoTrainer, Objective, StepTotals, grpo_loss, pack_groups, per_token};
use r1_model::{CausalLm, GradientStore, Transformer, device::named, kernels::token_logprobs};
use r1_rewards::reward_fn;
use r1_train::{AdamW, AdamWConfig, Recompute, backward};

struct MoveTo<'a>(&'a Device);

impl ModuleMapper for MoveTo<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| Tensor::from_data(tensor.into_data(), self.0))
    }
}

/// The groups of three updates, and the model before the first.
fn recorded() -> (Transformer, Vec<Vec<Group>>) {
    let policy = tiny::model(5);
    let model = policy.model.clone();
    let reward = reward_fn("letter", |_, completion| completion.text.matches('a').count() as f32);
    let (mut trainer, mut source) = (GrpoTrainer::new(tiny::config(), policy).unwrap(), tiny::source());
    let mut updates = Vec::new();
    while updates.len() < 3 {
        let report = trainer.step(&mut source, &reward).unwrap();
        assert!(report.reward_std.is_some_and(|std| std > 0.0), "the rollouts must teach something");
        updates.push(trainer.last_groups().cloned().collect());
    }
    (model, updates)
}

/// The loss of one update, and its gradients with their paths.
type Update = (f32, Vec<(String, Vec<f32>)>);

/// Each update of a model that trains on the recorded rollouts.
fn replay(
    device: &Device,
    model: &Transformer,
    updates: &[Vec<Group>],
    objective: &Objective,
) -> Vec<Update> {
    let mut model = model.clone().map(&mut MoveTo(device));
    let mut optimizer = AdamW::new(AdamWConfig::default());
    let read = |tensor: TensorData| tensor.convert::<f32>().try_to_vec::<f32>().unwrap();
    let mut results = Vec::new();
    for groups in updates {
        let (micro_batches, members) = pack_groups(groups, 80, |_| true);
        let completions = groups.iter().map(|group| group.rollouts.len()).sum();
        let tokens = micro_batches.iter().map(|part| part.targets.len()).sum();
        let (mut gradients, mut total) = (GradientStore::new(), 0.0);
        for part in &micro_batches {
            let members = part.members.iter().map(|&index| members[index]);
            let rollouts: Vec<_> =
                members.map(|member| &groups[member.group].rollouts[member.rollout]).collect();
            let advantages: Vec<f32> = rollouts.iter().map(|rollout| rollout.advantage).collect();
            let sampled: Vec<f32> =
                rollouts.iter().flat_map(|rollout| rollout.completion.logprobs.clone()).collect();
            let constant = |values: Vec<f32>| Tensor::<1>::from_floats(&*values, &device.clone().autodiff());
            let loss = backward(&model, &part.batch, Recompute::Nothing, &mut gradients, |hidden, head| {
                let count = part.rows.len();
                let rows: Vec<i32> = part.rows.iter().map(|row| *row as i32).collect();
                let rows = Tensor::from_data(TensorData::new(rows, [count]), &hidden.device());
                let hidden = head.normalize(hidden.select(0, rows));
                let scores = token_logprobs(hidden, head.weight.clone(), &part.targets, 1.0);
                let column =
                    |index: usize| scores.clone().slice([0..count, index..index + 1]).reshape([count]);
                let inputs = GrpoInputs {
                    logprobs: column(0),
                    old_logprobs: constant(sampled.clone()),
                    reference_logprobs: Some(constant(sampled.iter().map(|value| value - 0.1).collect())),
                    sampled_logprobs: None,
                    advantages: constant(per_token(&advantages, &part.segments)),
                    entropy: Some(column(1)),
                    top_entropy: None,
                    segments: &part.segments,
                    totals: StepTotals { completions, tokens, ..StepTotals::default() },
                };
                grpo_loss(inputs, objective).loss
            });
            total += read(loss.into_data())[0];
        }
        let paths: Vec<String> = gradients.paths().map(str::to_owned).collect();
        let gradient = |path: &String| (path.clone(), read(gradients.get(path).unwrap().to_data()));
        results.push((total, paths.iter().map(gradient).collect()));
        model = optimizer.step(model, gradients, 5e-3).0;
    }
    assert_eq!(model.head().weight.device(), *device);
    results
}

#[test]
fn three_updates_on_recorded_rollouts() {
    let (model, updates) = recorded();
    let mut backends = vec!["ndarray".to_owned()];
    backends
        .extend(std::env::var("R1_DEVICE").ok().filter(|name| !["", "flex", "ndarray"].contains(&&**name)));
    for objective in
        [Objective::r1(), Objective::gspo(), Objective { entropy_coef: 0.01, ..Objective::cispo() }]
    {
        let expected = replay(&Device::flex(), &model, &updates, &objective);
        for backend in &backends {
            let found = replay(&named(backend).unwrap(), &model, &updates, &objective);
            for (update, (ours, flex)) in found.iter().zip(&expected).enumerate() {
                let what = format!("{objective:?} on {backend}, update {}", update + 1);
                assert!((ours.0 - flex.0).abs() <= 1e-4, "{what}: loss {} is not {}", ours.0, flex.0);
                assert_eq!(ours.1.len(), flex.1.len());
                for ((path, ours), (_, flex)) in ours.1.iter().zip(&flex.1) {
                    let largest = flex.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
                    let worst = ours.iter().zip(flex).fold(0.0f32, |worst, (a, b)| worst.max((a - b).abs()));
                    assert!(worst <= 1e-3 * largest, "{what}: `{path}` differs by {worst} of {largest}");
                }
            }
        }
    }
}
