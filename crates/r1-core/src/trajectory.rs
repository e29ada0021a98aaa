//! Everything that one sample consists of, turn by turn.

use serde::{Deserialize, Serialize};

use crate::Completion;

/// Who wrote a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Author {
    /// The problem, in its template.
    Prompt,
    /// The policy that is trained.
    Policy,
    /// A tool, a user or another part of the environment.
    Environment,
}

/// Token ids in a row that one author wrote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    /// Who wrote it.
    pub author: Author,
    /// Its token ids, never re-tokenised.
    pub ids: Vec<u32>,
    /// The sampler's log-probability of each of `ids` in nats; empty for turns that were not sampled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logprobs: Vec<f32>,
    /// Whether its tokens are in the loss.
    pub trained: bool,
}

/// A prompt and all that followed it, in order.
///
/// A prompt with its completion is the simplest case; dialogues with tools have more turns.
///
/// ```
/// use r1_core::{Author, Completion, FinishReason, Trajectory};
///
/// let mut completion = Completion::from_text("ab", FinishReason::Stop);
/// (completion.ids, completion.logprobs) = (vec![7, 8], vec![-0.5, -0.25]);
/// let trajectory = Trajectory::new(&[5, 6], &completion);
/// assert_eq!(trajectory.turns.iter().map(|turn| turn.author).collect::<Vec<_>>(), [Author::Prompt, Author::Policy]);
/// assert_eq!(trajectory.trained_tokens(), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trajectory {
    /// The turns.
    pub turns: Vec<Turn>,
}

impl Trajectory {
    /// The trajectory of a completion after its prompt.
    pub fn new(prompt: &[u32], completion: &Completion) -> Self {
        let prompt =
            Turn { author: Author::Prompt, ids: prompt.to_vec(), logprobs: Vec::new(), trained: false };
        let spans = completion.spans();
        let mut start = 0;
        let after = spans.iter().map(|span| {
            let range = start..span.end;
            start = span.end;
            let sampled = span.author == Author::Policy;
            Turn {
                author: span.author,
                ids: completion.ids[range.clone()].to_vec(),
                logprobs: if sampled { completion.logprobs[range].to_vec() } else { Vec::new() },
                trained: span.trained,
            }
        });
        Self { turns: [prompt].into_iter().chain(after).collect() }
    }

    /// The number of tokens in the loss.
    pub fn trained_tokens(&self) -> usize {
        self.turns.iter().filter(|turn| turn.trained).map(|turn| turn.ids.len()).sum()
    }
}

/// A stretch of a [`Completion`]'s tokens that one author wrote; it begins where the one before it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TurnSpan {
    /// Who wrote it.
    pub author: Author,
    /// Index of the token behind its last.
    pub end: usize,
    /// Whether its tokens are in the loss.
    pub trained: bool,
}

impl Completion {
    /// The turns of its tokens: those it was given, else one turn of the policy.
    pub fn spans(&self) -> Vec<TurnSpan> {
        if self.turns.is_empty() {
            return vec![TurnSpan { author: Author::Policy, end: self.ids.len(), trained: true }];
        }
        self.turns.clone()
    }

    /// For each of its tokens, whether it is in the loss.
    pub fn in_loss(&self) -> Vec<bool> {
        let mut in_loss = Vec::with_capacity(self.ids.len());
        for span in self.spans() {
            in_loss.resize(span.end, span.trained);
        }
        in_loss
    }

    /// What makes its turns or its log-probabilities unfit for its tokens, if anything does. Numbers that are not finite
    /// are for the loss to find.
    ///
    /// # Errors
    /// A clause that says what is wrong.
    pub fn check(&self) -> Result<(), String> {
        let tokens = self.ids.len();
        if self.logprobs.len() != tokens {
            return Err(format!("has {tokens} tokens and {} log-probabilities", self.logprobs.len()));
        }
        let ends: Vec<usize> = self.turns.iter().map(|span| span.end).collect();
        if !ends.is_sorted() || ends.last().is_some_and(|end| *end != tokens) {
            return Err(format!("has {tokens} tokens and turns that end at {ends:?}"));
        }
        match self.turns.iter().find(|span| span.trained && span.author != Author::Policy) {
            Some(span) => Err(format!("would train on a turn of the {:?}", span.author).to_lowercase()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FinishReason;

    fn dialogue() -> Completion {
        let mut completion = Completion::from_text("call, output, answer", FinishReason::Stop);
        completion.ids = vec![1, 2, 3, 4, 5];
        completion.logprobs = vec![-0.1, -0.2, 0.0, -0.4, -0.5];
        let span = |author, end| TurnSpan { author, end, trained: author == Author::Policy };
        completion.turns =
            vec![span(Author::Policy, 2), span(Author::Environment, 3), span(Author::Policy, 5)];
        completion
    }

    #[test]
    fn a_dialogue_trains_on_the_policys_turns_alone() {
        let completion = dialogue();
        assert_eq!(completion.check(), Ok(()));
        assert_eq!(completion.in_loss(), [true, true, false, true, true]);
        let trajectory = Trajectory::new(&[9], &completion);
        let ids: Vec<&[u32]> = trajectory.turns.iter().map(|turn| turn.ids.as_slice()).collect();
        assert_eq!(ids, [&[9][..], &[1, 2], &[3], &[4, 5]]);
        assert_eq!(trajectory.turns[2].logprobs, [] as [f32; 0]);
        assert_eq!(trajectory.turns[3].logprobs, [-0.4, -0.5]);
        assert_eq!(trajectory.trained_tokens(), 4);
    }

    #[test]
    fn turns_that_do_not_fit_are_refused() {
        let mut short = dialogue();
        short.turns.pop();
        assert_eq!(short.check(), Err("has 5 tokens and turns that end at [2, 3]".into()));
        let mut trained = dialogue();
        trained.turns[1].trained = true;
        assert_eq!(trained.check(), Err("would train on a turn of the environment".into()));
        let mut unsure = dialogue();
        unsure.logprobs.pop();
        assert_eq!(unsure.check(), Err("has 5 tokens and 4 log-probabilities".into()));
    }
}
