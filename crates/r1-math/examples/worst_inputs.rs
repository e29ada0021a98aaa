//! Searches for the pair of texts that costs the most, and measures what ordinary pairs cost, in time of the processor.
//!
//! Run with `cargo run --release -p r1-math --example worst_inputs -- ROUNDS [GOLDS.jsonl]`. Each round changes the
//! pairs that were the slowest so far: pieces are cut, repeated, exchanged between them and put in from hostile texts.
//! Every time is the least of three of the thread's own, so that other work on the machine counts little.

#[path = "../tests/hostile/mod.rs"]
mod hostile;
#[path = "../tests/soundness/mod.rs"]
mod soundness;

use std::time::Duration;

use hostile::{NESTED, hostile, nested};
use r1_math::{Policy, judge};
use rustix::time::{ClockId, clock_gettime};
use serde::Deserialize;
use soundness::{Draw, constants, garbles, mutants};

/// Pairs that live on to the next round.
const KEPT: usize = 24;
const CHILDREN: usize = 8;
const LONGEST: usize = 1 << 16;

#[derive(Deserialize)]
struct Line {
    gold: String,
}

#[derive(Clone)]
struct Pair {
    texts: [String; 2],
    time: Duration,
    steps: u32,
}

fn processor() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

fn timed(gold: &str, answer: &str) -> (Duration, u32) {
    let start = processor();
    let judgement = judge(gold, answer, &Policy::default(), false);
    (processor() - start, judgement.steps)
}

impl Pair {
    fn new(texts: [String; 2]) -> Self {
        let mut best = (Duration::MAX, 0);
        for _ in 0..3 {
            best = best.min(timed(&texts[0], &texts[1]));
        }
        Self { texts, time: best.0, steps: best.1 }
    }
}

/// A text with one piece cut, repeated, or exchanged for one of another.
fn changed(text: &str, other: &str, draw: &mut Draw) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let from: Vec<char> = other.chars().collect();
    let start = draw.below(chars.len() + 1);
    let longest = [4, 16, 64, 4096][draw.below(4)];
    let end = (start + draw.below(longest)).min(chars.len());
    match draw.below(5) {
        0 => drop(chars.drain(start..end)),
        1 | 2 => {
            let piece = chars[start..end].to_vec();
            let most = [2, 8, 400][draw.below(3)];
            for _ in 0..1 + draw.below(most) {
                chars.splice(start..start, piece.iter().copied());
                if chars.len() > LONGEST {
                    break;
                }
            }
        }
        _ => {
            let at = draw.below(from.len() + 1);
            let piece = from[at..(at + draw.below(longest)).min(from.len())].to_vec();
            chars.splice(start..end, piece);
        }
    }
    chars.truncate(LONGEST / 4);
    chars.into_iter().collect()
}

fn search(rounds: usize) -> Vec<Pair> {
    let mut pool = hostile();
    for (open, inside, close) in NESTED {
        pool.extend([4, 16, 40, 300].map(|depth| nested(open, inside, close, depth)));
    }
    let mut draw = Draw(11);
    let mut kept: Vec<Pair> =
        pool.iter().map(|text| Pair::new([text.clone(), format!("{text}+0")])).collect();
    for round in 0..rounds {
        // Half of the places are for the slowest, half for those of the most steps.
        kept.sort_by_key(|pair| std::cmp::Reverse(pair.time));
        let rest = kept.split_off((KEPT / 2).min(kept.len()));
        let mut rest = rest;
        rest.sort_by_key(|pair| std::cmp::Reverse(pair.steps));
        rest.truncate(KEPT / 2);
        kept.extend(rest);
        if round % 50 == 0 {
            eprintln!("round {round}: {:?}, {} steps", kept[0].time, kept[0].steps);
        }
        for at in 0..kept.len() {
            for _ in 0..CHILDREN {
                let other = match draw.below(2) {
                    0 => &pool[draw.below(pool.len())],
                    _ => &kept[draw.below(kept.len())].texts[draw.below(2)],
                };
                let mut texts = kept[at].texts.clone();
                let side = draw.below(2);
                texts[side] = changed(&texts[side], other, &mut draw);
                if draw.below(3) == 0 {
                    texts[1 - side] = format!("{}+0", texts[side]);
                }
                kept.push(Pair::new(texts));
            }
        }
    }
    kept.sort_by_key(|pair| std::cmp::Reverse(pair.time));
    kept
}

/// The mean of what every reference costs beside itself in another dress, a mutant, a garble and a constant.
fn ordinary(path: &str) -> Result<(), Box<dyn std::error::Error>> {
    let constants = constants();
    let (mut total, mut pairs, mut times) = (Duration::ZERO, 0u32, Vec::new());
    for (at, line) in std::fs::read_to_string(path)?.lines().enumerate() {
        let Line { gold } = serde_json::from_str(line)?;
        let mut draw = Draw(at as u64);
        let mut answers = vec![format!("${gold}$ "), constants[draw.below(constants.len())].clone()];
        answers.extend(mutants(&gold, &mut draw, 1));
        answers.extend(garbles(&gold, &mut draw, 1));
        for answer in &answers {
            let time = timed(&gold, answer).0;
            total += time;
            times.push(time);
            pairs += 1;
        }
    }
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 1000];
    println!(
        "{pairs} ordinary pairs: mean {:.1} us, p50 {:?}, p99 {:?}, slowest {:?}",
        total.as_secs_f64() / f64::from(pairs) * 1e6,
        at(500),
        at(990),
        at(1000)
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let rounds = arguments.next().ok_or("how many rounds?")?.parse()?;
    if let Some(path) = arguments.next() {
        ordinary(&path)?;
    }
    for pair in search(rounds).iter().take(5) {
        let start: Vec<String> = pair.texts.iter().map(|text| text.chars().take(90).collect()).collect();
        let lengths = [pair.texts[0].len(), pair.texts[1].len()];
        println!("{:?}, {} steps, {lengths:?} bytes: {} | {}", pair.time, pair.steps, start[0], start[1]);
    }
    Ok(())
}
