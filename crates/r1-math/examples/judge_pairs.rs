//! Judges labelled pairs as they stand, and shows those that are judged otherwise.
//!
//! Run with `cargo run --release -p r1-math --example judge_pairs -- FILE`, where the file has lines
//! {"gold":"..","answer":"..","equal":true}.

use std::time::Instant;

use r1_math::{Policy, compare, judge};
use serde::Deserialize;

#[derive(Deserialize)]
struct Pair {
    gold: String,
    answer: String,
    equal: bool,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("which file of pairs?")?;
    let policy = Policy::default();
    let (mut pairs, mut accepted, mut refused, mut seconds) = (0u32, 0u32, 0u32, 0.0);
    for line in std::fs::read_to_string(path)?.lines() {
        let Pair { gold, answer, equal } = serde_json::from_str(line)?;
        pairs += 1;
        let start = Instant::now();
        let found = judge(&gold, &answer, &policy, false).equal == Some(true);
        seconds += start.elapsed().as_secs_f64();
        if found == equal {
            continue;
        }
        *(if found { &mut accepted } else { &mut refused }) += 1;
        let judgement = compare(&gold, &answer, &policy);
        println!("wanted {equal}: {gold}  |  {answer}");
        let found = (judgement.rung, judgement.steps, judgement.reference, judgement.answer);
        println!("    {:?}, {} steps: {} | {}", found.0, found.1, found.2, found.3);
    }
    println!(
        "{pairs} pairs, {accepted} wrongly accepted, {refused} wrongly refused, {:.1} us each",
        seconds / f64::from(pairs.max(1)) * 1e6
    );
    Ok(())
}
