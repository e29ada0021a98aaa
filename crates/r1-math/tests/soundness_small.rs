//! The small form of the soundness harness: constants and mutants against a few references of every kind.
//! What is accepted must stand in `cases/soundness.toml`, where each pair was reviewed as a true equality.
//! The full form is `examples/soundness.rs`.

mod soundness;

use std::collections::BTreeSet;

use r1_math::{Policy, judge};
use serde::Deserialize;
use soundness::{Draw, constants, garbles, mutants};

/// Mutants of each reference.
const MUTANTS: usize = 40;

#[derive(Deserialize)]
struct Reviewed {
    golds: Vec<String>,
    accepted: Vec<[String; 2]>,
}

#[test]
fn only_reviewed_equalities_are_accepted() {
    let Reviewed { golds, accepted } = toml::from_str(include_str!("cases/soundness.toml")).unwrap();
    let reviewed: BTreeSet<[String; 2]> = accepted.into_iter().collect();
    let (constants, policy) = (constants(), Policy::default());
    assert!(constants.len() >= 200 && golds.len() >= 60);
    let mut unknown = Vec::new();
    for (at, gold) in golds.iter().enumerate() {
        let mutants = mutants(gold, &mut Draw(at as u64), MUTANTS);
        for answer in constants.iter().chain(&mutants) {
            let equal = judge(gold, answer, &policy, false).equal == Some(true);
            if equal && !reviewed.contains(&[gold.clone(), answer.clone()]) {
                unknown.push(format!("  ['{gold}', '{answer}'],"));
            }
        }
    }
    assert!(unknown.is_empty(), "{} accepted that nobody reviewed:\n{}", unknown.len(), unknown.join("\n"));
}

#[test]
fn what_hangs_or_stands_in_the_wrong_place_is_not_read_past() {
    const WRONG: [(&str, &str); 71] = [
        ("(x,y)=(1,0)", "(x)=(1,0)"),
        ("(p,q)=(3,2)", "p=(3,2)"),
        (r"$\min$ at $x=-1, \max$ at $x=1$", r"0\pm1"),
        ("slope: 3; intercept: -2", "3 or -2"),
        ("slope: 3; intercept: -2", "-2, 3"),
        ("x=1, y=2", "1 or 2"),
        ("12 eV", r"\max 12"),
        ("12 eV", r"\overline{12}"),
        ("12 eV", "12=12"),
        ("12", "12=12"),
        ("f'(x)=2x", "y=2x"),
        ("f''(x)=2x", "y'=2x"),
        ("f(x)=2x", "y'=2x"),
        ("y=2x", "f(t)=2x"),
        ("f(x)=2x", "x(f)=2x"),
        ("E(X)=2", "X(E)=2"),
        ("(1,2)", r"(1,2)^\perp"),
        ("(1,2)", ")1,2("),
        ("(e,\\infty)", "(e,n\\infty)"),
        (r"(-\infty,2)", r"(-\infty 0,2)"),
        ("[2,\\infty)", "[2,x\\infty)"),
        (r"\{1,2,3\}", r"\{1|2,3\}"),
        (r"2k, k\in\mathbb{Z}", r"2k, k\in\mathbb{Z^+}"),
        ("x=0, 2, 4", "7x=0, 2, 4"),
        ("t=5", "2t=10/2=5"),
        ("5", "2x=10/2=5"),
        ("5", r"\vec{5}"),
        ("5", "(5"),
        ("5", "5)"),
        ("5", "5..."),
        ("5", "5, ..."),
        ("5", "...5"),
        ("5", "5_"),
        ("5", "_5"),
        ("5", r"5\pmod{3}"),
        ("5", r"5\text{ hundredths}"),
        ("5", r"5\text{ halves}"),
        ("5", r"\text{max }5"),
        ("13.4", "13._4"),
        (r"\frac{3}{50}", r"\frac{3}_{50}"),
        ("x^2", "x _^2"),
        ("-i", "-i-"),
        (r"-\infty", r"\infty-"),
        ("x=5", "x=y=5"),
        (r"\sin(\pi^\circ)", "0"),
        ("0", r"\sin 179^\circ"),
        ("0", r"\cos\pi"),
        (r"2k\pi, k\in\mathbb{Z}", r"x=2n\pi\ (n\in\mathbb{N})"),
        (r"180^\circ", r"\pi\pmod{7}"),
        (r"\infty", r"\infty\pmod{7}"),
        (r"\frac{1}{2}", r"0.5\pmod{7}"),
        ("The mode is $x=0$.", "f(0.5)=0"),
        ("D(X)=3", "D=Y=3"),
        ("A", "P^{-1}AP"),
        ("AB^{-1}", "B^{-1}A"),
        ("P/V", "V^{-1}P^{2}"),
        ("5", "It isn't 5"),
        ("5", r"5\text{ isn't right}"),
        ("5", r"\text{if }5"),
        ("5", "page 5"),
        ("5", r"\text{The answer can't be }5"),
        (r"\text{Solution: }5", r"\text{Solusion: }5"),
        (r"\text{area: }5", r"\text{surface area: }5"),
        (r"\text{slope: }5", r"\text{slop: }5"),
        ("5", r"\phantom{5}"),
        (r"\{1,2\}", r"\{\{1,2\}\}"),
        (r"\int_0^1 x\,dx", "1"),
        (r"\int_0^2 x\,dx", r"\int_2^0 x\,dx"),
        (r"\int_0^1 x\,dy", r"\frac{1}{2}"),
        (r"\int_0^\infty x\,dx", r"\infty"),
        (r"\int_0^1 \frac{1}{x}\,dx", "0"),
    ];
    const RIGHT: [(&str, &str); 27] = [
        ("f'(x)=2x", "y'=2x"),
        (r"\frac{dy}{dx}=2x", "f'(x)=2x"),
        ("f(x)=2x", "y=2x"),
        ("(x,y)=(1,0)", "(1,0)"),
        ("(x,y)=(1,0)", "P=(1,0)"),
        ("slope: 3; intercept: -2", "3, -2"),
        ("(1,2)", "(1,2)^T"),
        ("[2,\\infty)", "[2,+\\infty)"),
        ("5", r"5\pmod{7}"),
        ("12", r"3\times4=12"),
        ("P/V", "PV^{-1}"),
        ("0", r"\sin 180^\circ"),
        ("0", r"\cos\frac{3\pi}{2}"),
        ("12", r"\textbf{C}. 12"),
        ("12", r"\therefore 12"),
        (r"\begin{pmatrix}2\\3\end{pmatrix}", r"2\mathbf{i}+3\mathbf{j}"),
        (r"2k\pi, k\in\mathbb{Z}", r"x=2n\pi\ (n\in\mathbb{Z})"),
        ("V^{-1}P", r"\frac{P}{V}"),
        ("She has 18 apples.", "18"),
        ("18", "She has 18 apples."),
        ("18", r"\text{She has }18\text{ apples}"),
        (r"\text{Solution: }5", r"\text{The final answer is: }5"),
        (r"\text{slope: }5", r"\text{slope of the line: }5"),
        ("f(x)=2x", "f(x)=y=2x"),
        (r"\frac{1}{2}", r"\int_0^1 x\,dx"),
        (r"\int_{-1}^{2}(3x^2-ax+1)\,dx", r"12-\frac{3a}{2}"),
        (r"\frac{b^3-a^3}{3}+1", r"\int_a^b t^2\,\mathrm{d}t+1"),
    ];
    let policy = Policy::default();
    let equal = |a: &str, b: &str| judge(a, b, &policy, false).equal == Some(true);
    // Beside words only a bare number counts.
    assert!(!equal("1 (card)", r"1\%") && !equal("1 (piece)", r"\$1") && equal("1 (card)", "1"));
    // Nor the other way round, where the reference is the percentage.
    assert!(!equal("1%", "1 (card)") && !equal("$1", "1 (piece)") && equal("5%", "It grows by 5% a year"));
    assert!(equal("20%", "20 percent") && equal("1", "1 (card)"));
    let accepted: Vec<_> =
        WRONG.iter().filter(|(gold, answer)| equal(gold, answer) || equal(answer, gold)).collect();
    let refused: Vec<_> = RIGHT.iter().filter(|(gold, answer)| !equal(gold, answer)).collect();
    assert!(accepted.is_empty() && refused.is_empty(), "accepted {accepted:#?}, refused {refused:#?}");
}

#[test]
fn garbled_references_cost_what_the_policy_allows_and_the_same_each_time() {
    let Reviewed { golds, .. } = toml::from_str(include_str!("cases/soundness.toml")).unwrap();
    let policy = Policy::default();
    for (at, gold) in golds.iter().enumerate() {
        for garbled in garbles(gold, &mut Draw(at as u64), 4) {
            let [first, second] = [0; 2].map(|_| judge(gold, &garbled, &policy, true));
            assert_eq!(first, second, "{gold} | {garbled}");
            assert!(first.steps <= policy.steps + policy.steps / 4, "{gold} | {garbled}: {}", first.steps);
        }
    }
}

#[test]
fn verdicts_are_the_same_with_the_sides_exchanged() {
    // Policy tells the sides apart where an answer shows its way: `3\\times8=24` answers for 24, and 24 does not
    // answer for the statement.
    const STATEMENTS: [&str; 2] = [r"\log_6(216)=3", r"(10-8)\times8+8=24"];
    let Reviewed { golds, .. } = toml::from_str(include_str!("cases/soundness.toml")).unwrap();
    let policy = Policy::default();
    let equal = |a: &str, b: &str| judge(a, b, &policy, false).equal == Some(true);
    let plain = || golds.iter().filter(|gold| !STATEMENTS.contains(&gold.as_str()));
    for a in plain() {
        for b in plain() {
            assert_eq!(equal(a, b), equal(b, a), "{a} | {b}");
        }
    }
}

#[test]
fn spacing_and_order_change_no_verdict_of_a_long_list() {
    let fractions: Vec<String> = (1..=200).map(|k| format!("\\frac{{{k}}}{{{}}}", 2 * k + 1)).collect();
    let plain: Vec<String> = (1..=200).map(|k| format!("{k}/{}", 2 * k + 1)).collect();
    let policy = Policy::default();
    for items in [fractions, plain] {
        let turned: Vec<String> = items.iter().rev().cloned().collect();
        let mut steps = Vec::new();
        for (a, b) in [(",", ","), (", ", ","), (",", ", "), (", ", ", ")] {
            let judgement = judge(&items.join(a), &turned.join(b), &policy, false);
            assert_eq!(judgement.equal, Some(true), "{a:?} {b:?}");
            steps.push(judgement.steps);
        }
        assert!(steps.iter().all(|step| step.abs_diff(steps[0]) <= steps[0] / 4 + 100), "{steps:?}");
        let mut wrong = turned.clone();
        wrong[17] = "17".to_owned();
        for by in [",", ", "] {
            assert_eq!(judge(&items.join(", "), &wrong.join(by), &policy, false).equal, Some(false));
        }
    }
}
