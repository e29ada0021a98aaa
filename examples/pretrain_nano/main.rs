//! Trains the embedded base models from procedural documents, on the CPU: `nano`, the base of `r1_zero`, and
//! `student`, a third of its size, the base of `distill`; `bilingual`, the base of the pipeline, and `terse`, its student.
//!
//! Run with
//!
//! ```text
//! cargo run --release --example pretrain_nano -- [MILLION_TOKENS] [OUT] [SEED] [nano|student|bilingual|terse]
//! ```
//!
//! What each reads stands in `corpus`.

mod corpus;

use std::{path::Path, sync::Arc, time::Instant};

use anyhow::{Context, Result};
use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use r1::data::tokenizer::Tokenizer;
use r1::model::{
    CausalLm, GradientStore, LanguageModel, ModelConfig, PackedBatch, checkpoint::WeightType,
    kernels::token_logprobs,
};
use r1::train::{AdamW, AdamWConfig, Schedule};
use serde_json::json;

use corpus::Base;

#[global_allocator]
static ALLOCATOR: r1::process::MiMalloc = r1::process::MiMalloc;

const TEMPLATE: &str = "{% for message in messages %}{% if message['role'] == 'user' %}{{ 'User: ' + message['content'] \
+ '\\nAssistant:' }}{% elif message['role'] == 'assistant' %}{{ message['content'] + '<|end|>\\n' }}{% endif %}{% endfor %}";
const BATCH_TOKENS: usize = 4096;
const LEARNING_RATE: f64 = 3e-3;

fn main() -> Result<()> {
    r1::process::prepare();
    let mut arguments = std::env::args().skip(1);
    let millions: f64 = arguments.next().map_or(Ok(20.0), |text| text.parse()).context("MILLION_TOKENS")?;
    let out = arguments.next().unwrap_or_else(|| "examples/nano".into());
    let seed: u64 = arguments.next().map_or(Ok(1), |text| text.parse()).context("SEED")?;
    let name = arguments.next().unwrap_or_else(|| "nano".into());
    let base = Base::named(&name)?;
    let device = r1::model::device()?;
    let folder = tempfile::tempdir()?;
    write_tokenizer(base, folder.path())?;
    let mut nano = LanguageModel::random(config(base)?, folder.path(), seed, &device)?;
    let template = nano.template.clone().context("the base has a chat template")?;
    let updates = (millions * 1e6) as u64 / BATCH_TOKENS as u64;
    let schedule = Schedule::Cosine { warmup: updates / 50 + 1, total: updates, floor: 0.05 };
    let config = AdamWConfig { beta2: 0.95, weight_decay: 0.05, ..AdamWConfig::default() };
    let mut optimizer = AdamW::new(config);
    println!("{} parameters, {updates} updates of {BATCH_TOKENS} tokens", nano.model.num_params());
    let (start, mut tokens, mut next_document) = (Instant::now(), 0, 0);
    for update in 0..updates {
        let mut batch = PackedBatch::new();
        while batch.len() < BATCH_TOKENS {
            batch.push(&nano.tokenizer.encode(&base.document(&template, seed, next_document)?)?, None);
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
    record(Path::new(&out), &name, seed, tokens, next_document, start.elapsed().as_secs())
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

fn config(base: Base) -> Result<ModelConfig> {
    let (hidden, intermediate, layers) = base.shape();
    let vocab = base.added().len() + base.alphabet().chars().count() + 1;
    let value = json!({
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": vocab, "hidden_size": hidden,
        "intermediate_size": intermediate, "num_hidden_layers": layers, "num_attention_heads": hidden / 32,
        "num_key_value_heads": hidden / 32,
        "head_dim": 32, "max_position_embeddings": 256, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
        "tie_word_embeddings": true, "hidden_act": "silu", "bos_token_id": null, "eos_token_id": 1, "pad_token_id": 1,
    });
    let serde_json::Value::Object(raw) = value else { unreachable!("the literal is an object") };
    Ok(ModelConfig::parse(raw, Path::new("pretrain_nano"))?)
}

fn write_tokenizer(base: Base, folder: &Path) -> Result<()> {
    Tokenizer::characters(&base.alphabet(), &base.added(), folder)?;
    std::fs::write(folder.join("chat_template.jinja"), TEMPLATE)?;
    let generation = json!({"eos_token_id": 1, "pad_token_id": 1});
    Ok(std::fs::write(folder.join("generation_config.json"), format!("{generation:#}\n"))?)
}

/// Writes down how the folder came to be.
fn record(out: &Path, name: &str, seed: u64, tokens: usize, documents: u64, seconds: u64) -> Result<()> {
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(std::fs::read(out.join("model.safetensors"))?);
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let text = format!(
        "Trained by `examples/pretrain_nano` from procedural documents.\n\n\
         - command: `cargo run --release --example pretrain_nano -- {} {} {seed} {name}`\n- seed: {seed}\n- documents: {documents}\n\
         - tokens: {tokens}\n- seconds on 2 cores: {seconds}\n- SHA-256 of model.safetensors: {hash}\n",
        tokens / 1_000_000,
        out.display(),
    );
    std::fs::write(out.join("README.md"), &text)?;
    print!("{text}");
    Ok(())
}
