//! Where the answer stands in a completion.

use std::borrow::Cow;

use r1_core::Response;
use serde::{Deserialize, Serialize};

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    /// A marked answer; boxes side by side are joined into a list.
    Marked(Cow<'a, str>),
    /// No marked answer; only [`Mode::Lenient`] may look at the rest of the text.
    Unmarked(&'a str),
}

/// The answer of a parsed completion.
pub(crate) fn find<'a>(response: &Response<'a>, mode: Mode) -> Found<'a> {
    let after = response.after_thoughts;
    if let Some(tagged) = response.tagged {
        return Found::Marked(boxed(tagged).unwrap_or(Cow::Borrowed(tagged)));
    }
    if let Some(boxed) = boxed(after) {
        // A last line may correct a box, where anchors count.
        let last_box = after.rfind("\\boxed").unwrap_or(0);
        if mode != Mode::Strict
            && let Some(at) = CORRECTING.iter().filter_map(|anchor| after.rfind(anchor)).max()
            && at > last_box
            && let Some(anchored) = anchored(&after[at..])
        {
            return Found::Marked(Cow::Borrowed(anchored));
        }
        return Found::Marked(boxed);
    }
    if mode != Mode::Strict
        && let Some(anchored) = anchored(after)
    {
        return Found::Marked(Cow::Borrowed(anchored));
    }
    Found::Unmarked(after)
}

/// Anchors that go before a box above them.
const CORRECTING: [&str; 6] =
    ["final answer is", "Final answer is", "Answer:", "Answer**:", "Final answer:", "答案："];

const BOXES: [&str; 3] = ["\\boxed", "\\fbox", "\\framebox"];

/// The last box of a text, innermost; with the boxes that a separator joins to it. A percent sign or
/// a unit of one word right after the box belongs to it.
pub(crate) fn boxed(text: &str) -> Option<Cow<'_, str>> {
    let boxes = boxes(text);
    let (mut start, mut content, end) = *boxes.last()?;
    let tail = text[end..].trim_start_matches(['$', ' ']);
    let percent = ["\\%", "%", "percent", "pct"].iter().any(|sign| tail.starts_with(sign));
    let mut parts = vec![content];
    for (earlier_start, earlier, earlier_end) in boxes.iter().rev().skip(1) {
        if !text.get(*earlier_end..start).is_some_and(separates) {
            break;
        }
        (start, content) = (*earlier_start, *earlier);
        parts.push(content);
    }
    if parts.len() == 1 {
        return Some(if percent { Cow::Owned(format!("{content}\\%")) } else { Cow::Borrowed(content) });
    }
    parts.reverse();
    // One answer that is boxed again is one answer.
    let same = |a: &str, b: &str| a.split_whitespace().eq(b.split_whitespace());
    if parts.iter().all(|part| same(part, parts[0])) {
        return Some(if percent { Cow::Owned(format!("{}\\%", parts[0])) } else { Cow::Borrowed(parts[0]) });
    }
    Some(Cow::Owned(parts.join(", ")))
}

/// Every closed box that holds no other: where it starts, its content, and where it ends. Linear.
fn boxes(text: &str) -> Vec<(usize, &str, usize)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    // For every open brace: where its box starts and its content begins, or nothing.
    let mut open: Vec<Option<(usize, usize)>> = Vec::new();
    // Of the open boxes: whether another closed inside.
    let mut nested: Vec<bool> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => {
                // A text that was escaped twice writes two backslashes.
                at += usize::from(BOXES.iter().any(|name| text[at + 1..].starts_with(name)));
                if let Some(name) = BOXES.iter().find(|name| text[at..].starts_with(**name)) {
                    let after = at + name.len();
                    let spaces = bytes[after..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                    if bytes.get(after + spaces) == Some(&b'{') {
                        open.push(Some((at, after + spaces + 1)));
                        nested.push(false);
                        at = after + spaces + 1;
                        continue;
                    }
                    // `\boxed 5`.
                    let rest = &text[after..];
                    let word = rest.trim_start();
                    let end = bare_end(word);
                    // A box that is only spoken of has a word behind it.
                    let spoken =
                        word.as_bytes().get(..2).is_some_and(|two| two.iter().all(u8::is_ascii_lowercase));
                    if rest.starts_with(' ') && end > 0 && open.is_empty() && !spoken {
                        let begin = after + rest.len() - word.len();
                        let content = text[begin..begin + end].trim_end_matches(['.', ',']);
                        if !content.is_empty() {
                            found.push((at, content, begin + end));
                        }
                        // Boxes never overlap.
                        at = begin + end;
                        continue;
                    }
                    at = after;
                    continue;
                }
                // Steps over an escaped brace, too.
                at += if matches!(bytes.get(at + 1), Some(b'{' | b'}' | b'\\')) { 2 } else { 1 };
                continue;
            }
            b'{' => open.push(None),
            b'}' => {
                if let Some(Some((start, content))) = open.pop() {
                    let inside = text[content..at].trim();
                    if nested.pop() == Some(false) && !inside.is_empty() {
                        found.push((start, inside, at + 1));
                    }
                    if let Some(outer) = nested.last_mut() {
                        *outer = true;
                    }
                }
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// Where the content of a box without braces ends: at white space, a dollar sign, a brace that closes
/// more than it opened, or the next box.
fn bare_end(word: &str) -> usize {
    let mut depth = 0usize;
    for (at, c) in word.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return at,
            '}' => depth -= 1,
            '$' => return at,
            '\\' if at > 0 && BOXES.iter().any(|name| word[at..].starts_with(name)) => return at,
            c if c.is_whitespace() => return at,
            _ => {}
        }
    }
    word.len()
}

/// Words after which a box corrects the one before.
const CORRECTIONS: [&str; 24] = [
    "so",
    "no",
    "not",
    "wait",
    "but",
    "actually",
    "then",
    "thus",
    "hence",
    "therefore",
    "instead",
    "is",
    "should",
    "check",
    "correct",
    "rather",
    "sorry",
    "now",
    "because",
    "since",
    "must",
    "becomes",
    "gives",
    "hmm",
];

/// Whether a text between two boxes joins them into one list: nothing, a comma, "and", "or"; with
/// two or three words or a label beside it, but no correction.
fn separates(between: &str) -> bool {
    if between.len() > 60 || between.contains("\n\n") {
        return false;
    }
    let mut sentence = between.trim();
    sentence = sentence
        .strip_prefix("$.")
        .or_else(|| sentence.strip_prefix('.'))
        .unwrap_or(if sentence.contains(". ") { "." } else { "" });
    if !sentence.is_empty() || between.trim() == "." {
        return false;
    }
    let comma = between.contains([',', '、', ';']);
    let mut joined = comma;
    let mut others = 0;
    let plain = between.replace("\\text", " ").replace("\\qquad", " ").replace("\\quad", " ");
    for word in plain.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty()) {
        match word.to_lowercase().as_str() {
            "and" | "or" | "和" | "或" => joined = true,
            lower if CORRECTIONS.contains(&lower) => return false,
            _ => others += 1,
        }
    }
    let signs = between.contains(['+', '=', '<', '>', '?', '!']);
    (others == 0 && !signs) || (joined && others <= 4 && !between.contains(['+', '<', '>', '?', '!']))
}

/// What follows the last anchor, up to the end of its line or sentence.
fn anchored(text: &str) -> Option<&str> {
    // ASCII lower case keeps every byte in its place.
    let lower = text.to_ascii_lowercase();
    let after = |anchor: &str| lower.rfind(anchor).map(|at| at + anchor.len());
    let last = |anchors: &[&str]| anchors.iter().filter_map(|anchor| after(anchor)).max();
    let start = after("####").or_else(|| last(&["final answer is"])).or_else(|| {
        last(&["answer is", "answer:", "answer:**", "answer**:", "答案是", "答案为", "答案:", "答案："])
    })?;
    let line = text[start..].trim_start_matches([' ', ':', '\n', '：']).lines().next()?;
    let end = sentence_end(line);
    let answer = line[..end].trim().trim_start_matches("**").trim_end_matches("**").trim();
    (!answer.is_empty()).then_some(answer)
}

/// Where the first sentence of a line ends: at a full stop before a space and outside of `$..$`.
fn sentence_end(line: &str) -> usize {
    let bytes = line.as_bytes();
    let mut inside = false;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'$' => inside = !inside,
            b'.' if !inside && bytes.get(at + 1) == Some(&b' ') => return at,
            _ => {}
        }
    }
    line.find('。').unwrap_or(line.len())
}

/// The content of the last formula of a text: `$..$`, `$$..$$`, `\(..\)`, `\[..\]`; or the last bold
/// words where there is no formula. With the percent sign after it, and the text that follows.
pub(crate) fn last_formula(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let closed = [("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]"), ("**", "**")].iter().filter_map(
        |(open, close)| {
            let end = text.rfind(close)?;
            let start = text[..end].rfind(open)?;
            let content = text[start + open.len()..end].trim();
            (!content.is_empty()).then_some((end + close.len(), content, *open))
        },
    );
    let formulas: Vec<_> = closed.collect();
    let best = formulas
        .iter()
        .filter(|(.., open)| *open != "**")
        .max_by_key(|(end, content, _)| (*end, content.len()));
    let (end, content, _) = *best.or_else(|| formulas.first())?;
    let tail = text[end..].trim_start();
    let percent = ["\\%", "%", "percent", "pct"].iter().any(|sign| tail.starts_with(sign));
    let content = if percent { Cow::Owned(format!("{content}\\%")) } else { Cow::Borrowed(content) };
    Some((content, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find_in(text: &str, mode: Mode) -> Found<'_> {
        find(&Response::parse(text, false), mode)
    }

    #[test]
    fn an_answer_tag_wins_over_a_box_and_a_box_inside_it_is_the_answer() {
        assert_eq!(
            find_in("<think>t</think>\\boxed{1}<answer>2</answer>", Mode::Strict),
            Found::Marked("2".into())
        );
        assert_eq!(find_in("<answer>So \\boxed{3}.</answer>", Mode::Strict), Found::Marked("3".into()));
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
        assert_eq!(find_in("\\boxed{3}. Wait, it is \\boxed{5}.", Mode::Strict), Found::Marked("5".into()));
        for text in ["\\boxed{3} or \\boxed{5}", "$\\boxed{3}$, $\\boxed{5}$", "\\boxed{3}\\boxed{5}"] {
            assert!(
                matches!(find_in(text, Mode::Strict), Found::Marked(list) if list.contains(", ")),
                "{text}"
            );
        }
    }

    #[test]
    fn a_box_without_braces_ends_before_the_next_one() {
        for (text, content) in [
            ("so \\boxed 5.", "5"),
            ("\\boxed \\frac{1}{2} then", "\\frac{1}{2}"),
            ("\\boxed 1}\\boxed{2}", "2"),
            ("$}\\boxed{1}\\boxed 1}\\boxed{1}}\\boxed{7}\\xoxed{1}\\boxed{\\}$.", "7"),
            ("\\boxed{3} \\boxed 4\\boxed{5}", "5"),
        ] {
            let found = find_in(text, Mode::Strict);
            assert!(matches!(&found, Found::Marked(last) if last.ends_with(content)), "{text}: {found:?}");
        }
    }

    #[test]
    fn anchors_are_read_in_anchored_mode_only() {
        for text in
            ["so\n#### 18", "The answer is 18. I checked it.", "Final answer: 18\nBye", "The ANSWER IS: 18"]
        {
            assert_eq!(find_in(text, Mode::Anchored), Found::Marked("18".into()), "{text}");
            assert_eq!(find_in(text, Mode::Strict), Found::Unmarked(text));
        }
    }
}
