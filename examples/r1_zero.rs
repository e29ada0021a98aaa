//! R1-Zero in minutes, on one CPU: a base model that mostly guesses learns, by GRPO with rule rewards
//! alone, to think in `<think>` and answer in `<answer>`.
//!
//! Run with
//!
//! ```text
//! cargo run --release --example r1_zero
//! cargo run --release --example r1_zero -- --steps 20 --seed 7 --out runs/short
//! cargo run --release --example r1_zero -- --steps 20 --seed 7 --out runs/short --resume
//! ```
//!
//! Ctrl-C finishes the update and saves. Whenever it is stopped or killed, `--resume` goes on from the last
//! checkpoint in `OUT/checkpoints` and ends with the same bits.
//!
//! The base stands in `examples/nano` (made by `pretrain_nano`). It knows how to work a problem out and
//! seldom does so: what reinforcement learning does at this scale is to select that behaviour.

use std::{
    path::PathBuf,
    process,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::{Result, bail};
use clap::Parser;
use r1::core::{Problem, Sampling, template::PromptTemplate};
use r1::eval::{EvalConfig, EvalReport, evaluate};
use r1::grpo::{AdvantageConfig, GrpoConfig, GrpoTrainer, Objective, SampleRow};
use r1::model::{LanguageModel, checkpoint::WeightType};
use r1::rewards::{AccuracyReward, FormatReward, Rubric};
use r1::run::{
    Better, Checkpoint, CheckpointNote, Checkpoints, Progress, Report, Run, Status, read_lines,
    report::{Chart, Row, SamplePair, Unit},
};
use r1::tasks::{ChainedArithmetic, LetterCounting, NumberSorting, Task, TaskSource, held_out};
use serde_json::json;
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag::{register, register_conditional_shutdown},
};

#[global_allocator]
static ALLOCATOR: r1::process::MiMalloc = r1::process::MiMalloc;

/// Trains the embedded base model to reason, and reports the same held-out problems before and after.
#[derive(Parser)]
struct Arguments {
    /// Optimizer updates, of 16 problems with 16 completions each.
    #[arg(long, default_value_t = 200)]
    steps: u64,
    /// Seed of problems, rollouts and evaluation.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Learning rate of AdamW.
    #[arg(long, default_value_t = 1e-4)]
    learning_rate: f64,
    /// The loss: r1_zero, dapo, dr_grpo, gspo or cispo, everything else being the same.
    #[arg(long, default_value = "r1_zero")]
    objective: String,
    /// Held-out problems of the evaluation.
    #[arg(long, default_value_t = 510)]
    problems: usize,
    /// Updates between two checkpoints; 0 saves none, but when the run is stopped.
    #[arg(long, default_value_t = 50)]
    save_every: u64,
    /// Goes on from the last checkpoint in the folder of the run; without one, starts anew.
    #[arg(long)]
    resume: bool,
    /// Folder of the run; an earlier run there is replaced, unless it is resumed.
    #[arg(long, default_value = "runs/r1_zero")]
    out: PathBuf,
}

fn main() -> Result<()> {
    r1::process::prepare();
    let arguments = Arguments::parse();
    let nano = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/nano");
    let mut policy = LanguageModel::load(nano, &r1::model::device()?)?;
    let tasks: [&'static dyn Task; 3] = [&ChainedArithmetic, &LetterCounting, &NumberSorting];
    let problems: Vec<Problem> = tasks
        .iter()
        .flat_map(|task| held_out(*task, 1, arguments.problems.div_ceil(tasks.len()), arguments.seed))
        .collect();
    let chat = PromptTemplate::Chat { system: None };
    let sampling = Sampling::default().with_max_tokens(128);
    let measure = |model: &mut LanguageModel| {
        let config = EvalConfig::new()
            .with_sampling(sampling.clone())
            .with_template(chat.clone())
            .with_seed(arguments.seed)
            .with_chunk(128);
        evaluate(model, &problems, &AccuracyReward::new(), &config)
    };

    eprintln!("evaluating the base on {} held-out problems", problems.len());
    let before = measure(&mut policy)?;

    let config = GrpoConfig::r1()
        .with_prompts_per_step(16)
        .with_mini_batches_per_rollout(1)
        .with_learning_rate(arguments.learning_rate)
        .with_sampling(sampling.clone())
        .with_tokens_per_micro_batch(8192)
        .with_seed(arguments.seed)
        .with_dump_dir(&arguments.out);
    let config = match arguments.objective.as_str() {
        "r1_zero" => config,
        "dapo" => config.with_objective(Objective::dapo()),
        "dr_grpo" => {
            config.with_objective(Objective::dr_grpo(128)).with_advantage(AdvantageConfig::dr_grpo())
        }
        "gspo" => config.with_objective(Objective::gspo()),
        "cispo" => config.with_objective(Objective::cispo()),
        other => bail!("`{other}` is no objective; expected r1_zero, dapo, dr_grpo, gspo or cispo"),
    };
    let reward = Rubric::new().with(1.0, AccuracyReward::new()).with(1.0, FormatReward::r1_zero());
    let levels = tasks.map(|task| (r1::tasks::by_name(task.name()).expect("a built-in task"), 1));
    let mut source = TaskSource::new(levels, arguments.seed)?;
    let checkpoints = Checkpoints::new(arguments.out.join("checkpoints")).with_keep_best(Better::Higher);
    let found = if arguments.resume { checkpoints.latest()? } else { None };
    let (mut trainer, mut run) = match found {
        Some(dir) => {
            eprintln!("going on from {}", dir.display());
            let positions = Checkpoint::open(&dir)?.positions().unwrap_or_default();
            let trainer = GrpoTrainer::load(dir, Some(config), &r1::model::device()?, &mut source)?;
            (trainer, Run::resume(&arguments.out, positions)?)
        }
        None => {
            checkpoints.clear()?;
            (GrpoTrainer::new(config, policy)?, Run::replace(&arguments.out)?)
        }
    };
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // The first asks for the end, the second does not wait for it.
        register_conditional_shutdown(signal, 130, stop.clone())?;
        register(signal, stop.clone())?;
    }
    let mut progress = Progress::new(arguments.steps);
    while trainer.updates() < arguments.steps {
        let report = trainer.step(&mut source, &reward)?;
        run.log(&report)?;
        if let Some(diagnosis) = &report.diagnosis {
            eprintln!("update {} taught nothing: {diagnosis}", report.step);
        }
        run.time(&json!({"step": report.step, "timings": trainer.timings()}))?;
        for group in trainer.last_groups().take(1) {
            run.samples(&SampleRow::of_group(report.step, group))?;
        }
        let status = Status {
            reward: report.reward,
            pass_at_1: report.pass_at_1,
            completion_tokens: Some(report.mean_length),
            tokens_per_second: trainer.timings().sampled_tokens_per_second(),
        };
        progress.update(report.step, &status);
        let (stopped, every) = (stop.load(Ordering::Relaxed), arguments.save_every);
        if stopped || every > 0 && (report.step % every == 0 || report.step == arguments.steps) {
            let note = CheckpointNote { positions: Some(run.positions()?), metric: report.reward };
            checkpoints.save(report.step, |dir| trainer.save_with(dir, &source, note))?;
        }
        if stopped {
            progress.finish();
            eprintln!("stopped after update {}; go on with --resume", report.step);
            process::exit(130);
        }
    }
    progress.finish();
    let train_seconds = train_seconds(&arguments)?;

    eprintln!("evaluating the policy on the same problems");
    let mut policy = trainer.into_policy();
    let after = measure(&mut policy)?;
    policy.save(arguments.out.join("policy"), WeightType::F32)?;
    let figures = |report: &EvalReport| {
        json!({"pass_at_1": report.pass_at_1, "pass_at_1_stderr": report.pass_at_1_stderr, "format": report.format,
               "mean_completion_tokens": report.mean_completion_tokens})
    };
    let (steps, seed) = (arguments.steps, arguments.seed);
    run.summary(&json!({"before": figures(&before), "after": figures(&after), "steps": steps,
                        "train_seconds": train_seconds, "seed": seed}))?;
    let page = page(&arguments, &before, &after, train_seconds);
    page.write(&arguments.out)?;
    show(&page, train_seconds);
    println!("\nThe run is in {}; open report.html there.", arguments.out.display());
    Ok(())
}

/// The seconds of all steps, those before an interruption and those that were made twice included.
fn train_seconds(arguments: &Arguments) -> Result<f64> {
    let lines = read_lines(&arguments.out.join("timings.jsonl"))?;
    let steps = lines.iter().filter_map(|line| line["timings"].as_object());
    let seconds = steps.flatten().filter(|(name, _)| name.ends_with("_seconds"));
    Ok(seconds.filter_map(|(_, value)| value.as_f64()).sum())
}

/// The report: the table, the curves, and the same problems before and after.
fn page(arguments: &Arguments, before: &EvalReport, after: &EvalReport, seconds: f64) -> Report {
    let mut page = Report::new("R1-Zero on the embedded base model");
    page.subtitle = format!("{} updates in {seconds:.0} s", arguments.steps);
    page.parameters = vec![
        ("steps".into(), arguments.steps.to_string()),
        ("seed".into(), arguments.seed.to_string()),
        ("held-out problems".into(), before.problems.to_string()),
    ];
    page.rows = vec![
        Row::share("pass@1", before.pass_at_1, after.pass_at_1)
            .with_stderr(before.pass_at_1_stderr, after.pass_at_1_stderr),
        Row::share("format", before.format, after.format)
            .with_stderr(before.format_stderr, after.format_stderr),
        Row::number("completion tokens", before.mean_completion_tokens, after.mean_completion_tokens)
            .with_stderr(before.mean_completion_tokens_stderr, after.mean_completion_tokens_stderr),
        Row::share("truncated", before.truncated, after.truncated)
            .with_stderr(before.truncated_stderr, after.truncated_stderr),
    ];
    page.charts = Chart::standard();
    let per_task = before.rows.len() / 3;
    let pairs = before.rows.iter().zip(&after.rows).skip(per_task / 2).step_by(per_task.max(1));
    page.samples = pairs
        .take(3)
        .map(|(before, after)| SamplePair {
            question: before.question.clone(),
            reference: before.reference.to_string(),
            before: before.completion.clone(),
            before_reward: before.score.map(f64::from),
            after: after.completion.clone(),
            after_reward: after.score.map(f64::from),
        })
        .collect();
    page
}

/// The table and three samples on standard output.
fn show(page: &Report, seconds: f64) {
    println!("\n{:<20} {:>16} {:>16}", "held-out problems", "before", "after");
    for row in &page.rows {
        let number = |value: f64, error: Option<f64>| {
            let (scale, unit) = if row.unit == Unit::Share { (100.0, " %") } else { (1.0, "") };
            let error = error.map_or(String::new(), |error| format!(" ± {:.1}", scale * error));
            format!("{:.1}{error}{unit}", scale * value)
        };
        let (before, after) = (number(row.before, row.before_stderr), number(row.after, row.after_stderr));
        println!("{:<20} {before:>16} {after:>16}", row.name);
    }
    println!("training took {seconds:.0} s");
    for sample in &page.samples {
        println!("\n{}   (answer: {})", sample.question, sample.reference);
        println!("  before: {}\n  after:  {}", sample.before.trim(), sample.after.trim());
    }
}
