//! Rewards of open-r1, which look at characters and words where ours look at token ids.

use std::collections::HashSet;

/// 1 for a text that the expression `^<think>\n.*?\n</think>\n<answer>\n.*?\n</answer>$` matches, else 0: `format_reward`.
///
/// Quirks: the expression is matched by lines, so anything may follow the line of `</answer>`; blank thoughts and answers pass;
/// tags may stand inside thoughts and answer.
///
/// ```
/// use r1_rewards::compat::open_r1::format;
///
/// assert_eq!(format("<think>\na\n</think>\n<answer>\nb\n</answer>\nand more"), 1.0);
/// assert_eq!(format("<think>a</think><answer>b</answer>"), 0.0);
/// ```
pub fn format(text: &str) -> f32 {
    const BETWEEN: &str = "\n</think>\n<answer>\n";
    const END: &str = "\n</answer>";
    let matches = text.strip_prefix("<think>\n").is_some_and(|rest| {
        rest.find(BETWEEN).is_some_and(|place| {
            let answer = &rest[place + BETWEEN.len()..];
            answer.match_indices(END).any(|(place, _)| {
                let after = &answer[place + END.len()..];
                after.is_empty() || after.starts_with('\n')
            })
        })
    });
    f32::from(u8::from(matches))
}

/// A quarter for each of `<think>\n`, `\n</think>\n`, `\n<answer>\n` and `\n</answer>` that stands there once:
/// `tag_count_reward`.
///
/// Quirk: the order is not looked at, so tags alone, in any order, earn everything.
pub fn tag_count(text: &str) -> f32 {
    let tags = ["<think>\n", "\n</think>\n", "\n<answer>\n", "\n</answer>"];
    tags.into_iter().filter(|tag| text.matches(tag).count() == 1).count() as f32 / 4.0
}

/// `min(1, n / 3)` for `n` marks of steps (`Step 1:`, a number with a dot at the very start, list items, `First,`, `Second,`,
/// `Next,`, `Finally,`): `reasoning_steps_reward`.
///
/// Quirks: lists of nothing earn everything, and of numbered lists only the first number counts. Digits are ASCII here;
/// Python's expression takes those of other scripts, too.
pub fn reasoning_steps(text: &str) -> f32 {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (mut count, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text[at..];
        let numbered = |rest: &str, end: char| {
            let digits = digits(rest);
            (digits > 0 && rest[digits..].starts_with(end)).then_some(digits + 1)
        };
        let step = rest.strip_prefix("Step ").and_then(|rest| numbered(rest, ':')).map(|end| end + 5);
        let first = (at == 0).then(|| numbered(rest, '.')).flatten();
        let mark = ["\n-", "\n*", "First,", "Second,", "Next,", "Finally,"]
            .into_iter()
            .find(|mark| rest.starts_with(mark));
        match step.or(first).or(mark.map(str::len)) {
            Some(length) => (count, at) = (count + 1, at + length),
            None => at += rest.chars().next().map_or(1, char::len_utf8),
        }
    }
    (count as f64 / 3.0).min(1.0) as f32
}

/// The cosine schedule over a number of characters, which is not clamped: `get_cosine_scaled_reward`.
///
/// Quirk: beyond `max_len` the reward climbs again; [`length::cosine`](crate::length::cosine) stays.
pub fn cosine(correct: bool, characters: usize, max_len: usize) -> f32 {
    let (least, most) = if correct { (0.5, 1.0) } else { (-0.5, -1.0) };
    let progress = characters as f64 / max_len as f64;
    (least + 0.5 * (most - least) * (1.0 + (progress * std::f64::consts::PI).cos())) as f32
}

/// The repetition of lower-case words in runs of `size`: `get_repetition_penalty_reward` for English.
///
/// ```text
/// r = (1 - different runs / all runs) · max_penalty
/// ```
///
/// Quirk: words are what stands between white space, so a Chinese sentence is one word.
pub fn repetition(text: &str, size: usize, max_penalty: f64) -> f32 {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    if size == 0 || words.len() < size {
        return 0.0;
    }
    let different: HashSet<&[&str]> = words.windows(size).collect();
    let all = words.len() + 1 - size;
    ((1.0 - different.len() as f64 / all as f64) * max_penalty) as f32
}
