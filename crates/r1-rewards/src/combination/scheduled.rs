//! A term that counts during a part of the training only.

use r1_core::{Completion, GroupScores, Outcome, Problem, Reward, RewardError, RewardKind, Score};

/// A reward that abstains before an update and after another.
///
/// The update is [`Completion::weights_version`], the number of updates that the weights had seen which wrote the completion; of a
/// group, the latest. Completions that do not say it, as in evaluations, are always scored. While it abstains, the reward
/// within is not asked, so a judge costs nothing before its time.
///
/// Resists: the slow learning of a preference model's weaknesses, by short exposure. Does not resist: weaknesses that are
/// found within the window.
///
/// # Examples
/// ```
/// use r1_core::{Completion, FinishReason, Outcome, Problem, Reference, Reward, reward_fn};
/// use r1_rewards::combination::Scheduled;
///
/// // The last 400 of 1,700 updates, as in the paper.
/// let preference = Scheduled::new(reward_fn("preference", |_, _| 1.0)).from_update(1300);
/// let problem = Problem::new("p", "?", Reference::text("a"));
/// let after = |updates| Completion { weights_version: Some(updates), ..Completion::from_text("a", FinishReason::Stop) };
/// assert_eq!(preference.score(&problem, &after(1299))?, Outcome::Abstain);
/// assert_eq!(preference.score(&problem, &after(1300))?, Outcome::Score(1.0));
/// # Ok::<(), r1_rewards::RewardError>(())
/// ```
///
/// # Source
/// DeepSeek-R1 (arXiv:2501.12948v2), section 3.2.2.
#[derive(Debug, Clone, Copy)]
pub struct Scheduled<R> {
    reward: R,
    from: u64,
    until: Option<u64>,
}

impl<R: Reward> Scheduled<R> {
    /// The reward at all updates.
    pub fn new(reward: R) -> Self {
        Self { reward, from: 0, until: None }
    }

    /// The same that abstains as long as the weights have seen fewer updates than these.
    #[must_use]
    pub fn from_update(self, from: u64) -> Self {
        Self { from, ..self }
    }

    /// The same that abstains once the weights have seen so many updates.
    #[must_use]
    pub fn until_update(self, until: u64) -> Self {
        Self { until: Some(until), ..self }
    }

    fn is_on(&self, completions: &[Completion]) -> bool {
        let latest = completions.iter().filter_map(|completion| completion.weights_version).max();
        latest.is_none_or(|update| update >= self.from && self.until.is_none_or(|until| update < until))
    }
}

impl<R: Reward> Reward for Scheduled<R> {
    fn name(&self) -> &str {
        self.reward.name()
    }

    fn score(&self, problem: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        match self.is_on(std::slice::from_ref(completion)) {
            true => self.reward.score(problem, completion),
            false => Ok(Outcome::Abstain),
        }
    }

    fn score_group(&self, problem: &Problem, completions: &[Completion]) -> GroupScores {
        self.score_batch(&[(problem, completions)]).pop().unwrap_or_default()
    }

    fn score_batch(&self, groups: &[(&Problem, &[Completion])]) -> Vec<GroupScores> {
        let asked: Vec<_> = groups.iter().copied().filter(|(_, group)| self.is_on(group)).collect();
        let mut scores =
            if asked.is_empty() { Vec::new() } else { self.reward.score_batch(&asked) }.into_iter();
        let off = |group: &[Completion]| group.iter().map(|_| Ok(Score::from(Outcome::Abstain))).collect();
        groups
            .iter()
            .map(|(_, group)| if self.is_on(group) { scores.next().unwrap_or_default() } else { off(group) })
            .collect()
    }

    fn kind(&self) -> RewardKind {
        self.reward.kind()
    }
}
