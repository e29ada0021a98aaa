//! Takes off what is wrapped around an answer without being part of it.

/// Wrappers inside wrappers beyond this depth are left alone.
const MAX_WRAPPERS: usize = 8;

const PAIRS: [(&str, &str); 5] = [("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]"), ("**", "**")];

const COMMANDS: [&str; 8] =
    ["\\boxed{", "\\fbox{", "\\text{", "\\textbf{", "\\mathrm{", "\\mathbf{", "\\mbox{", "\\textrm{"];

/// The text without white space, a full stop, `\displaystyle`, `$..$`, `\(..\)`, `**..**`, `\boxed{..}` or `\text{..}`
/// around it. What only looks wrapped, as `$1$ or $2$` does, stays as it is.
pub fn unwrap(text: &str) -> &str {
    let mut text = trim(text);
    for _ in 0..MAX_WRAPPERS {
        let Some(inner) = pair(text).or_else(|| command(text)) else { break };
        text = trim(inner);
    }
    text
}

/// Lower case, and every run of white space one space, so that texts can be compared.
pub fn even_out(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

fn trim(text: &str) -> &str {
    let mut text = text.trim();
    if let Some(rest) = text.strip_prefix("\\displaystyle")
        && !rest.starts_with(char::is_alphabetic)
    {
        text = rest.trim_start();
    }
    // One full stop ends a sentence; more of them mean something.
    match text.strip_suffix(['.', '。']) {
        Some(rest) if !rest.ends_with('.') => rest.trim_end(),
        _ => text,
    }
}

fn pair(text: &str) -> Option<&str> {
    let strip = |(open, close): &(&str, &str)| text.strip_prefix(open)?.strip_suffix(close);
    let inner = PAIRS.iter().find_map(strip)?;
    let closed_earlier = PAIRS.iter().any(|(open, close)| text.starts_with(open) && inner.contains(close));
    (!closed_earlier).then_some(inner)
}

fn command(text: &str) -> Option<&str> {
    let inner = COMMANDS.iter().find_map(|open| text.strip_prefix(open))?;
    let end = closing_brace(inner)?;
    // A bold one is a unit vector.
    let vector = text.starts_with("\\mathbf") && matches!(&inner[..end], "i" | "j" | "k");
    (end + 1 == inner.len() && !vector).then(|| &inner[..end])
}

/// Where the brace closes that stands just before `text`; escaped braces do not count.
pub fn closing_brace(text: &str) -> Option<usize> {
    let (mut depth, mut escaped) = (1usize, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => {}
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
        escaped = byte == b'\\' && !escaped;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrappers_come_off_from_outside_in() {
        for text in [
            "5",
            " 5. ",
            "$5$",
            "$$5$$",
            "\\(5\\)",
            "**5**",
            "\\boxed{5}",
            "$\\boxed{\\text{5}}$.",
            "\\[ 5 \\]",
        ] {
            assert_eq!(unwrap(text), "5", "{text}");
        }
    }

    #[test]
    fn what_only_looks_wrapped_stays() {
        for text in ["$1$ or $2$", "\\text{a}+\\text{b}", "$", "\\boxed{5", "5...", "$5"] {
            assert_eq!(unwrap(text), text);
        }
    }
}
