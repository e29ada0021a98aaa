//! Whether an answer follows an instruction.

use super::{Instruction, case, count, keyword, layout};
use crate::Language;

impl Instruction {
    /// Whether a text does what it says; a blank text never does.
    ///
    /// The checks are IFEval's but for these: keywords are plain text and no expressions, sentences end by rules
    /// instead of NLTK's model, and languages are told by [`Language::of`].
    pub fn is_followed(&self, text: &str) -> bool {
        if text.trim().is_empty() {
            return false;
        }
        match self {
            Self::KeywordsExist { keywords } => {
                keywords.iter().all(|word| keyword::occurrences(text, word) > 0)
            }
            Self::KeywordFrequency { keyword, frequency, relation } => {
                relation.holds(keyword::occurrences(text, keyword), *frequency)
            }
            Self::ForbiddenWords { forbidden_words } => {
                !forbidden_words.iter().any(|word| keyword::has_word(text, word))
            }
            Self::LetterFrequency { letter, let_frequency, let_relation } => {
                let letter = letter.to_lowercase().next().unwrap_or(*letter);
                let found =
                    text.chars().flat_map(char::to_lowercase).filter(|other| *other == letter).count();
                let_relation.holds(found, *let_frequency)
            }
            Self::ResponseLanguage { language } => Language::of(text).is_none_or(|found| found == *language),
            Self::NumberSentences { num_sentences, relation } => {
                relation.holds(count::sentences(text), *num_sentences)
            }
            Self::NumberParagraphs { num_paragraphs } => {
                layout::divided(text, "***") == Some(*num_paragraphs)
            }
            Self::NumberWords { num_words, relation } => {
                relation.holds(count::words(text).count(), *num_words)
            }
            Self::NthParagraphFirstWord { num_paragraphs, nth_paragraph, first_word } => {
                layout::nth_paragraph_starts(text, *num_paragraphs, *nth_paragraph, first_word)
            }
            Self::NumberPlaceholders { num_placeholders } => layout::placeholders(text) >= *num_placeholders,
            Self::Postscript { postscript_marker } => layout::has_postscript(text, postscript_marker),
            Self::NumberBullets { num_bullets } => layout::bullets(text) == *num_bullets,
            Self::ConstrainedResponse => {
                ["yes", "no", "maybe"].iter().any(|answer| text.contains(&format!("My answer is {answer}.")))
            }
            Self::NumberHighlights { num_highlights } => layout::highlights(text) >= *num_highlights,
            Self::MultipleSections { section_spliter, num_sections } => {
                layout::sections(text, section_spliter) >= *num_sections
            }
            Self::JsonFormat => layout::is_json(text),
            Self::Title => layout::has_title(text),
            Self::TwoResponses => layout::are_two_responses(text),
            Self::RepeatPrompt { prompt_to_repeat } => {
                text.trim().to_lowercase().starts_with(&prompt_to_repeat.trim().to_lowercase())
            }
            Self::EndPhrase { end_phrase } => {
                let text = text.trim().trim_matches('"').to_lowercase();
                text.ends_with(&end_phrase.trim().to_lowercase())
            }
            Self::Quotation => {
                let text = text.trim();
                text.len() > 1 && text.starts_with('"') && text.ends_with('"')
            }
            Self::CapitalWords { capital_frequency, capital_relation } => capital_relation
                .holds(count::words(text).filter(|word| case::is_upper(word)).count(), *capital_frequency),
            Self::EnglishCapital => case::is_upper(text) && is_english(text),
            Self::EnglishLowercase => case::is_lower(text) && is_english(text),
            Self::NoComma => !text.contains(','),
        }
    }
}

fn is_english(text: &str) -> bool {
    Language::of(text).is_none_or(|found| found == Language::ENGLISH)
}
