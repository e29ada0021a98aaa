//! The language of a question.

use std::collections::BTreeMap;

use unicode_script::Script;

use super::{Language, words::words};

impl Language {
    /// The language of a text, by the script of most of its words and, where several languages write it, by its
    /// words; `None` without words.
    ///
    /// A short text in Latin letters that may be of any language is taken for English, one in Cyrillic for Russian.
    ///
    /// # Examples
    /// ```
    /// use r1_rewards::Language;
    ///
    /// assert_eq!(Language::of("二加二等于几？"), Some(Language::CHINESE));
    /// assert_eq!(Language::of("りんごは何個ありますか。"), Some(Language::JAPANESE));
    /// assert_eq!(Language::of("Combien font deux et deux, si je les ajoute l'un à l'autre ?").unwrap().code(), "fr");
    /// assert_eq!(Language::of("2 + 2 = ?"), None);
    /// ```
    pub fn of(text: &str) -> Option<Self> {
        let mut by_script: BTreeMap<&str, (usize, Script)> = BTreeMap::new();
        let mut written = Vec::new();
        words(text, |word| {
            // Han and kana are one way of writing; which language it is, the kana say.
            let script = if word.script == Script::Hiragana { Script::Han } else { word.script };
            by_script.entry(script.full_name()).or_insert((0, script)).0 += 1;
            written.push(word);
        });
        let (_, script) = *by_script.values().max_by_key(|(count, _)| *count)?;
        if script == Script::Han {
            let kana = written.iter().any(|word| word.script == Script::Hiragana);
            return Some(if kana { Self::JAPANESE } else { Self::CHINESE });
        }
        let own: Vec<&str> =
            written.iter().filter(|word| word.script == script).map(|word| word.text).collect();
        let told = whatlang::detect(&own.join(" ")).filter(whatlang::Info::is_reliable);
        let told =
            told.map(|found| Self::from(found.lang())).filter(|found| found.scripts().contains(&script));
        told.or_else(|| Self::of_script(script))
    }
}
