//! Completions that are meant to hurt: none panics, and every verdict repeats.

#[path = "../../r1-math/tests/hostile/mod.rs"]
#[allow(dead_code)]
mod hostile;

use hostile::hostile;
use r1_core::{Completion, FinishReason};
use r1_rewards::{Mode, grade};

/// The ways in which an answer stands in a completion.
fn wrapped(text: &str) -> [String; 4] {
    [
        text.to_owned(),
        format!("\\boxed{{{text}}}"),
        format!("<think>t</think><answer>{text}</answer>"),
        format!("The final answer is ${text}$."),
    ]
}

#[test]
fn no_completion_panics_and_verdicts_repeat() {
    for (at, text) in hostile().iter().enumerate() {
        for wrapped in wrapped(text) {
            for mode in [Mode::Strict, Mode::Anchored, Mode::Lenient] {
                let completion = Completion::from_text(wrapped.as_str(), FinishReason::Stop);
                let verdict = grade("\\sqrt{2}x", &completion, mode);
                if at % 8 == 0 {
                    assert_eq!(verdict, grade("\\sqrt{2}x", &completion, mode));
                }
            }
        }
    }
}
