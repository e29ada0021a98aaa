//! SentencePiece's byte pairs: merges from scores, bytes for what has no piece.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::vocabulary::{Kind, Vocabulary};
use crate::{Gguf, GgufError};

/// Bytes of the longest piece: all its divisions are tried, and real ones have 48 at the most.
const PIECE: usize = 128;
/// Square of the bytes of all pieces, with which the time goes: 32 times that of the largest real vocabulary.
const WORK: usize = 1 << 29;
/// Divisions of all pieces: those of the largest real vocabulary are half a million.
const MERGES: usize = 1 << 22;
/// SentencePiece's sign for a blank.
const BLANK: &str = "\u{2581}";

pub(super) fn tokenizer(gguf: &Gguf, vocabulary: &Vocabulary) -> Result<Value, GgufError> {
    let key = "tokenizer.ggml.scores";
    let scores: Vec<f64> = gguf.metadata().need(key, "a SentencePiece tokenizer")?;
    if scores.len() != vocabulary.tokens.len() {
        let what =
            format!("`{key}` has {} entries, and there are {} tokens", scores.len(), vocabulary.tokens.len());
        return Err(GgufError::Tokenizer { what });
    }
    let long = |id: &usize| vocabulary.kinds[*id] == Kind::Normal && vocabulary.tokens[*id].len() > PIECE;
    if let Some(id) = (0..vocabulary.tokens.len()).find(long) {
        let what = format!("token {id} has {} bytes, and {PIECE} are the most", vocabulary.tokens[id].len());
        return Err(GgufError::Tokenizer { what });
    }
    let before = gguf.metadata().get::<bool>("tokenizer.ggml.add_space_prefix")?.unwrap_or(true);
    let blank = json!({"type": "Replace", "pattern": {"String": " "}, "content": BLANK});
    let mut steps = vec![blank];
    let mut decoders = vec![
        json!({"type": "Replace", "pattern": {"String": BLANK}, "content": " "}),
        json!({"type": "ByteFallback"}),
        json!({"type": "Fuse"}),
    ];
    if before {
        steps.insert(0, json!({"type": "Prepend", "prepend": BLANK}));
        decoders.push(json!({"type": "Strip", "content": " ", "start": 1, "stop": 0}));
    }
    let unknown = vocabulary.kinds.iter().position(|kind| *kind == Kind::Unknown);
    let bytes = vocabulary.kinds.contains(&Kind::Byte);
    Ok(json!({
        "normalizer": {"type": "Sequence", "normalizers": steps},
        "pre_tokenizer": null,
        "decoder": {"type": "Sequence", "decoders": decoders},
        "model": {
            "type": "BPE", "dropout": null, "unk_token": unknown.map(|id| &vocabulary.tokens[id]),
            "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": true, "byte_fallback": bytes,
            "ignore_merges": false, "vocab": vocabulary.entries(), "merges": merges(vocabulary, &scores)?,
        },
    }))
}

/// All pairs of pieces that make a piece, the best piece first: SentencePiece merges the pair whose piece has the
/// highest score, and a list of merges is tried in its order.
fn merges(vocabulary: &Vocabulary, scores: &[f64]) -> Result<Vec<Value>, GgufError> {
    let lengths = vocabulary.tokens.iter().zip(&vocabulary.kinds).filter(|(_, kind)| **kind == Kind::Normal);
    if lengths.map(|(token, _)| token.len() * token.len()).sum::<usize>() > WORK {
        return Err(GgufError::Tokenizer { what: "the pieces are too many of too great a length".into() });
    }
    let mut found = Vec::new();
    for (id, token) in vocabulary.tokens.iter().enumerate() {
        if vocabulary.kinds[id] != Kind::Normal || vocabulary.ids.get(token.as_str()) != Some(&id) {
            continue;
        }
        for (place, _) in token.char_indices().skip(1) {
            let (left, right) = token.split_at(place);
            let normal = |part: &str| {
                vocabulary.ids.get(part).copied().filter(|id| vocabulary.kinds[*id] == Kind::Normal)
            };
            if let Some(left_id) = normal(left)
                && let Some(right_id) = normal(right)
            {
                found.push((id, left_id, right_id));
            }
        }
        if found.len() > MERGES {
            let what = format!("the pieces divide into others in more than {MERGES} ways");
            return Err(GgufError::Tokenizer { what });
        }
    }
    found.sort_by(|(a, a_left, a_right), (b, b_left, b_right)| {
        let order = scores[*b].total_cmp(&scores[*a]);
        order
            .then_with(|| (a, Reverse(a_left), Reverse(a_right)).cmp(&(b, Reverse(b_left), Reverse(b_right))))
    });
    let tokens = vocabulary.tokens;
    Ok(found.into_iter().map(|(_, left, right)| json!([tokens[left], tokens[right]])).collect())
}
