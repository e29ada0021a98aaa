//! What each term of a reward gave.

use std::collections::BTreeMap;

use r1_core::{Outcome, RewardError, Score};
use serde::{Deserialize, Serialize};

/// Counts over the scores of one term.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct TermTally {
    /// Scores that were numbers.
    pub scores: usize,
    /// Times it abstained.
    pub abstentions: usize,
    /// The mean of the numbers.
    pub mean: f64,
    /// The sum of squared distances from the mean.
    pub squares: f64,
    /// The least number.
    pub least: f32,
    /// The greatest number.
    pub most: f32,
}

impl TermTally {
    /// Standard deviation (n − 1); 0 for a single number.
    pub fn std(&self) -> f64 {
        if self.scores < 2 { 0.0 } else { (self.squares / (self.scores - 1) as f64).sqrt() }
    }

    fn add(&mut self, outcome: Outcome) {
        let Outcome::Score(value) = outcome else {
            self.abstentions += 1;
            return;
        };
        (self.least, self.most) = match self.scores {
            0 => (value, value),
            _ => (self.least.min(value), self.most.max(value)),
        };
        // Welford: exact enough for any number of scores.
        self.scores += 1;
        let distance = f64::from(value) - self.mean;
        self.mean += distance / self.scores as f64;
        self.squares += distance * (f64::from(value) - self.mean);
    }
}

/// Statistics of each term of a reward, and warnings about those that teach nothing.
///
/// # Examples
/// ```
/// use r1_core::{Completion, FinishReason, Problem, Reference, score_all, reward_fn};
/// use r1_rewards::{Rubric, combination::RewardStatistics};
///
/// let stuck = reward_fn("stuck", |_, _| 0.5);
/// let length = reward_fn("length", |_, completion| completion.text.len() as f32);
/// let problem = Problem::new("p", "?", Reference::text("a"));
/// let group = ["a", "bc"].map(|text| Completion::from_text(text, FinishReason::Stop));
/// let scores = score_all(&Rubric::new().with(1.0, stuck).with(1.0, length), &[(&problem, &group)]);
///
/// let mut statistics = RewardStatistics::default();
/// scores.iter().flatten().for_each(|score| statistics.add(score.as_ref()));
/// assert_eq!(statistics.terms["length"].mean, 1.5);
/// assert_eq!(statistics.warnings(), ["`stuck` gave 0.5 to all 2 completions; it teaches nothing"]);
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RewardStatistics {
    /// By the names of the terms; a reward without terms is `total` alone.
    pub terms: BTreeMap<String, TermTally>,
    /// How often each reward gave NaN or an infinity.
    pub not_finite: BTreeMap<String, usize>,
    /// Other errors.
    pub errors: usize,
}

impl RewardStatistics {
    /// Adds the score of one completion.
    pub fn add(&mut self, score: Result<&Score, &RewardError>) {
        match score {
            Ok(score) => {
                self.terms.entry("total".into()).or_default().add(score.outcome);
                for part in &score.parts {
                    self.terms.entry(part.name.clone()).or_default().add(part.outcome);
                }
            }
            Err(RewardError::NotFinite { reward, .. }) => {
                *self.not_finite.entry(reward.clone()).or_default() += 1
            }
            Err(_) => self.errors += 1,
        }
    }

    /// A sentence about each term that never varies, always abstains, or gives what is no number.
    pub fn warnings(&self) -> Vec<String> {
        let not_finite = self.not_finite.iter().map(|(name, count)| {
            format!(
                "`{name}` gave NaN or an infinity to {count} completions; guard its divisions and logarithms"
            )
        });
        let idle = self.terms.iter().filter_map(|(name, tally)| match tally {
            TermTally { scores: 0, abstentions, .. } => Some(format!(
                "`{name}` abstained on all {abstentions} completions; is it for this kind of task?"
            )),
            TermTally { scores: 2.., least, most, .. } if least == most => {
                Some(format!("`{name}` gave {least} to all {} completions; it teaches nothing", tally.scores))
            }
            _ => None,
        });
        not_finite.chain(idle).collect()
    }
}
