//! Instructions as a data set writes them.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::Language;

/// How a count is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Relation {
    /// Below the number.
    #[serde(rename = "less than")]
    LessThan,
    /// The number or more.
    #[serde(rename = "at least")]
    AtLeast,
}

impl Relation {
    pub(super) fn holds(self, count: usize, number: usize) -> bool {
        match self {
            Self::LessThan => count < number,
            Self::AtLeast => count >= number,
        }
    }
}

/// An instruction about the form of an answer, with the ids and the names of IFEval's arguments.
///
/// # Source
/// Instruction-Following Evaluation for Large Language Models (arXiv:2311.07911), table 1 and its program.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "id")]
#[allow(missing_docs, reason = "the ids and arguments are those of the data set")]
pub enum Instruction {
    #[serde(rename = "keywords:existence")]
    KeywordsExist { keywords: Vec<String> },
    #[serde(rename = "keywords:frequency")]
    KeywordFrequency { keyword: String, frequency: usize, relation: Relation },
    #[serde(rename = "keywords:forbidden_words")]
    ForbiddenWords { forbidden_words: Vec<String> },
    #[serde(rename = "keywords:letter_frequency")]
    LetterFrequency { letter: char, let_frequency: usize, let_relation: Relation },
    #[serde(rename = "language:response_language")]
    ResponseLanguage { language: Language },
    #[serde(rename = "length_constraints:number_sentences")]
    NumberSentences { num_sentences: usize, relation: Relation },
    #[serde(rename = "length_constraints:number_paragraphs")]
    NumberParagraphs { num_paragraphs: usize },
    #[serde(rename = "length_constraints:number_words")]
    NumberWords { num_words: usize, relation: Relation },
    #[serde(rename = "length_constraints:nth_paragraph_first_word")]
    NthParagraphFirstWord { num_paragraphs: usize, nth_paragraph: usize, first_word: String },
    #[serde(rename = "detectable_content:number_placeholders")]
    NumberPlaceholders { num_placeholders: usize },
    #[serde(rename = "detectable_content:postscript")]
    Postscript { postscript_marker: String },
    #[serde(rename = "detectable_format:number_bullet_lists")]
    NumberBullets { num_bullets: usize },
    #[serde(rename = "detectable_format:constrained_response")]
    ConstrainedResponse,
    #[serde(rename = "detectable_format:number_highlighted_sections")]
    NumberHighlights { num_highlights: usize },
    #[serde(rename = "detectable_format:multiple_sections")]
    MultipleSections { section_spliter: String, num_sections: usize },
    #[serde(rename = "detectable_format:json_format")]
    JsonFormat,
    #[serde(rename = "detectable_format:title")]
    Title,
    #[serde(rename = "combination:two_responses")]
    TwoResponses,
    #[serde(rename = "combination:repeat_prompt")]
    RepeatPrompt { prompt_to_repeat: String },
    #[serde(rename = "startend:end_checker")]
    EndPhrase { end_phrase: String },
    #[serde(rename = "startend:quotation")]
    Quotation,
    #[serde(rename = "change_case:capital_word_frequency")]
    CapitalWords { capital_frequency: usize, capital_relation: Relation },
    #[serde(rename = "change_case:english_capital")]
    EnglishCapital,
    #[serde(rename = "change_case:english_lowercase")]
    EnglishLowercase,
    #[serde(rename = "punctuation:no_comma")]
    NoComma,
}

/// An instruction that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("instruction `{id}` cannot be read: {reason}; expected an id of IFEval with its arguments")]
pub struct UnknownInstruction {
    /// The id.
    pub id: String,
    /// What is wrong.
    pub reason: String,
}

impl Instruction {
    /// Reads an id such as `length_constraints:number_words` with its arguments; those that are null are left out, as the
    /// data set fills its rows with them.
    ///
    /// # Errors
    /// For an id that is none of the 25, and for arguments that are missing or of another kind.
    ///
    /// # Examples
    /// ```
    /// use r1_rewards::instruction::Instruction;
    /// use serde_json::json;
    ///
    /// let arguments = json!({"num_words": 3, "relation": "less than", "keyword": null});
    /// let short = Instruction::read("length_constraints:number_words", arguments.as_object().unwrap())?;
    /// assert!(short.is_followed("Two words."));
    /// assert!(!short.is_followed("One, two, three."));
    /// # Ok::<(), r1_rewards::instruction::UnknownInstruction>(())
    /// ```
    pub fn read(id: &str, arguments: &Map<String, Value>) -> Result<Self, UnknownInstruction> {
        let said = arguments.iter().filter(|(_, value)| !value.is_null());
        // The data set writes whole numbers as floats where a row is filled up.
        let whole = |value: &Value| match value.as_f64() {
            Some(number) if value.is_f64() && number.fract() == 0.0 && number >= 0.0 => json!(number as u64),
            _ => value.clone(),
        };
        let mut fields: Map<String, Value> = said.map(|(name, value)| (name.clone(), whole(value))).collect();
        fields.insert("id".into(), id.into());
        Self::deserialize(Value::Object(fields))
            .map_err(|error| UnknownInstruction { id: id.into(), reason: error.to_string() })
    }
}
