//! The commonest words of some languages: enough of them, and a text is surely in that language.

use std::{
    collections::{BTreeMap, HashSet},
    sync::LazyLock,
};

use super::Language;

/// One word in so many has to be common.
const SPREAD: usize = 8;
/// So many different ones have to occur, ...
const DIFFERENT: usize = 3;
/// ... or one less in a text of fewer words than these.
const SHORT: usize = 24;

/// Whether so many of these words are common ones of the language that nobody needs to be asked which it is. False for a
/// language whose words are not known, which says nothing.
pub(super) fn are_surely<'a>(words: impl ExactSizeIterator<Item = &'a str>, language: Language) -> bool {
    let Some(common) = COMMON.get(language.code()) else { return false };
    let wanted = if words.len() < SHORT { DIFFERENT - 1 } else { DIFFERENT };
    let needed = (words.len() / SPREAD).max(wanted);
    let (mut hits, mut different): (usize, Vec<&str>) = (0, Vec::new());
    for word in words {
        let Some(known) = common.get(word) else { continue };
        hits += 1;
        if different.len() < wanted && !different.contains(known) {
            different.push(known);
        }
        if hits >= needed && different.len() >= wanted {
            return true;
        }
    }
    false
}

static COMMON: LazyLock<BTreeMap<&str, HashSet<&str>>> = LazyLock::new(|| {
    let words = |words: &'static str| words.split(' ').collect();
    LISTS.into_iter().map(|(code, list)| (code, words(list))).collect()
});

/// Words that no other language of the same script has two of.
const LISTS: [(&str, &str); 7] = [
    (
        "en",
        "the and that this with from which each there they would how because their she you could should these those \
         where while after before into than them many much number numbers it he are did does its only was were means \
         answer equals times hours days left both other same every between twice also now next thus therefore however \
         The This That There They He She It If When Since We And Therefore What How Thus However Each Both Now Next",
    ),
    ("fr", "les des est dans pour qui avec sur donc nous sont cette et du il aux mais ou une par"),
    ("de", "der die und ist das nicht ein eine mit wir auf auch sich den dem für sind aus wenn dann"),
    ("es", "los las pero entonces está más hay también uno donde tiene hasta y muy el con una"),
    ("it", "che è di della sono gli nel quindi questo anche dei più perché degli alla"),
    ("pt", "uma não com são em então isso ao dos você também muito pelo"),
    ("ru", "что это из мы для если равно его чтобы получим тогда который"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn surely(text: &str, code: &str) -> bool {
        let words: Vec<&str> = text.split(' ').collect();
        are_surely(words.into_iter(), Language::from_code(code).unwrap())
    }

    #[test]
    fn common_words_tell_a_language_from_its_neighbours() {
        assert!(surely("so the sum of these two numbers is even and then it helps that", "en"));
        assert!(surely("la somme des deux nombres est donc paire et les autres sont impaires", "fr"));
        assert!(!surely("la somme des deux nombres est donc paire et les autres sont impaires", "en"));
        assert!(!surely("de som van de getallen is even en we have of was het but", "en"));
        assert!(!surely("die Summe der beiden Zahlen ist gerade", "en"));
        assert!(!surely("the the the the the the", "en"));
        assert!(!surely("the sum of these is even", "tr"));
    }
}
