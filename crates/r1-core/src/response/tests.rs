use proptest::prelude::*;

use super::*;
use FormatError::*;

fn strict(text: &str) -> Result<(), FormatError> {
    Response::parse(text, false).strict()
}

fn soft(text: &str) -> Result<(), FormatError> {
    Response::parse(text, false).soft()
}

#[test]
fn the_format_of_r1_zero_is_accepted() {
    for text in [
        "<think>a</think><answer>4</answer>",
        " \n<think> a\nb </think>\n\n<answer>\n4 </answer>\n ",
        "<think>a < b and </b></think> <answer>\\boxed{4}</answer>",
    ] {
        assert_eq!(strict(text), Ok(()), "{text}");
        assert_eq!(soft(text), Ok(()), "{text}");
    }
    assert_eq!(Response::parse("a</think><answer>4</answer>", true).strict(), Ok(()));
}

#[test]
fn each_deviation_has_its_name() {
    for (text, error) in [
        ("", MissingThinkOpen),
        ("4", MissingThinkOpen),
        ("a</think><answer>4</answer>", MissingThinkOpen),
        ("<answer>4</answer>", MissingThinkOpen),
        ("</answer>", MissingThinkOpen),
        ("<think>a", MissingThinkClose),
        ("<think>a<think>b</think></think><answer>4</answer>", DuplicateThink),
        ("<think>a</think></think><answer>4</answer>", DuplicateThink),
        ("<think>a</think><answer>4</answer><think>b</think>", DuplicateThink),
        ("<think>a</think><answer>4<think>b</think></answer>", DuplicateThink),
        ("<think> \n</think><answer>4</answer>", EmptyReasoning),
        ("<think>a</think>4", MissingAnswer),
        ("<think>a</think>", MissingAnswer),
        ("<think>a</think><answer>4", UnclosedAnswer),
        ("<think>a</think></answer>", UnopenedAnswer),
        ("<think>a</think><answer>4</answer></answer>", UnopenedAnswer),
        ("<think>a</think><answer>4</answer><answer>5</answer>", DuplicateAnswer),
        ("<think>a</think><answer><answer>5</answer>", DuplicateAnswer),
        ("<think>a<answer>3</answer></think><answer>4</answer>", AnswerInThoughts),
        ("<think>a<answer>4</answer>", AnswerInThoughts),
        ("<think>a</answer></think><answer>4</answer>", AnswerInThoughts),
        ("<think>a</think><answer> </answer>", EmptyAnswer),
        ("Well. <think>a</think><answer>4</answer>", TextBefore),
        ("<think>a</think>So <answer>4</answer>", TextBetween),
        ("<think>a</think><answer>4</answer>.", TextAfter),
        ("<Think>a</Think><answer>4</answer>", MissingThinkOpen),
    ] {
        assert_eq!(strict(text), Err(error), "{text}");
    }
    assert_eq!(Response::parse("<think>a</think><answer>4</answer>", true).strict(), Err(DuplicateThink));
    assert_eq!(Response::parse("a", true).strict(), Err(MissingThinkClose));
}

#[test]
fn the_soft_format_minds_the_thoughts_only() {
    for text in [
        "<think>a</think>It is 4.",
        "\n<think>\na\n</think>\n\nIt is \\boxed{4}.",
        "<think>a</think>So <answer>4</answer>.",
        "<think>a</think><answer>4",
        "<think>a<answer>3</answer></think>4",
    ] {
        assert_eq!(soft(text), Ok(()), "{text}");
    }
    for (text, error) in [
        ("It is 4.", MissingThinkOpen),
        ("a</think>4", MissingThinkOpen),
        ("<think>a 4", MissingThinkClose),
        ("<think>a</think> \n", MissingAnswer),
        ("<think></think>4", EmptyReasoning),
        ("<think>a<think>b</think>4", DuplicateThink),
        ("<think>a</think>4<think>b</think>5", DuplicateThink),
        ("Hm <think>a</think>4", TextBefore),
    ] {
        assert_eq!(soft(text), Err(error), "{text}");
    }
    assert_eq!(Response::parse("a</think>4", true).soft(), Ok(()));
}

#[test]
fn the_answer_is_the_tagged_one_else_the_boxed_one_else_the_text() {
    for (text, answer) in [
        ("<think>a</think>\\boxed{3}<answer> 4 </answer>\\boxed{5}", "4"),
        ("<think>a</think>\\boxed{3} or \\boxed{ 5 }", "5"),
        ("<think>a</think> It is 4. ", "It is 4."),
        ("It is \\boxed{4}.", "4"),
        (" It is 4. ", "It is 4."),
        ("a</think>4", "4"),
        // The last answer counts; a reader who must not be tricked asks for the strict format.
        ("<think>a</think><answer>3</answer><answer>4</answer>", "4"),
        // Nothing inside the thoughts counts.
        ("<think>\\boxed{3}<answer>3</answer></think>", ""),
        ("<think>\\boxed{3}<answer>3</answer></think>none", "none"),
        ("<think>a</think><answer>3</answer><think>b</think>none", "none"),
        ("<think>a</think><answer>3</think>none", "none"),
        // Thoughts that do not close, at first or again, have no answer.
        ("<think>It is <answer>4</answer>", ""),
        ("<think>It is \\boxed{4}", ""),
        ("<think>a</think><answer>4</answer><think>b", ""),
        // An answer that was cut off is none.
        ("<think>a</think><answer>12", ""),
        ("<think>a</think><answer>\\boxed{12}, so", "12"),
        ("", ""),
    ] {
        assert_eq!(Response::parse(text, false).answer, answer, "{text}");
    }
    assert_eq!(Response::parse("It is \\boxed{4}", true).answer, "");
}

#[test]
fn the_reasoning_is_what_the_thoughts_hold() {
    for (text, prefilled, reasoning, after) in [
        ("<think> a </think> b", false, "a", " b"),
        ("x <think>a</think>b", false, "a", "b"),
        ("a</think>b", false, "a", "b"),
        ("a</think>b", true, "a", "b"),
        ("<think>a</think>b", true, "a", "b"),
        ("<think>a", false, "a", ""),
        ("a", true, "a", ""),
        ("a", false, "", "a"),
        ("<think>a<think>b</think>c</think>d", false, "a<think>b</think>c", "d"),
        ("<think>a</think>b<think>c", false, "a</think>b<think>c", ""),
    ] {
        let response = Response::parse(text, prefilled);
        assert_eq!((response.reasoning, response.after_thoughts), (reasoning, after), "{text}");
    }
}

#[test]
fn boxes_end_at_their_own_brace() {
    for (text, boxed) in [
        ("\\boxed{\\frac{1}{2}}", Some("\\frac{1}{2}")),
        ("\\boxed{\\{1, 2\\}}", Some("\\{1, 2\\}")),
        ("\\boxed{a \\} b}", Some("a \\} b")),
        ("\\fbox {4}", Some("4")),
        ("\\boxed{3} and \\boxed{4", Some("3")),
        ("\\boxed{1 + \\boxed{2}}", Some("2")),
        ("} { \\boxed{4} }", Some("4")),
        ("\\boxed 4", None),
        ("\\boxed{4", None),
        ("\\\\boxed{4}", None),
        ("\\boxed{}", Some("")),
        ("\\boxed{über 4 \\% }", Some("über 4 \\%")),
        ("\\boxed{4<answer>}</answer>", None),
    ] {
        assert_eq!(Response::parse(text, false).boxed, boxed, "{text}");
    }
}

#[test]
fn hostile_texts_take_linear_time() {
    // Each has a million characters or more: anything quadratic would not come back.
    for piece in
        ["<think>", "<", "\\boxed{", "\\boxed ", "{", "}", "</answer>", "\\", "<answer>\\boxed{}", "</think>"]
    {
        let text = piece.repeat(1_000_000 / piece.len() + 1);
        for prefilled in [false, true] {
            let _ = Response::parse(&text, prefilled);
        }
    }
}

fn pieces() -> impl Strategy<Value = String> {
    const TAGS: [&str; 15] = [
        "<think>",
        "</think>",
        "<answer>",
        "</answer>",
        "\\boxed{",
        "\\boxed",
        "{",
        "}",
        "\\",
        "<",
        ">",
        " ",
        "4",
        "é",
        "\u{3000}",
    ];
    let piece = prop_oneof![4 => prop::sample::select(&TAGS[..]).prop_map(String::from), 1 => ".{0,3}"];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn parts_lie_inside_the_text(text in pieces(), prefilled: bool) {
        let response = Response::parse(&text, prefilled);
        let inside = |part: &str| text.as_bytes().as_ptr_range().start <= part.as_ptr()
            && part.as_bytes().as_ptr_range().end <= text.as_bytes().as_ptr_range().end;
        for part in [Some(response.reasoning), Some(response.after_thoughts), Some(response.answer), response.tagged, response.boxed].into_iter().flatten() {
            prop_assert!(inside(part), "{part}");
        }
        prop_assert!(!response.after_thoughts.contains("</think>"));
    }

    #[test]
    fn a_well_formed_text_comes_apart_as_it_was_put_together(reasoning in "[a-z0-9 {}<é]{0,12}[a-z]", answer in "[0-9][0-9 {}<é]{0,12}") {
        let text = format!("<think>{reasoning}</think> <answer>{answer}</answer>");
        let response = Response::parse(&text, false);
        prop_assert_eq!(response.strict(), Ok(()));
        prop_assert_eq!(response.soft(), Ok(()));
        prop_assert_eq!(response.reasoning, reasoning.trim());
        prop_assert_eq!(response.answer, answer.trim());
        let prefilled = Response::parse(&text["<think>".len()..], true);
        prop_assert_eq!((prefilled.reasoning, prefilled.answer, prefilled.strict()), (response.reasoning, response.answer, Ok(())));
    }

    #[test]
    fn the_strict_format_implies_the_soft_one(text in pieces(), prefilled: bool) {
        let response = Response::parse(&text, prefilled);
        prop_assert!(response.strict().is_err() || response.soft().is_ok());
    }
}
