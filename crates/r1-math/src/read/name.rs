//! Answers with what they are in front: "Domain: (0, 1)", "radius 5".

use super::{Answer, Reader, phrase::word};
use crate::{
    lexicon,
    token::{Kind, Token},
};

/// What may stand before a value without a colon.
const NAMES: [&str; 36] = [
    "amplitude",
    "area",
    "asymptote",
    "asymptotes",
    "center",
    "centre",
    "circumference",
    "diameter",
    "directrix",
    "domain",
    "eigenvalue",
    "eigenvalues",
    "foci",
    "focus",
    "intercept",
    "intercepts",
    "length",
    "maximum",
    "mean",
    "median",
    "midpoint",
    "minimum",
    "mode",
    "perimeter",
    "period",
    "probability",
    "radius",
    "range",
    "root",
    "roots",
    "slope",
    "solution",
    "solutions",
    "vertex",
    "vertices",
    "volume",
];

impl Reader<'_> {
    /// A name of words and its value.
    pub(super) fn named(&mut self, tokens: &[Token]) -> Option<Option<Answer>> {
        if let [extreme, value @ ..] = tokens
            && matches!(extreme.command(), Some("max" | "min"))
            && matches!(value.first().map(|token| &token.kind), Some(Kind::Number(_) | Kind::Symbol('-')))
        {
            // `\\max 6` is an extreme value, and no maximum of one number.
            let name = extreme.command().unwrap_or_default().to_owned();
            return Some(self.value_of(name, value));
        }
        let mut name = String::new();
        let mut longest = 0;
        for (at, token) in tokens.iter().enumerate().take(12) {
            let said = match &token.kind {
                Kind::Letter(letter) => {
                    name.push(*letter);
                    continue;
                }
                Kind::Symbol('-' | '.') if at > 0 => continue,
                Kind::Symbol(':') if longest >= 3 => {
                    let value = super::trim(&tokens[at + 1..]);
                    return (!value.is_empty()).then(|| self.value_of(name, value));
                }
                _ => match word(token) {
                    Some(said) => said,
                    None => break,
                },
            };
            let (said, ends) = match said.trim_end().strip_suffix(':') {
                Some(said) => (said, true),
                None => (said, false),
            };
            if said.split([' ', '-', ',']).any(|word| lexicon::negates(&word.to_lowercase())) {
                return None;
            }
            longest = longest.max(said.chars().filter(|c| c.is_alphabetic()).count());
            let known = said
                .split([' ', '-'])
                .rfind(|word| !word.is_empty())
                .is_some_and(|word| NAMES.contains(&&*word.to_lowercase()));
            name.extend(said.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase));
            let value = super::trim(&tokens[at + 1..]);
            let opens = value.first().is_some_and(|token| {
                matches!(token.kind, Kind::Number(_) | Kind::Symbol('(' | '[' | '-' | '\u{1}'))
                    || matches!(token.command(), Some("frac" | "dfrac" | "sqrt" | "pi" | "langle"))
            });
            if !value.is_empty() && ((ends && longest >= 3) || (known && opens)) {
                return Some(self.value_of(name, value));
            }
        }
        None
    }

    fn value_of(&mut self, name: String, value: &[Token]) -> Option<Answer> {
        let value = Box::new(self.structure(value)?);
        Some(Answer::Assignment { name, label: None, value, between: Vec::new(), rounded: false })
    }
}
