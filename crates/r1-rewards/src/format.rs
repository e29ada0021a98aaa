//! Rewards for the shape of a completion, whatever it says.

use r1_core::{Completion, FinishReason, Problem};

use r1_core::{Outcome, Reward, RewardError};

/// 1 for a completion that keeps the format, 0 for one that does not.
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
    /// exactly once, in any order: a slope for a policy that does not know the tags yet.
    ///
    /// open-r1's `tag_count_reward` also wants line breaks around the tags; the template of R1-Zero
    /// has none, so ours does not. A `<think>` at the end of the prompt counts as the policy's.
    pub fn soft_tags() -> Self {
        Self { rule: Rule::SoftTags }
    }
}

impl Reward for FormatReward {
    fn name(&self) -> &str {
        match self.rule {
            Rule::R1Zero => "format",
            Rule::Think => "think_format",
            Rule::SoftTags => "tags",
        }
    }

    fn score(&self, _: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        let response = || completion.response();
        Ok(match self.rule {
            // The last tag closes at the very end, so a limit reached there cut nothing off.
            Rule::R1Zero => Outcome::of(response().strict().is_ok()),
            Rule::Think => Outcome::of(completion.finish == FinishReason::Stop && response().soft().is_ok()),
            Rule::SoftTags => Outcome::Score(tags_present_once(completion) as f32 / 4.0),
        })
    }
}

fn tags_present_once(completion: &Completion) -> usize {
    let count = |tag: &str| completion.text.matches(tag).count();
    let opened = count("<think>") + usize::from(completion.think_prefilled);
    [opened, count("</think>"), count("<answer>"), count("</answer>")].into_iter().filter(|n| *n == 1).count()
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
        ] {
            assert_eq!(score(FormatReward::soft_tags(), &text(completion)), quarters / 4.0, "{completion}");
        }
    }
}
