//! LiveCodeBench (arXiv:2403.07974), private tests included.
//!
//! ```json
//! {"question_id": "1873_A", "question_content": "Add.", "starter_code": "", "metadata": "{}",
//!  "public_test_cases": "[{\"input\": \"1 2\", \"output\": \"3\", \"testtype\": \"stdin\"}]", "private_test_cases": "eJx.."}
//! ```
//! The private tests are JSON, or JSON in a pickle in zlib in base64. Of the pickle's language only what
//! one text needs is understood, so that nothing can be run by it.

use std::path::Path;

use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use serde::Deserialize;
use serde_json::{Value, json};

use super::rows;
use crate::DataError;
use r1_core::{Problem, Reference};

/// The largest private tests after decompression.
const MAX_BYTES: usize = 1 << 30;

#[derive(Deserialize)]
struct Row {
    question_id: String,
    question_content: String,
    #[serde(default)]
    starter_code: String,
    public_test_cases: String,
    #[serde(default)]
    private_test_cases: String,
    #[serde(default)]
    metadata: String,
    #[serde(default)]
    difficulty: Option<String>,
    #[serde(default)]
    contest_date: Option<String>,
}

#[derive(Deserialize)]
struct Case {
    input: String,
    output: String,
    testtype: String,
}

/// Reads one object a line. The ids are those of the file; public tests come first.
///
/// # Errors
/// As [`rows::read`], and [`DataError::Line`] when tests cannot be decoded.
pub fn load(path: impl AsRef<Path>) -> Result<Vec<Problem>, DataError> {
    rows::problems(path.as_ref(), |_, row: Row| {
        let mut all = parse(&row.public_test_cases).map_err(|error| format!("public tests: {error}"))?;
        let private = row.private_test_cases.trim();
        if !private.is_empty() {
            let text = if private.starts_with('[') { Ok(private.to_owned()) } else { decode(private) };
            all.extend(
                text.and_then(|text| parse(&text)).map_err(|error| format!("private tests: {error}"))?,
            );
        }
        let metadata: Value = serde_json::from_str(&row.metadata).unwrap_or_default();
        let function = metadata["func_name"].as_str();
        let tests = all.into_iter().map(|case| test(case, function)).collect::<Result<Vec<_>, _>>()?;
        if tests.is_empty() {
            return Err("it has no tests".into());
        }
        let mut question = row.question_content;
        if !row.starter_code.trim().is_empty() {
            question.extend(["\n\nStart from:\n", &row.starter_code]);
        }
        // As its grader: six seconds a test, decimals by their values.
        let suite = json!({"cpu_seconds": 6.0, "checker": "decimals", "tests": tests});
        let mut problem = Problem::new(row.question_id, question, Reference::Tests { tests: suite });
        for (name, value) in [("difficulty", row.difficulty), ("contest_date", row.contest_date)] {
            if let Some(value) = value {
                problem = problem.with(name, value);
            }
        }
        Ok(problem)
    })
}

fn parse(text: &str) -> Result<Vec<Case>, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

fn test(case: Case, function: Option<&str>) -> Result<Value, String> {
    if case.testtype == "stdin" {
        return Ok(json!({"stdin": case.input, "stdout": case.output}));
    }
    let function = function.ok_or("a test of a function, but the metadata has no `func_name`")?;
    let value =
        |text: &str| serde_json::from_str::<Value>(text).map_err(|error| format!("`{text}`: {error}"));
    let args = case
        .input
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(value)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(json!({"call": function, "args": args, "returns": value(&case.output)?}))
}

fn decode(text: &str) -> Result<String, String> {
    let bytes = base64(text).ok_or("not base64")?;
    let pickle =
        decompress_to_vec_zlib_with_limit(&bytes, MAX_BYTES).map_err(|error| format!("zlib: {error}"))?;
    unpickle(&pickle).ok_or_else(|| "the pickle holds something else than one text".into())
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0u32, 0);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => continue,
            _ => return None,
        };
        bits = bits << 6 | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Some(bytes)
}

/// The one text of a pickle made of PROTO, FRAME, a text, MEMOIZE or BINPUT, and STOP.
fn unpickle(pickle: &[u8]) -> Option<String> {
    let mut rest = pickle;
    let mut text = None;
    loop {
        let (&code, tail) = rest.split_first()?;
        rest = match code {
            0x80 => tail.get(1..)?,
            0x95 => tail.get(8..)?,
            b'q' => tail.get(1..)?,
            b'r' => tail.get(4..)?,
            0x94 => tail,
            0x8c | b'X' | 0x8d if text.is_none() => {
                let width = match code {
                    0x8c => 1,
                    b'X' => 4,
                    _ => 8,
                };
                let (size, tail) = tail.split_at_checked(width)?;
                let size = size.iter().rev().fold(0u64, |sum, &byte| sum << 8 | u64::from(byte));
                let (content, tail) = tail.split_at_checked(usize::try_from(size).ok()?)?;
                text = Some(String::from_utf8(content.to_vec()).ok()?);
                tail
            }
            b'.' => return text,
            _ => return None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::tests::{error, file};

    /// base64(zlib(pickle.dumps(json.dumps([{"input": "3 4", "output": "7", "testtype": "stdin"}])))), by
    /// Python 3.11.
    const PRIVATE: &str =
        "eJxrYJlqxQABPWbR1UqZeQWlJUpWCkrGCiZKOgpK+aUlUAFzELcktbikpLIgFSRQXJKSmadUGztFDwBV2BMJ";

    #[test]
    fn private_tests_are_decoded() {
        let row = json!({"question_id": "a", "question_content": "Add.", "private_test_cases": PRIVATE,
            "public_test_cases": r#"[{"input": "1 2", "output": "3", "testtype": "stdin"}]"#});
        let problem = load(file(row.to_string()).path()).unwrap().remove(0);
        let tests = json!({"cpu_seconds": 6.0, "checker": "decimals", "tests": [{"stdin": "1 2", "stdout": "3"}, {"stdin": "3 4", "stdout": "7"}]});
        assert_eq!(problem.reference, Reference::Tests { tests });
    }

    #[test]
    fn functions_get_a_line_for_each_argument() {
        let row = json!({"question_id": "a", "question_content": "Add.", "metadata": "{\"func_name\": \"add\"}",
            "public_test_cases": r#"[{"input": "[1, 2]\n\"x\"", "output": "3", "testtype": "functional"}]"#});
        let problem = load(file(row.to_string()).path()).unwrap().remove(0);
        let tests = json!({"cpu_seconds": 6.0, "checker": "decimals", "tests": [{"call": "add", "args": [[1, 2], "x"], "returns": 3}]});
        assert_eq!(problem.reference, Reference::Tests { tests });
    }

    #[test]
    fn a_pickle_that_would_run_something_is_refused() {
        // cos\nsystem\n(S'id'\ntR.
        assert_eq!(unpickle(b"cos\nsystem\n(S'id'\ntR."), None);
        assert_eq!(unpickle(b"\x80\x04\x8c\x02ok\x94."), Some("ok".into()));
        for bad in [&b"\x80\x04\x8c\xffok."[..], b"", b"\x80", b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff."] {
            assert_eq!(unpickle(bad), None);
        }
        let row = r#"{"question_id": "a", "question_content": "", "public_test_cases": "[]", "private_test_cases": "eJw="}"#;
        assert!(error(load, row).contains("private tests: zlib"));
    }
}
