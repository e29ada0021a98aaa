//! A reward of one's own, tried on a few completions before any model is loaded.
//!
//! ```text
//! cargo run --release --example custom_reward
//! ```
//!
//! Takes a second. The last line is the share of completions that it ranks as a person would.

use anyhow::Result;
use r1::core::{Completion, FinishReason, Problem, Reference};
use r1::rewards::{AccuracyReward, Outcome, Reward, RewardError, Rubric};

/// Prefers thoughts that check themselves: 1 if a check is spoken of, else 0.
struct SecondThoughts;

impl Reward for SecondThoughts {
    fn name(&self) -> &str {
        "second_thoughts"
    }

    fn score(&self, _: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        let thoughts = completion.response().reasoning.to_lowercase();
        Ok(Outcome::of(["check", "verify", "wait"].iter().any(|word| thoughts.contains(word))))
    }
}

fn main() -> Result<()> {
    let reward = Rubric::new().with(1.0, AccuracyReward::new()).with(0.5, SecondThoughts);
    let problem = Problem::new("sum", "What is 2 + 2?", Reference::number("4"));
    // From the best to the worst.
    let texts = [
        "<think>2 + 2 = 4; check: 4 - 2 = 2.</think><answer>4</answer>",
        "<think>It is 4.</think><answer>4</answer>",
        "<think>Maybe 5? Wait, no.</think><answer>5</answer>",
        "<think>It is 5.</think><answer>5</answer>",
    ];
    let completions = texts.map(|text| Completion::from_text(text, FinishReason::Stop));
    let mut scores = Vec::new();
    for (completion, score) in completions.iter().zip(reward.score_group(&problem, &completions)) {
        let score = score?.outcome.value().unwrap_or_default();
        println!("{score:.1}  {}", completion.text);
        scores.push(score);
    }
    let right = scores.windows(2).filter(|pair| pair[0] > pair[1]).count();
    println!("{:.2}", right as f64 / (scores.len() - 1) as f64);
    Ok(())
}
