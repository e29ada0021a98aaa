//! Somebody else's crate: an own reward, an own source of problems and an own architecture, trained by GRPO.
//!
//! ```text
//! cargo run --release --manifest-path examples/strangers/Cargo.toml
//! ```
//!
//! The last line is the mean reward after 60 updates.

mod mixer;

use anyhow::{Result, ensure};
use burn::tensor::Device;
use r1_core::{Completion, Problem, ProblemSource, Reference, SourceError, template::PromptTemplate};
use r1_data::tokenizer::Tokenizer;
use r1_grpo::{GrpoConfig, GrpoTrainer};
use r1_model::{LanguageModel, ModelConfig};
use r1_rewards::{Outcome, Reward, RewardError};

use mixer::Mixer;

/// Likes completions in alphabetical order.
struct Alphabetical;

impl Reward for Alphabetical {
    fn name(&self) -> &str {
        "alphabetical"
    }

    fn score(&self, _: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        let letters = completion.text.as_bytes();
        let sorted = letters.windows(2).filter(|pair| pair[0] < pair[1]).count();
        Ok(Outcome::Score(sorted as f32 / 5.0))
    }
}

/// Asks for more and more letters, from one to six and again.
#[derive(Default)]
struct Counting(u64);

impl ProblemSource for Counting {
    fn next(&mut self) -> Result<Problem, SourceError> {
        let letters = "x".repeat(1 + (self.0 % 6) as usize);
        self.0 += 1;
        Ok(Problem::new(format!("count-{}", self.0), letters, Reference::text("")))
    }

    fn position(&self) -> u64 {
        self.0
    }

    fn seek(&mut self, position: u64) -> Result<(), SourceError> {
        self.0 = position;
        Ok(())
    }
}

fn policy(folder: &std::path::Path) -> Result<LanguageModel<Mixer>> {
    Tokenizer::characters("abcdefghijklmx", &["<|end|>"], folder)?;
    let config = serde_json::json!({
        "model_type": "mixer", "vocab_size": 16, "hidden_size": 32, "intermediate_size": 32,
        "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 32, "rms_norm_eps": 1e-5,
        "tie_word_embeddings": true, "eos_token_id": 1,
    });
    let config = config.as_object().cloned().unwrap_or_default();
    let config = ModelConfig::parse_own(config, &folder.join("config.json"))?;
    Ok(LanguageModel::fresh(config, folder, 7, &Device::flex())?)
}

fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let config = GrpoConfig::r1_zero()
        .with_template(PromptTemplate::Plain)
        .with_group_size(8)
        .with_prompts_per_step(4)
        .with_mini_batches_per_rollout(1)
        .with_max_tokens(6)
        .with_learning_rate(1e-2);
    let mut trainer = GrpoTrainer::new(config.clone(), policy(folder.path())?)?;
    let mut source = Counting::default();
    let first = trainer.step(&mut source, &Alphabetical)?;
    while trainer.updates() < 30 {
        trainer.step(&mut source, &Alphabetical)?;
    }
    // Halfway the run is saved and goes on from the disk.
    let checkpoint = folder.path().join("checkpoint");
    trainer.save(&checkpoint, &source)?;
    let mut source = Counting::default();
    let mut resumed = GrpoTrainer::load_into(policy(folder.path())?, checkpoint, Some(config), &mut source)?;
    let mut last = first.clone();
    while resumed.updates() < 60 {
        last = resumed.step(&mut source, &Alphabetical)?;
    }
    let (before, after) = (first.reward.unwrap_or_default(), last.reward.unwrap_or_default());
    println!("mean reward {before:.2} before training and {after:.2} after");
    ensure!(after > before + 0.2, "nothing was learned");
    println!("{after:.3}");
    Ok(())
}
