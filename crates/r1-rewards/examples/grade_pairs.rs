//! Grades labelled pairs and tells how often and how fast it is right.
//!
//! Run with `cargo run --release -p r1-rewards --example grade_pairs -- FILE [--bare] [--show]`, where
//! the file has lines {"gold":"..","answer":"..","equal":true}, perhaps with "mode":"strict". With `--bare`
//! both are compared as they stand; else the answer (and a gold with prose) is looked for in that mode, or
//! in lenient mode.

use std::time::Instant;

use r1_core::{Completion, FinishReason};
use r1_rewards::{
    Mode,
    grading::explain,
    math::{Policy, compare},
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Pair {
    #[serde(default)]
    id: serde_json::Value,
    gold: String,
    answer: String,
    equal: bool,
    mode: Option<Mode>,
    #[serde(default)]
    category: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let text = std::fs::read_to_string(arguments.first().ok_or("which file?")?)?;
    let (mut right, mut accepted, mut refused, mut times) = (0, 0, 0, Vec::new());
    for line in text.lines() {
        let Pair { id, gold, answer, equal, mode, category } = serde_json::from_str(line)?;
        let completion = Completion::from_text(answer.as_str(), FinishReason::Stop);
        let policy = Policy::default();
        let start = Instant::now();
        let judgement = if has("--bare") {
            Some(compare(&gold, &answer, &policy))
        } else {
            explain(&gold, &completion, mode.unwrap_or(Mode::Lenient), &policy).judgement
        };
        times.push(start.elapsed().as_secs_f64() * 1e6);
        let found = judgement.as_ref().and_then(|judgement| judgement.equal) == Some(true);
        if found == equal {
            right += 1;
        } else {
            *(if found { &mut accepted } else { &mut refused }) += 1;
            if has("--show") {
                let short = |text: &str| {
                    text.chars().rev().take(150).collect::<Vec<_>>().into_iter().rev().collect::<String>()
                };
                println!(
                    "{id} wanted {equal} [{category}]\n  gold   {}\n  answer {}",
                    short(&gold),
                    short(&answer)
                );
                if let Some(judgement) = judgement {
                    println!("  {:?}: {} | {}", judgement.rung, judgement.reference, judgement.answer);
                }
            }
        }
    }
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    let mean = times.iter().sum::<f64>() / times.len() as f64;
    println!("{right} of {} right, {accepted} wrongly accepted, {refused} wrongly refused", times.len());
    println!(
        "mean {mean:.1} us, p50 {:.1}, p90 {:.1}, p99 {:.1}, max {:.1}",
        at(0.5),
        at(0.9),
        at(0.99),
        at(1.0)
    );
    Ok(())
}
