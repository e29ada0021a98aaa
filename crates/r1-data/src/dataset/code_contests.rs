//! CodeContests (arXiv:2203.07814), as JSON lines.
//!
//! ```json
//! {"name": "1A", "description": "Add.", "public_tests": {"input": ["1 2\n"], "output": ["3\n"]},
//!  "private_tests": {"input": [], "output": []}, "time_limit": {"seconds": 1, "nanos": 0}, "memory_limit_bytes": 256000000}
//! ```

use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::rows;
use crate::DataError;
use r1_core::{Problem, Reference};

#[derive(Deserialize)]
struct Row {
    name: String,
    description: String,
    #[serde(default)]
    public_tests: Tests,
    #[serde(default)]
    private_tests: Tests,
    #[serde(default)]
    generated_tests: Tests,
    #[serde(default)]
    time_limit: Option<TimeLimit>,
    #[serde(default)]
    memory_limit_bytes: u64,
    #[serde(default)]
    input_file: String,
}

#[derive(Default, Deserialize)]
struct Tests {
    input: Vec<String>,
    output: Vec<String>,
}

#[derive(Deserialize)]
struct TimeLimit {
    #[serde(default)]
    seconds: u64,
    #[serde(default)]
    nanos: u64,
}

/// Reads one object a line. The ids are the names; public, private and generated tests are used, in this
/// order.
///
/// # Errors
/// As [`rows::read`]; [`DataError::Line`] for a problem without tests, or one that reads a named file.
pub fn load(path: impl AsRef<Path>) -> Result<Vec<Problem>, DataError> {
    rows::problems(path.as_ref(), |_, row: Row| {
        if !row.input_file.is_empty() {
            return Err(format!("it reads the file `{}`, which the judge does not give", row.input_file));
        }
        let mut tests: Vec<Value> = Vec::new();
        for Tests { input, output } in [row.public_tests, row.private_tests, row.generated_tests] {
            if input.len() != output.len() {
                return Err(format!("{} inputs for {} outputs", input.len(), output.len()));
            }
            let pairs = input.into_iter().zip(output);
            tests.extend(pairs.map(|(stdin, stdout)| json!({"stdin": stdin, "stdout": stdout})));
        }
        if tests.is_empty() {
            return Err("it has no tests".into());
        }
        // Contests print real numbers with a tolerance; whole ones are exact in any case.
        let checker = json!({"floats": {"absolute": 1e-6, "relative": 1e-6}});
        let mut suite = json!({"checker": checker, "tests": tests});
        let seconds = row.time_limit.map_or(0.0, |limit| limit.seconds as f64 + limit.nanos as f64 * 1e-9);
        if seconds > 0.0 {
            suite["cpu_seconds"] = json!(seconds);
            suite["time_for_compiled"] = json!(true);
        }
        if row.memory_limit_bytes > 0 {
            suite["memory_mb"] = json!(row.memory_limit_bytes.div_ceil(1 << 20));
        }
        Ok(Problem::new(row.name, row.description, Reference::Tests { tests: suite }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::tests::{error, file};

    #[test]
    fn limits_and_all_tests_are_read() {
        let file = file(
            r#"{"name": "1A", "description": "Add.", "public_tests": {"input": ["1"], "output": ["2"]}, "generated_tests": {"input": ["3"], "output": ["4"]}, "time_limit": {"seconds": 1, "nanos": 500000000}, "memory_limit_bytes": 268435456}"#,
        );
        let problem = load(file.path()).unwrap().remove(0);
        let tests = json!({"cpu_seconds": 1.5, "time_for_compiled": true, "memory_mb": 256,
            "checker": {"floats": {"absolute": 1e-6, "relative": 1e-6}},
            "tests": [{"stdin": "1", "stdout": "2"}, {"stdin": "3", "stdout": "4"}]});
        assert_eq!(problem, Problem::new("1A", "Add.", Reference::Tests { tests }));
    }

    #[test]
    fn problems_that_cannot_be_judged_are_refused() {
        assert!(error(load, r#"{"name": "a", "description": ""}"#).contains("it has no tests"));
        let file = r#"{"name": "a", "description": "", "input_file": "in.txt"}"#;
        assert!(error(load, file).contains("`in.txt`"));
    }
}
