//! The ladder: cheap rungs first, each deciding or passing on.

mod finding;
mod arbitrary;
mod assignment;
mod cases;
mod closeness;
mod commuting;
mod constant;
mod decimal;
mod dropped;
mod expression;
mod family;
mod name;
mod quantity;
mod relation;
mod sequence;
mod sets;
mod structure;
mod vector;
mod words;

pub use finding::{Judgement, Rung};

use self::{
    dropped::Dropped,
    finding::{Finding, holds},
};
use super::{
    answer::Answer,
    arena::Arena,
    budget::Budget,
    choice,
    policy::Policy,
    read::{self, Reading},
    substitute::is_constant,
    token::Commas,
};
use crate::{Number, markup};

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
        dropped: Vec::new(),
        steps: 0,
    };
    if reference.is_empty() || answer.is_empty() {
        return plain((!reference.is_empty()).then_some(false), Rung::Bytes);
    }
    if words::same_bytes(reference, answer) {
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
    let budget = Budget::new(policy.steps);
    let mut arena = Arena::default();
    let (pairs, words) = readings(&mut arena, reference, answer);
    let mut comparison = Comparison { arena, budget: &budget, policy, explain, dropped: Vec::new() };
    let mut found = None;
    for (gold, given) in &pairs {
        let finding = comparison.answers(gold, given);
        let finding =
            if holds(finding) { finding } else { comparison.whole_multiples(gold, given).or(finding) };
        if holds(finding) {
            found = finding;
            break;
        }
        found = found.or(finding);
    }
    let (gold, given) = &pairs[0];
    if holds(found) && comparison.units_of_nothing((reference, gold), (answer, given)) {
        found = Finding::apart();
    }
    if !holds(found) && words::agree(reference, answer, gold, given) {
        found = Finding::at(Rung::Text, true);
    }
    if !holds(found) {
        found = comparison.options(reference, answer).or(found);
    }
    let dropped = words.into_iter().map(Dropped::Words).chain(std::mem::take(&mut comparison.dropped));
    let dropped =
        if holds(found) && explain { dropped.map(|left| left.to_string()).collect() } else { Vec::new() };
    let shown = |answer: &Answer| if explain { answer.shown(&comparison.arena) } else { String::new() };
    Judgement {
        dropped,
        equal: Some(holds(found)),
        rung: found.map_or(Rung::Undecided, |finding| finding.rung),
        reference: shown(gold),
        answer: shown(given),
        steps: policy.steps - budget.left() + comparison.arena.spent(),
    }
}

/// Whether a text has letters, those of commands aside, or a percent sign.
fn wordy(text: &str) -> bool {
    let mut parts = text.split('\\');
    let letters = |part: &str| part.contains(|c: char| c.is_alphabetic() || c == '%');
    parts.next().is_some_and(letters)
        || parts.any(|part| part.starts_with('%') || letters(part.trim_start_matches(char::is_alphabetic)))
}

/// Both sides as they are read, in every way that their commas and letters allow, the likely way first; and the
/// words that the likely way leaves out.
fn readings(arena: &mut Arena, reference: &str, answer: &str) -> (Vec<(Answer, Answer)>, Vec<String>) {
    let mut read = |text: &str, reading| read::read(arena, text, reading);
    let (gold, gold_ambiguous) = read(reference, Reading::LIKELY);
    let (given, given_ambiguous) = read(answer, Reading::LIKELY);
    let words = std::mem::take(arena.words());
    let mut read = |text: &str, reading| read::read(arena, text, reading);
    let mut pairs = vec![(gold.clone(), given.clone())];
    if gold_ambiguous || given_ambiguous {
        let other = Reading { commas: Commas::Unlikely, ..Reading::LIKELY };
        // A reference is written with a decimal point: `1,2` is two numbers there, and not 1.2.
        // Nor is `44,500` "44 or 500", or 44 of anything.
        let given_ambiguous = given_ambiguous && !wordy(reference);
        let also = gold_ambiguous && !wordy(answer) && !matches!(gold, Answer::List(..) | Answer::Either(..));
        let gold_other = if also { read(reference, other).0 } else { gold.clone() };
        let given_other = if given_ambiguous { read(answer, other).0 } else { given.clone() };
        pairs.push((gold.clone(), given_other.clone()));
        pairs.push((gold_other.clone(), given.clone()));
        pairs.push((gold_other, given_other));
    }
    let letters = Reading { letter_units: true, ..Reading::LIKELY };
    let has_unit = |answer: &Answer| matches!(answer, Answer::Quantity { .. });
    let ohms = |text: &str| text.contains("Omega") || text.contains('Ω');
    if has_unit(&gold) != has_unit(&given) || (!has_unit(&gold) && ohms(reference) && ohms(answer)) {
        pairs.push((read(reference, letters).0, read(answer, letters).0));
        return (pairs, words);
    }
    if let Some(pair) = both_measured(arena, (reference, answer), letters) {
        pairs.push(pair);
        return (pairs, words);
    }
    // Beside a number, letters may be a unit.
    let (gold_number, given_number) = (is_number(arena, &gold), is_number(arena, &given));
    if gold_number != given_number {
        let text = if gold_number { answer } else { reference };
        let other = read::read(arena, text, letters).0;
        // `4s` is four of s, or the plural of 4.
        let before = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let joined = before.len() < text.len() && before.ends_with(|c: char| c.is_ascii_digit() || c == '}');
        let apart = text.contains([' ', '\\', '~']) && !joined;
        if matches!(&other, Answer::Quantity { unit, .. } if unit.words.is_empty() && (apart || !unit.is_letter()) && !unit.is_power_of_a_symbol())
        {
            pairs.push(if gold_number { (gold, other) } else { (other, given) });
        }
    }
    (pairs, words)
}

/// Two texts of a number and letters behind a blank, as quantities of one dimension: `100 J/s` and `100 W`.
fn both_measured(arena: &mut Arena, texts: (&str, &str), letters: Reading) -> Option<(Answer, Answer)> {
    let digit = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let short = |text: &str| text.len() < 64 && digit(text) && text.contains(' ');
    if !short(texts.0) || !short(texts.1) {
        return None;
    }
    let mut read = |text| read::read(arena, text, letters).0;
    let (gold, given) = (read(texts.0), read(texts.1));
    let unit = |answer: &Answer| match answer {
        Answer::Quantity { unit, .. } if unit.words.is_empty() && !unit.is_noun() => Some(unit.dimensions),
        _ => None,
    };
    (unit(&gold).is_some() && unit(&gold) == unit(&given)).then_some((gold, given))
}

fn is_number(arena: &Arena, answer: &Answer) -> bool {
    matches!(answer, Answer::Expression { id, .. } if is_constant(arena, *id))
}

/// Longer texts are not read as an option with its letter.
const MAX_LABELLED: usize = 256;

/// The comparison of one pair.
pub(crate) struct Comparison<'a> {
    arena: Arena,
    budget: &'a Budget,
    policy: &'a Policy,
    explain: bool,
    dropped: Vec<Dropped>,
}

impl Comparison<'_> {
    /// Whether both sides are nothing of a unit, and not of the same: nought times the letters of any is nought.
    fn units_of_nothing(
        &mut self,
        (reference, gold): (&str, &Answer),
        (answer, given): (&str, &Answer),
    ) -> bool {
        let nothing = |text: &str, side: &Answer| {
            let digits = text.trim_start_matches(['$', '-', ' ']).strip_prefix('0');
            let ends = digits.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit() || c == '.'));
            ends && text.contains(|c: char| c.is_ascii_alphabetic())
                && matches!(side, Answer::Expression { .. })
        };
        if !(nothing(reference, gold) && nothing(answer, given)) {
            return false;
        }
        let reading = Reading { letter_units: true, ..Reading::LIKELY };
        let sides = [reference, answer].map(|text| read::read(&mut self.arena, text, reading).0);
        let [Answer::Quantity { unit: a, .. }, Answer::Quantity { unit: b, .. }] = &sides else {
            return false;
        };
        !a.agrees_with(b)
    }

    /// Options with their letters: `\textbf{(D)}\ 12` is D, and is 12.
    fn options(&mut self, reference: &str, answer: &str) -> Option<Finding> {
        let labelled = |text| choice::labelled(text).filter(|_| text.len() <= MAX_LABELLED);
        let (gold, given) = (labelled(reference), labelled(answer));
        if gold.is_none() && given.is_none() {
            return None;
        }
        let letter = |text: &str, labelled: Option<(char, &str)>| match labelled {
            Some((letter, _)) => Some(letter),
            None => choice::bare_letter(text),
        };
        let (a, b) = (letter(reference, gold), letter(answer, given));
        if gold.is_some() != given.is_some() && a.is_some() && b.is_some() && a != b {
            // `(A) B` is A, whatever its text.
            return None;
        }
        if gold.is_none() || given.is_none() {
            if a.is_some() && a == b {
                if let Some((_, text)) = gold.or(given) {
                    self.leave_out(Dropped::OptionText(text.to_owned()));
                }
                return Finding::at(Rung::Text, true);
            }
        } else if a != b {
            return None;
        }
        if gold.is_none() != given.is_none()
            && let Some(letter) = a.or(b)
        {
            self.leave_out(Dropped::OptionLetter(letter));
        }
        let mut read = |text: &str| read::read(&mut self.arena, text, Reading::LIKELY).0;
        let gold = read(gold.map_or(reference, |(_, text)| text));
        let given = read(given.map_or(answer, |(_, text)| text));
        self.answers(&gold, &given).filter(|finding| finding.equal)
    }
}
