//! The reward for programs.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use r1_core::{Completion, Problem, Reference};

use super::{CodeError, Judge, Judgement, Language, Limits, Suite, Verdict, fence::extract};
use r1_core::{GroupScores, Outcome, Reward, RewardError, RewardKind};

/// How verdicts become a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scheme {
    /// 1 when every test is accepted, else 0, as DeepSeek-R1 rewards code. Judging stops at the first
    /// failure.
    #[default]
    All,
    /// The share of accepted tests.
    Fraction,
    /// 1 when every test is accepted, and a tenth of the share besides: at most 1.1.
    Weighted,
}

impl Scheme {
    /// The number for `right` of `tests` accepted, and `all` of them or not.
    pub(super) fn value(self, all: bool, right: usize, tests: usize) -> f32 {
        let (all, fraction) = (f32::from(u8::from(all)), right as f32 / tests.max(1) as f32);
        match self {
            Self::All => all,
            Self::Fraction => fraction,
            Self::Weighted => all + 0.1 * fraction,
        }
    }
}

/// Rewards programs that pass a problem's tests.
///
/// The program is a fenced block of the answer, after the thoughts: of those marked with the language, or
/// not marked where none is, the last that defines what the tests call or reads what they give. Problems whose reference is not [`Reference::Tests`] abstain. When the
/// judge fails the reward is an error, never a 0.
///
/// # Examples
/// ```no_run
/// use r1_core::{Completion, FinishReason, Problem, Reference};
/// use r1_rewards::{Outcome, Reward, code::{CodeReward, Language, Judge}};
///
/// let tests = serde_json::json!([{"stdin": "2", "stdout": "4"}]);
/// let problem = Problem::new("double", "Double a number.", Reference::Tests { tests });
/// let text = "<think>Easy.</think>\n```python\nprint(2 * int(input()))\n```";
/// let completion = Completion::from_text(text, FinishReason::Stop);
/// let reward = CodeReward::new(Judge::new()?, Language::PYTHON);
/// assert_eq!(reward.score(&problem, &completion)?, Outcome::Score(1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct CodeReward {
    judge: Judge,
    language: Language,
    limits: Limits,
    scheme: Scheme,
    max_tests: usize,
}

impl CodeReward {
    /// A reward for programs of a language, where the problem does not name another.
    pub fn new(judge: Judge, language: Language) -> Self {
        let (limits, scheme) = (Limits::default(), Scheme::default());
        Self { judge, language, limits, scheme, max_tests: usize::MAX }
    }

    /// The same with this scheme.
    pub fn with_scheme(mut self, scheme: Scheme) -> Self {
        self.scheme = scheme;
        self
    }

    /// The same with these limits, where the problem does not name others.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The same with at most this many tests a problem, chosen evenly from first to last.
    pub fn with_max_tests(mut self, max_tests: usize) -> Self {
        self.max_tests = max_tests.max(1);
        self
    }

    /// Judges a completion; `None` when it holds no program.
    ///
    /// # Errors
    /// As [`Judge::judge`].
    pub fn judge(&self, suite: &Suite, completion: &Completion) -> Result<Option<Judgement>, CodeError> {
        let language = suite.language.unwrap_or(self.language);
        let answer = completion.response().answer;
        let Some(code) = extract(answer, language, &suite.tests) else { return Ok(None) };
        let mut submission = suite.submission(language, &code, &self.limits);
        submission.stop_at_failure = self.scheme == Scheme::All;
        let count = suite.tests.len();
        let kept = count.min(self.max_tests);
        let tests: Vec<_> = (0..kept).map(|index| suite.tests[index * count / kept].clone()).collect();
        self.judge.judge(&submission, &tests).map(Some)
    }

    fn value(&self, judgement: &Judgement) -> Result<f32, CodeError> {
        if judgement.verdict == Verdict::InternalError {
            return Err(CodeError::Tests { reason: "no test gave a verdict".into() });
        }
        let right = judgement.tests.iter().filter(|test| test.verdict == Verdict::Accepted).count();
        Ok(self.scheme.value(judgement.verdict == Verdict::Accepted, right, judgement.tests.len()))
    }
}

impl Reward for CodeReward {
    fn name(&self) -> &str {
        "code"
    }

    fn score(&self, problem: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        let Reference::Tests { tests } = &problem.reference else { return Ok(Outcome::Abstain) };
        let value = Suite::parse(tests).and_then(|suite| match self.judge(&suite, completion)? {
            Some(judgement) => self.value(&judgement),
            None => Ok(0.0),
        });
        value.map(Outcome::Score).map_err(|error| error.into_reward_error(self.name(), &problem.id))
    }

    /// All completions of a step, as many at a time as the judge has workers.
    fn score_batch(&self, groups: &[(&Problem, &[Completion])]) -> Vec<GroupScores> {
        let flat: Vec<(&Problem, &Completion)> =
            groups.iter().flat_map(|(problem, group)| group.iter().map(move |c| (*problem, c))).collect();
        let next = AtomicUsize::new(0);
        let slots: Vec<_> = flat.iter().map(|_| Mutex::new(None)).collect();
        thread::scope(|scope| {
            for _ in 0..self.judge.workers().min(flat.len()) {
                scope.spawn(|| {
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let (Some(&(problem, completion)), Some(slot)) = (flat.get(index), slots.get(index))
                        else {
                            break;
                        };
                        let score = self.score(problem, completion);
                        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(score);
                    }
                });
            }
        });
        let mut scores = slots.into_iter().map(|slot| {
            let score = slot.into_inner().unwrap_or_else(PoisonError::into_inner);
            let lost = || Err(RewardError::world("code", "a worker ended early"));
            score.unwrap_or_else(lost).map(Into::into)
        });
        groups.iter().map(|(_, group)| scores.by_ref().take(group.len()).collect()).collect()
    }

    fn kind(&self) -> RewardKind {
        RewardKind::Blocking
    }
}
