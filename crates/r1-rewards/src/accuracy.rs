//! Whether an answer is right.

use r1_data::{Completion, Problem, Reference};
use serde::Serialize;

use crate::{
    Mode, Number, Outcome, Reward, RewardError, choice, countdown,
    extract::{Found, find},
    markup, prose,
};

/// 1 for a right answer, 0 for a wrong or missing one.
///
/// Grades [`Reference::Number`] exactly, [`Reference::Text`] after white space and case are evened
/// out, [`Reference::Choice`] by [`choice::chosen`], [`Reference::Countdown`] by
/// [`countdown::check`], and those [`Reference::Expression`]s that are plain numbers. It abstains on
/// everything else. An answer that offers two numbers is wrong.
///
/// # Examples
/// ```
/// use r1_data::{Completion, FinishReason, Problem, Reference};
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AccuracyReward {
    mode: Mode,
}

impl AccuracyReward {
    /// Reads answers in [`Mode::Strict`].
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads answers in another mode.
    #[must_use]
    pub fn with_mode(self, mode: Mode) -> Self {
        Self { mode }
    }

    /// What [`score`](Reward::score) decides, and why; `None` where it abstains.
    pub fn verdict(&self, problem: &Problem, completion: &Completion) -> Option<Verdict> {
        match &problem.reference {
            Reference::Number { text } => Some(match Number::parse(text) {
                Some(gold) => number(&gold, completion, self.mode),
                None => Verdict::ungradable("the reference is not a number"),
            }),
            Reference::Expression { text } => Some(number(&Number::parse(text)?, completion, self.mode)),
            Reference::Text { text: gold } => Some(text(gold, completion, self.mode)),
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
/// A reference that is a number is compared exactly; any other must be matched as text. An empty
/// reference is ungradable.
///
/// # Examples
/// ```
/// use r1_data::{Completion, FinishReason};
/// use r1_rewards::{Mode, grade};
///
/// let completion = Completion::from_text("<think>..</think><answer>0.750</answer>", FinishReason::Stop);
/// assert_eq!(grade("$\\frac{3}{4}$", &completion, Mode::Strict).equal, Some(true));
/// assert_eq!(grade("", &completion, Mode::Strict).equal, None);
/// ```
pub fn grade(gold: &str, completion: &Completion, mode: Mode) -> Verdict {
    match Number::parse(gold) {
        Some(gold) => number(&gold, completion, mode),
        None => text(gold, completion, mode),
    }
}

/// Applies `compare` to the marked answer; in lenient mode to the whole text if none is marked.
fn marked(completion: &Completion, mode: Mode, compare: impl Fn(&str) -> Verdict) -> Verdict {
    match find(&completion.response(), mode) {
        Found::Marked(answer) => compare(answer),
        Found::Unmarked(text) if mode == Mode::Lenient && !text.trim().is_empty() => compare(text),
        Found::Unmarked(_) => Verdict::of(false, "no answer after the thoughts"),
        Found::Several => Verdict::of(false, "several boxes side by side"),
    }
}

fn number(gold: &Number, completion: &Completion, mode: Mode) -> Verdict {
    let is_marked = matches!(find(&completion.response(), mode), Found::Marked(_));
    marked(completion, mode, |text| {
        let last = || (!is_marked).then(|| prose::last_number(text)).flatten();
        match Number::parse(text).or_else(|| prose::only_number(text)).or_else(last) {
            Some(answer) if gold.accepts(&answer) => Verdict::of(true, "equal numbers"),
            Some(answer) => {
                Verdict::of(false, format!("the answer is {}, not {}", shown(&answer), shown(gold)))
            }
            None => Verdict::of(false, "the answer is not one number"),
        }
    })
}

/// A number, shortened for the reason.
fn shown(number: &Number) -> String {
    let digits = number.to_string();
    if digits.len() <= 40 { digits } else { format!("{}..", &digits[..40]) }
}

fn text(gold: &str, completion: &Completion, mode: Mode) -> Verdict {
    let wanted = markup::even_out(markup::unwrap(gold));
    if wanted.is_empty() {
        return Verdict::ungradable("the reference is empty");
    }
    marked(completion, mode, |answer| {
        let equal = markup::even_out(markup::unwrap(answer)) == wanted;
        Verdict::of(equal, if equal { "equal texts" } else { "the texts differ" })
    })
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
