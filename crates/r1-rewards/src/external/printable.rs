//! Foreign bytes as text that is safe to show.

/// The beginning of some bytes on one line: control characters are escaped and the rest is cut off.
pub(super) fn beginning(bytes: &[u8], most: usize) -> String {
    // No character has more than four bytes.
    let cut = &bytes[..bytes.len().min(4 * most + 4)];
    let text = String::from_utf8_lossy(cut);
    let text = text.trim_end_matches(['\n', '\r']);
    let mut shown: String = text.chars().take(most).flat_map(escaped).collect();
    if text.chars().nth(most).is_some() || cut.len() < bytes.len() {
        shown.push_str("...");
    }
    shown
}

fn escaped(c: char) -> impl Iterator<Item = char> {
    let escape = c.is_control() && c != '\t';
    escape.then(|| c.escape_default()).into_iter().flatten().chain((!escape).then_some(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_bytes_become_one_short_line() {
        assert_eq!(beginning(b"all\tof it\r\n", 20), "all\tof it");
        assert_eq!(beginning(b"\x1b[31mred\nnext", 20), "\\u{1b}[31mred\\nnext");
        assert_eq!(beginning("äöü".as_bytes(), 2), "äö...");
        assert_eq!(beginning(&[b'x'; 1000], 3), "xxx...");
        assert_eq!(beginning(&[0xff, b'a'], 5), "\u{fffd}a");
        assert_eq!(beginning(b"", 5), "");
    }
}
