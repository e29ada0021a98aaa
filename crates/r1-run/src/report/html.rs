//! Text that is safe inside a page.

/// Escapes a text for use in HTML content and in quoted attributes.
///
/// Control characters and those that change the direction of writing are shown as symbols, so that
/// a completion can neither hide text nor rearrange the page.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(character),
            '\u{7f}' => escaped.push('\u{2421}'),
            // The pictures of the control characters stand in their order.
            '\0'..='\u{1f}' => escaped.extend(char::from_u32(0x2400 + character as u32)),
            '\u{80}'..='\u{9f}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => {
                escaped.push('\u{fffd}');
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Uses the minus sign instead of the hyphen.
pub(crate) fn minus(number: String) -> String {
    number.replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_quotes_become_text() {
        assert_eq!(escape("<b a='1'>\"&\"</b>"), "&lt;b a=&#39;1&#39;&gt;&quot;&amp;&quot;&lt;/b&gt;");
        assert_eq!(escape("a\n\tb \u{3b1}"), "a\n\tb \u{3b1}");
    }

    #[test]
    fn control_characters_are_shown() {
        assert_eq!(escape("\0\u{1b}[31m\r\u{7f}"), "\u{2400}\u{241b}[31m\u{240d}\u{2421}");
        assert_eq!(escape("\u{202e}abc\u{2069}"), "\u{fffd}abc\u{fffd}");
    }
}
