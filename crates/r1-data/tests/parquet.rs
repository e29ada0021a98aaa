//! Parquet files of pyarrow and of `datasets` are the JSON lines that they were written from.
#![cfg(feature = "parquet")]

use std::{fs, path::PathBuf};

use r1_core::Trace;
use r1_data::{
    DataError,
    dataset::{Format, TraceFormat, gsm8k, prompt_completion, rows},
};
use serde_json::Value;

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/parquet")).join(name)
}

fn values(path: PathBuf) -> Result<Vec<Value>, DataError> {
    rows::read(path)?.map(|record| record.map(|record| record.value)).collect()
}

const TABLES: [&str; 10] = [
    "types",
    "gsm8k",
    "math",
    "countdown",
    "openr1",
    "stratos",
    "openthoughts",
    "messages",
    "prompt-completion",
    "preference",
];
const WRITERS: [&str; 2] = ["pyarrow", "datasets"];

#[test]
fn rows_are_those_of_the_lines() {
    for table in TABLES {
        let lines = values(fixture(&format!("{table}.jsonl"))).unwrap();
        assert!(!lines.is_empty());
        for writer in WRITERS {
            let rows = values(fixture(&format!("{table}.{writer}.parquet"))).unwrap();
            assert_eq!(rows, lines, "{table} by {writer}");
        }
    }
}

#[test]
fn every_layout_reads_both() {
    for (table, format) in [
        ("gsm8k", Format::Gsm8k),
        ("math", Format::Math),
        ("countdown", Format::Countdown),
        ("preference", Format::Preference),
    ] {
        let lines = format.load(fixture(&format!("{table}.jsonl"))).unwrap();
        for writer in WRITERS {
            assert_eq!(format.load(fixture(&format!("{table}.{writer}.parquet"))).unwrap(), lines, "{table}");
        }
    }
    for format in TraceFormat::ALL
        .into_iter()
        .filter(|format| !matches!(format, TraceFormat::Traces | TraceFormat::QuestionAnswer))
    {
        let load = |kind: &str| -> Vec<Trace> {
            let mut traces = format.load(fixture(&format!("{format}.{kind}"))).unwrap();
            assert!(traces[0].name().contains(&format!("{kind}` row 1)")), "{}", traces[0].name());
            traces.iter_mut().for_each(|trace| drop(trace.provenance.remove("file")));
            traces
        };
        let lines = load("jsonl");
        assert!(WRITERS.iter().all(|writer| load(&format!("{writer}.parquet")) == lines), "{format}");
    }
}

#[test]
fn bad_rows_are_named() {
    let gsm8k = |name: &str| gsm8k::load(fixture(name)).unwrap_err().to_string();
    for (name, reason) in [
        ("null-answer.parquet", "null-answer.parquet` row 3: invalid type: null, expected a string"),
        ("drifted.parquet", "drifted.parquet` row 1: missing field `answer`"),
        ("bytes.parquet", "bytes.parquet` row 2: `question`: not UTF-8 from byte 1"),
        ("empty.parquet", "the data set is empty; check the file and the filters"),
    ] {
        let error = gsm8k(name);
        assert!(error.ends_with(reason), "{error}");
    }
    let error = gsm8k("not-utf8.parquet");
    assert!(error.contains("not-utf8.parquet` row 2: cannot be decoded: "), "{error}");
    assert!(error.to_lowercase().contains("utf") && error.len() < 500, "{error}");
    let error = prompt_completion::load(fixture("twice.parquet")).unwrap_err().to_string();
    assert!(
        error.ends_with("twice.parquet` row 3: the id `x` stands in row 1, too; ids must be unique"),
        "{error}"
    );
}

#[test]
fn a_file_that_ends_too_early_is_one_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.parquet");
    for name in ["types.pyarrow.parquet", "gsm8k.datasets.parquet"] {
        let whole = fs::read(fixture(name)).unwrap();
        for length in (4..whole.len() - 20).step_by(19).chain(whole.len() - 20..whole.len()) {
            fs::write(&path, &whole[..length]).unwrap();
            let error = values(path.clone()).unwrap_err();
            assert!(matches!(error, DataError::File { .. }), "{length}: {error}");
            let text = error.to_string();
            assert!(text.contains("cut.parquet` is damaged or not all there: "), "{text}");
            assert!(!text.contains('\n') && text.len() < 400, "{text}");
        }
    }
}

#[test]
fn a_damaged_file_is_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.parquet");
    let mut refused = 0;
    for name in ["types.pyarrow.parquet", "messages.datasets.parquet"] {
        let whole = fs::read(fixture(name)).unwrap();
        for place in (4..whole.len()).step_by(5) {
            let mut bytes = whole.clone();
            bytes[place] ^= 1 << (place % 8);
            fs::write(&path, bytes).unwrap();
            refused += usize::from(values(path.clone()).is_err());
        }
    }
    assert!(refused > 100, "{refused}");
}
