//! Speed of the engine: prompts, and decoding by batch and context, one JSON object a line.
//!
//! `cargo run --release --example engine_speed -- MODEL [f32|bf16|f16|q8_0] [BATCHES] [CONTEXTS] [TOKENS]`, where MODEL is
//! a folder or a GGUF file and the rest are lists such as `1,8,32`.

use std::{error::Error, time::Instant};

use r1_core::{
    Key, Sampling,
    session::{Event, Request, Session},
};
use r1_model::LanguageModel;
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    r1::process::prepare();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let path = arguments.first().ok_or("which model? give its folder or file")?;
    let weights = arguments.get(1).map_or("f32", String::as_str);
    let list = |index: usize, default: &str| -> Result<Vec<usize>, std::num::ParseIntError> {
        let text = arguments.get(index).map_or(default, String::as_str);
        text.split(',').map(str::parse).collect()
    };
    let (batches, contexts, tokens) = (list(2, "1")?, list(3, "512")?, list(4, "32")?[0]);
    let device = r1_model::device()?;
    let start = Instant::now();
    let mut model = match weights {
        "f32" => LanguageModel::load(path, &device)?,
        packing => LanguageModel::load_packed(path, packing.parse()?, &device)?,
    };
    model.stop_ids.clear();
    model.engine.draft_tokens = 0;
    model.engine.cache_bytes = 8 << 30;
    let loading = start.elapsed().as_secs_f64();
    let vocab = model.config.vocab as u64;
    let mut session = model.into_session();
    for &context in &contexts {
        for &batch in &batches {
            // Different prompts, so that nothing is shared; as many decoding steps are measured as are asked for.
            let key = |sequence: usize| Key::new((context * 1000 + sequence) as u64);
            let start = Instant::now();
            for sequence in 0..batch {
                let ids =
                    (0..context as u64).map(|i| (key(sequence).uniform(i) * vocab as f64) as u32).collect();
                let sampling = Sampling::greedy().with_max_tokens(tokens + 1);
                session.add(Request::new(ids, key(sequence)).with_sampling(sampling))?;
            }
            let mut written = 0;
            while written < batch {
                written += count(session.step());
            }
            let prefill = (batch * context) as f64 / start.elapsed().as_secs_f64();
            let (start, before) = (Instant::now(), written);
            while session.load().running > 0 {
                written += count(session.step());
            }
            let decode = (written - before) as f64 / start.elapsed().as_secs_f64();
            let row = json!({
                "model": path, "weights": weights, "batch": batch, "context": context, "loading_s": loading,
                "prefill_tokens_per_s": prefill, "decode_tokens_per_s": decode,
            });
            println!("{row}");
        }
    }
    Ok(())
}

fn count(events: Vec<Event>) -> usize {
    events.iter().filter(|event| matches!(event, Event::Token { .. })).count()
}
