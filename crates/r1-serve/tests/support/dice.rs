//! A session that draws tokens by dice within its constraint, and a tokenizer of bytes.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use r1_core::{
    FinishReason,
    session::{Allowed, Constraint, Event, Load, Refused, Request, RequestId, SequenceId, Session, Token},
};
use r1_data::{template::ChatTemplate, tokenizer::Tokenizer};
use r1_serve::{ServeOptions, ServedModel};
use serde_json::json;

use super::ScriptServer;

const MARKS: [&str; 10] = [
    "<|end|>",
    "<think>",
    "</think>",
    "<tool_call>",
    "</tool_call>",
    "<｜tool▁calls▁begin｜>",
    "<｜tool▁calls▁end｜>",
    "<｜tool▁call▁begin｜>",
    "<｜tool▁call▁end｜>",
    "<｜tool▁sep｜>",
];
/// Pairs of bytes that have a token of their own.
const PAIRS: [&str; 12] = ["{\"", "\":", "\",", "\"}", "}}", "]}", "tr", "ue", ": ", ", ", "\n\n", ">{"];

/// A tokenizer with a token for each byte, some for pairs, and marks.
pub fn tokenizer(folder: &Path) -> Tokenizer {
    let printable = |byte: u8| matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
    let mut others = (0x100..).filter_map(char::from_u32);
    let table: Vec<char> = (0..=u8::MAX)
        .map(|byte| if printable(byte) { char::from(byte) } else { others.next().unwrap() })
        .collect();
    let mut vocab = serde_json::Map::new();
    let added: Vec<_> = MARKS
        .iter()
        .enumerate()
        .map(|(id, mark)| {
            json!({"id": id, "content": mark, "special": id == 0, "single_word": false, "lstrip": false,
                   "rstrip": false, "normalized": false})
        })
        .collect();
    for mark in MARKS {
        vocab.insert(mark.into(), vocab.len().into());
    }
    for character in &table {
        vocab.insert(character.to_string(), vocab.len().into());
    }
    let spelled = |text: &str| text.bytes().map(|byte| table[byte as usize].to_string()).collect::<Vec<_>>();
    let merges: Vec<Vec<String>> = PAIRS.iter().map(|pair| spelled(pair)).collect();
    for merge in &merges {
        vocab.insert(merge.concat(), vocab.len().into());
    }
    let level =
        json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false});
    let file = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added, "normalizer": null,
        "pre_tokenizer": level, "post_processor": null, "decoder": level,
        "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
                  "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "vocab": vocab,
                  "merges": merges},
    });
    std::fs::write(folder.join("tokenizer.json"), file.to_string()).unwrap();
    std::fs::write(folder.join("tokenizer_config.json"), r#"{"eos_token": "<|end|>"}"#).unwrap();
    Tokenizer::load(folder).unwrap()
}

/// Masks that were asked for, and the time that they took.
pub static MASKS: AtomicU64 = AtomicU64::new(0);
pub static MASK_NANOSECONDS: AtomicU64 = AtomicU64::new(0);

struct Thrown {
    constraint: Option<Box<dyn Constraint>>,
    state: u64,
    written: usize,
    most: usize,
}

/// Draws each token by random weights, among which those that end things are heavy.
pub struct Dice {
    running: BTreeMap<SequenceId, Thrown>,
    pending: Vec<Event>,
    next: u64,
    weights: Vec<f64>,
}

impl Dice {
    pub fn new(tokenizer: &Tokenizer) -> Self {
        let weight = |id: u32| {
            let text = tokenizer.decode(&[id], false).unwrap();
            let ends = text.contains(['"', '}', ']']) || ["</think>", "<|end|>"].contains(&text.as_str());
            if ends { 60.0 } else { 1.0 }
        };
        let weights = (0..tokenizer.vocab_size() as u32).map(weight).collect();
        Self { running: BTreeMap::new(), pending: Vec::new(), next: 0, weights }
    }
}

fn random(state: &mut u64) -> f64 {
    // SplitMix64
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

impl Thrown {
    fn draw(&mut self, weights: &[f64]) -> Option<u32> {
        let begun = Instant::now();
        if let Some(constraint) = &mut self.constraint {
            constraint.allowed();
        }
        MASKS.fetch_add(1, Ordering::Relaxed);
        MASK_NANOSECONDS.fetch_add(begun.elapsed().as_nanos() as u64, Ordering::Relaxed);
        let allowed = self.constraint.as_mut().map_or(Allowed::All, |constraint| constraint.allowed());
        let weigh = |(id, weight): (usize, &f64)| {
            let drawn = weight * -1.0 / random(&mut self.state).max(1e-12).ln();
            allowed.allows(id as u32).then_some((id as u32, drawn))
        };
        let drawn = weights.iter().enumerate().filter_map(weigh);
        drawn.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(id, _)| id)
    }
}

impl Session for Dice {
    fn add(&mut self, request: Request) -> Result<RequestId, Refused> {
        let id = RequestId(self.next);
        self.next += 1;
        self.pending.push(Event::Prompted { request: id, reused: 0 });
        for sample in 0..request.samples {
            let constraint = request.constraint.as_ref().map(|constraint| constraint.fork());
            let mut state = request.key.for_sample(sample as u64).uniform(0).to_bits();
            random(&mut state);
            let most = request.sampling.max_tokens;
            self.running
                .insert(SequenceId { request: id, sample }, Thrown { constraint, state, written: 0, most });
        }
        Ok(id)
    }

    fn step(&mut self) -> Vec<Event> {
        let mut events = std::mem::take(&mut self.pending);
        let mut ended = Vec::new();
        for (sequence, thrown) in &mut self.running {
            let Some(id) = thrown.draw(&self.weights) else {
                ended.push((*sequence, FinishReason::Stop));
                continue;
            };
            thrown.written += 1;
            if let Some(constraint) = &mut thrown.constraint {
                constraint.accept(id);
            }
            let token = Token { id, logprob: -0.5, sampled_logprob: None, top: Vec::new(), forced: false };
            events.push(Event::Token { sequence: *sequence, token });
            if id == 0 {
                ended.push((*sequence, FinishReason::Stop));
            } else if thrown.written >= thrown.most {
                ended.push((*sequence, FinishReason::Length));
            }
        }
        for (sequence, finish) in ended {
            self.end(sequence, 0, finish);
        }
        events.append(&mut self.pending);
        events
    }

    fn end(&mut self, sequence: SequenceId, _: usize, finish: FinishReason) {
        if self.running.remove(&sequence).is_some() {
            self.pending.push(Event::Finished { sequence, finish });
        }
    }

    fn force(&mut self, sequence: SequenceId, written: usize, ids: &[u32]) {
        let Some(thrown) = self.running.get_mut(&sequence) else { return };
        assert_eq!(written, thrown.written, "a constraint cannot forget");
        for id in ids {
            thrown.written += 1;
            if let Some(constraint) = &mut thrown.constraint {
                constraint.accept(*id);
            }
            let token = Token { id: *id, logprob: 0.0, sampled_logprob: None, top: Vec::new(), forced: true };
            self.pending.push(Event::Token { sequence, token });
        }
    }

    fn cancel(&mut self, request: RequestId) {
        self.running.retain(|sequence, _| sequence.request != request);
    }

    fn load(&self) -> Load {
        Load { running: self.running.len(), ..Load::default() }
    }
}

fn load_weights(_: &mut Dice, _: &Path) -> Result<(), String> {
    Err("dice have no weights".into())
}

/// A server of dice whose template writes calls of tools in some form.
pub fn start(call: &str) -> ScriptServer {
    let folder = tempfile::tempdir().unwrap();
    let tokenizer = tokenizer(folder.path());
    start_with(tokenizer, folder, call, 0)
}

/// The same with another tokenizer.
pub fn start_with(tokenizer: Tokenizer, folder: tempfile::TempDir, call: &str, port: u16) -> ScriptServer {
    let template = format!(
        "{{% for m in messages %}}{{{{ m.role }}}}: {{{{ m.content }}}}{{% for t in m.tool_calls %}}{call}\
         {{% endfor %}}{{% endfor %}}{{% if thinking %}}<think>{{% endif %}}"
    );
    let session = Dice::new(&tokenizer);
    let stop_ids = tokenizer.eos().and_then(|eos| tokenizer.token_to_id(eos)).into_iter().collect();
    let model = ServedModel {
        name: "script".into(),
        tokenizer,
        template: Some(ChatTemplate::new(&template, None, None).unwrap()),
        stop_ids,
        context: 4000,
    };
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    let options = ServeOptions { address, ..ServeOptions::default() };
    super::listen(session, load_weights, model, folder, options)
}
