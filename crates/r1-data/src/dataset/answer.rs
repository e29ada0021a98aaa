//! Reference answers of files that do not say what kind of answer they have.

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use super::fields::nested;
use r1_core::Reference;

/// The kind of the answers of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum AnswerKind {
    /// [`Reference::Number`].
    Number,
    /// [`Reference::Expression`].
    Expression,
    /// [`Reference::Text`].
    Text,
    /// [`Reference::Choice`]: the answer is a letter, an option's index from 0 when it is a number, or the
    /// text of an option.
    Choice,
}

/// Makes a reference of an answer.
///
/// Without a kind, a row with options is a choice. Else a JSON number and a text that reads as a number
/// (`-3/4`, `1,234`, `12.5 %`) are numbers; a text with signs of mathematics (any of `\ ^ _ = { } $`), or
/// without a word of two letters, is an expression (`2x + 1`, `\frac{1}{2}`, `(1, 2)`); any other text is a
/// text. Of `.. #### 72` the part behind the marks counts.
pub(super) fn reference(
    answer: &Value,
    choices: Option<&Value>,
    kind: Option<AnswerKind>,
) -> Result<Reference, String> {
    if let (Some(choices), None | Some(AnswerKind::Choice)) = (choices, kind) {
        return choice(answer, &options(choices)?);
    }
    let text = match answer {
        Value::String(text) => text.rsplit("####").next().unwrap_or(text).trim().to_owned(),
        Value::Number(number) => plain(number),
        Value::Bool(value) => value.to_string(),
        _ => return Err("the answer is neither a text nor a number".into()),
    };
    if text.is_empty() {
        return Err("the answer is empty".into());
    }
    let number = number(&text);
    match (kind, number) {
        (Some(AnswerKind::Choice), _) => {
            Err("the answers are choices, but the row has no options; name their column by `columns`".into())
        }
        (Some(AnswerKind::Number), None) => Err(format!("the answer `{text}` is not a number")),
        (None | Some(AnswerKind::Number), Some(number)) => Ok(Reference::number(number)),
        (Some(AnswerKind::Expression), _) => Ok(Reference::expression(text)),
        (Some(AnswerKind::Text), _) => Ok(Reference::text(text)),
        (None, None) if is_mathematics(&text) => Ok(Reference::expression(text)),
        (None, None) => Ok(Reference::text(text)),
    }
}

/// The number that a text is, without the commas between thousands.
fn number(text: &str) -> Option<String> {
    let (sign, rest) = match text.strip_prefix(['-', '+', '\u{2212}']) {
        Some(rest) if text.starts_with('+') => ("", rest),
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let (body, percent) = match rest.strip_suffix('%') {
        Some(body) => (body.trim_end(), "%"),
        None => (rest, ""),
    };
    let body = match body.split_once('/') {
        Some((above, below)) => {
            let (above, below) = (decimal(above.trim())?, decimal(below.trim())?);
            format!("{above}/{below}")
        }
        None => scientific(body)?,
    };
    Some(format!("{sign}{body}{percent}"))
}

/// `3e8` is written out, because the graders read no exponents.
fn scientific(text: &str) -> Option<String> {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return decimal(text) };
    decimal(mantissa)?;
    let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    let is_whole = (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let value: f64 = text.parse().ok().filter(|_| is_whole)?;
    Some(value.to_string())
}

/// A number of JSON in digits: Rust writes floats without an exponent.
fn plain(number: &Number) -> String {
    match number.as_f64() {
        Some(value) if number.is_f64() => value.to_string(),
        _ => number.to_string(),
    }
}

/// Digits with one point at most; commas must stand before each three.
fn decimal(text: &str) -> Option<String> {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, part)| (whole, Some(part)));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !fraction.is_none_or(is_digits) || whole.is_empty() && fraction.is_none_or(str::is_empty) {
        return None;
    }
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let rest: Vec<&str> = groups.collect();
    let is_grouped = rest.is_empty() || (1..=3).contains(&first.len());
    let is_number =
        is_digits(first) && is_grouped && rest.iter().all(|group| group.len() == 3 && is_digits(group));
    is_number.then(|| text.replace(',', ""))
}

/// True for what reads as a formula rather than as words.
fn is_mathematics(text: &str) -> bool {
    const NAMES: [&str; 16] = [
        "sin", "cos", "tan", "cot", "sec", "csc", "log", "ln", "exp", "sqrt", "pi", "infty", "inf", "arcsin",
        "arccos", "arctan",
    ];
    let has_signs = text.contains(['\\', '^', '_', '=', '{', '}', '$']);
    let words = text.split(|letter: char| !letter.is_alphabetic()).filter(|word| !word.is_empty());
    let mut letters = 0;
    let is_formula = words.into_iter().all(|word| {
        letters += 1;
        word.chars().count() < 2 || NAMES.contains(&word.to_lowercase().as_str())
    });
    let has_operator =
        text.contains(|sign: char| "+-*/()[]<>|!√π∞≤≥±,".contains(sign) || sign.is_ascii_digit());
    has_signs || is_formula && (has_operator || letters == 1 && text.chars().all(char::is_lowercase))
}

/// Options as a list of texts, as `{"text": [..], "label": [..]}`, or as `{"A": "..", "B": ".."}`.
fn options(choices: &Value) -> Result<(Vec<String>, Vec<String>), String> {
    let choices = nested(choices);
    let wrong = "the options are neither a list of texts nor an object of them";
    let texts = |list: &[Value]| -> Result<Vec<String>, String> {
        let text = |value: &Value| match value {
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            _ => Err(wrong.to_owned()),
        };
        list.iter().map(text).collect()
    };
    let letters = |count: usize| (0..count).map(|place| letter(place).map(String::from)).collect();
    let (labels, options) = match &choices {
        Value::Array(list) => (letters(list.len()), texts(list)?),
        Value::Object(object) => match (object.get("text"), object.get("label")) {
            (Some(Value::Array(list)), Some(Value::Array(labels))) if list.len() == labels.len() => {
                (Some(texts(labels)?), texts(list)?)
            }
            _ => (
                Some(object.keys().cloned().collect()),
                texts(&object.values().cloned().collect::<Vec<_>>())?,
            ),
        },
        _ => return Err(wrong.into()),
    };
    if options.len() < 2 {
        return Err(format!("a choice of {} options is none", options.len()));
    }
    let labels = labels.filter(|_| options.len() <= 26);
    labels.map(|labels| (labels, options)).ok_or_else(|| "more than 26 options have no letters".into())
}

fn letter(place: usize) -> Option<char> {
    u8::try_from(place).ok().filter(|place| *place < 26).map(|place| char::from(b'A' + place))
}

fn choice(answer: &Value, (labels, options): &(Vec<String>, Vec<String>)) -> Result<Reference, String> {
    let place = match answer {
        Value::Number(index) => index.as_u64().and_then(|index| usize::try_from(index).ok()),
        Value::String(text) => {
            let bare = text.trim().trim_matches(['(', ')', '.']);
            let by_label = labels.iter().position(|label| label.eq_ignore_ascii_case(bare));
            by_label.or_else(|| options.iter().position(|option| option.trim() == text.trim()))
        }
        _ => None,
    };
    let label = place.filter(|place| *place < options.len()).and_then(letter);
    let label = label.ok_or_else(|| {
        format!("the answer {answer} is none of the {} options, by letter, index or text", options.len())
    })?;
    Ok(Reference::Choice { label, options: options.clone() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn auto(answer: Value) -> Reference {
        reference(&answer, None, None).unwrap()
    }

    #[test]
    fn the_kind_follows_from_the_answer() {
        for (answer, number) in [
            (json!(7), "7"),
            (json!(-0.5), "-0.5"),
            (json!("1,234"), "1234"),
            (json!(" -3/4 "), "-3/4"),
            (json!("12.5 %"), "12.5%"),
            (json!("+.5"), ".5"),
            (json!("\u{2212}2"), "-2"),
            (json!("3e8"), "300000000"),
            (json!(1e-7), "0.0000001"),
            (json!(2.0), "2"),
            (json!("So it is.\n#### 72"), "72"),
        ] {
            assert_eq!(auto(answer.clone()), Reference::number(number), "{answer}");
        }
        for text in ["2x + 1", "\\frac{1}{2}", "(1, 2)", "x", "sin(x)/2", "1,23", "x=3", "[0, pi)", "$5"] {
            assert_eq!(auto(json!(text)), Reference::expression(text), "{text}");
        }
        for text in ["Paris", "blue and red", "yes", "A", "No solution", "3 apples", "北京", "2024-may"] {
            assert_eq!(auto(json!(text)), Reference::text(text), "{text}");
        }
        assert_eq!(auto(json!(true)), Reference::text("true"));
    }

    #[test]
    fn a_kind_that_is_given_holds() {
        let of = |answer: Value, kind| reference(&answer, None, Some(kind));
        assert_eq!(of(json!("7"), AnswerKind::Text).unwrap(), Reference::text("7"));
        assert_eq!(of(json!("7"), AnswerKind::Expression).unwrap(), Reference::expression("7"));
        assert_eq!(of(json!("seven"), AnswerKind::Number).unwrap_err(), "the answer `seven` is not a number");
        assert!(of(json!("A"), AnswerKind::Choice).unwrap_err().contains("has no options"));
        for empty in [json!(""), json!("  "), json!("####")] {
            assert_eq!(reference(&empty, None, None).unwrap_err(), "the answer is empty");
        }
        assert!(reference(&json!(["a"]), None, None).is_err());
    }

    #[test]
    fn choices_are_named_by_letter_index_or_text() {
        let list = json!(["red", "blue"]);
        let blue = Reference::Choice { label: 'B', options: vec!["red".into(), "blue".into()] };
        for answer in [json!("B"), json!("(b)"), json!(1), json!("blue")] {
            assert_eq!(reference(&answer, Some(&list), None).unwrap(), blue, "{answer}");
        }
        let arc = json!({"text": ["red", "blue"], "label": ["1", "2"]});
        assert_eq!(reference(&json!("2"), Some(&arc), None).unwrap(), blue);
        let named = json!({"A": "red", "B": "blue"});
        assert_eq!(reference(&json!("B"), Some(&named), None).unwrap(), blue);
        assert_eq!(reference(&json!("B"), Some(&json!("[\"red\", \"blue\"]")), None).unwrap(), blue);
        for answer in [json!("C"), json!(2), json!(-1), json!("green"), json!(null)] {
            assert!(reference(&answer, Some(&list), None).unwrap_err().contains("none of the 2 options"));
        }
        assert!(reference(&json!("A"), Some(&json!(["one"])), None).is_err());
        assert_eq!(
            reference(&json!("blue"), Some(&list), Some(AnswerKind::Text)).unwrap(),
            Reference::text("blue")
        );
    }
}
