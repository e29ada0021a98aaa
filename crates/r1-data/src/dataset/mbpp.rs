//! MBPP, basic Python problems (arXiv:2108.07732), in the full and the sanitised layout.
//!
//! ```json
//! {"task_id": 2, "text": "Write a function to find the shared elements.", "code": "def shared(a, b):\n ...",
//!  "test_list": ["assert shared([1], [1]) == [1]"], "test_setup_code": "", "challenge_test_list": []}
//! ```

use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::rows;
use crate::DataError;
use r1_core::{Problem, Reference};

#[derive(Deserialize)]
struct Row {
    task_id: u64,
    #[serde(alias = "prompt")]
    text: String,
    code: String,
    test_list: Vec<String>,
    #[serde(default)]
    test_setup_code: String,
    #[serde(default)]
    test_imports: Vec<String>,
    #[serde(default)]
    challenge_test_list: Vec<String>,
}

/// Reads `mbpp.jsonl` or `sanitized-mbpp.jsonl`, one object a line. The ids are `mbpp-2`, ...; the
/// metadata's `solution` is the data set's code. The question names one test, without which the
/// function's name could not be known.
///
/// # Errors
/// As [`rows::read`], and [`DataError::Line`] when no test calls a function of the code.
pub fn load(path: impl AsRef<Path>) -> Result<Vec<Problem>, DataError> {
    rows::problems(path.as_ref(), |_, row: Row| {
        let all: Vec<&String> = row.test_list.iter().chain(&row.challenge_test_list).collect();
        let functions: Vec<&str> =
            defined(&row.code).filter(|name| all.iter().any(|test| calls(test, name))).collect();
        let first = row.test_list.first().filter(|_| !functions.is_empty());
        let first = first.ok_or("no test calls a function that the code defines")?;
        let mut setup = row.test_imports.join("\n");
        setup.extend(["\n", &row.test_setup_code]);
        let tests: Vec<Value> = all
            .iter()
            .map(|test| json!({"assert": test, "functions": functions, "setup": setup.trim()}))
            .collect();
        let question = format!("{}\nYour code should pass this test:\n{first}", row.text);
        let tests = json!({"language": "python", "tests": tests});
        let problem = Problem::new(format!("mbpp-{}", row.task_id), question, Reference::Tests { tests });
        Ok(problem.with("solution", row.code))
    })
}

/// The functions and classes that a source defines at its top level.
fn defined(code: &str) -> impl Iterator<Item = &str> {
    code.lines().filter_map(|line| {
        let rest = line.strip_prefix("def ").or_else(|| line.strip_prefix("class "))?;
        Some(rest.split(['(', ':']).next()?.trim())
    })
}

fn calls(test: &str, name: &str) -> bool {
    test.match_indices(name).any(|(start, _)| {
        let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
        let before = test.get(..start).and_then(|text| text.chars().next_back());
        let after = test.get(start + name.len()..).unwrap_or_default().trim_start();
        !before.is_some_and(part_of_word) && after.starts_with('(')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::tests::{error, file};

    #[test]
    fn both_layouts_are_read() {
        let file = file(
            r#"{"task_id": 2, "text": "Share.", "code": "def helper(x):\n  pass\ndef shared(a, b):\n  pass", "test_list": ["assert shared(1, 2) == 3"], "test_setup_code": "import math", "challenge_test_list": ["assert shared (0) == 0"]}
               {"task_id": 3, "prompt": "Share.", "code": "def shared(a):\n  pass", "test_list": ["assert set(shared(1)) == 3"], "test_imports": ["import re"]}"#,
        );
        let problems = load(file.path()).unwrap();
        let Reference::Tests { tests } = &problems[0].reference else { panic!() };
        let expected = json!([{"assert": "assert shared(1, 2) == 3", "functions": ["shared"], "setup": "import math"},
                              {"assert": "assert shared (0) == 0", "functions": ["shared"], "setup": "import math"}]);
        assert_eq!(tests["tests"], expected);
        let Reference::Tests { tests } = &problems[1].reference else { panic!() };
        assert_eq!(tests["tests"][0]["setup"], "import re");
        assert!(problems[1].question.ends_with("assert set(shared(1)) == 3"));
        assert_eq!(
            defined("class Pair(object):\n  pass\ndef f(x):\n  pass\nclass B:\n").collect::<Vec<_>>(),
            ["Pair", "f", "B"]
        );
    }

    #[test]
    fn tests_of_nothing_are_refused() {
        let row = r#"{"task_id": 2, "text": "", "code": "def f(a):\n  pass", "test_list": ["assert unshelf(1) == f"]}"#;
        assert!(error(load, row).contains("no test calls"));
    }
}
