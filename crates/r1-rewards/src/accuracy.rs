//! Whether an answer is right.

use std::{borrow::Cow, ops::Range};

use r1_core::{Completion, Problem, Reference};
use serde::Serialize;

use crate::{
    Mode, countdown,
    extract::{Found, boxed, find, last_formula},
    grading::{Explanation, Extracted},
};
use r1_core::{Outcome, Reward, RewardError};
use r1_math::{self as math, Judgement, Number, Policy, Rung, choice, markup, prose};

/// 1 for a right answer, 0 for a wrong or missing one.
///
/// Grades [`Reference::Number`], [`Reference::Expression`] and [`Reference::Text`] by
/// [`math::compare`], texts of nothing but words as words (`ab` is not `ba`), [`Reference::Choice`] by [`choice::chosen`] and [`Reference::Countdown`] by
/// [`countdown::check`]. It abstains on everything else. An answer that offers two numbers where one
/// is asked for is wrong.
///
/// # Examples
/// ```
/// use r1_core::{Completion, FinishReason, Problem, Reference};
/// use r1_rewards::{AccuracyReward, Outcome, Reward};
///
/// let problem = Problem::new("half", "What is 17/34?", Reference::number("0.5"));
/// let completion = Completion::from_text("<think>Halves.</think>It is \\boxed{\\frac12}.", FinishReason::Stop);
/// assert_eq!(AccuracyReward::new().score(&problem, &completion)?, Outcome::Score(1.0));
/// # Ok::<(), r1_rewards::RewardError>(())
/// ```
///
/// # Source
/// DeepSeek-R1 (arXiv:2501.12948v2), section 2.2.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct AccuracyReward {
    mode: Mode,
    policy: Policy,
}

impl AccuracyReward {
    /// Reads answers in [`Mode::Strict`].
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads answers in another mode.
    #[must_use]
    pub fn with_mode(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }

    /// Decides contested cases in another way.
    #[must_use]
    pub fn with_policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// What [`score`](Reward::score) decides, and why; `None` where it abstains.
    pub fn verdict(&self, problem: &Problem, completion: &Completion) -> Option<Verdict> {
        match &problem.reference {
            Reference::Number { text } => Some(match Number::parse(text) {
                Some(_) => grade_with(text, completion, self.mode, &self.policy),
                None => Verdict::ungradable("the reference is not a number"),
            }),
            Reference::Text { text } if is_words(text) => {
                Some(marked(completion, self.mode, |answer| match same_words(text, answer, &self.policy) {
                    true => Verdict::of(true, "equal texts"),
                    false => Verdict::of(false, "the texts differ"),
                }))
            }
            Reference::Expression { text } | Reference::Text { text } => {
                Some(grade_with(text, completion, self.mode, &self.policy))
            }
            Reference::Choice { label, options } => Some(choice(*label, options, completion, self.mode)),
            Reference::Countdown { numbers, target } => Some(marked(completion, self.mode, |answer| {
                let checked = countdown::check(answer, numbers, *target);
                let reason =
                    checked.as_ref().map_or_else(ToString::to_string, |()| "it reaches the target".into());
                Verdict::of(checked.is_ok(), reason)
            })),
            _ => None,
        }
    }
}

impl Reward for AccuracyReward {
    fn name(&self) -> &str {
        "accuracy"
    }

    fn score(&self, problem: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        let Some(verdict) = self.verdict(problem, completion) else { return Ok(Outcome::Abstain) };
        verdict.equal.map(Outcome::of).ok_or_else(|| RewardError::Ungradable {
            problem: problem.id.clone(),
            reference: written(&problem.reference),
        })
    }
}

/// The reference as an error shows it.
fn written(reference: &Reference) -> String {
    match reference {
        Reference::Number { text } | Reference::Expression { text } | Reference::Text { text } => {
            text.clone()
        }
        other => format!("{other:?}"),
    }
}

/// Whether an answer equals a reference, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// `None` when the reference cannot be graded.
    pub equal: Option<bool>,
    /// One clause for people.
    pub reason: String,
}

impl Verdict {
    fn of(equal: bool, reason: impl Into<String>) -> Self {
        Self { equal: Some(equal), reason: reason.into() }
    }

    fn ungradable(reason: &str) -> Self {
        Self { equal: None, reason: reason.to_owned() }
    }
}

/// Compares a completion's answer with a reference that stands bare, in `$..$` or in a box.
///
/// Numbers, expressions and texts are all compared by [`math::compare`]. An empty reference is
/// ungradable.
///
/// # Examples
/// ```
/// use r1_core::{Completion, FinishReason};
/// use r1_rewards::{Mode, grade};
///
/// let completion = Completion::from_text("<think>..</think><answer>0.750</answer>", FinishReason::Stop);
/// assert_eq!(grade("$\\frac{3}{4}$", &completion, Mode::Strict).equal, Some(true));
/// assert_eq!(grade("", &completion, Mode::Strict).equal, None);
/// ```
pub fn grade(gold: &str, completion: &Completion, mode: Mode) -> Verdict {
    grade_with(gold, completion, mode, &Policy::default())
}

/// [`grade`] under a policy of one's own.
pub fn grade_with(gold: &str, completion: &Completion, mode: Mode, policy: &Policy) -> Verdict {
    explained(gold, completion, mode, policy, false).verdict
}

/// A longer reference without a box is a solution, not an answer.
const LONG_GOLD: usize = 300;

/// The verdict and what led to it; how both sides were read only when asked.
pub(crate) fn explained(
    gold: &str,
    completion: &Completion,
    mode: Mode,
    policy: &Policy,
    explain: bool,
) -> Explanation {
    let gold = match boxed(gold) {
        Some(boxed) => boxed,
        None if gold.len() > LONG_GOLD && gold.contains('$') => Cow::Owned(unmarked(gold)),
        None => Cow::Borrowed(gold),
    };
    if markup::unwrap(&gold).is_empty() {
        let verdict = Verdict::ungradable("the reference is empty");
        return Explanation { verdict, extracted: None, judgement: None };
    }
    match answer_of(completion, mode) {
        Some(Extracted { text, span }) => {
            let judgement = math::judge(&gold, &text, policy, explain);
            let verdict = Verdict::from(&judgement);
            Explanation { verdict, extracted: Some(Extracted { text, span }), judgement: Some(judgement) }
        }
        None => Explanation { verdict: no_answer(completion, mode), extracted: None, judgement: None },
    }
}

impl From<&Judgement> for Verdict {
    fn from(judgement: &Judgement) -> Self {
        Self { equal: judgement.equal, reason: judgement.reason().to_owned() }
    }
}

/// The verdict on a completion without an answer.
fn no_answer(completion: &Completion, mode: Mode) -> Verdict {
    if completion.response().after_thoughts.trim().is_empty() {
        return Verdict::of(false, "no answer after the thoughts");
    }
    let reason = match mode {
        Mode::Strict => "no answer: strict mode found no `<answer>` and no `\\boxed{..}` after the thoughts",
        Mode::Anchored => "no answer: anchored mode found no mark of one after the thoughts",
        Mode::Lenient => "no answer after the thoughts",
    };
    Verdict::of(false, reason)
}

/// The marked answer; in lenient mode what the whole text comes to.
fn answer_of(completion: &Completion, mode: Mode) -> Option<Extracted> {
    let text = match find(&completion.response(), mode) {
        Found::Marked(answer)
            if mode != Mode::Strict && !answer.starts_with("not ") && !math::is_mathematical(&answer) =>
        {
            unmarked(&answer)
        }
        Found::Marked(Cow::Borrowed(answer)) => {
            let span = place_of(&completion.text, answer);
            return Some(Extracted { text: answer.to_owned(), span });
        }
        Found::Marked(answer) => answer.into_owned(),
        Found::Unmarked(text) if mode == Mode::Lenient && !text.trim().is_empty() => unmarked(text),
        Found::Unmarked(_) => return None,
    };
    // What was put together may stand nowhere as it is.
    let span = completion.text.rfind(&text).map(|start| start..start + text.len());
    Some(Extracted { text, span })
}

/// Where a part of a text stands in it.
fn place_of(text: &str, part: &str) -> Option<Range<usize>> {
    let start = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    let range = start..start.checked_add(part.len())?;
    (text.get(range.clone()) == Some(part)).then_some(range)
}

/// The answer of a text without marks: all of it where it is mathematics, else its last formula or
/// the last number after that.
fn unmarked(text: &str) -> String {
    if math::is_mathematical(text) {
        return text.to_owned();
    }
    let (formula, rest) = last_formula(text).unzip();
    let number = prose::last_number(rest.unwrap_or(text)).map(|number| number.to_string());
    number.or(formula.map(Cow::into_owned)).unwrap_or_else(|| text.to_owned())
}

/// True for a text of nothing but letters and white space.
fn is_words(text: &str) -> bool {
    text.chars().any(char::is_alphabetic)
        && text.chars().all(|character| character.is_alphabetic() || character.is_whitespace())
}

/// Whether a text of words is answered. Letters that stand together are no product here.
fn same_words(text: &str, answer: &str, policy: &Policy) -> bool {
    let judged = || {
        let judgement = math::judge(text, answer, policy, false);
        judgement.equal == Some(true) && matches!(judgement.rung, Rung::Bytes | Rung::Text)
    };
    markup::even_out(markup::unwrap(answer)) == markup::even_out(text) || judged()
}

/// Applies `compare` to the answer.
fn marked(completion: &Completion, mode: Mode, compare: impl Fn(&str) -> Verdict) -> Verdict {
    match answer_of(completion, mode) {
        Some(answer) => compare(&answer.text),
        None => no_answer(completion, mode),
    }
}

fn choice(label: char, options: &[String], completion: &Completion, mode: Mode) -> Verdict {
    let known = options.is_empty() || (label as usize).wrapping_sub('A' as usize) < options.len();
    if !label.is_ascii_uppercase() || !known {
        return Verdict::ungradable("the reference's letter names no option");
    }
    marked(completion, mode, |answer| match choice::chosen(answer, options) {
        Some(chosen) => Verdict::of(chosen == label, format!("the answer is {chosen}")),
        None => Verdict::of(false, "the answer does not name one option"),
    })
}
