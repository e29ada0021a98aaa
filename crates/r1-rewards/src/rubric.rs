//! A weighted sum of rewards.

use std::fmt;

use r1_core::{
    Completion, GroupScores, Outcome, Part, Problem, Reward, RewardError, RewardKind, Score, StepScore,
    score_all,
};

/// A weighted sum of rewards, itself a reward.
///
/// ```text
/// r = Σ_k w_k r_k   over the terms that did not abstain
/// ```
///
/// The weights are not normalised: the paper adds its rewards. If all terms abstain, so does the
/// rubric. If a term fails, the completion has no score: [`RewardError::Ungradable`] gives way to
/// any other error, so that trouble outside is tried again instead of being counted as bad data.
/// The parts of the [`Score`] are the terms' own outcomes, without weights.
///
/// # Examples
/// ```
/// use r1_core::{Completion, FinishReason, Problem, Reference};
/// use r1_rewards::{Outcome, Reward, Rubric, reward_fn};
///
/// let short = reward_fn("short", |_, completion| (completion.text.len() < 9) as u8 as f32);
/// let loud = reward_fn("loud", |_, completion| completion.text.ends_with('!') as u8 as f32);
/// let rubric = Rubric::new().with(1.0, short).with(0.5, loud);
///
/// let problem = Problem::new("greet", "Say hello.", Reference::text("hello"));
/// let completions = [Completion::from_text("Hello!", FinishReason::Stop)];
/// let score = rubric.score_group(&problem, &completions).remove(0)?;
/// assert_eq!(score.outcome, Outcome::Score(1.5));
/// assert_eq!(score.parts[1].outcome, Outcome::Score(1.0));
/// # Ok::<(), r1_rewards::RewardError>(())
/// ```
///
/// # Source
/// DeepSeek-R1 (arXiv:2501.12948v2), eq. (4): accuracy and format with equal weights.
#[derive(Default)]
pub struct Rubric {
    terms: Vec<(f32, Box<dyn Reward>)>,
}

impl Rubric {
    /// A rubric without terms, which always abstains.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same rubric with one more term.
    ///
    /// # Panics
    /// When `weight` is NaN or infinite.
    #[must_use]
    pub fn with(mut self, weight: f32, reward: impl Reward + 'static) -> Self {
        assert!(
            weight.is_finite(),
            "the weight of `{}` is {weight}; it must be a finite number",
            reward.name()
        );
        self.terms.push((weight, Box::new(reward)));
        self
    }

    /// Every term's weight and name, in order.
    pub fn terms(&self) -> impl Iterator<Item = (f32, &str)> {
        self.terms.iter().map(|(weight, reward)| (*weight, reward.name()))
    }

    /// The sum of one completion's terms, `scores` being in the order of the terms.
    fn combine(
        &self,
        scores: impl Iterator<Item = Result<Score, RewardError>>,
    ) -> Result<Score, RewardError> {
        let (mut sum, mut abstained) = (0.0, true);
        let (mut parts, mut steps) = (Vec::new(), Vec::new());
        let mut error: Option<RewardError> = None;
        for ((weight, reward), score) in self.terms.iter().zip(scores) {
            match score {
                Ok(score) => {
                    if let Outcome::Score(value) = score.outcome {
                        sum += weight * value;
                        abstained = false;
                    }
                    let weighted = |step: StepScore| StepScore { reward: weight * step.reward, ..step };
                    steps.extend(score.steps.into_iter().map(weighted));
                    let name = reward.name();
                    parts.push(Part { name: name.to_owned(), outcome: score.outcome });
                    let inner = |part: Part| Part { name: format!("{name}/{}", part.name), ..part };
                    parts.extend(score.parts.into_iter().map(inner));
                }
                Err(later) => {
                    let bad_data = |e: &RewardError| matches!(e, RewardError::Ungradable { .. });
                    error = match error {
                        Some(earlier) if bad_data(&later) || !bad_data(&earlier) => Some(earlier),
                        _ => Some(later),
                    };
                }
            }
        }
        match error {
            Some(error) => Err(error),
            None if abstained => Ok(Score { outcome: Outcome::Abstain, parts, steps }),
            None => Ok(Score { outcome: Outcome::Score(sum).finite(self.name())?, parts, steps }),
        }
    }
}

impl Reward for Rubric {
    fn name(&self) -> &str {
        "rubric"
    }

    fn score(&self, problem: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        let one = |reward: &dyn Reward| reward.score(problem, completion)?.finite(reward.name());
        let scores = self.terms.iter().map(|(_, reward)| one(reward).map(Score::from));
        Ok(self.combine(scores)?.outcome)
    }

    fn score_group(&self, problem: &Problem, completions: &[Completion]) -> GroupScores {
        self.score_batch(&[(problem, completions)]).pop().unwrap_or_default()
    }

    fn score_batch(&self, groups: &[(&Problem, &[Completion])]) -> Vec<GroupScores> {
        // One iterator a term, all walked in step: group by group, completion by completion.
        let mut terms: Vec<_> =
            self.terms.iter().map(|(_, reward)| score_all(reward, groups).into_iter().flatten()).collect();
        let mut next = || self.combine(terms.iter_mut().filter_map(Iterator::next));
        groups.iter().map(|(_, completions)| completions.iter().map(|_| next()).collect()).collect()
    }

    fn kind(&self) -> RewardKind {
        let blocking = self.terms.iter().any(|(_, reward)| reward.kind() == RewardKind::Blocking);
        if blocking { RewardKind::Blocking } else { RewardKind::Pure }
    }
}

impl fmt::Debug for Rubric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.terms()).finish()
    }
}

#[cfg(test)]
mod tests;
