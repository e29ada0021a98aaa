//! Inputs that are meant to hurt: all are judged within ten milliseconds, and none panics.

use std::time::{Duration, Instant};

use r1_data::{Completion, FinishReason};
use r1_rewards::{
    Mode, grade,
    math::{Policy, compare},
};

/// Ten milliseconds; tests without optimisation run many times slower.
const LIMIT: Duration = Duration::from_millis(if cfg!(debug_assertions) { 500 } else { 10 });

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
fn no_pair_takes_long() {
    let policy = Policy::default();
    let partners =
        ["1", "x^2+1", r"\sqrt{2}+x", "(1,2)", r"[0,1)\cup(2,3)", "x<3", r"\text{east}", "5\\text{ cm}"];
    let texts = hostile();
    let mut slowest = (Duration::ZERO, String::new());
    let mut time = |gold: &str, answer: &str| {
        if std::env::var_os("R1_TRACE").is_some() {
            eprintln!(
                "{} | {}",
                gold.chars().take(60).collect::<String>(),
                answer.chars().take(60).collect::<String>()
            );
        }
        let start = Instant::now();
        let _ = compare(gold, answer, &policy);
        let first = start.elapsed();
        if first > slowest.0 {
            // A second try sorts out a machine that was busy.
            let start = Instant::now();
            let _ = compare(gold, answer, &policy);
            let elapsed = first.min(start.elapsed());
            if elapsed > slowest.0 {
                slowest = (
                    elapsed,
                    format!(
                        "{} | {}",
                        &gold.chars().take(60).collect::<String>(),
                        &answer.chars().take(60).collect::<String>()
                    ),
                );
            }
        }
    };
    for text in &texts {
        for partner in partners {
            time(partner, text);
            time(text, partner);
        }
        // Against nearly itself, so that the cheap rungs cannot decide.
        time(text, &format!("{text}+0"));
        time(&format!("1\\cdot {text}"), text);
    }
    println!("slowest: {slowest:?}");
    assert!(slowest.0 < LIMIT, "{slowest:?}");
}

#[test]
fn no_completion_takes_long() {
    let mut slowest = (Duration::ZERO, String::new());
    for text in hostile() {
        for wrapped in [
            text.clone(),
            format!("\\boxed{{{text}}}"),
            format!("<think>t</think><answer>{text}</answer>"),
            format!("The final answer is ${text}$."),
        ] {
            for mode in [Mode::Strict, Mode::Anchored, Mode::Lenient] {
                let completion = Completion::from_text(wrapped.as_str(), FinishReason::Stop);
                let times = [0, 1].map(|_| {
                    let start = Instant::now();
                    let _ = grade("\\sqrt{2}x", &completion, mode);
                    start.elapsed()
                });
                let elapsed = times[0].min(times[1]);
                if elapsed > slowest.0 {
                    slowest = (elapsed, wrapped.chars().take(80).collect());
                }
            }
        }
    }
    println!("slowest: {slowest:?}");
    assert!(slowest.0 < LIMIT, "{slowest:?}");
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
