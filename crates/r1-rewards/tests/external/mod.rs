//! What the tests of external rewards share.
#![allow(dead_code)]

use std::{error::Error, process::Command};

use r1_core::{Completion, FinishReason, Problem, Reference};
use r1_rewards::{ExternalError, ExternalSettings, Reward, RewardError};

/// Whether there is a Python; says so when there is none.
pub(crate) fn no_python() -> bool {
    let missing = Command::new("python3").arg("--version").output().is_err();
    if missing {
        eprintln!("skipped: there is no python3");
    }
    missing
}

pub(crate) fn settings() -> ExternalSettings {
    ExternalSettings::default()
}

/// Settings with a limit that a test can wait for and a busy machine keeps.
pub(crate) fn hurried() -> ExternalSettings {
    ExternalSettings { timeout_seconds: 2.0, ..settings() }
}

pub(crate) fn problem(id: &str) -> Problem {
    Problem::new(id, "What is 2 + 2?", Reference::number("4"))
}

pub(crate) fn completion(answer: impl std::fmt::Display) -> Completion {
    Completion::from_text(format!("<think>Hm.</think><answer>{answer}</answer>"), FinishReason::Stop)
}

/// The value of one completion, or what stopped it.
pub(crate) fn value(reward: &dyn Reward, answer: &str) -> Result<Option<f32>, ExternalError> {
    reward.score(&problem("sum"), &completion(answer)).map(|outcome| outcome.value()).map_err(cause)
}

/// The message of the error of one completion.
pub(crate) fn complaint(reward: &dyn Reward) -> String {
    value(reward, "4").unwrap_err().to_string()
}

/// What an error of the world comes from.
pub(crate) fn cause(error: RewardError) -> ExternalError {
    assert!(matches!(error, RewardError::World { .. }), "{error}");
    error.source().and_then(|source| source.downcast_ref::<ExternalError>()).unwrap().clone()
}
