//! Damaged files: an error or a file, never a panic.

use proptest::prelude::*;
use r1_gguf::{Gguf, GgufError};

const EVERY: &[u8] = include_bytes!("golden/every.gguf");

/// Models and vocabularies, each of which has keys that the others lack.
const MODELS: [&[u8]; 5] = [
    include_bytes!("golden/llama.gguf"),
    include_bytes!("golden/qwen3moe.gguf"),
    include_bytes!("golden/deepseek2.gguf"),
    include_bytes!("golden/pre-llama-bpe.gguf"),
    include_bytes!("golden/spm.gguf"),
];
/// Numbers at the borders of what arithmetic holds.
const EXTREMES: [u64; 9] = [0, 1, 2, 255, u32::MAX as u64, 1 << 32, 1 << 40, i64::MAX as u64, u64::MAX];

/// Opens bytes and uses everything that opened; the messages of what is refused.
fn survives(bytes: Vec<u8>) -> Result<Vec<String>, GgufError> {
    let gguf = Gguf::from_bytes(bytes)?;
    let mut values = Vec::new();
    for tensor in gguf.tensors() {
        tensor.to_f32(&mut values);
    }
    let _ = gguf.metadata().iter().map(|(key, value)| format!("{key} {value}")).collect::<String>();
    let mut refused = Vec::new();
    let mut note = |result: Result<serde_json::Value, GgufError>| match result {
        Ok(value) => Some(value),
        Err(error) => {
            refused.push(error.to_string());
            None
        }
    };
    if let Some(config) = note(gguf.config()) {
        // A reader of the config multiplies two of these and counts to some of them.
        let numbers = config.as_object().unwrap().values().filter_map(|value| value.as_u64());
        assert!(numbers.max().unwrap() <= u32::MAX.into(), "{config}");
        assert!(config["num_hidden_layers"].as_u64().unwrap() <= gguf.tensors().len() as u64);
    }
    note(gguf.generation_config());
    note(gguf.tokenizer_config());
    if let Some(tokenizer) = note(gguf.tokenizer_json())
        && let Ok(tokenizer) = tokenizer.to_string().parse::<tokenizers::Tokenizer>()
    {
        let _ = tokenizer.encode("The theory of <|begin|> 12 Köln", true);
    }
    match gguf.weights() {
        Ok(weights) => {
            let mut names: Vec<&str> = weights.iter().map(|weight| weight.name()).collect();
            names.sort_unstable();
            assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
            for weight in &weights {
                weight.to_f32(&mut values);
                assert_eq!(values.len(), weight.rows() * weight.columns());
                if let (Some(blocks), Some((file, place))) = (weight.blocks(), weight.bytes_shared()) {
                    assert_eq!(*blocks, (*file).as_ref()[place]);
                }
            }
        }
        Err(error) => refused.push(error.to_string()),
    }
    Ok(refused)
}

/// Places behind the keys and the names of tensors: where a type, a number, a length or a shape begins.
fn places(bytes: &[u8]) -> Vec<usize> {
    let gguf = Gguf::from_bytes(bytes.to_vec()).unwrap();
    let keys = gguf.metadata().iter().map(|(key, _)| key);
    let named: Vec<&str> = keys.chain(gguf.tensors().map(|tensor| tensor.name())).collect();
    let behind = |name: &&str| {
        let mut text = (name.len() as u64).to_le_bytes().to_vec();
        text.extend(name.as_bytes());
        bytes.windows(text.len()).position(|window| window == text).unwrap() + text.len()
    };
    named.iter().map(behind).collect()
}

#[test]
fn every_field_may_be_any_number() {
    for model in MODELS {
        for place in places(model).into_iter().flat_map(|place| [0, 4, 8, 12, 16, 20, 24].map(|o| place + o))
        {
            for number in EXTREMES {
                for width in [4, 8] {
                    let mut bytes = model.to_vec();
                    if place + width <= bytes.len() {
                        bytes[place..place + width].copy_from_slice(&number.to_le_bytes()[..width]);
                        let _ = survives(bytes);
                    }
                }
            }
        }
    }
}

#[test]
fn messages_are_short_lines_whatever_a_file_holds() {
    let long = format!("\u{1b}[31m{}\n", "x".repeat(1 << 20));
    for (key, kind) in [("general.architecture", "arch"), ("\u{1b}[2Jkey", "key")] {
        let mut bytes = b"GGUF\x03\0\0\0".to_vec();
        bytes.extend(0u64.to_le_bytes());
        bytes.extend(1u64.to_le_bytes());
        bytes.extend((key.len() as u64).to_le_bytes());
        bytes.extend(key.as_bytes());
        bytes.extend(8u32.to_le_bytes());
        bytes.extend((long.len() as u64).to_le_bytes());
        bytes.extend(long.as_bytes());
        let messages = survives(bytes).unwrap_or_else(|error| vec![error.to_string()]);
        assert!(!messages.is_empty(), "{kind}");
        for message in messages {
            assert!(message.len() < 300 && !message.contains(char::is_control), "{kind}: {message}");
        }
    }
}

#[test]
fn every_beginning_of_a_file_is_refused() {
    for len in 0..EVERY.len() {
        let cut = survives(EVERY[..len].to_vec());
        // Behind the last tensor there may be padding.
        assert!(cut.is_err() || len + 32 > EVERY.len(), "{len}");
    }
    survives(EVERY.to_vec()).unwrap();
}

#[test]
fn errors_name_the_field_and_the_place() {
    let error = survives(EVERY[..700].to_vec()).unwrap_err().to_string();
    assert!(error.contains("at byte") && error.contains("fetch it again"), "{error}");
    let error = survives(b"PK\x03\x04....".to_vec()).unwrap_err().to_string();
    assert!(error.starts_with("the file begins with PK"), "{error}");
    let mut old = EVERY.to_vec();
    old[4] = 1;
    assert!(survives(old.clone()).unwrap_err().to_string().starts_with("the file has version 1"));
    old[4..8].copy_from_slice(&[0, 0, 0, 3]);
    assert!(survives(old).unwrap_err().to_string().starts_with("the file is big-endian"));
}

#[test]
fn every_single_byte_may_be_anything() {
    for place in 0..EVERY.len().min(2500) {
        for value in [0, 1, 9, 0x7f, 0x80, 0xff] {
            let mut bytes = EVERY.to_vec();
            bytes[place] = value;
            let _ = survives(bytes);
        }
    }
}

/// A file without weights whose vocabulary has these tokens, all of one type.
fn vocabulary(model: &str, tokens: &[String], kind: i32) -> Vec<u8> {
    fn text(text: &str, out: &mut Vec<u8>) {
        out.extend((text.len() as u64).to_le_bytes());
        out.extend(text.as_bytes());
    }
    fn array(key: &str, kind: u32, len: usize, out: &mut Vec<u8>) {
        text(&format!("tokenizer.ggml.{key}"), out);
        out.extend(9u32.to_le_bytes());
        out.extend(kind.to_le_bytes());
        out.extend((len as u64).to_le_bytes());
    }
    let mut out = b"GGUF\x03\0\0\0".to_vec();
    out.extend(0u64.to_le_bytes());
    out.extend(6u64.to_le_bytes());
    for (key, value) in [("model", model), ("pre", "gpt-2")] {
        text(&format!("tokenizer.ggml.{key}"), &mut out);
        out.extend(8u32.to_le_bytes());
        text(value, &mut out);
    }
    array("tokens", 8, tokens.len(), &mut out);
    tokens.iter().for_each(|token| text(token, &mut out));
    array("token_type", 5, tokens.len(), &mut out);
    tokens.iter().for_each(|_| out.extend(kind.to_le_bytes()));
    array("scores", 6, tokens.len(), &mut out);
    tokens.iter().for_each(|_| out.extend(0f32.to_le_bytes()));
    array("merges", 8, 0, &mut out);
    out
}

#[test]
fn vocabularies_beyond_any_real_one_are_refused() {
    let refused = |model: &str, tokens: Vec<String>, kind: i32, part: &str| {
        let gguf = Gguf::from_bytes(vocabulary(model, &tokens, kind)).unwrap();
        let error = gguf.tokenizer_json().unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    let numbered =
        |count: usize, width: usize| (0..count).map(|i| format!("{i:0width$}")).collect::<Vec<_>>();
    refused("gpt2", numbered(40_000, 6), 3, "40000 tokens are of the types");
    refused("gpt2", numbered((1 << 20) + 1, 7), 1, "1048577 tokens are in the file");
    refused("llama", numbered(40_000, 127), 1, "too great a length");
    refused("llama", numbered(40, 129), 1, "token 0 has 129 bytes");
    let words = (1..=19).flat_map(|width| (0..1 << width).map(move |i| format!("{i:0width$b}")));
    refused("llama", words.take(600_000).collect(), 1, "in more than 4194304 ways");
}

proptest! {
    #[test]
    fn changed_bytes_are_an_error_or_a_file(
        changes in prop::collection::vec((0..EVERY.len(), any::<u8>()), 1..12),
        number in prop::option::of((0..1500usize, prop::sample::select(vec![u64::MAX, 1 << 63, 1 << 40, 0]))),
    ) {
        let mut bytes = EVERY.to_vec();
        for (place, value) in changes {
            bytes[place] = value;
        }
        if let Some((place, number)) = number {
            bytes[place..place + 8].copy_from_slice(&number.to_le_bytes());
        }
        let _ = survives(bytes);
    }

    #[test]
    fn changed_models_are_an_error_or_a_file(
        model in prop::sample::select(MODELS.to_vec()),
        fields in prop::collection::vec((any::<prop::sample::Index>(), 0..28usize, prop::sample::select(EXTREMES.to_vec())), 0..4),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let (mut bytes, places) = (model.to_vec(), places(model));
        for (index, offset, number) in fields {
            let place = index.get(&places) + offset;
            let end = (place + 8).min(bytes.len());
            bytes[place.min(end)..end].copy_from_slice(&number.to_le_bytes()[..end.saturating_sub(place)]);
        }
        for (index, value) in changes {
            let place = index.index(bytes.len());
            bytes[place] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let _ = survives(bytes);
    }

    #[test]
    fn any_bytes_behind_the_magic_are_an_error_or_a_file(tail in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = survives([b"GGUF\x03\0\0\0".to_vec(), tail].concat());
    }
}
