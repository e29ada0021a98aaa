//! Where the answer stands in a completion.

use r1_data::Response;
use serde::{Deserialize, Serialize};

use crate::markup;

/// Where an answer may stand. In every mode it must stand after the thoughts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// In `<answer>` or the last `\boxed{..}`. For training: nothing else can be gamed.
    #[default]
    Strict,
    /// Also after `####`, "answer is" or "answer:".
    Anchored,
    /// Also as the last number, or the whole text after the thoughts. For judging models that were
    /// never told how to mark their answer.
    Lenient,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    /// A marked answer.
    Marked(&'a str),
    /// Several boxes side by side, which are no single answer.
    Several,
    /// No marked answer; only [`Mode::Lenient`] may look at the rest of the text.
    Unmarked(&'a str),
}

/// The answer of a parsed completion.
pub(crate) fn find<'a>(response: &Response<'a>, mode: Mode) -> Found<'a> {
    let after = response.after_thoughts;
    if let Some(tagged) = response.tagged {
        let inside = Response::parse(tagged, false);
        return match inside.boxed {
            Some(boxed) => boxed_or_several(boxed, inside.after_thoughts),
            None => Found::Marked(tagged),
        };
    }
    if let Some(boxed) = response.boxed {
        return boxed_or_several(boxed, after);
    }
    if mode != Mode::Strict
        && let Some(anchored) = anchored(after)
    {
        return Found::Marked(anchored);
    }
    Found::Unmarked(after)
}

/// The last box of `text`, unless it only continues a list of boxes.
fn boxed_or_several<'a>(boxed: &'a str, text: &str) -> Found<'a> {
    match text.rfind(BOX) {
        Some(start) if follows_a_box(&text[..start]) => Found::Several,
        _ => Found::Marked(boxed),
    }
}

const BOX: &str = "\\boxed{";

/// True when nothing but a separator stands between the end of `text` and a box.
fn follows_a_box(text: &str) -> bool {
    let mut text = text.trim_end_matches([' ', '\n', '\t', '$', ',', ';', '、', '和']);
    for word in ["and", "or", "\\text{or}", "\\text{and}", "\\text{ or }", "\\text{ and }"] {
        text = text.strip_suffix(word).unwrap_or(text);
    }
    let text = text.trim_end_matches([' ', '\n', '\t', '$', ',', ';']);
    let Some(start) = text.rfind(BOX) else { return false };
    let content = &text[start + BOX.len()..];
    markup::closing_brace(content).is_some_and(|end| end + 1 == content.len())
}

/// What follows the last anchor, up to the end of its line or sentence.
fn anchored(text: &str) -> Option<&str> {
    // ASCII lower case keeps every byte in its place.
    let lower = text.to_ascii_lowercase();
    let after = |anchor: &str| lower.rfind(anchor).map(|at| at + anchor.len());
    let start = after("####").or_else(|| after("answer is").max(after("answer:")).max(after("answer:**")))?;
    let line = text[start..].trim_start_matches([' ', ':', '\n']).lines().next()?;
    let answer = line.split(". ").next().unwrap_or(line).trim();
    (!answer.is_empty()).then_some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find_in(text: &str, mode: Mode) -> Found<'_> {
        find(&Response::parse(text, false), mode)
    }

    #[test]
    fn an_answer_tag_wins_over_a_box_and_a_box_inside_it_is_the_answer() {
        assert_eq!(find_in("<think>t</think>\\boxed{1}<answer>2</answer>", Mode::Strict), Found::Marked("2"));
        assert_eq!(find_in("<answer>So \\boxed{3}.</answer>", Mode::Strict), Found::Marked("3"));
    }

    #[test]
    fn an_answer_inside_the_thoughts_does_not_count() {
        for text in
            ["<think>\\boxed{5}</think>", "<think><answer>5</answer></think>done", "<think>\\boxed{5}"]
        {
            assert!(matches!(find_in(text, Mode::Lenient), Found::Unmarked(_)), "{text}");
        }
    }

    #[test]
    fn of_several_boxes_the_last_counts_unless_they_form_a_list() {
        assert_eq!(find_in("\\boxed{3}. Wait, it is \\boxed{5}.", Mode::Strict), Found::Marked("5"));
        for text in ["\\boxed{3} or \\boxed{5}", "$\\boxed{3}$, $\\boxed{5}$", "\\boxed{3}\\boxed{5}"] {
            assert_eq!(find_in(text, Mode::Strict), Found::Several, "{text}");
        }
    }

    #[test]
    fn anchors_are_read_in_anchored_mode_only() {
        for text in
            ["so\n#### 18", "The answer is 18. I checked it.", "Final answer: 18\nBye", "The ANSWER IS: 18"]
        {
            assert_eq!(find_in(text, Mode::Anchored), Found::Marked("18"), "{text}");
            assert_eq!(find_in(text, Mode::Strict), Found::Unmarked(text));
        }
    }
}
