//! Where thoughts end, in tokens.

use super::vocabulary::Vocabulary;

const CLOSE: &[u8] = b"</think>";

/// Looks for the end of thoughts, which no token need hold alone.
#[derive(Debug, Clone, Default)]
pub(super) struct Watch {
    /// The last bytes, in which the tag may have begun.
    last: Vec<u8>,
}

impl Watch {
    /// Takes a token; the bytes behind the closing tag when it is complete.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        self.last.extend_from_slice(bytes);
        if let Some(place) = self.last.windows(CLOSE.len()).position(|window| window == CLOSE) {
            return Some(self.last.split_off(place + CLOSE.len()));
        }
        let kept = self.last.len().saturating_sub(CLOSE.len() - 1);
        self.last.drain(..kept);
        None
    }

    /// Ids that would close the thoughts and begin the answer at once.
    pub(super) fn beginners<'a>(&'a self, vocabulary: &'a Vocabulary) -> impl Iterator<Item = u32> + 'a {
        let begun = (1..CLOSE.len()).any(|length| self.last.ends_with(&CLOSE[..length]));
        let begins = move |id: &u32| {
            let bytes = vocabulary.bytes(*id);
            let whole = bytes.windows(CLOSE.len()).any(|window| window == CLOSE);
            let behind = if begun || whole { self.clone().push(bytes) } else { None };
            behind.is_some_and(|behind| !behind.iter().all(u8::is_ascii_whitespace))
        };
        vocabulary.beginners.iter().copied().filter(begins)
    }
}

#[cfg(test)]
mod tests {
    use super::Watch;

    /// What stands behind the tag, and how many parts were read.
    fn read(parts: &[&str]) -> (Option<String>, usize) {
        let mut watch = Watch::default();
        for (index, part) in parts.iter().enumerate() {
            if let Some(behind) = watch.push(part.as_bytes()) {
                return (Some(String::from_utf8(behind).unwrap()), index + 1);
            }
        }
        (None, parts.len())
    }

    #[test]
    fn the_tag_is_found_however_it_is_divided() {
        assert_eq!(read(&["so ", "</think>", "x"]), (Some(String::new()), 2));
        assert_eq!(read(&["a long thought </", "think", ">\n\n", "x"]), (Some("\n\n".into()), 3));
        assert_eq!(read(&["<", "/", "t", "h", "i", "n", "k", ">"]), (Some(String::new()), 8));
        assert_eq!(read(&["</", "</think>a"]), (Some("a".into()), 2));
        assert_eq!(read(&["</thin", "</think", "x>"]), (None, 3));
    }
}
