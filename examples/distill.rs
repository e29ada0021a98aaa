//! The paper's distillation table in miniature: a small model by reinforcement learning, by distillation, by both.
//!
//! ```text
//! cargo run --release --example distill -- [SEED] [RL_UPDATES] [PROBLEMS]
//! ```
//!
//! The teacher is made once, in `runs/distill/teacher`. Stopped, the same command goes on. The last line is the gain
//! in held-out pass@1 of distillation over reinforcement learning.

use anyhow::Result;
use r1::distill::{RejectionConfig, SftConfig};
use r1::pipeline::{Stage, TaskBenchmark};
use r1::rewards::{AccuracyReward, FormatReward, Rubric};
use r1::{grpo::GrpoConfig, model::LanguageModel};

fn main() -> Result<()> {
    r1::process::prepare();
    let numbers: Vec<u64> = std::env::args().skip(1).map(|text| text.parse()).collect::<Result<_, _>>()?;
    let number = |index: usize, or| numbers.get(index).copied().unwrap_or(or);
    let (seed, updates, asked) = (number(0, 1), number(1, 200), number(2, 4000) as usize);
    let (out, device) = (format!("runs/distill/{seed}"), r1::model::device()?);
    let folder = |name| format!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/{}"), name);
    let base = |name| LanguageModel::load(folder(name), &device);
    let ground = TaskBenchmark::new(&["chained_arithmetic", "letter_counting", "number_sorting"], 250)?;
    let reinforce = |dir: &str, policy, seed| {
        let config = GrpoConfig::r1()
            .with_prompts_per_step(16)
            .with_mini_batches_per_rollout(1)
            .with_learning_rate(1e-4)
            .with_sampling(ground.sampling().clone())
            .with_tokens_per_micro_batch(8192)
            .with_seed(seed);
        let reward = Rubric::new().with(1.0, AccuracyReward::new()).with(1.0, FormatReward::r1_zero());
        anyhow::Ok(Stage::new(dir).reinforce(config, updates, policy, &mut ground.source(seed)?, &reward)?)
    };

    let mut teacher = reinforce("runs/distill/teacher", base("nano")?, 1)?;
    let a = reinforce(&format!("{out}/a"), base("nano_student")?, seed)?;
    let questions = ground.training(asked, 1000 + seed)?;
    let config = RejectionConfig::new().with_teacher("nano after RL").with_seed(seed).with_chunk(128);
    let config = config.with_sampling(ground.sampling().clone());
    let stage = Stage::new(format!("{out}/b"));
    let (traces, rejection) = stage.reject(&config, &mut teacher, &questions, &AccuracyReward::new())?;
    let config = SftConfig::r1(0).with_batch_size(64).with_learning_rate(1e-3).with_warmup(10);
    let b = stage.fine_tune(config, base("nano_student")?, traces, &[], seed)?;
    let c = reinforce(&format!("{out}/c"), LanguageModel::load(format!("{out}/b/model"), &device)?, seed)?;

    let mut rows = Vec::new();
    let models = [teacher, base("nano_student")?, a, b.model, c];
    for (name, mut model) in ["teacher", "base", "a: RL", "b: distilled", "c: b and RL"].iter().zip(models) {
        let report = ground.evaluate(&mut model, seed)?;
        let (right, error) = (report.pass_at_1, report.pass_at_1_stderr.unwrap_or_default());
        println!("{name:<14} pass@1 {right:.3} ± {error:.3}   format {:.3}", report.format);
        rows.push((name, report));
    }
    let summary = serde_json::json!({"seed": seed, "updates": updates, "rejection": rejection, "rows": rows});
    std::fs::write(format!("{out}/summary.json"), format!("{summary:#}\n"))?;
    println!("{:+.3}", rows[3].1.pass_at_1 - rows[2].1.pass_at_1);
    Ok(())
}
