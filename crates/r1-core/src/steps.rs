//! Steps of a text.

/// Cuts a text into steps, each up to and including its `separator`; a step of blanks alone goes with the one before it,
/// or at the beginning with the one behind it. Joined they are the text again.
///
/// ```
/// use r1_core::steps;
///
/// assert_eq!(steps("2+2=4.\n\n\n\nSo 4", "\n\n"), ["2+2=4.\n\n\n\n", "So 4"]);
/// assert_eq!(steps("\n\n2+2=4", "\n\n"), ["\n\n2+2=4"]);
/// assert_eq!(steps("3+5-2=8-2=6", "="), ["3+5-2=", "8-2=", "6"]);
/// assert!(steps("", "=").is_empty());
/// ```
///
/// # Source
/// Math-Shepherd (arXiv:2312.08935v3), section 3.2: a solution is a list of steps, there of lines.
///
/// # Panics
/// When the separator is empty.
pub fn steps<'t>(text: &'t str, separator: &str) -> Vec<&'t str> {
    assert!(!separator.is_empty(), "something must stand between two steps");
    let mut ends: Vec<usize> = Vec::new();
    let (mut end, mut begun) = (0, false);
    for piece in text.split_inclusive(separator) {
        end += piece.len();
        let is_blank = piece.trim().is_empty();
        match ends.last_mut() {
            Some(last) if is_blank || !begun => *last = end,
            _ => ends.push(end),
        }
        begun |= !is_blank;
    }
    let starts = [0].into_iter().chain(ends.clone());
    starts.zip(ends).map(|(start, end)| &text[start..end]).collect()
}
