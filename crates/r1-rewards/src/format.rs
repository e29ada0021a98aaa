//! Rewards for the shape of a completion, whatever it says.

use r1_core::{Completion, FinishReason, Outcome, Problem, Reward, RewardError};

use crate::length::policy_ids;

/// 1 for a completion that keeps the format, 0 for one that does not.
///
/// Resists: blank thoughts and answers, tags out of order, twice or inside the thoughts, text around them. Does not resist:
/// thoughts that say nothing, and an answer in the thoughts; it looks at the shape alone.
///
/// # Examples
/// ```
/// use r1_core::{Completion, FinishReason, Problem, Reference};
/// use r1_rewards::{FormatReward, Outcome, Reward};
///
/// let problem = Problem::new("sum", "1 + 1?", Reference::number("2"));
/// let completion = Completion::from_text("<think>easy</think> <answer>3</answer>", FinishReason::Stop);
/// assert_eq!(FormatReward::r1_zero().score(&problem, &completion)?, Outcome::Score(1.0));
/// # Ok::<(), r1_rewards::RewardError>(())
/// ```
///
/// # Source
/// DeepSeek-R1 (arXiv:2501.12948v2), section 2.2. The paper asks for the tags and gives no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormatReward {
    rule: Rule,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    R1Zero,
    Think,
    SoftTags,
    ThinkIds { open: u32, close: u32 },
}

impl FormatReward {
    /// `<think> .. </think> <answer> .. </answer>`, each once, with nothing around them; see
    /// [`Response::strict`](r1_core::Response::strict).
    pub fn r1_zero() -> Self {
        Self { rule: Rule::R1Zero }
    }

    /// `<think> .. </think>` and then any text; see [`Response::soft`](r1_core::Response::soft). A
    /// completion that was cut off gets 0, since its text has no end.
    pub fn think() -> Self {
        Self { rule: Rule::Think }
    }

    /// A quarter for each of `<think>`, `</think>`, `<answer>` and `</answer>` that stands there
    /// exactly once and behind those before it: a slope for a policy that does not know the tags yet. A closing tag
    /// earns nothing behind nothing but white space.
    ///
    /// open-r1's `tag_count_reward` ([`compat::open_r1::tag_count`](crate::compat::open_r1::tag_count)) looks at no order and
    /// wants line breaks around the tags; the template of R1-Zero has none, so ours does not. A `<think>` at the end of the
    /// prompt counts as the policy's.
    pub fn soft_tags() -> Self {
        Self { rule: Rule::SoftTags }
    }

    /// [`think`](Self::think) for models whose tags are single tokens (128798 and 128799 in R1): both ids once, in order, with
    /// tokens between and behind them. Tags that are spelled out as text do not count. Abstains where only the text is known.
    pub fn think_ids(open: u32, close: u32) -> Self {
        Self { rule: Rule::ThinkIds { open, close } }
    }
}

impl Reward for FormatReward {
    fn name(&self) -> &str {
        match self.rule {
            Rule::R1Zero => "format",
            Rule::Think => "think_format",
            Rule::SoftTags => "tags",
            Rule::ThinkIds { .. } => "think_ids",
        }
    }

    fn score(&self, _: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        let response = || completion.response();
        Ok(match self.rule {
            // The last tag closes at the very end, so a limit reached there cut nothing off.
            Rule::R1Zero => Outcome::of(response().strict().is_ok()),
            Rule::Think => Outcome::of(completion.finish == FinishReason::Stop && response().soft().is_ok()),
            Rule::SoftTags => Outcome::Score(tags_in_order(completion) as f32 / 4.0),
            Rule::ThinkIds { open, close } => match policy_ids(completion) {
                Some(ids) => Outcome::of(is_thought(&ids, open, close, completion)),
                None => Outcome::Abstain,
            },
        })
    }
}

/// How many of the tags stand once, behind those that count before them; one that closes nothing but white space does not
/// count.
fn tags_in_order(completion: &Completion) -> usize {
    let text = completion.text.as_str();
    let (mut count, mut behind) = (0, 0);
    let mut opened = None;
    for (index, tag) in ["<think>", "</think>", "<answer>", "</answer>"].into_iter().enumerate() {
        let prefilled = index == 0 && completion.think_prefilled;
        let mut places = text.match_indices(tag).map(|(place, _)| place);
        let place = match (places.next(), places.next()) {
            (None, _) if prefilled => 0,
            (Some(place), None) if !prefilled => place,
            _ => {
                opened = None;
                continue;
            }
        };
        let blank = |opened: usize| text.get(opened..place).is_some_and(|inside| inside.trim().is_empty());
        let closes = index % 2 == 1;
        if place < behind || closes && opened.is_some_and(blank) {
            opened = None;
            continue;
        }
        behind = if prefilled { 0 } else { place + tag.len() };
        opened = (!closes).then_some(behind);
        count += 1;
    }
    count
}

/// Whether the thoughts stand between the two ids, each once, with something in and something behind them.
fn is_thought(ids: &[u32], open: u32, close: u32, completion: &Completion) -> bool {
    let place = |id: u32| {
        let mut places = ids.iter().enumerate().filter(|(_, other)| **other == id).map(|(place, _)| place);
        (places.next(), places.next())
    };
    let start = match place(open) {
        (None, _) if completion.think_prefilled => 0,
        (Some(0), None) if !completion.think_prefilled => 1,
        _ => return false,
    };
    let (Some(end), None) = place(close) else { return false };
    // The last id of a completion that ended by itself is the stop id.
    let stop = usize::from(completion.finish == FinishReason::Stop);
    end > start && ids.len() > end + 1 + stop && completion.finish == FinishReason::Stop
}

#[cfg(test)]
mod tests {
    use super::*;
    use r1_core::Reference;

    fn score(reward: FormatReward, completion: &Completion) -> f32 {
        let problem = Problem::new("p", "?", Reference::number("1"));
        reward.score(&problem, completion).unwrap().value().unwrap()
    }

    fn text(text: &str) -> Completion {
        Completion::from_text(text, FinishReason::Stop)
    }

    #[test]
    fn r1_zero_wants_both_pairs_of_tags_and_nothing_around_them() {
        let reward = FormatReward::r1_zero();
        assert_eq!(score(reward, &text("<think>a</think>\n<answer>b</answer>\n")), 1.0);
        for bad in ["<think>a</think>b", "<answer>b</answer>", "<think>a</think><answer>b</answer>c", ""] {
            assert_eq!(score(reward, &text(bad)), 0.0, "{bad}");
        }
    }

    #[test]
    fn a_completion_that_was_cut_off_keeps_the_format_only_if_it_is_complete() {
        let cut = |text: &str| Completion::from_text(text, FinishReason::Length);
        assert_eq!(score(FormatReward::r1_zero(), &cut("<think>a</think><answer>b</answer>")), 1.0);
        assert_eq!(score(FormatReward::r1_zero(), &cut("<think>a</think><answer>b")), 0.0);
        assert_eq!(score(FormatReward::think(), &cut("<think>a</think>b and")), 0.0);
        assert_eq!(score(FormatReward::think(), &text("<think>a</think>b and c")), 1.0);
    }

    #[test]
    fn thoughts_opened_by_the_prompt_count() {
        let completion = Completion { think_prefilled: true, ..text("a</think><answer>b</answer>") };
        assert_eq!(score(FormatReward::r1_zero(), &completion), 1.0);
        assert_eq!(score(FormatReward::think(), &completion), 1.0);
        assert_eq!(score(FormatReward::soft_tags(), &completion), 1.0);
    }

    #[test]
    fn soft_tags_give_a_quarter_for_each_tag_that_stands_once() {
        for (quarters, completion) in [
            (4.0, "<think>a</think><answer>b</answer>"),
            (3.0, "<think>a</think><answer>b"),
            (2.0, "<answer>b</answer>"),
            (3.0, "<think><think>a</think><answer>b</answer>"),
            (0.0, "b"),
            (1.0, "</answer>c<answer>b</think>a<think>"),
            (2.0, "<think> </think><answer>\n</answer>"),
        ] {
            assert_eq!(score(FormatReward::soft_tags(), &text(completion)), quarters / 4.0, "{completion}");
        }
    }

    #[test]
    fn tags_of_one_token_are_told_by_their_ids() {
        let (open, close, stop) = (98, 99, 0);
        let reward = FormatReward::think_ids(open, close);
        let ids = |ids: &[u32]| Completion { ids: ids.to_vec(), ..text("<think>spelled</think>out") };
        for (ids_of, expected) in [
            (&[open, 1, 2, close, 3, stop][..], 1.0),
            (&[open, close, 3, stop], 0.0),
            (&[open, 1, close, stop], 0.0),
            (&[1, open, 1, close, 3, stop], 0.0),
            (&[open, open, 1, close, 3, stop], 0.0),
            (&[open, 1, close, close, 3, stop], 0.0),
            (&[1, 2, 3, stop], 0.0),
        ] {
            assert_eq!(score(reward, &ids(ids_of)), expected, "{ids_of:?}");
        }
        let prefilled = |of: &[u32]| Completion { think_prefilled: true, ..ids(of) };
        assert_eq!(score(reward, &prefilled(&[1, close, 3, stop])), 1.0);
        assert_eq!(score(reward, &prefilled(&[open, 1, close, 3, stop])), 0.0);
        let cut = Completion { finish: FinishReason::Length, ..ids(&[open, 1, close, 3, 4]) };
        assert_eq!(score(reward, &cut), 0.0);
        let problem = Problem::new("p", "?", Reference::number("1"));
        assert_eq!(reward.score(&problem, &text("<think>a</think>b")).unwrap(), Outcome::Abstain);
    }
}
