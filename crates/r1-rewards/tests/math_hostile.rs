//! Inputs that are meant to hurt: none panics, none runs away, and every verdict repeats.
//!
//! The slowest is printed. That it stays below ten milliseconds is asserted where the machine is idle and
//! `R1_TIMED` says so: `R1_TIMED=1 cargo test --release -p r1-rewards --test math_hostile -- --nocapture`.
//! `R1_FUZZ` is the number of mutated texts.

use std::{
    env,
    time::{Duration, Instant},
};

use r1_data::{Completion, FinishReason};
use r1_rewards::{
    Mode, grade,
    math::{Policy, compare},
};

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

fn nested(open: &str, inside: &str, close: &str, depth: usize) -> String {
    format!("{}{inside}{}", open.repeat(depth), close.repeat(depth))
}

fn hostile() -> Vec<String> {
    let mut texts = vec![
        r"\dfrac{5^{5^{5^{5^5}}-4}-5}{16}".to_owned(),
        "9^{9^{9^{9^{9^{9^{9}}}}}}".to_owned(),
        "2^{1000000000}".to_owned(),
        "(-2)^{-1000000000000}".to_owned(),
        "0^{0^{0^{0}}}".to_owned(),
        "1/0".to_owned(),
        r"\frac{0}{0}".to_owned(),
        "1e2000-1e-2000".to_owned(),
        r"\sin(10^{300})".to_owned(),
        r"\binom{1000000000}{500000000}".to_owned(),
        r"\sum_{k=1}^{1000000000} k".to_owned(),
        r"\sum_{k=1}^{2000}\sum_{j=1}^{2000}\sum_{i=1}^{2000} \sqrt{ijk}".replace('i', "m"),
        r"\prod_{k=1}^{2000} (x+k)^{k}".to_owned(),
        "100000!!".to_owned(),
        "((((((9!)!)!)!)!)!)".to_owned(),
        r"\lfloor 10^{100}\pi \rfloor".to_owned(),
        r"e^{e^{e^{e^{e}}}}".to_owned(),
        r"\ln(0)".to_owned(),
        r"\arcsin(2)".to_owned(),
        r"\log_1 5".to_owned(),
        r"\sqrt[0]{5}".to_owned(),
        r"\sqrt[1000000]{5}".to_owned(),
        r"\gcd(0,0)".to_owned(),
        "5 mod 0".to_owned(),
        "1_1".to_owned(),
        "zz_{99999999999}".to_owned(),
        "\0\u{202e}5\u{202c}".to_owned(),
        r"\{\{\{1\}\}\}".to_owned(),
        "|||||x|||||".to_owned(),
        r"\begin{pmatrix}1&2\\3\end{pmatrix}".to_owned(),
        r"\begin{pmatrix}".to_owned(),
        r"k\pi, k\in\mathbb{Z}".to_owned(),
        r"\frac{\pi}{k}, k\in\mathbb{Z}".to_owned(),
        nested("(", "1", ")", 1000),
        nested("{", "1", "}", 1000),
        nested(r"\frac{1}{", "2", "}", 200),
        nested(r"\sqrt{", "2", "}", 40),
        nested(r"\sqrt{1+", "x", "}", 40),
        nested(r"\sin(", "x", ")", 40),
        nested("e^{", "x", "}", 40),
        nested("(x+1)^{", "2", "}", 40),
        nested(r"\{", "1", r"\}", 500),
        nested(r"\left[", "1", r"\right)", 500),
        nested(r"\begin{pmatrix}", "1", r"\end{pmatrix}", 100),
        (0..60).map(|k| format!("\\sqrt{{{k}x+\\ln(x+{k})}}")).collect::<Vec<_>>().join("+"),
        (0..60).map(|k| format!("\\sin({k}x)")).collect::<Vec<_>>().join("\\cdot "),
        (0..300).map(|k| format!("[{k},{k}.5]")).collect::<Vec<_>>().join("\\cup "),
        (0..600).map(|k| k.to_string()).collect::<Vec<_>>().join(", "),
        (0..120).map(|k| format!("\\sqrt{{{k}}}+\\pi")).collect::<Vec<_>>().join(", "),
        (0..26).map(|k| format!("{}^{k}", char::from(b'a' + k))).collect::<Vec<_>>().join("+"),
        // Lists of nothing.
        "and and".to_owned(),
        "x=, and".to_owned(),
        r"\text{ or }\text{ or }".to_owned(),
        format!("x = {}", (0..300).map(|_| "7").collect::<Vec<_>>().join(" = ")),
    ];
    for token in [
        "9",
        "1 ",
        "(",
        "{",
        "[",
        "|",
        "\\{",
        "-",
        "+",
        "^",
        "_",
        "!",
        "'",
        "/",
        ",",
        "=",
        "<",
        "$",
        "\\",
        "\\\\",
        "&",
        "%",
        "1,",
        "1/",
        "x^",
        "\\frac",
        "\\frac1",
        "\\sqrt",
        "\\sqrt{",
        "\\boxed{",
        "\\boxed{1}",
        "\\text{",
        "\\text{a}",
        "\\pm 1",
        "\\cup(1,2)",
        "\\begin{pmatrix}",
        "\\left(",
        "\\sum_{k=1}^{9}",
        "answer is ",
        "<think>",
        "</think>",
        "<answer>",
        "x",
        "\\pi",
        "e^",
        "1e9",
        "°",
        "²",
        "é",
        "\u{ff11}",
        "\u{200b}",
        "\0",
        "and ",
        "1 and ",
        "\\in\\mathbb{Z}",
        "\\log_",
        "\\circ",
        "^\\circ",
        "C(",
        "f(",
        "a=",
        "x<",
        "1:",
        "\\pmod{",
        ";",
    ] {
        for bytes in [40, 400, 4000, 1 << 16] {
            texts.push(token.repeat(bytes / token.len()));
        }
    }
    texts
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

/// The ways in which an answer stands in a completion.
fn wrapped(text: &str) -> [String; 4] {
    [
        text.to_owned(),
        format!("\\boxed{{{text}}}"),
        format!("<think>t</think><answer>{text}</answer>"),
        format!("The final answer is ${text}$."),
    ]
}

#[test]
fn no_completion_runs_away() {
    let mut slowest = Slowest::default();
    for text in hostile() {
        for wrapped in wrapped(&text) {
            for mode in [Mode::Strict, Mode::Anchored, Mode::Lenient] {
                let completion = Completion::from_text(wrapped.as_str(), FinishReason::Stop);
                slowest.watch(|| start_of(&wrapped), || grade("\\sqrt{2}x", &completion, mode));
            }
        }
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
        let completion = Completion::from_text(wrapped(&answer)[at % 4].as_str(), FinishReason::Stop);
        slowest.watch(name, || grade(&gold, &completion, Mode::Lenient));
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
