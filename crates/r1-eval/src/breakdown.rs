//! The figures by level, by task, by whatever the metadata say.

use std::cmp::Ordering;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{ProblemResult, estimate};

/// One table: the problems by the value of a metadata entry.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Breakdown {
    /// The entry, or several joined by `/`.
    pub by: String,
    /// One row a value, numbers in ascending order before texts in the alphabet's.
    pub rows: Vec<BreakdownRow>,
}

/// The figures of the problems with one value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BreakdownRow {
    /// The value; of several entries a list.
    pub value: Value,
    /// Number of problems that have it.
    pub problems: usize,
    /// Their share of correct completions.
    pub pass_at_1: f64,
    /// Its standard error.
    pub pass_at_1_stderr: Option<f64>,
    /// Share of them on which the answer given most often is correct.
    pub consensus: f64,
    /// Share of their completions that were cut off.
    pub truncated: f64,
    /// Mean length of their completions in tokens.
    pub mean_completion_tokens: f64,
}

impl Breakdown {
    /// The table of graded problems by an entry of their metadata, or by several joined by `/`; `None`
    /// when no problem has it.
    pub fn of(results: &[ProblemResult], samples: usize, by: &str) -> Option<Self> {
        let mut groups: Vec<(Value, Vec<&ProblemResult>)> = Vec::new();
        for result in results {
            let Some(value) = value(&result.metadata, by) else { continue };
            match groups.iter_mut().find(|(known, _)| *known == value) {
                Some((_, group)) => group.push(result),
                None => groups.push((value, vec![result])),
            }
        }
        groups.sort_by(|(a, _), (b, _)| order(a, b));
        let rows: Vec<BreakdownRow> =
            groups.into_iter().map(|(value, group)| row(value, &group, samples)).collect();
        (!rows.is_empty()).then(|| Self { by: by.to_owned(), rows })
    }
}

fn row(value: Value, group: &[&ProblemResult], samples: usize) -> BreakdownRow {
    let over = |value: &dyn Fn(&ProblemResult) -> f64| {
        estimate(&group.iter().map(|result| value(result)).collect::<Vec<_>>())
    };
    let pass_at_1 = over(&|result| result.correct as f64 / samples as f64);
    BreakdownRow {
        value,
        problems: group.len(),
        pass_at_1: pass_at_1.mean,
        pass_at_1_stderr: pass_at_1.stderr,
        consensus: over(&|result| f64::from(u8::from(result.consensus))).mean,
        truncated: over(&|result| result.truncated).mean,
        mean_completion_tokens: over(&|result| result.tokens).mean,
    }
}

/// The value of an entry, or the list of several.
fn value(metadata: &Map<String, Value>, by: &str) -> Option<Value> {
    if let Some(value) = metadata.get(by) {
        return Some(value.clone());
    }
    let parts: Option<Vec<Value>> = by.split('/').map(|name| metadata.get(name).cloned()).collect();
    parts.filter(|parts| parts.len() > 1).map(Value::Array)
}

fn order(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => a
            .iter()
            .zip(b)
            .map(|(a, b)| order(a, b))
            .find(|order| order.is_ne())
            .unwrap_or(a.len().cmp(&b.len())),
        _ => match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => text(a).cmp(&text(b)),
        },
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn result(correct: usize, metadata: Value) -> ProblemResult {
        let Value::Object(metadata) = metadata else { unreachable!("an object") };
        ProblemResult {
            id: format!("{metadata:?}"),
            metadata,
            correct,
            consensus: correct > 1,
            consensus_at_k: Default::default(),
            format: 1.0,
            truncated: 0.5,
            tokens: 10.0 * correct as f64,
        }
    }

    #[test]
    fn each_value_has_the_figures_of_its_problems() {
        let results = [
            result(2, json!({"level": 10})),
            result(0, json!({"level": 2})),
            result(1, json!({"level": 10})),
            result(1, json!({"subject": "algebra"})),
        ];
        let table = Breakdown::of(&results, 2, "level").unwrap();
        let values: Vec<&Value> = table.rows.iter().map(|row| &row.value).collect();
        assert_eq!((table.by.as_str(), values), ("level", vec![&json!(2), &json!(10)]));
        let ten = &table.rows[1];
        // The shares 1 and 1/2 have s² = 1/8, so stderr = sqrt(1/16).
        assert_eq!((ten.problems, ten.pass_at_1, ten.pass_at_1_stderr), (2, 0.75, Some(0.25)));
        assert_eq!((ten.consensus, ten.truncated, ten.mean_completion_tokens), (0.5, 0.5, 15.0));
        assert_eq!((table.rows[0].pass_at_1, table.rows[0].pass_at_1_stderr), (0.0, None));
        assert_eq!(Breakdown::of(&results, 2, "task"), None);
    }

    #[test]
    fn several_entries_make_one_table() {
        let results = [
            result(1, json!({"task": "gcd", "level": 10})),
            result(1, json!({"task": "gcd", "level": 9})),
            result(1, json!({"task": "echo", "level": 3})),
            result(1, json!({"task": "gcd"})),
        ];
        let table = Breakdown::of(&results, 1, "task/level").unwrap();
        let values: Vec<String> = table.rows.iter().map(|row| row.value.to_string()).collect();
        assert_eq!(values, [r#"["echo",3]"#, r#"["gcd",9]"#, r#"["gcd",10]"#]);
    }

    #[test]
    fn numbers_stand_before_texts() {
        let results =
            [json!("b"), json!(7), json!("a"), json!(1.5), json!(true)].map(|v| result(0, json!({"x": v})));
        let table = Breakdown::of(&results, 1, "x").unwrap();
        let values: Vec<String> = table.rows.iter().map(|row| row.value.to_string()).collect();
        assert_eq!(values, ["1.5", "7", "\"a\"", "\"b\"", "true"]);
    }
}
