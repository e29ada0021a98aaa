//! Our side of the comparison with transformers and TRL: one JSON line a measurement.
//!
//! ```text
//! cargo bench -p r1 --bench system -- train MODEL_DIR [ROUNDS] [TOKENS]   forward, backward, clip, AdamW at 4x512 and 8x256, TOKENS (1024) a pass
//! cargo bench -p r1 --bench system -- generate MODEL_DIR [ROUNDS]   64 + 64 tokens at batch 1, 8, 32
//! cargo bench -p r1 --bench system -- grpo MODEL_DIR [ROUNDS]       a GRPO step: 2 prompts x 8 completions of 64 tokens
//! cargo bench -p r1 --bench system -- grpo-lora MODEL_DIR [ROUNDS]  the same with an adapter of rank 16 on every linear layer
//! cargo bench -p r1 --bench system -- point MODEL_DIR LENGTH TOKENS GROUP    one pass: time, peak memory and its plan
//! cargo bench -p r1 --bench system -- table MODEL_DIR               points over length, tokens of a pass and group size
//! cargo bench -p r1 --bench system -- matmul                        the rate of large matrix products
//! ```

use std::{process::Command, sync::Arc, time::Instant};

use anyhow::{Context, Result, bail};
use burn::tensor::{Distribution, Tensor, TensorData};
use r1::core::{
    Content, Cursor, Generate, Key, Problem, Prompt, Reference, Sampling, template::PromptTemplate,
};
use r1::grpo::{GrpoConfig, GrpoTrainer, Objective};
use r1::model::{GradientStore, LanguageModel, LoraConfig, PackedBatch, kernels};
use r1::rewards::reward_fn;
use r1::train::{
    self, AdamW, AdamWConfig,
    plan::{MemoryPlan, TrainingRun, training_flop},
};
use serde_json::json;

#[global_allocator]
static ALLOCATOR: r1::process::MiMalloc = r1::process::MiMalloc;

fn main() -> Result<()> {
    r1::process::prepare();
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let what = arguments.first().map(String::as_str).unwrap_or_default();
    if what.is_empty() {
        return Ok(()); // `cargo test --benches` and the like: nothing was asked for.
    }
    if what == "matmul" {
        return matmul();
    }
    let dir = arguments.get(1).context("usage: train|generate|grpo|point|table MODEL_DIR [...]")?;
    if what == "table" {
        return table(dir);
    }
    if what == "point" {
        let number = |place: usize| -> Result<usize> {
            Ok(arguments.get(place).context("usage: point MODEL_DIR LENGTH TOKENS GROUP")?.parse()?)
        };
        return point(dir, number(2)?, number(3)?, number(4)?);
    }
    let rounds = arguments.get(2).map_or(Ok(3), |text| text.parse()).context("ROUNDS")?;
    let device = r1::model::device()?;
    if what == "grpo-lora" {
        let model = LanguageModel::load_with_lora(dir, &LoraConfig::default(), 0, &device)?;
        return grpo(model, what, rounds);
    }
    let model = LanguageModel::load(dir, &device)?;
    match what {
        "train" => {
            let pass = arguments.get(3).map_or(Ok(1024), |text| text.parse()).context("TOKENS")?;
            training(model, rounds, pass)
        }
        "generate" => generation(model, rounds),
        "grpo" => grpo(model, what, rounds),
        _ => bail!(
            "unknown measurement `{what}`; use train, generate, grpo, grpo-lora, point, table or matmul"
        ),
    }
}

/// Prints a row with the peak memory so far.
fn say(mut row: serde_json::Value) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    row["peak_rss_gb"] = json!(peak.map(|kib| (kib * 1024.0 / 1e7).round() / 1e2));
    println!("{row}");
}

/// Measures each point in a process of its own, because a peak of memory never falls.
fn table(dir: &str) -> Result<()> {
    let lengths = [128, 256, 512, 1024, 2048, 4096].map(|length| (length, 4096, 1));
    let tokens = [512, 1024, 2048].map(|tokens| (512, tokens, 1));
    let groups = [2, 4, 8, 16].map(|group| (256, 2048, group));
    for (length, tokens, group) in lengths.into_iter().chain(tokens).chain(groups) {
        let numbers = [length, tokens, group].map(|number: usize| number.to_string());
        let point = Command::new(std::env::current_exe()?).args(["point", dir]).args(&numbers).status()?;
        if !point.success() {
            bail!("the point {numbers:?} failed: {point}");
        }
    }
    Ok(())
}

/// Two updates, the second of which has two passes of `tokens` tokens and gives the time of one: sequences of `length`, or with a group above 1
/// prompts of `length` that each have `group` completions of an eighth of it.
fn point(dir: &str, length: usize, tokens: usize, group: usize) -> Result<()> {
    let mut model = LanguageModel::load(dir, &r1::model::device()?)?;
    let mut packed = PackedBatch::new();
    let completion = length / 8;
    let (mut sequences, mut separate, mut pairs) = (0, 0, 0);
    while packed.len() + length + if group > 1 { group * completion } else { 0 } <= tokens {
        let prompt = packed.push(&random_ids(sequences, length, model.config.vocab), None);
        for sample in 0..if group > 1 { group as u64 } else { 0 } {
            packed.push(&random_ids(1000 + sample, completion, model.config.vocab), Some(prompt));
        }
        separate += if group > 1 { group * (length + completion) } else { length };
        pairs += length * (length + 1) / 2;
        if group > 1 {
            pairs += group * completion * (2 * length + completion + 1) / 2;
        }
        sequences += 1;
    }
    let count = packed.len();
    let targets: Arc<[u32]> = packed.ids().iter().cycle().skip(1).take(count).copied().collect();
    let mut optimizer = AdamW::new(AdamWConfig::default());
    optimizer.reserve(&model.model);
    let mut seconds = 0.0;
    for passes in [1, 2] {
        let start = Instant::now();
        let mut gradients = GradientStore::new();
        for _ in 0..passes {
            train::backward(
                &model.model,
                &packed,
                train::Recompute::Nothing,
                &mut gradients,
                |hidden, head| {
                    let scores = kernels::token_logprobs(head.normalize(hidden), head.weight, &targets, 1.0);
                    scores.slice([0..count, 0..1]).mean().neg()
                },
            );
        }
        model.model = optimizer.step(model.model, gradients, 1e-5).0;
        seconds = start.elapsed().as_secs_f64() / f64::from(passes);
    }
    let run = TrainingRun {
        batch_tokens: count,
        recompute: train::Recompute::Nothing,
        reference: false,
        adapter: 0,
        slots: 0,
        sequence_tokens: length,
    };
    let planned = MemoryPlan::new(&model.config, &run).peak() as f64 / 1e9;
    let flop = training_flop(&model.config, count, pairs);
    say(json!({"what": "point", "length": length, "group_size": group, "tokens": count,
               "tokens_without_sharing": separate, "seconds": seconds,
               "milliseconds_per_token": 1e3 * seconds / count as f64,
               "gflop_per_token": 1e-9 * flop / count as f64, "gflop_per_second": 1e-9 * flop / seconds,
               "planned_gb": planned}));
    Ok(())
}

fn random_ids(seed: u64, count: usize, vocab: usize) -> Vec<u32> {
    let mut random = Key::new(seed).stream();
    (0..count).map(|_| random.between(100, vocab as i64 - 100) as u32).collect()
}

/// `pass` is the number of tokens in one forward and backward pass; gradients of the passes add up.
fn training(mut model: LanguageModel, rounds: u64, pass: usize) -> Result<()> {
    if ![512, 1024, 2048].contains(&pass) {
        bail!("a pass cannot have {pass} tokens; expected 512, 1024 or 2048");
    }
    let mut optimizer = AdamW::new(AdamWConfig::default());
    optimizer.reserve(&model.model);
    for (batch, length) in [(4, 512), (8, 256)] {
        for round in 0..rounds {
            let start = Instant::now();
            let mut gradients = GradientStore::new();
            let total = batch * (length - 1);
            for part in 0..batch * length / pass {
                let rows = pass / length;
                let sequences: Vec<Vec<u32>> = (0..rows)
                    .map(|row| {
                        random_ids(round * 100 + (part * rows + row) as u64, length, model.config.vocab)
                    })
                    .collect();
                let packed = PackedBatch::from_sequences(&sequences);
                let mut targets = packed.ids()[1..].to_vec();
                targets.push(0);
                let weights: Vec<f32> = (0..pass)
                    .map(|i| if i % length == length - 1 { 0.0 } else { -1.0 / total as f32 })
                    .collect();
                let targets: Arc<[u32]> = targets.into();
                train::backward(
                    &model.model,
                    &packed,
                    train::Recompute::Nothing,
                    &mut gradients,
                    |hidden, head| {
                        let scores = kernels::token_logprobs(
                            head.normalize(hidden),
                            head.weight.clone(),
                            &targets,
                            1.0,
                        );
                        let weights =
                            Tensor::<2>::from_data(TensorData::new(weights, [pass, 1]), &scores.device());
                        (scores.slice([0..pass, 0..1]) * weights).sum()
                    },
                );
            }
            model.model = optimizer.step(model.model, gradients, 1e-5).0;
            let seconds = start.elapsed().as_secs_f64();
            let passes = (batch * length / pass) as f64;
            let flop = passes * training_flop(&model.config, pass, pass * (length + 1) / 2);
            say(json!({"peer": "r1", "what": "train", "batch": batch, "length": length, "seconds": seconds,
                       "tokens_per_second": (batch * length) as f64 / seconds,
                       "gflop_per_second": 1e-9 * flop / seconds}));
        }
    }
    Ok(())
}

fn generation(mut model: LanguageModel, rounds: u64) -> Result<()> {
    model.stop_ids.clear();
    for batch in [1, 8, 32] {
        for round in 0..rounds {
            let prompt = |row| Prompt {
                content: Content::Ids(random_ids(round * 100 + row, 64, model.config.vocab)),
                key: Key::new(row),
            };
            let prompts: Vec<Prompt> = (0..batch).map(prompt).collect();
            let start = Instant::now();
            model.generate(&prompts, 1, &Sampling::default().with_max_tokens(64))?;
            let seconds = start.elapsed().as_secs_f64();
            say(json!({"peer": "r1", "what": "generate", "batch": batch, "seconds": seconds,
                       "new_tokens_per_second": (batch * 64) as f64 / seconds}));
        }
    }
    Ok(())
}

fn grpo(mut model: LanguageModel, what: &str, rounds: u64) -> Result<()> {
    model.stop_ids.clear(); // Completions of exactly 64 tokens.
    let mut random = Key::new(0).stream();
    let problems = (0..200).map(|i| {
        let question =
            format!("What is {} + {}? Answer with a number.", random.between(10, 99), random.between(10, 99));
        Problem::new(i.to_string(), question, Reference::text(""))
    });
    let mut source = Cursor::new(problems.collect(), 0)?;
    let reward = reward_fn("random", |_, completion| {
        r1::core::key::hash(&completion.text) as u32 as f32 / u32::MAX as f32
    });
    let config = GrpoConfig::dr_grpo()
        .with_objective(Objective::dapo())
        .with_template(PromptTemplate::Chat { system: None })
        .with_prompts_per_step(2)
        .with_group_size(8)
        .with_max_tokens(64)
        .with_tokens_per_micro_batch(2048);
    let mut trainer = GrpoTrainer::new(config, model)?;
    for _ in 0..rounds {
        let start = Instant::now();
        let report = trainer.step(&mut source, &reward)?;
        let seconds = start.elapsed().as_secs_f64();
        say(
            json!({"peer": "r1", "what": what, "prompts": 2, "group_size": 8, "completion_tokens": report.mean_length,
                   "seconds": seconds, "parts": trainer.timings()}),
        );
    }
    Ok(())
}

fn matmul() -> Result<()> {
    let device = r1::model::device()?;
    let (m, k, n) = (1024, 576, 3072);
    let random = |rows, columns| Tensor::<2>::random([rows, columns], Distribution::Default, &device);
    let (x, weight) = (random(m, k), random(n, k));
    for _ in 0..5 {
        let start = Instant::now();
        for _ in 0..20 {
            std::hint::black_box(x.clone().matmul(weight.clone().transpose()));
        }
        let seconds = start.elapsed().as_secs_f64() / 20.0;
        say(
            json!({"what": "matmul", "shape": [m, k, n], "gflop_per_second": 2e-9 * (m * k * n) as f64 / seconds}),
        );
    }
    Ok(())
}
