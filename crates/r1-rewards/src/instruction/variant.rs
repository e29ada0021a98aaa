//! The readings of an answer that the loose check tries.

/// The answer, without its first line, its last, and both; each of them without stars, too.
pub(super) fn variants(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.split('\n').collect();
    let without = |first: usize, last: usize| {
        let end = lines.len().saturating_sub(last).max(first.min(lines.len()));
        lines[first.min(lines.len())..end].join("\n").trim().to_owned()
    };
    let plain = [text.to_owned(), without(1, 0), without(0, 1), without(1, 1)];
    plain.iter().map(|text| text.replace('*', "")).chain(plain.iter().cloned()).collect()
}
