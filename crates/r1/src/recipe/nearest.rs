//! The known name that was probably meant.

/// The nearest of some names to one that is none of them; `None` when they all are far from it.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let closest = known.into_iter().map(|known| (distance(name, known), known)).min()?;
    (closest.0 <= name.chars().count().div_ceil(3).max(1)).then_some(closest.1)
}

/// The Levenshtein distance, with a swap of neighbours as one step.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let same = usize::from(a[i - 1] != b[j - 1]);
            let mut least = (rows[i - 1][j] + 1).min(row[j - 1] + 1).min(rows[i - 1][j - 1] + same);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

/// The same text with a suggestion, when it says that a field or a variant is unknown and names those that are known.
pub(super) fn with_suggestion(text: &str) -> String {
    let quoted =
        |text: &str| -> Vec<String> { text.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let Some((unknown, known)) = text.split_once(", expected ") else { return text.to_owned() };
    let is_about_a_name = unknown.contains("unknown field") || unknown.contains("unknown variant");
    let (Some(name), known) = (quoted(unknown).pop(), quoted(known)) else { return text.to_owned() };
    match nearest(&name, known.iter().map(String::as_str)) {
        Some(meant) if is_about_a_name => {
            text.replacen(", expected ", &format!(" (did you mean `{meant}`?), expected "), 1)
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_has_a_suggestion_and_another_word_has_none() {
        let known = ["group_size", "learning_rate", "sampling"];
        assert_eq!(nearest("groupsize", known), Some("group_size"));
        assert_eq!(nearest("leraning_rate", known), Some("learning_rate"));
        assert_eq!(nearest("kl", known), None);
        let text = "unknown field `groupsize`, expected one of `group_size`, `sampling`";
        assert!(
            with_suggestion(text)
                .starts_with("unknown field `groupsize` (did you mean `group_size`?), expected")
        );
        assert_eq!(with_suggestion("missing field `a`"), "missing field `a`");
    }
}
