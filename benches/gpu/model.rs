//! Training and decoding with a model.

use std::{sync::Arc, time::Instant};

use anyhow::Result;
use burn::tensor::{Tensor, TensorData};
use r1::core::{Content, Cursor, Generate, Key, Problem, Prompt, Reference, Sampling};
use r1::grpo::{GrpoConfig, GrpoTrainer, Objective};
use r1::model::{GradientStore, LanguageModel, PackedBatch, kernels};
use r1::rewards::reward_fn;
use r1::train::{AdamW, Recompute, backward, plan::training_flop};
use serde_json::json;

use super::{say, sync};

fn ids(seed: u64, count: usize, vocab: usize) -> Vec<u32> {
    let mut random = Key::new(seed).stream();
    (0..count).map(|_| random.between(100, vocab as i64 - 100) as u32).collect()
}

/// The gradient of the mean log-probability of `total` next tokens.
fn pass(
    model: &LanguageModel,
    gradients: &mut GradientStore,
    sequences: &[Vec<u32>],
    total: usize,
) -> Tensor<1> {
    let packed = PackedBatch::from_sequences(sequences);
    let (count, length) = (packed.len(), sequences[0].len());
    let targets: Arc<[u32]> = packed.ids()[1..].iter().copied().chain([0]).collect();
    let weight = |i: usize| if i % length == length - 1 { 0.0 } else { -1.0 / total as f32 };
    let weights: Vec<f32> = (0..count).map(weight).collect();
    backward(model.working(), &packed, Recompute::Nothing, gradients, |hidden, head| {
        let scores = kernels::token_logprobs(head.normalize(hidden), head.weight.clone(), &targets, 1.0);
        let weights = Tensor::<2>::from_data(TensorData::new(weights, [count, 1]), &scores.device());
        (scores.slice([0..count, 0..1]) * weights).sum()
    })
}

fn step(mut model: LanguageModel, optimizer: &mut AdamW, gradients: GradientStore) -> (LanguageModel, f64) {
    model.forget_cast();
    let (moved, norm) = optimizer.step(model.model, gradients, 1e-5);
    model.model = moved;
    model.recast();
    (model, norm)
}

/// Whole updates.
pub(crate) fn train(
    mut model: LanguageModel,
    optimizer: &mut AdamW,
    [batch, length]: [usize; 2],
    tokens: usize,
    rounds: usize,
) -> Result<LanguageModel> {
    optimizer.reserve(&model.model);
    let rows = (tokens / length).clamp(1, batch);
    for round in 0..rounds {
        let start = Instant::now();
        let mut gradients = GradientStore::new();
        let total = batch * (length - 1);
        let (mut loss, mut done) = (0.0, 0);
        while done < batch {
            let sequences: Vec<Vec<u32>> = (done..batch.min(done + rows))
                .map(|row| ids((round * 1000 + row) as u64, length, model.config.vocab))
                .collect();
            done += sequences.len();
            let value = pass(&model, &mut gradients, &sequences, total);
            loss += value.into_data().convert::<f32>().try_to_vec::<f32>().unwrap()[0];
        }
        let norm;
        (model, norm) = step(model, optimizer, gradients);
        sync(&model.device)?;
        let seconds = start.elapsed().as_secs_f64();
        let pairs = rows * length * (length + 1) / 2;
        let flop = (batch as f64 / rows as f64) * training_flop(&model.config, rows * length, pairs);
        let row = json!({"what": "train", "batch": batch, "length": length, "pass": rows * length, "round": round,
            "seconds": seconds, "tokens_per_second": (batch * length) as f64 / seconds,
            "tflops": 1e-12 * flop / seconds, "loss": loss, "norm": norm});
        say(&model.device, row);
    }
    Ok(model)
}

/// The parts of an update, each waited for.
pub(crate) fn parts(
    mut model: LanguageModel,
    optimizer: &mut AdamW,
    [batch, length]: [usize; 2],
    rounds: usize,
) -> Result<LanguageModel> {
    use r1::model::CausalLm;
    optimizer.reserve(&model.model);
    let sequences: Vec<Vec<u32>> =
        (0..batch).map(|row| ids(row as u64, length, model.config.vocab)).collect();
    let packed = PackedBatch::from_sequences(&sequences);
    for round in 0..rounds {
        let start = Instant::now();
        let hidden = model.working().hidden(&packed);
        let forward_queued = start.elapsed().as_secs_f64();
        sync(&model.device)?;
        let forward = start.elapsed().as_secs_f64();
        drop(hidden);
        let start = Instant::now();
        let mut gradients = GradientStore::new();
        pass(&model, &mut gradients, &sequences, batch * (length - 1));
        let pass_queued = start.elapsed().as_secs_f64();
        sync(&model.device)?;
        let pass = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let norm = gradients.norm();
        let norm_seconds = start.elapsed().as_secs_f64();
        let start = Instant::now();
        (model, _) = step(model, optimizer, gradients);
        let step_queued = start.elapsed().as_secs_f64();
        sync(&model.device)?;
        let step = start.elapsed().as_secs_f64();
        let row = json!({"what": "parts", "batch": batch, "length": length, "round": round,
            "forward_queued": forward_queued, "forward": forward, "pass_queued": pass_queued, "pass": pass,
            "norm": norm_seconds, "norm_value": norm, "step_queued": step_queued, "step": step});
        say(&model.device, row);
    }
    Ok(model)
}

/// Completions of prompts of 64 tokens.
pub(crate) fn decode(
    mut model: LanguageModel,
    batch: usize,
    new: usize,
    rounds: usize,
) -> Result<LanguageModel> {
    let stops = std::mem::take(&mut model.stop_ids);
    for round in 0..rounds {
        let prompt = |row: usize| Prompt {
            content: Content::Ids(ids((round * 1000 + row) as u64, 64, model.config.vocab)),
            key: Key::new(row as u64),
        };
        let prompts: Vec<Prompt> = (0..batch).map(prompt).collect();
        // A first token alone is the prompts' computation.
        let start = Instant::now();
        model.generate(&prompts, 1, &Sampling::default().with_max_tokens(1))?;
        let prompt_seconds = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let written = model.generate(&prompts, 1, &Sampling::default().with_max_tokens(new))?;
        let seconds = start.elapsed().as_secs_f64();
        let tokens: usize = written.iter().flatten().map(|completion| completion.ids.len()).sum();
        let row = json!({"what": "decode", "batch": batch, "new": new, "round": round, "seconds": seconds,
            "prompt_seconds": prompt_seconds, "tokens": tokens, "new_tokens_per_second": tokens as f64 / seconds,
            "ms_per_step": 1e3 * (seconds - prompt_seconds) / (new.max(2) - 1) as f64});
        say(&model.device, row);
    }
    model.stop_ids = stops;
    Ok(model)
}

/// Updates by GRPO, rollouts included.
pub(crate) fn grpo(
    mut model: LanguageModel,
    [prompts, group]: [usize; 2],
    new: usize,
    rounds: usize,
) -> Result<LanguageModel> {
    model.stop_ids.clear();
    let device = model.device.clone();
    let mut random = Key::new(0).stream();
    let problems = (0..1000).map(|i| {
        let (a, b) = (random.between(10, 99), random.between(10, 99));
        Problem::new(i.to_string(), format!("What is {a} + {b}? Answer with a number."), Reference::text(""))
    });
    let mut source = Cursor::new(problems.collect(), 0)?;
    let reward = reward_fn("random", |_, completion| {
        r1::core::key::hash(&completion.text) as u32 as f32 / u32::MAX as f32
    });
    let config = GrpoConfig::dr_grpo()
        .with_objective(Objective::dapo())
        .with_prompts_per_step(prompts)
        .with_group_size(group)
        .with_max_tokens(new)
        .with_tokens_per_micro_batch(16_384);
    let mut trainer = GrpoTrainer::new(config, model)?;
    for round in 0..rounds {
        let start = Instant::now();
        let report = trainer.step(&mut source, &reward)?;
        sync(&device)?;
        let seconds = start.elapsed().as_secs_f64();
        let row = json!({"what": "grpo", "prompts": prompts, "group_size": group, "round": round,
            "completion_tokens": report.mean_length, "seconds": seconds, "parts": trainer.timings()});
        say(&device, row);
    }
    Ok(trainer.into_policy())
}

/// Log-probabilities of the tokens of each line of standard input.
pub(crate) fn logprobs(model: LanguageModel) -> Result<LanguageModel> {
    for line in std::io::stdin().lines() {
        let question: serde_json::Value = serde_json::from_str(&line?)?;
        let ids: Vec<u32> = serde_json::from_value(question["ids"].clone())?;
        println!("{}", serde_json::to_string(&r1::model::score(model.working(), &ids))?);
    }
    Ok(model)
}
