//! An architecture of one's own: the embedded model with its blocks run twice over, trained by GRPO like any other.
//!
//! ```text
//! cargo run --release --example custom_policy
//! ```
//!
//! The last line is the mean reward of the last update. An architecture from scratch: `strangers/src/mixer.rs`.

use anyhow::Result;
use burn::{module::Module, tensor::Tensor};
use r1::grpo::{GrpoConfig, GrpoTrainer};
use r1::model::{Attend, CacheSpec, CausalLm, Head, LanguageModel, PackedBatch, Transformer};
use r1::rewards::reward_fn;
use r1::tasks::{self as task, TaskSource};

const NANO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/nano");

/// Every block is used twice, so it is twice as deep as it has weights for.
#[derive(Module, Debug)]
struct Looped {
    inner: Transformer,
}

impl CausalLm for Looped {
    fn embed(&self, batch: &PackedBatch) -> Tensor<2> {
        self.inner.embed(batch)
    }
    fn num_blocks(&self) -> usize {
        2 * self.inner.blocks.len()
    }
    fn block(&self, index: usize, x: Tensor<2>, attend: Attend<'_>) -> Tensor<2> {
        // Each pass has a cache of its own; `index` says which.
        self.inner.blocks[index % self.inner.blocks.len()].forward(x, index, attend)
    }
    fn head(&self) -> Head {
        self.inner.head()
    }
    fn cache_spec(&self) -> CacheSpec {
        let mut spec = self.inner.cache_spec();
        spec.layers = [spec.layers.as_slice(), &spec.layers].concat();
        spec
    }
}

fn main() -> Result<()> {
    let device = r1::model::device()?;
    let nano = LanguageModel::load(NANO, &device)?;
    let mut slots = nano.slots().to_vec();
    slots.iter_mut().for_each(|slot| slot.path = format!("inner.{}", slot.path));
    let model = Looped { inner: nano.model };
    let policy = LanguageModel::assemble(model, nano.config, slots, NANO.as_ref(), &device)?;

    let reward =
        reward_fn("digits", |_, it| it.text.chars().filter(char::is_ascii_digit).count() as f32 / 32.0);
    let mut source = TaskSource::new(task::by_name("chained_arithmetic").map(|task| (task, 1)), 1)?;
    let config =
        GrpoConfig::r1().with_group_size(8).with_prompts_per_step(4).with_mini_batches_per_rollout(1);
    let mut trainer = GrpoTrainer::new(config.with_learning_rate(3e-4).with_max_tokens(32), policy)?;
    let mut last = None;
    while trainer.updates() < 20 {
        last = trainer.step(&mut source, &reward)?.reward;
    }
    println!("{:.3}", last.unwrap_or_default());
    Ok(())
}
