//! Equal answers against references, and every pair that is refused.
//!
//! Run with `cargo run --release -p r1-math --example rewrites -- GOLDS.jsonl`, where the file has lines
//! {"gold":".."}. Refused pairs go to standard output as lines {"gold":"..","answer":"..","kind":".."}; what share of
//! each kind was accepted goes to standard error. A reference that is not graded at all is left out.

#[path = "../tests/rewrites/mod.rs"]
mod rewrites;

use std::collections::BTreeMap;

use r1_math::{Policy, judge};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Line {
    gold: String,
}

#[derive(Serialize)]
struct Refused<'a> {
    gold: &'a str,
    answer: &'a str,
    kind: &'a str,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("which file of golds?")?;
    let policy = Policy::default();
    let mut kinds: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
    for line in std::fs::read_to_string(path)?.lines() {
        let Line { gold } = serde_json::from_str(line)?;
        for (kind, answer) in rewrites::rewrites(&gold) {
            let counts = kinds.entry(kind).or_default();
            counts[0] += 1;
            if judge(&gold, &answer, &policy, false).equal != Some(true) {
                counts[1] += 1;
                println!("{}", serde_json::to_string(&Refused { gold: &gold, answer: &answer, kind })?);
            }
        }
    }
    let mut all = [0, 0];
    for (kind, [pairs, refused]) in kinds {
        eprintln!("{kind:24} {pairs:7} pairs, {refused:4} refused");
        all = [all[0] + pairs, all[1] + refused];
    }
    let share = 100.0 * (1.0 - all[1] as f64 / all[0].max(1) as f64);
    eprintln!("{} pairs, {} refused: {share:.3} % accepted", all[0], all[1]);
    Ok(())
}
