//! Words that have to stand in a text, or must not.

/// How often a keyword stands in a text, in whatever case, also within other words; 0 for an empty one.
pub(super) fn occurrences(text: &str, keyword: &str) -> usize {
    let keyword = keyword.to_lowercase();
    if keyword.is_empty() { 0 } else { text.to_lowercase().matches(&keyword).count() }
}

/// Whether a keyword stands in a text as a word of its own.
pub(super) fn has_word(text: &str, keyword: &str) -> bool {
    let (text, keyword) = (text.to_lowercase(), keyword.to_lowercase());
    if keyword.is_empty() {
        return false;
    }
    let is_letter =
        |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    text.match_indices(&keyword).any(|(place, _)| {
        let before = text[..place].chars().next_back();
        let after = text[place + keyword.len()..].chars().next();
        let edge = |inner: Option<char>, outer: Option<char>| is_letter(inner) != is_letter(outer);
        edge(keyword.chars().next(), before) && edge(keyword.chars().next_back(), after)
    })
}
