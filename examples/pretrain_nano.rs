//! Trains the embedded base models from procedural documents, on the CPU: `nano`, the base of `r1_zero`, and
//! `student`, a third of its size, the base of `distill`.
//!
//! Run with
//!
//! ```text
//! cargo run --release --example pretrain_nano -- [MILLION_TOKENS] [OUT] [SEED] [nano|student]
//! ```
//!
//! The corpus teaches three styles of answering. 54 % of documents are terse and untagged, 16 % terse
//! and tagged; a terse answer is wrong four times in ten. 30 % are tagged and worked step by step, with
//! one step in a hundred wrong. So the base knows how to work a problem out, and mostly does not.

use std::{fmt::Write as _, path::Path, sync::Arc, time::Instant};

use anyhow::{Context, Result, bail};
use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use r1::core::{Key, KeyedStream, Message, Problem};
use r1::data::tokenizer::Tokenizer;
use r1::model::{
    CausalLm, GradientStore, LanguageModel, ModelConfig, PackedBatch, checkpoint::WeightType,
    kernels::token_logprobs,
};
use r1::tasks::{ChainedArithmetic, LetterCounting, NumberSorting, Task, is_held_out};
use r1::train::{AdamW, AdamWConfig, Schedule};
use serde_json::json;

#[global_allocator]
static ALLOCATOR: r1::process::MiMalloc = r1::process::MiMalloc;

const TEMPLATE: &str = "{% for message in messages %}{% if message['role'] == 'user' %}{{ 'User: ' + message['content'] \
+ '\\nAssistant:' }}{% elif message['role'] == 'assistant' %}{{ message['content'] + '<|end|>\\n' }}{% endif %}{% endfor %}";
const ALPHABET: &str = "0123456789abcdefghijklmnopqrstuvwxyz +-*/=()<>,.:?\n";
const ADDED: [&str; 7] =
    ["<|end|>", "<think>", "</think>", "<answer>", "</answer>", "User: ", "\nAssistant:"];
const BATCH_TOKENS: usize = 4096;
const LEARNING_RATE: f64 = 3e-3;

fn main() -> Result<()> {
    r1::process::prepare();
    let mut arguments = std::env::args().skip(1);
    let millions: f64 = arguments.next().map_or(Ok(20.0), |text| text.parse()).context("MILLION_TOKENS")?;
    let out = arguments.next().unwrap_or_else(|| "examples/nano".into());
    let seed: u64 = arguments.next().map_or(Ok(1), |text| text.parse()).context("SEED")?;
    let size = arguments.next().unwrap_or_else(|| "nano".into());
    let device = r1::model::device()?;
    let folder = tempfile::tempdir()?;
    write_tokenizer(folder.path())?;
    let mut nano = LanguageModel::random(config(&size)?, folder.path(), seed, &device)?;
    let updates = (millions * 1e6) as u64 / BATCH_TOKENS as u64;
    let schedule = Schedule::Cosine { warmup: updates / 50 + 1, total: updates, floor: 0.05 };
    let config = AdamWConfig { beta2: 0.95, weight_decay: 0.05, ..AdamWConfig::default() };
    let mut optimizer = AdamW::new(config);
    println!("{} parameters, {updates} updates of {BATCH_TOKENS} tokens", nano.model.num_params());
    let (start, mut tokens, mut next_document) = (Instant::now(), 0, 0);
    for update in 0..updates {
        let mut batch = PackedBatch::new();
        while batch.len() < BATCH_TOKENS {
            batch.push(&nano.tokenizer.encode(&document(&nano, seed, next_document)?)?, None);
            next_document += 1;
        }
        tokens += batch.len();
        let tracked = nano.model.clone().train();
        let loss = loss(&tracked, &batch);
        let value: f32 = loss.clone().inner().into_scalar();
        let mut gradients = GradientStore::new();
        gradients.add(&tracked, loss.backward());
        drop(tracked);
        nano.model = optimizer.step(nano.model, gradients, LEARNING_RATE * schedule.factor(update)).0;
        if update % 100 == 99 || update + 1 == updates {
            let rate = tokens as f64 / start.elapsed().as_secs_f64();
            println!("update {:>5}  loss {value:.4}  {rate:.0} tokens/s", update + 1);
        }
        if update % 500 == 499 {
            nano.save(&out, WeightType::Bf16)?;
        }
    }
    nano.save(&out, WeightType::Bf16)?;
    record(Path::new(&out), &size, seed, tokens, next_document, start.elapsed().as_secs())
}

/// Mean next-token cross entropy over all tokens of all documents.
fn loss(model: &impl CausalLm, batch: &PackedBatch) -> Tensor<1> {
    let ids = batch.ids();
    let mut targets = ids[1..].to_vec();
    targets.push(0);
    let mut weights = vec![1.0f32; ids.len()];
    for segment in batch.segments() {
        weights[segment.range.end - 1] = 0.0;
    }
    let count: f32 = weights.iter().sum();
    let head = model.head();
    let hidden = head.normalize(model.hidden(batch));
    let scores = token_logprobs(hidden, head.weight, &Arc::from(targets), 1.0).slice([0..ids.len(), 0..1]);
    let weights = Tensor::<2>::from_data(TensorData::new(weights, [ids.len(), 1]), &scores.device());
    (scores * weights).sum().div_scalar(-count)
}

/// One document: a question that evaluation never asks, and an answer in one of the styles.
fn document(nano: &LanguageModel, seed: u64, index: u64) -> Result<String> {
    let mut random = Key::new(seed).at_step(index).for_problem("pretrain_nano").stream();
    let tasks: [&dyn Task; 3] = [&ChainedArithmetic, &LetterCounting, &NumberSorting];
    let task = tasks[random.below(tasks.len())];
    let problem = loop {
        let problem = task.generate(&mut random, 1);
        if !is_held_out(&problem.question) {
            break problem;
        }
    };
    let solution = task.solve(&problem);
    let style = random.uniform();
    let answer = if style < 0.70 {
        let guess = if random.chance(0.4) { wrong(&mut random, &solution.answer) } else { solution.answer };
        if style < 0.54 {
            format!(" {guess}")
        } else {
            format!("<think>{guess}</think><answer>{guess}</answer>")
        }
    } else {
        worked(&mut random, task, &problem)
    };
    let template = nano.template.as_ref().context("nano has a chat template")?;
    let prompt = template.render(&[Message::user(&problem.question)], true)?;
    Ok(format!("{prompt}{answer}<|end|>"))
}

/// The worked thoughts; one step in a hundred has a digit or letter exchanged, and the work goes on
/// without noticing.
fn worked(random: &mut KeyedStream, task: &dyn Task, problem: &Problem) -> String {
    let solution = task.solve(problem);
    let mut text = String::from("<think>");
    for (index, step) in solution.reasoning.split_inclusive(['=', ' ']).enumerate() {
        let step = if index > 0 && random.chance(0.01) { wrong(random, step) } else { step.to_owned() };
        text += &step;
    }
    let _ = write!(text, "</think><answer>{}</answer>", solution.answer);
    text
}

/// The same text with one of its digits or letters replaced by another.
fn wrong(random: &mut KeyedStream, text: &str) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let places: Vec<usize> =
        (0..characters.len()).filter(|place| characters[*place].is_ascii_alphanumeric()).collect();
    if !places.is_empty() {
        let place = *random.choose(&places);
        let digits = characters[place].is_ascii_digit();
        let old = characters[place];
        while characters[place] == old {
            characters[place] = if digits {
                char::from(b'0' + random.below(10) as u8)
            } else {
                *random.choose(&['a', 'b', 'e', 'r', 's', 't'])
            };
        }
    }
    characters.into_iter().collect()
}

fn config(size: &str) -> Result<ModelConfig> {
    let (hidden, intermediate, layers) = match size {
        "nano" => (128, 384, 4),
        "student" => (96, 192, 3),
        other => bail!("`{other}` is no size; expected nano or student"),
    };
    let vocab = ADDED.len() + ALPHABET.chars().count() + 1;
    let value = json!({
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": vocab, "hidden_size": hidden,
        "intermediate_size": intermediate, "num_hidden_layers": layers, "num_attention_heads": hidden / 32,
        "num_key_value_heads": hidden / 32,
        "head_dim": 32, "max_position_embeddings": 256, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
        "tie_word_embeddings": true, "hidden_act": "silu", "bos_token_id": null, "eos_token_id": 1, "pad_token_id": 1,
    });
    let serde_json::Value::Object(raw) = value else { unreachable!("the literal is an object") };
    Ok(ModelConfig::parse(raw, Path::new("pretrain_nano.rs"))?)
}

fn write_tokenizer(folder: &Path) -> Result<()> {
    Tokenizer::characters(ALPHABET, &ADDED, folder)?;
    std::fs::write(folder.join("chat_template.jinja"), TEMPLATE)?;
    let generation = json!({"eos_token_id": 1, "pad_token_id": 1});
    Ok(std::fs::write(folder.join("generation_config.json"), format!("{generation:#}\n"))?)
}

/// Writes down how the folder came to be.
fn record(out: &Path, size: &str, seed: u64, tokens: usize, documents: u64, seconds: u64) -> Result<()> {
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(std::fs::read(out.join("model.safetensors"))?);
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let text = format!(
        "Trained by `examples/pretrain_nano.rs` from procedural documents.\n\n\
         - command: `cargo run --release --example pretrain_nano -- {} {} {seed} {size}`\n- seed: {seed}\n- documents: {documents}\n\
         - tokens: {tokens}\n- seconds on 2 cores: {seconds}\n- SHA-256 of model.safetensors: {hash}\n",
        tokens / 1_000_000,
        out.display(),
    );
    std::fs::write(out.join("README.md"), &text)?;
    print!("{text}");
    Ok(())
}
