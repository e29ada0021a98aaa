//! Words and sentences.

/// Runs of letters, digits and underscores.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').filter(|word| !word.is_empty())
}

/// Words before a dot that ends no sentence.
const ABBREVIATIONS: [&str; 24] = [
    "mr", "mrs", "ms", "dr", "prof", "sr", "jr", "st", "vs", "etc", "e.g", "i.e", "inc", "ltd", "co", "no",
    "fig", "eq", "al", "u.s", "u.k", "a.m", "p.m", "ph.d",
];

/// The number of sentences: they end with `.`, `!`, `?` or their like of Chinese, behind which a blank and no small letter
/// stands, and with the text.
pub(super) fn sentences(text: &str) -> usize {
    let letters: Vec<(usize, char)> = text.trim().char_indices().collect();
    let text = text.trim();
    let (mut count, mut start) = (0, 0);
    let mut at = 0;
    while at < letters.len() {
        let (place, letter) = letters[at];
        at += 1;
        let wide = matches!(letter, '。' | '！' | '？');
        if !wide && !matches!(letter, '.' | '!' | '?') {
            continue;
        }
        while letters.get(at).is_some_and(|(_, next)| ".!?。！？\"')]”’」".contains(*next)) {
            at += 1;
        }
        let end = letters.get(at).map_or(text.len(), |(place, _)| *place);
        let rest = &text[end..];
        let next = rest.trim_start().chars().next();
        let parted = rest.is_empty() || wide || rest.starts_with(char::is_whitespace);
        let goes_on = next.is_some_and(char::is_lowercase) && !wide;
        if parted && !goes_on && !(letter == '.' && is_abbreviation(&text[start..place]) && next.is_some()) {
            count += usize::from(text[start..end].chars().any(char::is_alphanumeric));
            start = end;
        }
    }
    count + usize::from(text[start..].chars().any(char::is_alphanumeric))
}

/// Whether the words before a dot end with an abbreviation, an initial or the number of a list.
fn is_abbreviation(before: &str) -> bool {
    let Some(word) = before.split_whitespace().next_back() else { return false };
    let word = word.trim_start_matches(['(', '"', '\'']);
    let is_initial =
        word.chars().count() == 1 && word.chars().all(|letter| letter.is_uppercase() && letter != 'I');
    let is_item = before.trim().len() == word.len() && word.chars().all(|letter| letter.is_ascii_digit());
    is_initial || is_item && !word.is_empty() || ABBREVIATIONS.contains(&word.to_lowercase().as_str())
}
