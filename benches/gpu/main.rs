//! Measurements on a GPU, several in one process, because a process compiles its kernels anew.
//!
//! ```text
//! cargo bench -p r1 --features cuda --bench gpu -- MODEL_DIR ITEM...
//!   train:BATCHxLENGTH:PASS:ROUNDS     parts:BATCHxLENGTH:ROUNDS (forward, pass, optimizer)
//!   decode:BATCH:NEW:ROUNDS            grpo:PROMPTSxGROUP:NEW:ROUNDS
//!   logprobs (lines of {"ids": [...]} on standard input)
//!   kernels   launches                 need no model: MODEL_DIR is -
//! ```
//! `R1_DEVICE` names the device and `GPU_PRECISION` the precision (full, tf32, bf16). One JSON line a measurement;
//! `peers.py` beside this is the other side of it, by transformers.

mod model;
mod parts;

use anyhow::{Context, Result, bail};
use burn::tensor::Device;
use r1::model::{LanguageModel, Precision};
use r1::train::{AdamW, AdamWConfig};
use serde_json::json;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: r1::process::MiMalloc = r1::process::MiMalloc;

fn main() -> Result<()> {
    r1::process::prepare();
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let Some((dir, items)) = arguments.split_first() else { return Ok(()) };
    match std::env::var("GPU_PRECISION").as_deref() {
        Ok("bf16") => Precision::Bf16,
        Ok("tf32") => Precision::Tf32,
        Ok("full") | Err(_) => Precision::Full,
        Ok(other) => bail!("GPU_PRECISION is {other}; it is full, tf32 or bf16"),
    }
    .choose();
    let device = r1::model::device()?;
    if dir == "-" {
        for item in items {
            match item.as_str() {
                "launches" => parts::launches(&device)?,
                "kernels" => parts::kernels(&device)?,
                other => bail!("`{other}` is neither launches nor kernels"),
            }
        }
        return Ok(());
    }
    let start = Instant::now();
    let mut model = LanguageModel::load(dir, &device)?;
    sync(&device)?;
    say(&device, json!({"what": "load", "seconds": start.elapsed().as_secs_f64()}));
    let mut optimizer = AdamW::new(AdamWConfig::default());
    for item in items {
        let parts: Vec<&str> = item.split(':').collect();
        let number = |place: usize| -> Result<usize> {
            Ok(parts.get(place).with_context(|| format!("{item} lacks a number"))?.parse()?)
        };
        let pair = |place: usize| -> Result<[usize; 2]> {
            let both = parts.get(place).and_then(|text| text.split_once('x'));
            let (a, b) = both.with_context(|| format!("{item} lacks AxB"))?;
            Ok([a.parse()?, b.parse()?])
        };
        model = match parts[0] {
            "train" => model::train(model, &mut optimizer, pair(1)?, number(2)?, number(3)?)?,
            "parts" => model::parts(model, &mut optimizer, pair(1)?, number(2)?)?,
            "decode" => model::decode(model, number(1)?, number(2)?, number(3)?)?,
            "grpo" => model::grpo(model, pair(1)?, number(2)?, number(3)?)?,
            "logprobs" => model::logprobs(model)?,
            other => bail!("`{other}` is none of train, parts, decode, grpo, logprobs"),
        };
    }
    Ok(())
}

fn sync(device: &Device) -> Result<()> {
    device.sync().map_err(|error| anyhow::anyhow!("{error:?}"))
}

/// Writes a row, with what the device's memory pools hold.
fn say(device: &Device, mut row: serde_json::Value) {
    if let Some(usage) = device.memory_pool_usage() {
        let gigabytes = |bytes: u64| (bytes as f64 / 1e7).round() / 1e2;
        row["pool_gb"] = json!([gigabytes(usage.bytes_in_use), gigabytes(usage.bytes_reserved)]);
    }
    row["peer"] = json!("r1");
    row["precision"] = json!(Precision::current());
    println!("{row}");
}
