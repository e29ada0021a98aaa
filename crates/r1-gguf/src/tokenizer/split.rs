//! Divisions of a text before byte pairs are merged, by the name that llama.cpp gives them.

use serde_json::{Value, json};

use crate::GgufError;
use crate::error::shown;

/// Division of a text.
pub(super) struct Split {
    steps: &'static [Step],
    /// Whether the last step is GPT-2's own pattern, which the byte level has built in.
    gpt2: bool,
    nfc: bool,
    /// A word that is a token stays one, whatever the merges would make of it.
    pub(super) whole_words_first: bool,
}

enum Step {
    Pattern(&'static str),
    Digits,
}

const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const QWEN2: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const TEKKEN: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const DEEPSEEK_V3: &str = r##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"##;
/// Letters with case, of the Unicode version that DeepSeek's first tokenizer was made with.
const DEEPSEEK_LETTERS: &str = concat!(
    r"\s?[A-Za-z\x{B5}\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{1BA}\x{1BC}-\x{1BF}\x{1C4}-\x{293}\x{295}-\x{2AF}",
    r"\x{370}-\x{373}\x{376}\x{377}\x{37B}-\x{37D}\x{37F}\x{386}\x{388}-\x{38A}\x{38C}\x{38E}-\x{3A1}",
    r"\x{3A3}-\x{3F5}\x{3F7}-\x{481}\x{48A}-\x{52F}\x{531}-\x{556}\x{10A0}-\x{10C5}\x{13A0}-\x{13F5}",
    r"\x{13F8}-\x{13FD}\x{1C90}-\x{1CBA}\x{1CBD}-\x{1CBF}\x{1D00}-\x{1D2B}\x{1D6B}-\x{1D77}\x{1D79}-\x{1D9A}",
    r"\x{1E00}-\x{1F15}\x{1F18}-\x{1F1D}\x{1F20}-\x{1F45}\x{1F48}-\x{1F4D}\x{1F50}-\x{1F57}\x{1F59}\x{1F5B}",
    r"\x{1F5D}\x{1F5F}-\x{1F7D}\x{1F80}-\x{1FB4}\x{1FB6}-\x{1FBC}\x{1FBE}\x{1FC2}-\x{1FC4}\x{1FC6}-\x{1FCC}",
    r"\x{1FD0}-\x{1FD3}\x{1FD6}-\x{1FDB}\x{1FE0}-\x{1FEC}\x{1FF2}-\x{1FF4}\x{1FF6}-\x{1FFC}\x{2102}\x{2107}",
    r"\x{210A}-\x{2113}\x{2115}\x{2119}-\x{211D}\x{2124}\x{2126}\x{2128}\x{212A}-\x{212D}\x{212F}-\x{2134}",
    r"\x{2139}\x{213C}-\x{213F}\x{2145}-\x{2149}\x{214E}\x{2183}\x{2184}\x{2C00}-\x{2C7B}\x{2C7E}-\x{2CE4}",
    r"\x{2CEB}-\x{2CEE}\x{2CF2}\x{2CF3}\x{A640}-\x{A66D}\x{A680}-\x{A69B}\x{A722}-\x{A76F}\x{A771}-\x{A787}",
    r"\x{A78B}-\x{A78E}\x{AB70}-\x{ABBF}\x{FB00}-\x{FB06}\x{FB13}-\x{FB17}\x{FF21}-\x{FF3A}\x{FF41}-\x{FF5A}",
    r"\x{10400}-\x{1044F}\x{104B0}-\x{104D3}\x{104D8}-\x{104FB}\x{10C80}-\x{10CB2}\x{10CC0}-\x{10CF2}",
    r"\x{118A0}-\x{118DF}\x{1E900}-\x{1E943}]+",
);
const DEEPSEEK_IDEOGRAPHS: &str = r"[\x{4E00}-\x{9FA5}\x{800}-\x{4E00}\x{AC00}-\x{D7FF}]+";

/// Names, and what they stand for.
const KNOWN: &[(&[&str], Split)] = &[
    (
        &["llama-bpe", "llama3", "llama-v3"],
        Split { steps: &[Step::Pattern(LLAMA3)], gpt2: false, nfc: false, whole_words_first: true },
    ),
    (
        &["qwen2", "deepseek-r1-qwen"],
        Split { steps: &[Step::Pattern(QWEN2)], gpt2: false, nfc: true, whole_words_first: false },
    ),
    (
        &["smollm", "starcoder", "refact"],
        Split { steps: &[Step::Digits], gpt2: true, nfc: false, whole_words_first: false },
    ),
    (&["gpt-2"], Split { steps: &[], gpt2: true, nfc: false, whole_words_first: false }),
    (
        &["tekken"],
        Split { steps: &[Step::Pattern(TEKKEN)], gpt2: false, nfc: false, whole_words_first: true },
    ),
    (
        &["deepseek-v3"],
        Split {
            steps: &[
                Step::Pattern(r"\p{N}{1,3}"),
                Step::Pattern(r"[\x{4E00}-\x{9FA5}\x{3040}-\x{309F}\x{30A0}-\x{30FF}]+"),
                Step::Pattern(DEEPSEEK_V3),
            ],
            gpt2: false,
            nfc: false,
            whole_words_first: false,
        },
    ),
    (
        &["deepseek-llm"],
        Split {
            steps: &[
                Step::Pattern(r"[\r\n]"),
                Step::Pattern(DEEPSEEK_LETTERS),
                Step::Pattern(
                    r"\s?[!-/:-~\x{FF01}-\x{FF0F}\x{FF1A}-\x{FF5E}\x{2018}-\x{201F}\x{3000}-\x{3002}]+",
                ),
                Step::Pattern(r"\s+$"),
                Step::Pattern(DEEPSEEK_IDEOGRAPHS),
                Step::Digits,
            ],
            gpt2: false,
            nfc: false,
            whole_words_first: false,
        },
    ),
    (
        &["deepseek-coder"],
        Split {
            steps: &[
                Step::Pattern(r"[\r\n]"),
                Step::Pattern(r"\s?\p{L}+"),
                Step::Pattern(r"\s?\p{P}+"),
                Step::Pattern(DEEPSEEK_IDEOGRAPHS),
                Step::Digits,
            ],
            gpt2: false,
            nfc: false,
            whole_words_first: false,
        },
    ),
];

/// The division of a name.
pub(super) fn named(name: &str) -> Result<&'static Split, GgufError> {
    let found = KNOWN.iter().find(|(names, _)| names.contains(&name)).map(|(_, split)| split);
    found.ok_or_else(|| {
        let name = shown(name);
        let names: Vec<&str> = KNOWN.iter().flat_map(|(names, _)| names.iter().copied()).collect();
        let what = format!(
            "the division of texts `{name}` (`tokenizer.ggml.pre`) is not known; known are {}. The model's original \
             tokenizer.json serves in its place",
            names.join(", ")
        );
        GgufError::Tokenizer { what }
    })
}

/// Name of the division that a tokenizer.json has, if it is a known one.
pub(crate) fn split_name(tokenizer: &Value) -> Option<&'static str> {
    let normalizer = &tokenizer["normalizer"];
    let steps = steps_of(&tokenizer["pre_tokenizer"])?;
    let whole_words_first = tokenizer["model"]["ignore_merges"] == true;
    let same = |split: &Split| {
        let own = steps_of(&split.pre_tokenizer()).is_some_and(|own| own == steps)
            && split.whole_words_first == whole_words_first;
        // A vocabulary of NFC texts is the same without the step; another normalizer changes the texts.
        own && (normalizer.is_null()
            || normalizer["type"] == "NFC" && split.nfc
            || empty_sequence(normalizer))
    };
    KNOWN.iter().find(|(_, split)| same(split)).map(|(names, _)| names[0])
}

fn empty_sequence(normalizer: &Value) -> bool {
    normalizer["type"] == "Sequence"
        && normalizer["normalizers"].as_array().is_some_and(|steps| steps.is_empty())
}

/// The steps that decide where a text is divided, written the same way however the file escapes characters.
fn steps_of(pre_tokenizer: &Value) -> Option<Vec<String>> {
    let list = match pre_tokenizer["type"].as_str()? {
        "Sequence" => pre_tokenizer["pretokenizers"].as_array()?.as_slice(),
        _ => std::slice::from_ref(pre_tokenizer),
    };
    list.iter()
        .map(|step| match step["type"].as_str()? {
            "Split" if step["behavior"] == "Isolated" && step["invert"] != true => {
                step["pattern"]["Regex"].as_str().map(unescaped)
            }
            "Digits" if step["individual_digits"] == true => Some("digits".into()),
            "ByteLevel" if step["add_prefix_space"] == false => {
                Some(format!("bytes {}", step["use_regex"] != false))
            }
            _ => None,
        })
        .collect()
}

/// A pattern with characters in place of their codes and of `\r`, `\n`.
fn unescaped(pattern: &str) -> String {
    let mut parts = pattern.split(r"\x{");
    let mut out = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let code = part
            .split_once('}')
            .and_then(|(code, rest)| Some((char::from_u32(u32::from_str_radix(code, 16).ok()?)?, rest)));
        match code {
            Some((character, rest)) => {
                out.push(character);
                out.push_str(rest);
            }
            None => out.push_str(part),
        }
    }
    out.replace(r"\r", "\r").replace(r"\n", "\n")
}

impl Split {
    pub(super) fn normalizer(&self) -> Value {
        if self.nfc { json!({"type": "NFC"}) } else { Value::Null }
    }

    pub(super) fn pre_tokenizer(&self) -> Value {
        let steps = self.steps.iter().map(|step| match step {
            Step::Pattern(pattern) => {
                json!({"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": false})
            }
            Step::Digits => json!({"type": "Digits", "individual_digits": true}),
        });
        let bytes = json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": self.gpt2});
        json!({"type": "Sequence", "pretokenizers": steps.chain([bytes]).collect::<Vec<_>>()})
    }
}
