//! Digests of two updates, side by side.

use std::collections::BTreeMap;

use r1_grpo::{GroupDigests, StateDigests, UpdateDigests};

use super::difference::{Difference, DifferenceKind};
use crate::pipeline::DIGESTS;

/// Everything in which they differ.
pub(super) fn of_updates(then: &UpdateDigests, now: &UpdateDigests) -> Vec<Difference> {
    let step = now.step;
    let mut found = Vec::new();
    if then.groups.len() != now.groups.len() {
        let count = |groups: &[GroupDigests]| format!("{} problems", groups.len());
        found.push(Difference::new(
            step,
            DifferenceKind::Problem,
            DIGESTS,
            count(&then.groups),
            count(&now.groups),
        ));
    }
    for (then, now) in then.groups.iter().zip(&now.groups) {
        of_groups(step, then, now, &mut found);
    }
    if then.loss != now.loss {
        let of = |loss: &str| match u64::from_str_radix(loss, 16) {
            Ok(bits) => format!("{} ({loss})", f64::from_bits(bits)),
            Err(_) => loss.to_owned(),
        };
        found.push(Difference::new(step, DifferenceKind::Loss, DIGESTS, of(&then.loss), of(&now.loss)));
    }
    of_maps(step, DifferenceKind::Gradient, DIGESTS, &then.gradients, &now.gradients, &mut found);
    found.extend(of_states(step, DIGESTS, &then.state, &now.state));
    found
}

/// Everything in which weights and moments differ.
pub(super) fn of_states(step: u64, file: &str, then: &StateDigests, now: &StateDigests) -> Vec<Difference> {
    let mut found = Vec::new();
    of_maps(step, DifferenceKind::Weights, file, &then.weights, &now.weights, &mut found);
    of_maps(step, DifferenceKind::Moments, file, &then.moments, &now.moments, &mut found);
    found
}

fn of_maps(
    step: u64,
    kind: DifferenceKind,
    file: &str,
    then: &BTreeMap<String, String>,
    now: &BTreeMap<String, String>,
    found: &mut Vec<Difference>,
) {
    let names = then.keys().chain(now.keys().filter(|name| !then.contains_key(*name)));
    for name in names.filter(|name| then.get(*name) != now.get(*name)) {
        let of = |map: &BTreeMap<String, String>| map.get(name).map_or("none", String::as_str).to_owned();
        found.push(Difference::new(step, kind, file, of(then), of(now)).named(name));
    }
}

fn of_groups(step: u64, then: &GroupDigests, now: &GroupDigests, found: &mut Vec<Difference>) {
    let new = |kind, then: &str, now: &str, id: &str| {
        Difference::new(step, kind, DIGESTS, readable(then), readable(now)).of_problem(id)
    };
    if then.id != now.id {
        found.push(
            Difference::new(step, DifferenceKind::Problem, DIGESTS, &then.id, &now.id).of_problem(&now.id),
        );
    } else if then.problem != now.problem {
        found.push(new(DifferenceKind::Problem, &then.problem, &now.problem, &now.id));
    }
    if then.prompt != now.prompt {
        found.push(new(DifferenceKind::Prompt, &then.prompt, &now.prompt, &now.id));
    }
    let mut of_samples = |kind, name: Option<&str>, then: &[String], now_values: &[String]| {
        for sample in 0..then.len().max(now_values.len()) {
            let of = |values: &[String]| values.get(sample).map_or("none", String::as_str).to_owned();
            let (then, now_value) = (of(then), of(now_values));
            if then != now_value {
                let difference = new(kind, &then, &now_value, &now.id).of_sample(sample);
                found.push(name.map_or(difference.clone(), |name| difference.named(name)));
            }
        }
    };
    of_samples(DifferenceKind::Rollout, None, &then.rollouts, &now.rollouts);
    of_samples(DifferenceKind::Logprobs, None, &then.logprobs, &now.logprobs);
    let none = Vec::new();
    for name in then.terms.keys().chain(now.terms.keys().filter(|name| !then.terms.contains_key(*name))) {
        let of = |group: &GroupDigests| group.terms.get(name).unwrap_or(&none).clone();
        of_samples(DifferenceKind::Reward, Some(name), &of(then), &of(now));
    }
    of_samples(DifferenceKind::Reward, None, &then.rewards, &now.rewards);
    of_samples(DifferenceKind::Advantage, None, &then.advantages, &now.advantages);
}

/// Bits of a number with the number, and a digest as it is.
fn readable(text: &str) -> String {
    match (text.len(), u32::from_str_radix(text, 16)) {
        (8, Ok(bits)) => format!("{} ({text})", f32::from_bits(bits)),
        _ => text.to_owned(),
    }
}
