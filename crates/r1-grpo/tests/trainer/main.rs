//! The trainer's promises, each on a tiny model.

#[path = "../tiny/mod.rs"]
mod tiny;

mod step;
mod trouble;
mod settings;
mod rollouts;
mod tokens;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;
use r1_grpo::{GrpoConfig, GrpoTrainer, RolloutSource, StepReport};
use r1_model::Transformer;
use r1_rewards::{Reward, reward_fn};

fn letter() -> impl Reward {
    reward_fn("letter", |_, completion| completion.text.matches('a').count() as f32)
}

/// All weights in the order of their paths, as bits.
fn bits(model: &Transformer) -> Vec<u32> {
    struct Collector(Vec<u32>);
    impl ModuleVisitor for Collector {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let values = param.val().into_data().try_to_vec::<f32>().unwrap();
            self.0.extend(values.into_iter().map(f32::to_bits));
        }
    }
    let mut collector = Collector(Vec::new());
    model.visit(&mut collector);
    collector.0
}

fn train(config: GrpoConfig, updates: u64) -> (Vec<StepReport>, GrpoTrainer) {
    let mut trainer = GrpoTrainer::new(config, tiny::model(1)).unwrap();
    let mut source = tiny::source();
    let reports = (0..updates).map(|_| trainer.step(&mut source, &letter()).unwrap()).collect();
    (reports, trainer)
}

/// Trains on what `rollouts` writes, and returns reports and weights.
fn train_on(
    config: GrpoConfig,
    rollouts: &mut impl RolloutSource<Transformer>,
    reward: &dyn Reward,
    updates: u64,
) -> (Vec<StepReport>, Vec<u32>) {
    let mut trainer = GrpoTrainer::new(config, tiny::model(1)).unwrap();
    let mut source = tiny::source();
    let reports = (0..updates).map(|_| trainer.step_with(&mut source, rollouts, reward).unwrap()).collect();
    (reports, bits(&trainer.policy().model))
}
