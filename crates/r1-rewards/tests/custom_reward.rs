//! A stranger's reward, written with public items only.

use r1_core::{Completion, FinishReason, Problem, Reference};
use r1_rewards::{AccuracyReward, FormatReward, Outcome, Reward, RewardError, Rubric, reward_fn, score_all};

struct Brevity {
    max_words: usize,
}

impl Reward for Brevity {
    fn name(&self) -> &str {
        "brevity"
    }

    fn score(&self, _: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        let words = completion.response().answer.split_whitespace().count();
        Ok(Outcome::Score((2.0 - words as f32 / self.max_words as f32).clamp(0.0, 1.0)))
    }
}

fn problem() -> Problem {
    Problem::new("capital", "What is the capital of France?", Reference::text("Paris"))
}

fn completion(text: &str) -> Completion {
    Completion::from_text(text, FinishReason::Stop)
}

#[test]
fn a_strangers_reward_scores_and_joins_a_rubric() {
    let rubric = Rubric::new()
        .with(1.0, AccuracyReward::new())
        .with(1.0, FormatReward::r1_zero())
        .with(0.5, Brevity { max_words: 2 })
        .with(0.25, reward_fn("polite", |_, completion| completion.text.contains("please") as u8 as f32));
    let group = [
        completion("<think>France.</think><answer>Paris</answer>"),
        completion("<think>Hm.</think><answer>It is Rome, please</answer>"),
    ];
    let problem = problem();
    let scores: Vec<_> =
        score_all(&rubric, &[(&problem, &group)]).remove(0).into_iter().map(Result::unwrap).collect();
    // 1 + 1 + 0.5 x 1; and 0 + 1 + 0.5 x (2 - 4/2) + 0.25.
    assert_eq!(scores[0].outcome, Outcome::Score(2.5));
    assert_eq!(scores[1].outcome, Outcome::Score(1.25));
    let names: Vec<&str> = scores[0].parts.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(names, ["accuracy", "format", "brevity", "polite"]);
}

#[test]
fn references_boxes_and_shared_pointers_to_a_reward_are_rewards() {
    fn value(reward: impl Reward) -> Option<f32> {
        reward.score(&problem(), &completion("one two three")).unwrap().value()
    }
    let brevity = Brevity { max_words: 2 };
    let boxed: Box<dyn Reward> = Box::new(Brevity { max_words: 2 });
    let values = [value(&brevity), value(boxed), value(std::sync::Arc::new(brevity))];
    assert_eq!(values, [Some(0.5); 3]);
}
