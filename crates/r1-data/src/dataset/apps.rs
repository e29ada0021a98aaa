//! APPS (arXiv:2105.09938) and TACO (arXiv:2312.14852), problems of programming contests.
//!
//! ```json
//! {"problem_id": 1, "question": "Add.", "input_output": "{\"inputs\": [\"1 2\\n\"], \"outputs\": [\"3\\n\"]}"}
//! ```
//! With `fn_name` in `input_output` the inputs are the arguments of a function.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::rows;
use crate::DataError;
use r1_core::{Problem, Reference};

#[derive(Deserialize)]
struct Row {
    #[serde(alias = "id")]
    problem_id: Option<Value>,
    question: String,
    #[serde(default)]
    input_output: Value,
    #[serde(default)]
    starter_code: Option<String>,
    #[serde(default)]
    difficulty: Option<String>,
    #[serde(default)]
    time_limit: Option<String>,
}

#[derive(Deserialize)]
struct Tests {
    inputs: Vec<Value>,
    outputs: Vec<Value>,
    fn_name: Option<String>,
}

/// Reads one object a line. The ids are `apps-ID`, or `apps-1`, `apps-2`, ... in the file's order.
/// Problems without tests, which both sets have, are left out, and so are those that give a method text to
/// read.
///
/// # Errors
/// As [`rows::read`]; [`DataError::Line`] when the tests do not parse, [`DataError::Empty`] when no
/// problem has tests.
pub fn load(path: impl AsRef<Path>) -> Result<Vec<Problem>, DataError> {
    let problems = rows::problems(path.as_ref(), |number, row: Row| {
        let tests = match &row.input_output {
            Value::String(text) if text.trim().is_empty() => Vec::new(),
            Value::String(text) => {
                let tests = serde_json::from_str(text);
                cases(tests.map_err(|error| format!("`input_output` is no JSON of tests: {error}"))?)?
            }
            Value::Null => Vec::new(),
            value => cases(Tests::deserialize(value).map_err(|error| format!("`input_output`: {error}"))?)?,
        };
        let id = match &row.problem_id {
            Some(Value::String(id)) => format!("apps-{id}"),
            Some(Value::Number(id)) => format!("apps-{id}"),
            _ => format!("apps-{number}"),
        };
        let starter = row.starter_code.unwrap_or_default();
        // Tests by text of a method that reads none: no program can pass them.
        let hopeless =
            starter.contains("class Solution") && tests.iter().any(|test| test.get("stdin").is_some());
        // Numbers as its grader compares them, which is numpy's `allclose`.
        let checker = json!({"floats": {"absolute": 1e-8, "relative": 1e-5}});
        let mut suite = json!({"checker": checker, "tests": if hopeless { Vec::new() } else { tests }});
        if let Some(seconds) = row.time_limit.as_deref().and_then(seconds) {
            suite["cpu_seconds"] = json!(seconds);
            suite["time_for_compiled"] = json!(true);
        }
        let start =
            if starter.trim().is_empty() { String::new() } else { format!("\n\nStart from:\n{starter}") };
        let problem = Problem::new(id, row.question + &start, Reference::Tests { tests: suite });
        Ok(match row.difficulty {
            Some(difficulty) => problem.with("difficulty", difficulty),
            None => problem,
        })
    })?;
    let tested = |problem: &Problem| matches!(&problem.reference, Reference::Tests { tests } if tests["tests"] != json!([]));
    let problems: Vec<Problem> = problems.into_iter().filter(tested).collect();
    if problems.is_empty() { Err(DataError::Empty) } else { Ok(problems) }
}

fn cases(tests: Tests) -> Result<Vec<Value>, String> {
    let Tests { inputs, outputs, fn_name } = tests;
    if inputs.len() != outputs.len() {
        return Err(format!("{} inputs for {} outputs", inputs.len(), outputs.len()));
    }
    // Both sets wrap what a function returns in a list of one.
    let wrapped = outputs.iter().all(|output| output.as_array().is_some_and(|list| list.len() == 1));
    let case = |(input, output): (Value, Value)| match (&fn_name, input) {
        (Some(name), Value::Array(args)) => {
            // A list of one may also be what the function returns; the graders take either.
            Ok(if wrapped {
                json!({"call": name, "args": args, "returns": output[0], "or": [output]})
            } else {
                json!({"call": name, "args": args, "returns": output})
            })
        }
        (Some(_), _) => Err("the arguments of a call are no list".to_owned()),
        (None, input) => Ok(json!({"stdin": text(input)?, "stdout": text(output)?})),
    };
    inputs.into_iter().zip(outputs).map(case).collect()
}

/// A text, or the lines of one.
fn text(value: Value) -> Result<String, String> {
    let lines = match value {
        Value::String(text) => return Ok(text),
        Value::Array(lines) => lines,
        other => return Err(format!("`{other}` is neither a text nor a list of lines")),
    };
    let line = |line: Value| match line {
        Value::String(line) => line,
        other => other.to_string(),
    };
    Ok(lines.into_iter().map(line).collect::<Vec<_>>().join("\n"))
}

/// TACO writes `2.0 seconds`, among much else.
fn seconds(text: &str) -> Option<f64> {
    let number: f64 = text.split_whitespace().next()?.parse().ok()?;
    (number.is_finite() && number > 0.0 && text.contains("second")).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::tests::{error, file};

    #[test]
    fn texts_and_calls_are_read_and_empty_problems_left_out() {
        let file = file(
            r#"{"problem_id": 7, "question": "Add.", "input_output": "{\"inputs\": [\"1 2\\n\", [\"1\", \"2\"]], \"outputs\": [\"3\\n\", [\"3\"]]}", "difficulty": "easy"}
               {"question": "None.", "input_output": ""}
               {"question": "Call.", "starter_code": "def f(a):", "time_limit": "2.5 seconds", "input_output": "{\"fn_name\": \"f\", \"inputs\": [[1, [2]]], \"outputs\": [[[3]]]}"}"#,
        );
        let problems = load(file.path()).unwrap();
        assert_eq!(problems.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(), ["apps-7", "apps-3"]);
        let Reference::Tests { tests } = &problems[0].reference else { panic!() };
        assert_eq!(
            tests["tests"],
            json!([{"stdin": "1 2\n", "stdout": "3\n"}, {"stdin": "1\n2", "stdout": "3"}])
        );
        let Reference::Tests { tests } = &problems[1].reference else { panic!() };
        assert_eq!(
            tests,
            &json!({"cpu_seconds": 2.5, "time_for_compiled": true,
                "checker": {"floats": {"absolute": 1e-8, "relative": 1e-5}},
                "tests": [{"call": "f", "args": [1, [2]], "returns": [3], "or": [[[3]]]}]})
        );
    }

    #[test]
    fn bad_tests_name_their_line() {
        assert!(
            error(load, r#"{"question": "", "input_output": "{"}"#)
                .contains("line 1: `input_output` is no JSON")
        );
        let uneven = r#"{"question": "", "input_output": "{\"inputs\": [\"\"], \"outputs\": []}"}"#;
        assert!(error(load, uneven).contains("1 inputs for 0 outputs"));
        assert!(error(load, r#"{"question": "", "input_output": ""}"#).contains("empty"));
        let hopeless = r#"{"question": "", "starter_code": "class Solution:\n", "input_output": "{\"inputs\": [\"n = 5\"], \"outputs\": [\"1\"]}"}"#;
        assert!(error(load, hopeless).contains("empty"));
    }
}
