//! The ladder: cheap rungs first, each deciding or passing on.

mod cases;
mod constant;
mod decimal;
mod expression;
mod family;
mod relation;
mod sequence;
mod structure;
mod vector;

use super::{
    answer::Answer,
    arena::Arena,
    fuel::Fuel,
    lexer, moment,
    policy::Policy,
    read::{self, Reading},
    text,
    token::Commas,
};
use crate::{Number, choice, markup, prose};

/// Which rung of the ladder decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rung {
    /// The same characters, or one side empty.
    Bytes,
    /// Exact rational numbers.
    Numbers,
    /// One canonical form.
    Canonical,
    /// Rounding or truncation of a decimal, or a relative tolerance.
    Decimal,
    /// Values modulo two primes.
    Modular,
    /// Complex values to 192 bits or more.
    Numeric,
    /// The parts of sets, tuples, relations, quantities and the like.
    Structure,
    /// Words.
    Text,
    /// No rung could tell, so the answer does not count.
    Undecided,
}

/// What a comparison found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// `None` when the reference is empty.
    pub equal: Option<bool>,
    /// The last rung that decided anything.
    pub rung: Rung,
    /// The reference as it was read.
    pub reference: String,
    /// The answer as it was read.
    pub answer: String,
    /// What reading and comparing cost, of which [`Policy::steps`] bounds the comparing. The same pair
    /// costs the same everywhere.
    pub steps: u32,
}

impl Judgement {
    /// One clause for people: why the verdict is what it is.
    pub fn reason(&self) -> &'static str {
        match (self.equal, self.rung) {
            (None, _) => "the reference is empty",
            (Some(true), Rung::Bytes) => "the same text",
            (Some(true), Rung::Numbers) => "equal numbers",
            (Some(true), Rung::Canonical) => "the same expression",
            (Some(true), Rung::Decimal) => "the decimal is a rounding",
            (Some(true), Rung::Modular | Rung::Numeric) => "equal values",
            (Some(true), Rung::Text) => "equal texts",
            (Some(true), _) => "equal in every part",
            (Some(false), Rung::Numbers) => "other numbers",
            (Some(false), Rung::Modular | Rung::Numeric | Rung::Canonical | Rung::Decimal) => "other values",
            (Some(false), Rung::Structure) => "another kind of answer, or other parts",
            (Some(false), Rung::Text) => "the texts differ",
            (Some(false), Rung::Bytes) => "an empty answer",
            (Some(false), Rung::Undecided) => "could not be shown to be equal",
        }
    }
}

/// Compares an answer with a reference. Either stands bare, in `$..$` or in a box.
///
/// It is deterministic, linear in the lengths, and bounded by [`Policy::steps`]: no input makes it
/// panic or hang. What cannot be decided is not equal.
///
/// # Examples
/// ```
/// use r1_math::{Policy, compare};
///
/// let policy = Policy::default();
/// for (reference, answer) in [
///     ("\\frac{\\sqrt{3}}{3}", "1/√3"),
///     ("(x+1)^2", "x^2 + 2x + 1"),
///     ("(-\\infty, 2) \\cup (3, \\infty)", "x < 2 or x > 3"),
///     ("1 \\pm \\sqrt{5}", "\\{1-\\sqrt5, 1+\\sqrt5\\}"),
///     ("90^\\circ", "\\frac{\\pi}{2}"),
/// ] {
///     assert_eq!(compare(reference, answer, &policy).equal, Some(true), "{answer}");
/// }
/// assert_eq!(compare("5^{5^{5^{5^5}}}", "5^{5^{5^{5^4}}}", &policy).equal, Some(false));
/// ```
pub fn compare(reference: &str, answer: &str, policy: &Policy) -> Judgement {
    judge(reference, answer, policy, true)
}

/// [`compare`] without writing down how the two were read.
pub fn judge(reference: &str, answer: &str, policy: &Policy, explain: bool) -> Judgement {
    let (reference, answer) = (markup::unwrap(reference), markup::unwrap(answer));
    let plain = |equal, rung| Judgement {
        equal,
        rung,
        reference: if explain { reference.to_owned() } else { String::new() },
        answer: if explain { answer.to_owned() } else { String::new() },
        steps: 0,
    };
    if reference.is_empty() || answer.is_empty() {
        return plain((!reference.is_empty()).then_some(false), Rung::Bytes);
    }
    if same_bytes(reference, answer) {
        let number = reference.len() < 64 && Number::parse(reference).is_some();
        return plain(Some(true), if number { Rung::Numbers } else { Rung::Bytes });
    }
    let exact =
        |text: &str| text.len() < 64 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if exact(reference)
        && exact(answer)
        && let (Some(a), Some(b)) = (Number::parse(reference), Number::parse(answer))
    {
        return plain(Some(a.accepts(&b)), Rung::Numbers);
    }
    if reference.len().max(answer.len()) > read::MAX_BYTES {
        let words = |text: &str| text.len() < 1 << 16 && reference.len() < 1 << 16;
        let equal = words(answer) && reference.split_whitespace().eq(answer.split_whitespace());
        return plain(Some(equal), Rung::Text);
    }
    let fuel = Fuel::new(policy.steps);
    let mut arena = Arena::default();
    let mut read = |text: &str, reading| read::read(&mut arena, text, reading);
    let (gold, gold_ambiguous) = read(reference, Reading::LIKELY);
    let (given, given_ambiguous) = read(answer, Reading::LIKELY);
    let mut pairs = vec![(gold.clone(), given.clone())];
    if gold_ambiguous || given_ambiguous {
        let other = Reading { commas: Commas::Unlikely, ..Reading::LIKELY };
        // A reference is written with a decimal point: `1,2` is two numbers there, and not 1.2.
        let also = gold_ambiguous && !matches!(gold, Answer::List(..));
        let gold_other = if also { read(reference, other).0 } else { gold.clone() };
        let given_other = if given_ambiguous { read(answer, other).0 } else { given.clone() };
        pairs.push((gold.clone(), given_other.clone()));
        pairs.push((gold_other.clone(), given.clone()));
        pairs.push((gold_other, given_other));
    }
    let has_unit = |answer: &Answer| matches!(answer, Answer::Quantity { .. });
    if has_unit(&gold) != has_unit(&given) {
        let letters = Reading { letter_units: true, ..Reading::LIKELY };
        pairs.push((read(reference, letters).0, read(answer, letters).0));
    }
    let mut judge = Judge { arena, fuel: &fuel, policy, rung: Rung::Undecided, decimal_log: false };
    let mut decided = None;
    for (gold, given) in &pairs {
        judge.rung = Rung::Undecided;
        if judge.answers(gold, given) == Some(true) {
            decided = Some(true);
            break;
        }
        decided = decided.or((judge.rung != Rung::Undecided).then_some(false));
    }
    if decided != Some(true) && in_words(reference, answer, &gold, &given) {
        (decided, judge.rung) = (Some(true), Rung::Text);
    }
    if decided != Some(true)
        && answer.len() <= MAX_LABELLED
        && let Some(option) = choice::after_label(answer)
        && judge_option(reference, option, &mut judge)
    {
        decided = Some(true);
    }
    let shown = |answer: &Answer| if explain { answer.shown(&judge.arena) } else { String::new() };
    Judgement {
        equal: Some(decided == Some(true)),
        rung: if decided.is_none() { Rung::Undecided } else { judge.rung },
        reference: shown(&gold),
        answer: shown(&given),
        steps: policy.steps - fuel.left() + judge.arena.spent(),
    }
}

/// Longer answers are not read as an option with its letter.
const MAX_LABELLED: usize = 256;

/// Whether the text of an option, as `12` in `(D) 12`, is the reference.
fn judge_option(reference: &str, option: &str, judge: &mut Judge<'_>) -> bool {
    let mut read = |text: &str| read::read(&mut judge.arena, text, Reading::LIKELY).0;
    let (gold, given) = (read(reference), read(option));
    judge.answers(&gold, &given) == Some(true)
}

/// Equality but for white space and the sizes of brackets.
fn same_bytes(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    let squeeze = |text: &str| -> String {
        let text = text.replace("\\left", "").replace("\\right", "").replace("\\!", "").replace("\\,", "");
        text.replace("dfrac", "frac").replace("tfrac", "frac").split_whitespace().collect()
    };
    // White space between digits or words matters.
    let risky = |text: &str| {
        text.as_bytes().windows(3).any(|window| {
            window[1] == b' ' && window[0].is_ascii_alphanumeric() && window[2].is_ascii_alphanumeric()
        }) || text.contains("\\,")
    };
    a.len() < read::MAX_BYTES
        && b.len() < read::MAX_BYTES
        && !risky(a)
        && !risky(b)
        && squeeze(a) == squeeze(b)
}

/// Answers in words: a choice with its letter, one number in a sentence.
fn in_words(reference: &str, answer: &str, gold: &Answer, given: &Answer) -> bool {
    let letter = reference.trim_matches(['(', ')']);
    if letter.len() == 1
        && letter.starts_with(|c: char| ('A'..='J').contains(&c))
        && choice::chosen(answer, &[]) == letter.chars().next()
    {
        return true;
    }
    if moment::same(reference, answer) {
        return true;
    }
    let number = || Number::parse(reference).zip(prose::only_number(answer));
    let wordy = matches!(given, Answer::Text(_));
    let numeric =
        matches!(gold, Answer::Expression { .. } | Answer::Quantity { .. } | Answer::Percent { .. });
    if wordy
        && numeric
        && !moment::is_moment(answer)
        && number().is_some_and(|(gold, given)| gold.accepts(&given))
    {
        return true;
    }
    let (a, b) = (text::even(reference), text::even(answer));
    matches!((gold, given), (Answer::Text(_), _) | (_, Answer::Text(_)))
        && (text::same(&a, &b)
            || matches!((gold, given), (Answer::Text(_), Answer::Text(_))) && same_tokens(reference, answer))
}

/// Formulas that were not read, as integrals, but consist of the same tokens.
fn same_tokens(a: &str, b: &str) -> bool {
    if !a.contains('\\') || !b.contains('\\') {
        return false;
    }
    let tokens =
        |text: &str| lexer::tokens(text, Commas::Likely, &mut false).map(|tokens| lexer::spelt(&tokens));
    tokens(a).is_some_and(|a| tokens(b).is_some_and(|b| a == b))
}

/// The comparison of one pair.
pub(crate) struct Judge<'a> {
    arena: Arena,
    fuel: &'a Fuel,
    policy: &'a Policy,
    rung: Rung,
    decimal_log: bool,
}

impl Judge<'_> {
    /// Notes the rung that decided.
    fn at(&mut self, rung: Rung, verdict: bool) -> Option<bool> {
        self.rung = rung;
        Some(verdict)
    }
}
