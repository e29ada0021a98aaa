use std::fs;

use proptest::prelude::*;
use serde_json::json;

use super::*;

const ADDED: [&str; 5] = ["<|end|>", "<think>", "</think>", "<answer>", "</answer>"];

fn characters() -> (tempfile::TempDir, Tokenizer) {
    let folder = tempfile::tempdir().unwrap();
    let tokenizer = Tokenizer::characters("0123456789+-=, <>aé\n", &ADDED, folder.path()).unwrap();
    (folder, tokenizer)
}

/// A tokenizer of bytes as GPT-2 writes them: a character outside ASCII spans several tokens.
fn bytes(folder: &Path) -> Tokenizer {
    let mut alphabet: Vec<char> =
        tokenizers::pre_tokenizers::byte_level::ByteLevel::alphabet().into_iter().collect();
    alphabet.sort_unstable();
    let vocab: serde_json::Map<_, _> =
        alphabet.iter().enumerate().map(|(id, character)| (character.to_string(), json!(id))).collect();
    let level =
        json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true});
    let tokenizer = json!({
        "version": "1.0", "truncation": {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0},
        "padding": null, "added_tokens": [], "normalizer": null,
        "pre_tokenizer": level, "post_processor": null, "decoder": level,
        "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "vocab": vocab, "merges": []},
    });
    fs::write(folder.join("tokenizer.json"), tokenizer.to_string()).unwrap();
    Tokenizer::load(folder).unwrap()
}

#[test]
fn characters_and_added_tokens_have_one_id_each() {
    let (_folder, tokenizer) = characters();
    let ids = tokenizer.encode("<think>1+2=3</think> <answer>3</answer><|end|>").unwrap();
    assert_eq!(ids, [2, 7, 16, 8, 18, 9, 3, 20, 4, 9, 5, 1]);
    assert_eq!(tokenizer.vocab_size(), 6 + 20);
    assert_eq!(tokenizer.token_to_id("<think>"), Some(2));
    assert_eq!(tokenizer.id_to_token(7).as_deref(), Some("1"));
    assert_eq!(tokenizer.id_to_token(26), None);
    assert_eq!((tokenizer.bos(), tokenizer.eos()), (None, Some("<|end|>")));
}

#[test]
fn decoding_leaves_out_special_tokens_only_when_asked() {
    let (_folder, tokenizer) = characters();
    let ids = tokenizer.encode("<answer>3</answer><|end|>").unwrap();
    assert_eq!(tokenizer.decode(&ids, true).unwrap(), "<answer>3</answer>");
    assert_eq!(tokenizer.decode(&ids, false).unwrap(), "<answer>3</answer><|end|>");
}

#[test]
fn a_character_outside_the_alphabet_is_unknown() {
    let (_folder, tokenizer) = characters();
    assert_eq!(tokenizer.encode("1ßß2").unwrap(), [7, 0, 0, 8]);
    assert_eq!(tokenizer.decode(&[7, 0, 8], false).unwrap(), "1<unk>2");
}

#[test]
fn vocabularies_that_do_not_fit_together_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let check = |alphabet, added: &[&str], part: &str| {
        let error = Tokenizer::characters(alphabet, added, folder.path()).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    check("", &[], "the alphabet is empty");
    check("ab", &[""], "an added token is empty");
    check("ab", &["<a>", "<a>"], "`<a>` stands twice");
    check("ab", &["a"], "`a` stands twice");
}

#[test]
fn missing_tokens_are_named() {
    let (_folder, tokenizer) = characters();
    assert_eq!(tokenizer.require(&["<think>", "<|end|>"]).unwrap(), [2, 1]);
    let error = tokenizer.require(&["<think>", "<|im_end|>", "<|user|>"]).unwrap_err().to_string();
    assert!(
        error.ends_with("lacks `<|im_end|>`, `<|user|>`; add it to the vocabulary or choose another model")
    );
}

#[test]
fn special_tokens_are_texts_or_objects() {
    let (folder, _) = characters();
    let config = json!({"bos_token": {"content": "<think>", "lstrip": false}, "eos_token": null});
    fs::write(folder.path().join("tokenizer_config.json"), config.to_string()).unwrap();
    let tokenizer = Tokenizer::load(folder.path().join("tokenizer.json")).unwrap();
    assert_eq!((tokenizer.bos(), tokenizer.eos()), (Some("<think>"), None));
}

#[test]
fn files_that_are_no_tokenizer_are_named() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(Tokenizer::load(folder.path()), Err(DataError::Read { .. })));
    fs::write(folder.path().join("tokenizer.json"), "{\"model\": 3}").unwrap();
    let error = Tokenizer::load(folder.path()).unwrap_err();
    assert!(matches!(error, DataError::Tokenizer { .. }), "{error}");
    let (folder, _) = characters();
    fs::write(folder.path().join("tokenizer_config.json"), "[").unwrap();
    let error = Tokenizer::load(folder.path()).unwrap_err().to_string();
    assert!(error.contains("tokenizer_config.json"), "{error}");
}

#[test]
fn truncation_in_the_file_is_switched_off() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(bytes(folder.path()).encode("longer than four").unwrap().len(), 16);
}

#[test]
fn a_stream_never_gives_half_a_character() {
    let folder = tempfile::tempdir().unwrap();
    let tokenizer = bytes(folder.path());
    let ids = tokenizer.encode("a€é!").unwrap();
    let mut stream = tokenizer.stream(true);
    let pieces: Vec<String> = ids.iter().map(|&id| stream.push(id).unwrap()).collect();
    assert_eq!(pieces, ["a", "", "", "€", "", "é", "!"]);
    let mut cut = tokenizer.stream(true);
    cut.push(ids[1]).unwrap();
    assert_eq!(cut.finish().unwrap(), "\u{FFFD}");
}

/// A tokenizer as Llama's: a space is `▁`, and what is not in the vocabulary is spelled in bytes.
fn byte_fallback(folder: &Path) -> Tokenizer {
    let mut vocab = serde_json::Map::new();
    let bytes = (0..=255u8).map(|byte| format!("<0x{byte:02X}>"));
    let words = ["\u{2581}", "a", "b", "\u{2581}x"].map(String::from);
    for token in ["<unk>", "<s>", "</s>"].map(String::from).into_iter().chain(bytes).chain(words) {
        vocab.insert(token, json!(vocab.len()));
    }
    let space = json!({"type": "Replace", "pattern": {"String": "\u{2581}"}, "content": " "});
    let tokenizer = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": "\u{2581}"},
            {"type": "Replace", "pattern": {"String": " "}, "content": "\u{2581}"},
        ]},
        "pre_tokenizer": null, "post_processor": null,
        "decoder": {"type": "Sequence", "decoders": [
            space, {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0},
        ]},
        "model": {"type": "BPE", "dropout": null, "unk_token": "<unk>", "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": true, "byte_fallback": true, "vocab": vocab, "merges": []},
    });
    fs::write(folder.join("tokenizer.json"), tokenizer.to_string()).unwrap();
    Tokenizer::load(folder).unwrap()
}

#[test]
fn a_run_of_bytes_is_given_when_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let tokenizer = byte_fallback(folder.path());
    for text in ["안녕", "½ a", "a🎉b🎊b", "日本", "x ١٢ b"] {
        let mut stream = tokenizer.stream(true);
        let mut pieces: Vec<String> =
            tokenizer.encode(text).unwrap().into_iter().map(|id| stream.push(id).unwrap()).collect();
        assert!(!pieces.concat().contains('\u{FFFD}'), "{pieces:?}");
        pieces.push(stream.finish().unwrap());
        assert_eq!(pieces.concat(), text);
    }
}

#[test]
fn a_plain_prompt_begins_as_the_tokenizer_says() {
    let with = |processor: serde_json::Value, config: serde_json::Value, text: &str| {
        let folder = tempfile::tempdir().unwrap();
        Tokenizer::characters("0123456789+=", &["<|end|>", "<s>"], folder.path()).unwrap();
        let path = folder.path().join("tokenizer.json");
        let mut tokenizer: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        tokenizer["post_processor"] = processor;
        fs::write(&path, tokenizer.to_string()).unwrap();
        fs::write(folder.path().join("tokenizer_config.json"), config.to_string()).unwrap();
        Tokenizer::load(folder.path()).unwrap().encode_prompt(text).unwrap()
    };
    let processor = |single: serde_json::Value| {
        json!({"type": "TemplateProcessing", "single": single, "pair": single, "special_tokens": {
            "<s>": {"id": "<s>", "ids": [2], "tokens": ["<s>"]},
            "<|end|>": {"id": "<|end|>", "ids": [1], "tokens": ["<|end|>"]},
        }})
    };
    let special = |id: &str| json!({"SpecialToken": {"id": id, "type_id": 0}});
    let text = json!({"Sequence": {"id": "A", "type_id": 0}});
    let front = processor(json!([special("<s>"), text]));
    let both = processor(json!([special("<s>"), text, special("<|end|>")]));
    let behind = processor(json!([text, special("<|end|>")]));
    let (none, bos) = (json!({}), |add: bool| json!({"bos_token": "<s>", "add_bos_token": add}));
    let plain = [5, 13, 5, 14];
    let begun = [2, 5, 13, 5, 14];
    assert_eq!(with(json!(null), none.clone(), "2+2="), plain);
    assert_eq!(with(front.clone(), none.clone(), "2+2="), begun);
    assert_eq!(with(front.clone(), none.clone(), "<s>2+2="), begun, "not twice");
    assert_eq!(with(both, none.clone(), "2+2="), begun, "a prompt goes on");
    assert_eq!(with(behind, none, "2+2="), plain);
    assert_eq!(with(json!(null), bos(true), "2+2="), begun);
    assert_eq!(with(front, bos(false), "2+2="), plain);
}

proptest! {
    #[test]
    fn a_stream_with_byte_fallback_gives_the_text_of_any_ids(ids in prop::collection::vec(0u32..263, 0..40)) {
        let folder = tempfile::tempdir().unwrap();
        let tokenizer = byte_fallback(folder.path());
        let mut stream = tokenizer.stream(true);
        let mut text = String::new();
        for &id in &ids {
            text += &stream.push(id).unwrap();
        }
        text += &stream.finish().unwrap();
        prop_assert_eq!(text, tokenizer.decode(&ids, true).unwrap());
    }

    #[test]
    fn text_survives_the_way_to_ids_and_back(text in "[0-9+\\-=, <>aé\n]{0,40}") {
        let (_folder, tokenizer) = characters();
        let ids = tokenizer.encode(&text).unwrap();
        prop_assert_eq!(tokenizer.decode(&ids, false).unwrap(), text);
    }

    #[test]
    fn a_stream_gives_the_text_of_any_ids(ids in prop::collection::vec(0u32..256, 0..40)) {
        let folder = tempfile::tempdir().unwrap();
        let tokenizer = bytes(folder.path());
        let mut stream = tokenizer.stream(true);
        let mut text = String::new();
        for &id in &ids {
            text += &stream.push(id).unwrap();
        }
        text += &stream.finish().unwrap();
        prop_assert_eq!(text, tokenizer.decode(&ids, true).unwrap());
    }
}
