//! Properties of every verdict, over answers drawn from their grammar and over any text.

mod rewrites;

use proptest::prelude::*;
use r1_math::{Policy, judge};

fn verdict(gold: &str, answer: &str) -> Option<bool> {
    judge(gold, answer, &Policy::default(), false).equal
}

/// A number, as references write them.
fn number() -> impl Strategy<Value = String> {
    prop_oneof![5 => real(), 1 => (1i64..20, 2i64..20).prop_map(|(a, b)| format!(r"{a}-{b}i"))]
}

fn real() -> impl Strategy<Value = String> {
    prop_oneof![
        (-999i64..1000).prop_map(|n| n.to_string()),
        (1i64..100, 2i64..100).prop_map(|(a, b)| format!(r"\frac{{{a}}}{{{b}}}")),
        (2i64..99).prop_map(|n| format!(r"\sqrt{{{n}}}")),
        (0i64..100, 1i64..1000).prop_map(|(a, b)| format!("{a}.{b:03}")),
        (1i64..20).prop_map(|n| format!(r"{n}\pi")),
    ]
}

/// What an expression is divided by: no nought.
fn below() -> impl Strategy<Value = String> {
    prop_oneof![(1i64..100).prop_map(|n| n.to_string()), Just("x".to_owned()), Just(r"\sqrt{y}".to_owned())]
}

/// An expression in x and y.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![real(), "[xy]".prop_map(String::from)];
    leaf.prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}+({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a})({b})")),
            (inner.clone(), below()).prop_map(|(a, b)| format!(r"\frac{{{a}}}{{{b}}}")),
            (inner.clone(), 2u32..5).prop_map(|(a, n)| format!("({a})^{{{n}}}")),
            inner.clone().prop_map(|a| format!(r"\sqrt{{{a}}}")),
            inner.clone().prop_map(|a| format!(r"\left|{a}\right|")),
            inner.prop_map(|a| format!(r"\sin\left(x+{a}\right)")),
        ]
    })
}

/// An answer of any kind that has no words.
fn answer() -> impl Strategy<Value = String> {
    prop_oneof![
        expression(),
        (number(), number()).prop_map(|(a, b)| format!("({a}, {b})")),
        (number(), number()).prop_map(|(a, b)| format!("[{a}, {b})")),
        prop::collection::vec(number(), 2..5).prop_map(|items| format!(r"\{{{}\}}", items.join(", "))),
        prop::collection::vec(number(), 2..4).prop_map(|items| items.join(", ")),
        number().prop_map(|a| format!("x = {a}")),
        number().prop_map(|a| format!("x > {a}")),
        (expression(), expression()).prop_map(|(a, b)| format!("{a} = {b}")),
        (number(), number()).prop_map(|(a, b)| format!(r"{a} \pm {b}")),
        (number(), number()).prop_map(|(a, b)| format!(r"\begin{{pmatrix}} {a} \\ {b} \end{{pmatrix}}")),
    ]
}

/// Another answer, which is often the same value or near it.
fn neighbour(gold: &str, other: String, way: usize) -> String {
    match way {
        0 => other,
        1 => format!("({gold})"),
        2 => format!("{gold}+0"),
        3 => gold.replacen('1', "2", 1),
        4 => gold.replace('+', "-"),
        5 => format!("{gold}, {other}"),
        _ => gold.replace(['(', ')'], ""),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_is_equal_to_itself(gold in answer()) {
        prop_assert_ne!(verdict(&gold, &gold), Some(false), "{}", gold);
    }

    #[test]
    fn the_sides_may_be_exchanged(gold in answer(), other in answer(), way in 0usize..7) {
        let answer = neighbour(&gold, other, way);
        // An answer may show its way, and a reference may not: `2 = 1+1`.
        let chain = |text: &str| text.contains('=');
        prop_assume!(chain(&gold) == chain(&answer));
        prop_assert_eq!(verdict(&gold, &answer), verdict(&answer, &gold), "{} | {}", gold, answer);
    }

    #[test]
    fn blanks_around_signs_say_nothing(gold in answer(), other in answer(), way in 0usize..7) {
        let answer = neighbour(&gold, other, way);
        let wide = answer.replace('+', " + ").replace('=', " = ").replace(", ", " , ");
        prop_assert_eq!(verdict(&gold, &answer), verdict(&gold, &wide), "{} | {}", gold, wide);
    }

    #[test]
    fn the_order_of_a_set_says_nothing(items in prop::collection::vec(number(), 2..6), gold in answer(), turn in 0usize..6) {
        let mut turned = items.clone();
        turned.rotate_left(turn % items.len());
        let [a, b] = [items, turned].map(|items| format!(r"\{{{}\}}", items.join(", ")));
        prop_assert_eq!(verdict(&a, &b), Some(true), "{} | {}", a, b);
        prop_assert_eq!(verdict(&gold, &a), verdict(&gold, &b), "{} | {}", gold, a);
    }

    #[test]
    fn what_is_added_changes_a_value(gold in expression(), more in 1i64..1000) {
        let other = format!("{gold}+{more}");
        prop_assert_ne!(verdict(&gold, &other), Some(true), "{}", other);
    }

    #[test]
    fn no_text_panics_and_none_costs_more_than_its_budget(gold in ".{0,60}", answer in ".{0,60}") {
        let policy = Policy::default();
        let judgement = judge(&gold, &answer, &policy, true);
        prop_assert!(judgement.steps <= 2 * policy.steps);
        prop_assert_eq!(judgement, judge(&gold, &answer, &policy, true));
    }

    #[test]
    fn no_mixture_of_tokens_costs_more_than_its_budget(
        tokens in prop::collection::vec(prop_oneof![answer(), r"[\\{}()\[\]|^_=<>,;!%$'a-z0-9]{1,4}".prop_map(String::from)], 1..40),
        at in 0usize..40,
    ) {
        let policy = Policy::default();
        let answer = tokens.concat();
        let gold = tokens[..at.min(tokens.len())].concat();
        prop_assert!(judge(&gold, &answer, &policy, false).steps <= 2 * policy.steps);
    }

    #[test]
    fn another_dress_is_the_same_answer(gold in prop_oneof![number(), answer()]) {
        // A statement about numbers equals only the same statement.
        prop_assume!(!gold.contains('=') || gold.contains(['x', 'y']));
        for (kind, answer) in rewrites::rewrites(&gold) {
            prop_assert_eq!(verdict(&gold, &answer), Some(true), "{}: {} | {}", kind, gold, answer);
        }
    }
}
