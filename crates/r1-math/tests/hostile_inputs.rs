//! Inputs that are meant to hurt: none panics, none runs away, and every verdict repeats.
//!
//! The slowest is printed. That it stays below ten milliseconds is asserted where the machine is idle and
//! `R1_TIMED` says so: `R1_TIMED=1 cargo test --release -p r1-math --test hostile_inputs -- --nocapture`.
//! `R1_FUZZ` is the number of mutated texts.

mod hostile;

use std::{
    env,
    time::{Duration, Instant},
};

use hostile::{NESTED, hostile, nested};
use r1_math::{Policy, compare};

/// What an input may take.
const LIMIT: Duration = Duration::from_millis(10);

/// The slowest input so far.
#[derive(Default)]
struct Slowest(Duration, String);

impl Slowest {
    /// Runs it, and again while it seems the slowest: a busy machine is not slow five times.
    fn watch<T: PartialEq + std::fmt::Debug>(&mut self, name: impl Fn() -> String, run: impl Fn() -> T) {
        let (mut time, result) = timed(&run);
        for _ in 0..4 {
            if time <= self.0 {
                return;
            }
            let (second, again) = timed(&run);
            assert_eq!(result, again, "{}", name());
            time = time.min(second);
        }
        if time > self.0 {
            *self = Self(time, name());
        }
    }

    fn report(&self) {
        println!("slowest: {:?} {}", self.0, self.1);
        if env::var_os("R1_TIMED").is_some() {
            assert!(self.0 < LIMIT, "{:?} {}", self.0, self.1);
        }
    }
}

fn timed<T>(run: impl Fn() -> T) -> (Duration, T) {
    let start = Instant::now();
    let result = run();
    (start.elapsed(), result)
}

fn start_of(text: &str) -> String {
    text.chars().take(60).collect()
}

/// The steps of comparing a text with what it nearly is, so that the cheap rungs cannot decide.
fn steps(text: &str) -> u32 {
    let policy = Policy::default();
    compare(text, &format!("{text}+0"), &policy).steps + compare(&format!("{text}-1"), text, &policy).steps
}

#[test]
fn nesting_costs_steps_in_proportion_to_its_depth() {
    for (open, inside, close) in NESTED {
        let cost = |depth| steps(&nested(open, inside, close, depth));
        let (short, long) = (cost(10), cost(20));
        assert!(long <= 2 * short + 4000, "{open}{inside}{close}: {short} steps at depth 10, {long} at 20");
        // Deeper than anything that is read: only the tokens are looked at.
        let (deep, deeper) = (cost(150), cost(300));
        assert!(
            deeper <= 2 * deep + 4000,
            "{open}{inside}{close}: {deep} steps at depth 150, {deeper} at 300"
        );
    }
}

#[test]
fn no_pair_runs_away() {
    let policy = Policy::default();
    let partners =
        ["1", "x^2+1", r"\sqrt{2}+x", "(1,2)", r"[0,1)\cup(2,3)", "x<3", r"\text{east}", "5\\text{ cm}"];
    let mut slowest = Slowest::default();
    let mut time = |gold: &str, answer: &str| {
        let name = || format!("{} | {}", start_of(gold), start_of(answer));
        slowest.watch(name, || compare(gold, answer, &policy));
    };
    for text in &hostile() {
        for partner in partners {
            time(partner, text);
            time(text, partner);
        }
        // Against nearly itself, so that the cheap rungs cannot decide.
        time(text, &format!("{text}+0"));
        time(&format!("1\\cdot {text}"), text);
    }
    slowest.report();
}

/// A counter generator, so that every failure can be repeated.
fn draw(state: &mut u64, end: usize) -> usize {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) % end as u64) as usize
}

/// A few pieces of hostile texts, cut anywhere, repeated, joined and with single characters changed.
fn mutant(texts: &[Vec<char>], state: &mut u64) -> String {
    let mut mutant: Vec<char> = Vec::new();
    for _ in 0..1 + draw(state, 4) {
        let text = &texts[draw(state, texts.len())];
        let start = draw(state, text.len());
        let longest = if draw(state, 16) == 0 { 1 << 16 } else { 64 };
        let end = start + 1 + draw(state, (text.len() - start).min(longest));
        let times = if draw(state, 8) == 0 { 1 + draw(state, 2000) } else { 1 + draw(state, 3) };
        for _ in 0..times.min((1 << 16) / (end - start) + 1) {
            mutant.extend(text.get(start..end).into_iter().flatten());
        }
    }
    for _ in 0..draw(state, 4) {
        let at = draw(state, mutant.len());
        let from = &texts[draw(state, texts.len())];
        mutant[at] = from[draw(state, from.len())];
    }
    mutant.truncate(1 << 14);
    mutant.into_iter().collect()
}

#[test]
fn no_mutant_runs_away() {
    let texts: Vec<Vec<char>> = hostile().iter().map(|text| text.chars().collect()).collect();
    let policy = Policy::default();
    let count = env::var("R1_FUZZ").ok().and_then(|count| count.parse().ok()).unwrap_or(3000);
    let (mut state, mut slowest) = (7, Slowest::default());
    for at in 0..count {
        let (gold, answer) = (mutant(&texts, &mut state), mutant(&texts, &mut state));
        let name = || format!("{at}: {} | {}", start_of(&gold), start_of(&answer));
        slowest.watch(name, || compare(&gold, &answer, &policy));
    }
    slowest.report();
}

#[test]
fn towers_are_told_apart() {
    let equal = |a, b| compare(a, b, &Policy::default()).equal == Some(true);
    assert!(!equal(r"\frac{5^{5^{5^{5^5}}-4}-5}{16}", r"\frac{5^{5^{5^{5^5}}-3}-5}{16}"));
    assert!(equal(r"\frac{5^{5^{5^{5^5}}-4}-5}{16}", r"\frac{1}{16}(5^{5^{5^{3125}}-4}-5)"));
    assert!(equal("2^{2^{2^{2^{2^2}}}}", "2^{2^{65536}}"));
    assert!(!equal("2^{2^{2^{2^{2^2}}}}", "2^{2^{2^{65536}}}"));
    assert!(!equal("7^{7^{7^{7}}}", "7^{7^{7^{7}}}+1"));
}
