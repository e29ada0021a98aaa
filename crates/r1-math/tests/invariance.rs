//! Verdicts that do not depend on which side is the reference, on blanks, or on the order of independent elements,
//! over every pair of the labelled corpora.

use std::collections::BTreeSet;

use r1_math::{Policy, judge};

/// Pairs whose two sides are told apart, by what `docs/grading.md` 6a says: an answer may show its way or be a sentence,
/// a reference has a decimal point, leaves out the percent sign of no share, and may be an option.
const ONE_WAY: [(&str, &str); 17] = [
    ("11", "5+6=11"),
    (r"\text{converges}", r"\text{The series converges}"),
    ("1,2", "1.2"),
    (r"\text{even}", "even function"),
    ("converges", r"\text{The series converges.}"),
    (r"\text{Saturday}", r"\text{on Saturday}"),
    (r"$\text{Yes}$", "Yes, it is."),
    (r"\text{No}", "No, it is not."),
    ("1,2,3", "1.2.3"),
    ("B", r"\boxed{Option B}"),
    (r"12\%", r"12\%\text{ increase}"),
    (r"5\%", r"5\%\text{ increase}"),
    (r"\frac{1}{2}", r"0.5\%"),
    (r"\frac{1}{2}", r"\frac12\%"),
    ("e", "E"),
    ("e", r"\mathrm{E}"),
    ("i", "I"),
];

/// Every list of two texts in the corpora.
fn pairs() -> BTreeSet<(String, String)> {
    const CORPORA: [&str; 6] = [
        include_str!("cases/math.toml"),
        include_str!("cases/math_blind.toml"),
        include_str!("cases/math_hostile.toml"),
        include_str!("cases/math_pressure.toml"),
        include_str!("cases/math_third.toml"),
        include_str!("cases/math_verify.toml"),
    ];
    fn collect(value: &toml::Value, pairs: &mut BTreeSet<(String, String)>) {
        match value {
            toml::Value::Array(items) => match &items[..] {
                [toml::Value::String(gold), toml::Value::String(answer), ..] => {
                    pairs.insert((gold.clone(), answer.clone()));
                }
                _ => items.iter().for_each(|item| collect(item, pairs)),
            },
            toml::Value::Table(table) => table.values().for_each(|item| collect(item, pairs)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    for corpus in CORPORA {
        collect(&toml::from_str(corpus).unwrap(), &mut found);
    }
    assert!(found.len() > 1500, "{}", found.len());
    found
}

fn equal(gold: &str, answer: &str) -> Option<bool> {
    judge(gold, answer, &Policy::default(), false).equal
}

#[test]
fn no_verdict_depends_on_which_side_is_the_reference() {
    let turned: Vec<_> = pairs()
        .into_iter()
        .filter(|(gold, answer)| !ONE_WAY.contains(&(gold, answer)) && !ONE_WAY.contains(&(answer, gold)))
        .filter(|(gold, answer)| !gold.trim().is_empty() && !answer.trim().is_empty())
        .filter(|(gold, answer)| equal(gold, answer) != equal(answer, gold))
        .collect();
    assert!(turned.is_empty(), "{turned:#?}");
}

/// Blanks around signs and after commas, where no words and no commands stand that a blank could end or begin.
fn respaced(text: &str, wide: bool) -> Option<String> {
    let letters = |c: char| c.is_alphabetic();
    let words = text.split(|c: char| !letters(c)).any(|word| word.chars().count() > 1);
    // A blank separates numbers and letters, and two signs may be one.
    let signs = ["<=", ">=", "==", "!=", "=>", "->", "**", "//", "--", "++", "/", ",", ":"];
    if words
        || !text.is_ascii()
        || text.contains(['\\', '"', '\''])
        || signs.iter().any(|sign| text.contains(sign))
    {
        return None;
    }
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '+' | '=' | '<' | '>' | '*' if wide => out.extend([' ', c, ' ']),
            '+' | '=' | '<' | '>' | '*' => {
                out.truncate(out.trim_end().len());
                out.push(c);
            }
            ' ' if !wide && out.ends_with(['+', '=', '<', '>', '*']) => {}
            _ => out.push(c),
        }
    }
    Some(out)
}

#[test]
fn no_verdict_and_no_cost_depends_on_blanks_around_signs() {
    let (mut tried, mut moved) = (0, Vec::new());
    for (gold, answer) in pairs() {
        for wide in [true, false] {
            let (Some(a), Some(b)) = (respaced(&gold, wide), respaced(&answer, wide)) else { continue };
            if (&a, &b) == (&gold, &answer) {
                continue;
            }
            tried += 1;
            let policy = Policy::default();
            let plain = judge(&gold, &answer, &policy, false);
            let spaced = judge(&a, &b, &policy, false);
            // The same characters are found equal before anything is read.
            let cheap = plain.steps == 0 || spaced.steps == 0;
            if plain.equal != spaced.equal
                || (!cheap && plain.steps.abs_diff(spaced.steps) > plain.steps / 4 + 100)
            {
                moved.push((gold.clone(), answer.clone(), a, b, plain.steps, spaced.steps));
            }
        }
    }
    assert!(tried > 100, "{tried}");
    assert!(moved.is_empty(), "{moved:#?}");
}

#[test]
fn no_verdict_depends_on_the_order_of_independent_elements() {
    let mut tried = 0;
    for (gold, answer) in pairs() {
        let Some(inside) = answer.strip_prefix(r"\{").and_then(|rest| rest.strip_suffix(r"\}")) else {
            continue;
        };
        if inside.contains(['(', '[', '{', '|', ':', '=', '<', '>'])
            || inside.contains(r"\mid")
            || inside.contains("dots")
            || inside.contains("...")
        {
            continue;
        }
        let mut items: Vec<&str> = inside.split(',').collect();
        if items.len() < 2 {
            continue;
        }
        items.reverse();
        tried += 1;
        let turned = format!(r"\{{{}\}}", items.join(","));
        assert_eq!(equal(&gold, &answer), equal(&gold, &turned), "{gold} | {answer} | {turned}");
    }
    assert!(tried > 10, "{tried}");
}
