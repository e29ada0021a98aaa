//! GRPO on GSM8K with a checkpoint of one's own, in Hugging Face layout.
//!
//! ```text
//! cargo run --release --example grpo_gsm8k -- train.jsonl checkpoints/qwen2.5-0.5b runs/gsm8k 100
//! ```
//!
//! With a model of half a billion parameters an update takes minutes on a CPU; use a GPU feature. The folder of the run
//! gets metrics, samples and checkpoints, and the same command goes on where it stopped. The last line is the mean
//! reward of the last update.

use anyhow::{Context, Result};
use r1::core::Cursor;
use r1::data::dataset::gsm8k;
use r1::grpo::{GrpoConfig, GrpoTrainer, RolloutRow};
use r1::model::LanguageModel;
use r1::rewards::{AccuracyReward, FormatReward, Rubric};
use r1::run::{Checkpoint, CheckpointNote, Checkpoints, Run};

#[global_allocator]
static ALLOCATOR: r1::process::MiMalloc = r1::process::MiMalloc;

fn main() -> Result<()> {
    r1::process::prepare();
    let mut arguments = std::env::args().skip(1);
    let mut next =
        |what: &str| arguments.next().with_context(|| format!("give {what}; see the top of this file"));
    let (data, model, out) =
        (next("a GSM8K file")?, next("a model's folder")?, next("a folder for the run")?);
    let updates: u64 = next("a number of updates")?.parse()?;

    let device = r1::model::device()?;
    let mut source = Cursor::new(gsm8k::load(data)?, 0)?;
    let reward = Rubric::new().with(1.0, AccuracyReward::new()).with(1.0, FormatReward::r1_zero());
    let config = GrpoConfig::r1_zero()
        .with_group_size(8)
        .with_prompts_per_step(8)
        .with_mini_batches_per_rollout(1)
        .with_learning_rate(1e-6)
        .with_max_tokens(512);
    let checkpoints = Checkpoints::new(format!("{out}/checkpoints"));
    let (mut trainer, mut run) = match checkpoints.latest()? {
        Some(dir) => {
            let positions = Checkpoint::open(&dir)?.positions().unwrap_or_default();
            (GrpoTrainer::load(dir, Some(config), &device, &mut source)?, Run::resume(&out, positions)?)
        }
        None => (GrpoTrainer::new(config, LanguageModel::load(model, &device)?)?, Run::create(&out)?),
    };
    let mut last = None;
    while trainer.updates() < updates {
        let report = trainer.step(&mut source, &reward)?;
        run.log(&report)?;
        for group in trainer.last_groups() {
            run.samples(&RolloutRow::of_group(report.step, group))?;
        }
        eprintln!("{} reward {:?} {}", report.step, report.reward, report.diagnosis.unwrap_or_default());
        if report.step % 10 == 0 || report.step == updates {
            let note = CheckpointNote { positions: Some(run.positions()?), metric: report.reward };
            checkpoints.save(report.step, |dir| trainer.save_with(dir, &source, note))?;
        }
        last = report.reward;
    }
    println!("{:.3}", last.unwrap_or_default());
    Ok(())
}
