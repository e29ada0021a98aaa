//! Languages and the scripts they are written in.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_script::Script::{self, *};
use whatlang::Lang;

/// A language that thoughts can be asked for, by its ISO 639-1 code.
///
/// # Examples
/// ```
/// use r1_rewards::Language;
///
/// assert_eq!(Language::from_code("zh-Hant"), Some(Language::CHINESE));
/// assert_eq!(Language::from_code("fr").unwrap().name(), "French");
/// assert_eq!(Language::from_code("xx"), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Language(Lang);

impl Language {
    /// English.
    pub const ENGLISH: Self = Self(Lang::Eng);
    /// Chinese, in simplified or traditional characters.
    pub const CHINESE: Self = Self(Lang::Cmn);
    /// Japanese.
    pub const JAPANESE: Self = Self(Lang::Jpn);
    /// Korean.
    pub const KOREAN: Self = Self(Lang::Kor);
    /// Russian.
    pub const RUSSIAN: Self = Self(Lang::Rus);

    /// The language of a code such as `en`, `zh-CN` or `eng`, whatever its case; `None` for an unknown one.
    pub fn from_code(code: &str) -> Option<Self> {
        let code = code.split(['-', '_']).next()?.to_ascii_lowercase();
        let known = TABLE.iter().find(|(known, ..)| *known == code).map(|(_, lang, _)| *lang);
        known.or_else(|| Lang::from_code(&code)).map(Self)
    }

    /// Its ISO 639-1 code.
    pub fn code(self) -> &'static str {
        self.row().0
    }

    /// Its English name.
    pub fn name(self) -> &'static str {
        match self {
            Self::CHINESE => "Chinese",
            Self(lang) => lang.eng_name(),
        }
    }

    /// The scripts of its words.
    pub(super) fn scripts(self) -> &'static [Script] {
        self.row().2
    }

    pub(super) fn lang(self) -> Lang {
        self.0
    }

    /// The language that is likeliest for a script; `None` for those of no language in the table.
    pub(super) fn of_script(script: Script) -> Option<Self> {
        TABLE.iter().find(|(_, _, scripts)| scripts.contains(&script)).map(|(_, lang, _)| Self(*lang))
    }

    fn row(self) -> &'static (&'static str, Lang, &'static [Script]) {
        // The table holds every language of the identifier, as its test says.
        TABLE.iter().find(|(_, lang, _)| *lang == self.0).unwrap_or(&TABLE[0])
    }
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        Self(lang)
    }
}

impl TryFrom<String> for Language {
    type Error = String;

    fn try_from(code: String) -> Result<Self, String> {
        Self::from_code(&code).ok_or_else(|| {
            format!("`{code}` is no known language; expected an ISO 639 code such as en or zh")
        })
    }
}

impl From<Language> for String {
    fn from(language: Language) -> Self {
        language.code().into()
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Code, language and scripts; the first row of a script is the likeliest language of it.
#[rustfmt::skip]
const TABLE: [(&str, Lang, &[Script]); 70] = [
    ("en", Lang::Eng, &[Latin]), ("zh", Lang::Cmn, &[Han, Bopomofo]), ("ja", Lang::Jpn, &[Han, Hiragana, Katakana]),
    ("ko", Lang::Kor, &[Hangul]), ("ru", Lang::Rus, &[Cyrillic]), ("ar", Lang::Ara, &[Arabic]),
    ("hi", Lang::Hin, &[Devanagari]), ("he", Lang::Heb, &[Hebrew]), ("el", Lang::Ell, &[Greek]),
    ("th", Lang::Tha, &[Thai]), ("bn", Lang::Ben, &[Bengali]), ("ka", Lang::Kat, &[Georgian]),
    ("am", Lang::Amh, &[Ethiopic]), ("kn", Lang::Kan, &[Kannada]), ("ta", Lang::Tam, &[Tamil]),
    ("te", Lang::Tel, &[Telugu]), ("ml", Lang::Mal, &[Malayalam]), ("or", Lang::Ori, &[Oriya]),
    ("my", Lang::Mya, &[Myanmar]), ("si", Lang::Sin, &[Sinhala]), ("km", Lang::Khm, &[Khmer]),
    ("gu", Lang::Guj, &[Gujarati]), ("pa", Lang::Pan, &[Gurmukhi]), ("hy", Lang::Hye, &[Armenian]),
    ("es", Lang::Spa, &[Latin]), ("pt", Lang::Por, &[Latin]), ("it", Lang::Ita, &[Latin]),
    ("fr", Lang::Fra, &[Latin]), ("de", Lang::Deu, &[Latin]), ("pl", Lang::Pol, &[Latin]),
    ("nl", Lang::Nld, &[Latin]), ("sv", Lang::Swe, &[Latin]), ("da", Lang::Dan, &[Latin]),
    ("nb", Lang::Nob, &[Latin]), ("fi", Lang::Fin, &[Latin]), ("hu", Lang::Hun, &[Latin]),
    ("cs", Lang::Ces, &[Latin]), ("sk", Lang::Slk, &[Latin]), ("sl", Lang::Slv, &[Latin]),
    ("hr", Lang::Hrv, &[Latin]), ("ro", Lang::Ron, &[Latin]), ("tr", Lang::Tur, &[Latin]),
    ("vi", Lang::Vie, &[Latin]), ("id", Lang::Ind, &[Latin]), ("jv", Lang::Jav, &[Latin]),
    ("tl", Lang::Tgl, &[Latin]), ("ca", Lang::Cat, &[Latin]), ("la", Lang::Lat, &[Latin]),
    ("eo", Lang::Epo, &[Latin]), ("et", Lang::Est, &[Latin]), ("lv", Lang::Lav, &[Latin]),
    ("lt", Lang::Lit, &[Latin]), ("af", Lang::Afr, &[Latin]), ("zu", Lang::Zul, &[Latin]),
    ("sn", Lang::Sna, &[Latin]), ("ak", Lang::Aka, &[Latin]), ("cy", Lang::Cym, &[Latin]),
    ("uz", Lang::Uzb, &[Latin]), ("az", Lang::Aze, &[Latin]), ("tk", Lang::Tuk, &[Latin]),
    ("uk", Lang::Ukr, &[Cyrillic]), ("be", Lang::Bel, &[Cyrillic]), ("bg", Lang::Bul, &[Cyrillic]),
    ("sr", Lang::Srp, &[Cyrillic]), ("mk", Lang::Mkd, &[Cyrillic]), ("fa", Lang::Pes, &[Arabic]),
    ("ur", Lang::Urd, &[Arabic]), ("mr", Lang::Mar, &[Devanagari]), ("ne", Lang::Nep, &[Devanagari]),
    ("yi", Lang::Yid, &[Hebrew]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_of_the_identifier_has_a_row_of_its_own() {
        for lang in Lang::all() {
            let rows = TABLE.iter().filter(|(_, known, _)| known == lang).count();
            assert_eq!(rows, 1, "{lang:?}");
            let language = Language(*lang);
            assert_eq!(Language::from_code(language.code()), Some(language));
            assert_eq!(Language::from_code(lang.code()), Some(language));
        }
        assert_eq!(TABLE.len(), Lang::all().len());
    }

    #[test]
    fn an_unknown_code_is_refused_with_what_is_expected() {
        let error = serde_json::from_str::<Language>("\"klingon\"").unwrap_err().to_string();
        assert!(error.contains("`klingon` is no known language"), "{error}");
        assert_eq!(serde_json::to_string(&Language::CHINESE).unwrap(), "\"zh\"");
    }
}
