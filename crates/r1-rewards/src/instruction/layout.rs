//! Paragraphs, lists, sections and other marks of layout.

use serde_json::Value;

/// The number of parts between dividers; the first and the last may be blank and do not count then. `None` when another
/// is blank.
pub(super) fn divided(text: &str, divider: &str) -> Option<usize> {
    let parts: Vec<&str> = text.split(divider).collect();
    let mut count = parts.len();
    for (index, part) in parts.iter().enumerate() {
        if part.trim().is_empty() {
            if index > 0 && index + 1 < parts.len() {
                return None;
            }
            count -= 1;
        }
    }
    Some(count)
}

/// Whether there are so many paragraphs, parted by blank lines, and the `nth` (from 1) starts with this word.
pub(super) fn nth_paragraph_starts(text: &str, number: usize, nth: usize, word: &str) -> bool {
    let paragraphs: Vec<&str> = text.split("\n\n").collect();
    let count = paragraphs.iter().filter(|paragraph| !paragraph.trim().is_empty()).count();
    let Some(paragraph) = nth.checked_sub(1).filter(|_| nth <= count).and_then(|index| paragraphs.get(index))
    else {
        return false;
    };
    let first = paragraph.split_whitespace().next().unwrap_or_default();
    let first = first.trim_start_matches('\'').trim_start_matches('"');
    let end = first.find(['.', ',', '?', '!', '\'', '"']).unwrap_or(first.len());
    count == number && !first.is_empty() && first[..end].to_lowercase() == word.to_lowercase()
}

/// The number of `[..]` within lines.
pub(super) fn placeholders(text: &str) -> usize {
    text.lines().map(|line| line.split('[').skip(1).filter(|inside| inside.contains(']')).count()).sum()
}

/// Whether a marker such as `P.S.` or `P.P.S` stands there, with or without blanks behind its dots.
pub(super) fn has_postscript(text: &str, marker: &str) -> bool {
    let even = |text: &str| text.to_lowercase().replace(". ", ".");
    match marker {
        "P.S." | "P.P.S" => even(text).contains(&even(marker)),
        other => !other.is_empty() && text.to_lowercase().contains(&other.to_lowercase()),
    }
}

/// The number of lines that start with `-`, or with one `*` and something behind it.
pub(super) fn bullets(text: &str) -> usize {
    let is_bullet = |line: &str| {
        let starred = line.strip_prefix('*').is_some_and(|rest| !rest.is_empty() && !rest.starts_with('*'));
        starred || line.starts_with('-')
    };
    text.lines().filter(|line| is_bullet(line.trim_start())).count()
}

/// The number of `*..*` and of `**..**` within lines that hold something.
pub(super) fn highlights(text: &str) -> usize {
    text.lines().map(|line| marked(line, "*") + marked(line, "**")).sum()
}

/// The stretches of a line between two marks with no star inside, from the left; blank ones do not count.
fn marked(line: &str, mark: &str) -> usize {
    let (mut count, mut rest) = (0, line);
    while let Some(place) = rest.find(mark) {
        let inside = &rest[place + mark.len()..];
        let end = inside.find('*').unwrap_or(inside.len());
        if inside[end..].starts_with(mark) {
            count += usize::from(!inside[..end].trim().is_empty());
            rest = &inside[end + mark.len()..];
        } else {
            // No star of this run can open: the next may.
            rest = &rest[place + 1..];
        }
    }
    count
}

/// The number of sections that start with the word and a number.
pub(super) fn sections(text: &str, word: &str) -> usize {
    let numbered = |place: usize| {
        let rest = &text[place + word.len()..];
        rest.strip_prefix(char::is_whitespace)
            .unwrap_or(rest)
            .starts_with(|letter: char| letter.is_ascii_digit())
    };
    if word.is_empty() { 0 } else { text.match_indices(word).filter(|(place, _)| numbered(*place)).count() }
}

/// Whether the whole text is JSON, in a fence or not.
pub(super) fn is_json(text: &str) -> bool {
    let text = text.trim();
    let fences = ["```json", "```Json", "```JSON", "```"];
    let inside = fences.iter().find_map(|fence| text.strip_prefix(fence)).unwrap_or(text);
    let inside = inside.strip_suffix("```").unwrap_or(inside);
    serde_json::from_str::<Value>(inside.trim()).is_ok()
}

/// Whether a `<<title>>` that is not blank stands in a line.
pub(super) fn has_title(text: &str) -> bool {
    text.lines().any(|line| {
        let inside = line.split_once("<<").and_then(|(_, rest)| rest.rsplit_once(">>"));
        inside
            .is_some_and(|(title, _)| !title.trim_start_matches('<').trim_end_matches('>').trim().is_empty())
    })
}

/// Whether two different answers are parted by six stars.
pub(super) fn are_two_responses(text: &str) -> bool {
    let parts: Vec<&str> = text.split("******").map(str::trim).collect();
    let inner_blank =
        parts.iter().enumerate().any(|(index, part)| part.is_empty() && index > 0 && index + 1 < parts.len());
    let said: Vec<&&str> = parts.iter().filter(|part| !part.is_empty()).collect();
    !inner_blank && said.len() == 2 && said[0] != said[1]
}
