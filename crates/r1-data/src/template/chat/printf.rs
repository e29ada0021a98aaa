//! Python's `'..' % (..)`, for which the engine has a filter and no operator.

/// Writes `'..' % operand` as `'..'|format_percent(operand)` wherever a literal text stands before the operator.
pub(super) fn with_filter(source: &str) -> String {
    let mut rewritten = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(start) = ["{{", "{%", "{#"].iter().filter_map(|open| rest.find(open)).min() {
        let (before, tag) = rest.split_at(start);
        let Some(length) = super::generation::tag_length(tag) else { break };
        let (tag, after) = tag.split_at(length);
        rewritten += before;
        rewritten += &if tag.starts_with("{#") { tag.to_owned() } else { rewrite(tag) };
        rest = after;
    }
    rewritten + rest
}

/// One tag.
fn rewrite(tag: &str) -> String {
    let body = &tag[..tag.len() - 2];
    let mut text = String::new();
    let mut place = 2;
    text += &tag[..2];
    while let Some(letter) = body[place..].chars().next() {
        if !matches!(letter, '"' | '\'') {
            text.push(letter);
            place += letter.len_utf8();
            continue;
        }
        let end = place + literal(&body[place..]);
        text += &body[place..end];
        place = end;
        let behind = body[end..].trim_start();
        if let Some(operand) = behind.strip_prefix('%') {
            let operand = operand.trim_start();
            let length = operand_length(operand);
            if length > 0 {
                let inner = rewrite(&format!("{{{{{}}}}}", &operand[..length]));
                text += &format!("|format_percent({})", &inner[2..inner.len() - 2]);
                place = body.len() - operand.len() + length;
            }
        }
    }
    text + &tag[tag.len() - 2..]
}

/// The length of the literal text that this begins with, quotes included.
fn literal(text: &str) -> usize {
    let quote = text.chars().next();
    let mut escaped = false;
    for (place, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            letter if Some(letter) == quote => return place + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of one operand: a literal, a name or a group, with what is attached to it (`.x`, `[..]`, `(..)`,
/// `|filter`).
fn operand_length(text: &str) -> usize {
    let mut place = usize::from(text.starts_with(['-', '+']));
    let is_word = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.');
    let mut needs_word = true;
    loop {
        let rest = &text[place..];
        match rest.chars().next() {
            Some('"' | '\'') if needs_word => place += literal(rest),
            Some('(' | '[' | '{') => match group(rest) {
                Some(length) => place += length,
                None => return place,
            },
            Some(letter) if is_word(letter) => {
                place += rest.find(|letter: char| !is_word(letter)).unwrap_or(rest.len());
            }
            Some('|') => {
                let filter = rest[1..].trim_start();
                place += rest.len() - filter.len();
                needs_word = true;
                continue;
            }
            _ => return place,
        }
        needs_word = false;
        let behind = text[place..].trim_start();
        // White space ends an operand, but a filter may stand behind it.
        if behind.len() < text.len() - place && !behind.starts_with('|') {
            return place;
        }
        if behind.starts_with('|') {
            place = text.len() - behind.len();
        }
    }
}

/// The length of the group in brackets that this begins with.
fn group(text: &str) -> Option<usize> {
    let (mut depth, mut place) = (0usize, 0);
    while let Some(letter) = text[place..].chars().next() {
        match letter {
            '"' | '\'' => {
                place += literal(&text[place..]);
                continue;
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        place += letter.len_utf8();
        if depth == 0 {
            return Some(place);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_text_before_the_operator_is_rewritten() {
        for (source, expected) in [
            ("{{ '%s' % x }} 5% {{ a % 2 }}", "{{ '%s'|format_percent(x) }} 5% {{ a % 2 }}"),
            ("{{ '%s-%d' % ('a', 3) ~ b }}", "{{ '%s-%d'|format_percent(('a', 3)) ~ b }}"),
            ("{%- set t = \"%s\" %m.x[0]|upper -%}", "{%- set t = \"%s\"|format_percent(m.x[0]|upper) -%}"),
            ("{{ '%s' % ('%d' % 3) }}", "{{ '%s'|format_percent(('%d'|format_percent(3))) }}"),
            ("{% if x == 'a' %}'%s' % y{% endif %}", "{% if x == 'a' %}'%s' % y{% endif %}"),
            ("{{ 'it\\'s %s' % 'é' }}", "{{ 'it\\'s %s'|format_percent('é') }}"),
            ("{# '%s' % x #}{{ '%s' % }}", "{# '%s' % x #}{{ '%s' % }}"),
        ] {
            assert_eq!(with_filter(source), expected);
        }
    }
}
