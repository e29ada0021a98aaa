//! Mistakes.

use r1::core::KeyedStream;

/// The same text with one of its digits or letters replaced by another.
pub(super) fn slip(random: &mut KeyedStream, text: &str) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let places: Vec<usize> =
        (0..characters.len()).filter(|place| characters[*place].is_ascii_alphanumeric()).collect();
    if !places.is_empty() {
        let place = *random.choose(&places);
        let digits = characters[place].is_ascii_digit();
        let old = characters[place];
        while characters[place] == old {
            characters[place] = if digits {
                char::from(b'0' + random.below(10) as u8)
            } else {
                *random.choose(&['a', 'b', 'e', 'r', 's', 't'])
            };
        }
    }
    characters.into_iter().collect()
}
