//! HumanEval, functions to be completed (arXiv:2107.03374).
//!
//! ```json
//! {"task_id": "HumanEval/53", "prompt": "def add(x: int, y: int):\n    \"\"\"Add two numbers\"\"\"\n", "entry_point": "add",
//!  "canonical_solution": "    return x + y\n", "test": "def check(candidate):\n    assert candidate(0, 1) == 1\n"}
//! ```

use std::path::Path;

use serde::Deserialize;
use serde_json::json;

use super::rows;
use crate::DataError;
use r1_core::{Problem, Reference};

#[derive(Deserialize)]
struct Row {
    task_id: String,
    prompt: String,
    canonical_solution: String,
    test: String,
    entry_point: String,
}

/// Reads `HumanEval.jsonl`. The ids are those of the file; the metadata's `solution` is the canonical
/// one. A completion may be the function's body, or the whole function again.
///
/// # Errors
/// As [`rows::read`].
pub fn load(path: impl AsRef<Path>) -> Result<Vec<Problem>, DataError> {
    rows::problems(path.as_ref(), |_, row: Row| {
        let assert = format!("{}\ncheck({})\n", row.test, row.entry_point);
        // The prompt holds helpers that some tests call; the function itself is the submission's.
        let test = json!({"assert": assert, "functions": [row.entry_point], "setup": row.prompt});
        let tests = json!({"language": "python", "prelude": row.prompt, "tests": [test]});
        let problem = Problem::new(row.task_id, row.prompt, Reference::Tests { tests });
        Ok(problem.with("solution", row.canonical_solution))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::tests::{error, file};

    #[test]
    fn the_test_calls_check() {
        let file = file(
            r#"{"task_id": "HumanEval/53", "prompt": "def add(x, y):\n", "entry_point": "add", "canonical_solution": "    return x + y\n", "test": "def check(candidate):\n    assert candidate(0, 1) == 1\n"}"#,
        );
        let problem = load(file.path()).unwrap().remove(0);
        let Reference::Tests { tests } = &problem.reference else { panic!() };
        assert!(tests["tests"][0]["assert"].as_str().unwrap().ends_with("\ncheck(add)\n"));
        assert_eq!(tests["prelude"], "def add(x, y):\n");
        assert_eq!(
            (problem.id.as_str(), &problem.metadata["solution"]),
            ("HumanEval/53", &"    return x + y\n".into())
        );
        assert!(error(load, r#"{"task_id": "x"}"#).contains("line 1: "));
    }
}
