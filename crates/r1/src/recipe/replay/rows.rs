//! Lines of a run's files, side by side with the same lines written again.

use r1_grpo::{RolloutRow, StepReport};
use serde_json::{Map, Value};

use super::{
    difference::{Difference, DifferenceKind},
    recorded::{METRICS, SAMPLES},
};

/// What differs between the lines of `samples.jsonl` and the rows of the same group.
pub(super) fn of_samples(step: u64, then: &[String], now: &[RolloutRow]) -> Vec<Difference> {
    if then.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    if then.len() != now.len() {
        let count = |rows: usize| format!("{rows} completions");
        let (then, now) = (count(then.len()), count(now.len()));
        found.push(Difference::new(step, DifferenceKind::Rollout, SAMPLES, then, now));
    }
    for (then, row) in then.iter().zip(now) {
        let Ok(now) = serde_json::to_string(row) else { continue };
        for (path, then, now) in fields(then, &now) {
            let kind = kind_of_sample(&path);
            let difference = Difference::new(step, kind, SAMPLES, then, now);
            found.push(difference.named(&path).of_problem(&row.id).of_sample(row.sample));
        }
    }
    found
}

/// What differs between a line of `metrics.jsonl` and the report of the same update.
pub(super) fn of_metrics(step: u64, then: Option<&str>, now: &StepReport) -> Vec<Difference> {
    let Some((then, now)) = then.zip(serde_json::to_string(now).ok()) else { return Vec::new() };
    let new = |(path, then, now): (String, String, String)| {
        let kind = match path.as_str() {
            "loss" | "policy_loss" => DifferenceKind::Loss,
            _ => DifferenceKind::Metric,
        };
        Difference::new(step, kind, METRICS, then, now).named(&path)
    };
    fields(then, &now).into_iter().map(new).collect()
}

fn kind_of_sample(path: &str) -> DifferenceKind {
    match path.split('.').next().unwrap_or_default() {
        "step" | "id" | "sample" | "question" => DifferenceKind::Problem,
        "reward" | "rewards" => DifferenceKind::Reward,
        "advantage" => DifferenceKind::Advantage,
        _ => DifferenceKind::Rollout,
    }
}

/// The fields in which two lines differ, with both values. Both are read by the same parser, so a number that it rounds
/// is rounded twice; lines that only their text tells apart differ as `line`.
fn fields(then: &str, now: &str) -> Vec<(String, String, String)> {
    if then == now {
        return Vec::new();
    }
    let read = |line: &str| serde_json::from_str::<Map<String, Value>>(line).unwrap_or_default();
    let mut found = Vec::new();
    compare("", &read(then), &read(now), &mut found);
    if found.is_empty() {
        found.push(("line".to_owned(), then.to_owned(), now.to_owned()));
    }
    found
}

fn compare(
    prefix: &str,
    then: &Map<String, Value>,
    now: &Map<String, Value>,
    found: &mut Vec<(String, String, String)>,
) {
    for name in now.keys().chain(then.keys().filter(|name| !now.contains_key(*name))) {
        let path = format!("{prefix}{name}");
        match (then.get(name), now.get(name)) {
            (then, now) if then == now => {}
            (Some(Value::Object(then)), Some(Value::Object(now))) => {
                compare(&format!("{path}."), then, now, found);
            }
            (then, now) => {
                let text = |value: Option<&Value>| value.map_or("none".to_owned(), Value::to_string);
                found.push((path, text(then), text(now)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_differ_are_named_with_both_values() {
        let then = r#"{"id":"a","rewards":{"format":1.0,"accuracy":0.0},"advantage":0.5}"#;
        let now = r#"{"id":"a","rewards":{"format":1.0,"accuracy":1.0},"reward":1.0}"#;
        let found = fields(then, now);
        let names: Vec<&str> = found.iter().map(|(path, ..)| path.as_str()).collect();
        assert_eq!(names, ["rewards.accuracy", "reward", "advantage"]);
        assert_eq!((found[0].1.as_str(), found[0].2.as_str()), ("0.0", "1.0"));
        assert_eq!((found[2].1.as_str(), found[2].2.as_str()), ("0.5", "none"));
        assert!(fields(then, then).is_empty());
        assert_eq!(fields("{\"a\": 1}", "{\"a\":1}")[0].0, "line");
        assert_eq!(kind_of_sample("rewards.accuracy"), DifferenceKind::Reward);
        assert_eq!(kind_of_sample("completion"), DifferenceKind::Rollout);
    }
}
