//! The soundness harness: wrong answers against references, and every pair that is accepted.
//!
//! Run with `cargo run --release -p r1-math --example soundness -- GOLDS.jsonl [MUTANTS | every=N |
//! garbles=N]`, where the file has lines {"gold":".."}. Without a number every constant of the grammar stands against
//! every gold, with `every=N` each N-th, another N-th for each gold in turn; with a number, so many mutants of each
//! gold; with `garbles=N` so many of which one piece is dropped, doubled, moved or put in. Accepted pairs go to
//! standard output as lines {"gold":"..","answer":"..","rung":".."}, for an oracle to check; the counts go to standard
//! error.

#[path = "../tests/soundness/mod.rs"]
mod soundness;

use std::{collections::BTreeMap, time::Instant};

use r1_math::{Policy, judge};
use serde::{Deserialize, Serialize};
use soundness::{Draw, constants, garbles, mutants};

#[derive(Deserialize)]
struct Line {
    gold: String,
}

#[derive(Serialize)]
struct Accepted<'a> {
    gold: &'a str,
    answer: &'a str,
    rung: r1_math::Rung,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("which file of golds?")?;
    let (mut count, mut pieces, mut every) = (None, None, 1usize);
    if let Some(argument) = arguments.next() {
        match argument.split_once('=') {
            Some(("every", number)) => every = number.parse::<usize>()?.max(1),
            Some(("garbles", number)) => pieces = Some(number.parse()?),
            _ => count = Some(argument.parse()?),
        }
    }
    let (constants, policy) = (constants(), Policy::default());
    let (mut pairs, mut accepted, mut golds) = (0u64, 0u64, 0u64);
    let mut by_answer: BTreeMap<String, u64> = BTreeMap::new();
    let start = Instant::now();
    for (at, line) in std::fs::read_to_string(path)?.lines().enumerate() {
        let Line { gold } = serde_json::from_str(line)?;
        golds += 1;
        let mut draw = Draw(at as u64);
        let answers = match (count, pieces) {
            (Some(count), _) => mutants(&gold, &mut draw, count),
            (None, Some(count)) => garbles(&gold, &mut draw, count),
            (None, None) => constants.iter().skip(at % every).step_by(every).cloned().collect(),
        };
        for answer in answers {
            pairs += 1;
            let judgement = judge(&gold, &answer, &policy, false);
            if judgement.equal == Some(true) {
                accepted += 1;
                let pair = Accepted { gold: &gold, answer: &answer, rung: judgement.rung };
                println!("{}", serde_json::to_string(&pair)?);
                *by_answer.entry(answer).or_default() += 1;
            }
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    eprintln!(
        "{golds} golds, {pairs} pairs, {accepted} accepted, {:.1} us a pair",
        seconds / pairs as f64 * 1e6
    );
    let mut often: Vec<_> = by_answer.into_iter().collect();
    often.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for (answer, count) in often.iter().take(12).filter(|_| count.or(pieces).is_none()) {
        eprintln!("{count:6} {answer}");
    }
    Ok(())
}
