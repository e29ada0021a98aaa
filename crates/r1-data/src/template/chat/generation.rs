//! `{% generation %}` blocks, with which templates mark what the model writes.
//!
//! The engine does not know the statement, so its tags are replaced by marks that are empty in a plain
//! rendering. With marks that occur nowhere else, the places of the blocks can be read off the text.

use std::ops::Range;

/// The variables that hold the marks.
pub(super) const MARKS: [&str; 2] = ["__generation_start", "__generation_end"];

/// Replaces the tags by marks, with the same control of white space. Says whether there were any.
pub(super) fn with_marks(source: &str) -> (String, bool) {
    let mut marked = String::with_capacity(source.len());
    let mut found = false;
    let mut rest = source;
    while let Some(start) = ["{{", "{%", "{#"].iter().filter_map(|open| rest.find(open)).min() {
        let (before, tag) = rest.split_at(start);
        let Some(length) = tag_length(tag) else { break };
        let (tag, after) = tag.split_at(length);
        marked += before;
        let inner = &tag[2..length - 2];
        let mark = match inner.trim_matches(['-', '+']).trim() {
            "generation" => Some(MARKS[0]),
            "endgeneration" => Some(MARKS[1]),
            _ => None,
        };
        match mark.filter(|_| tag.starts_with("{%")) {
            Some(mark) => {
                found = true;
                let control = |sign: Option<char>| sign.filter(|sign| "+-".contains(*sign)).map(String::from);
                let left = control(inner.chars().next()).unwrap_or_default();
                let right = control(inner.chars().last()).unwrap_or_default();
                // A block and not an expression: only blocks take their own line with them.
                marked += &format!("{{%{left} if true %}}{{{{ {mark} }}}}{{% endif {right}%}}");
            }
            None => marked += tag,
        }
        rest = after;
    }
    (marked + rest, found)
}

/// The length of the tag that the text starts with; none when it does not end.
pub(super) fn tag_length(tag: &str) -> Option<usize> {
    let close = match &tag[..2] {
        "{{" => "}}",
        "{%" => "%}",
        _ => return tag[2..].find("#}").map(|end| 2 + end + 2),
    };
    let mut quote = None;
    let mut escaped = false;
    for (place, letter) in tag.char_indices().skip(2) {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if letter == '\\' => escaped = true,
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None if tag[place..].starts_with(close) => return Some(place + 2),
            None if matches!(letter, '"' | '\'') => quote = Some(letter),
            None => {}
        }
    }
    None
}

/// Takes the marks out of a text and says where the blocks stood; none when the marks are no pairs.
pub(super) fn without_marks(marked: &str, [start, end]: [&str; 2]) -> Option<(String, Vec<Range<usize>>)> {
    let mut text = String::with_capacity(marked.len());
    let mut blocks = Vec::new();
    let mut rest = marked;
    while let Some((before, after)) = rest.split_once(start) {
        let (block, after) = after.split_once(end)?;
        text += before;
        blocks.push(text.len()..text.len() + block.len());
        text += block;
        rest = after;
    }
    text += rest;
    (!text.contains(start) && !text.contains(end)).then_some((text, blocks))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_become_marks_and_nothing_else_changes() {
        let (start, end) = ("{{ __generation_start }}", "{{ __generation_end }}");
        for (source, marked) in [
            (
                "a{% generation %}b{% endgeneration %}c",
                format!("a{{% if true %}}{start}{{% endif %}}b{{% if true %}}{end}{{% endif %}}c"),
            ),
            ("a {%- generation +%} b", format!("a {{%- if true %}}{start}{{% endif +%}} b")),
            (
                "{% if generation %}{{ '{% generation %}' }}",
                "{% if generation %}{{ '{% generation %}' }}".into(),
            ),
            ("{# {% generation %} #}{{ \"\\\"}}\" }}", "{# {% generation %} #}{{ \"\\\"}}\" }}".into()),
            ("é{% generation", "é{% generation".into()),
            ("{{", "{{".into()),
        ] {
            let (text, found) = with_marks(source);
            assert_eq!((text.as_str(), found), (marked.as_str(), text.contains("__")), "{source}");
        }
    }

    #[test]
    fn marks_are_taken_out_in_pairs() {
        let marks = ["<", ">"];
        assert_eq!(without_marks("a<é>b<>", marks), Some(("aéb".into(), vec![1..3, 4..4])));
        for broken in ["a<b", "a>b", "<a<b>c>", "<a>>"] {
            assert_eq!(without_marks(broken, marks), None, "{broken}");
        }
    }
}
