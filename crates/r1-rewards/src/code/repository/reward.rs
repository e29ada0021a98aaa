//! The reward for patches.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use r1_core::{Completion, Outcome, Problem, Reference, Reward, RewardError, RewardKind};
use serde_json::Value;

use super::{RepositoryTask, TestStatus, patch};
use crate::code::{CodeError, Judge, Scheme, Verdict};

/// Rewards patches that make a repository's tests pass.
///
/// A problem's reference is [`Reference::Tests`] with `{"repository": TASK}`, see [`RepositoryTask::load`]; others
/// abstain. The patch is the last block of the answer that is marked `diff` or `patch`, or the rest of the answer from
/// the first header of a patch on. An answer without one, and a patch that does not apply, are worth 0.
///
/// # Examples
/// ```no_run
/// use r1_rewards::{Reward, code::{Judge, RepositoryReward}};
///
/// let reward = RepositoryReward::new(Judge::new()?, "tasks");
/// assert_eq!(reward.name(), "repository");
/// # Ok::<(), r1_rewards::code::CodeError>(())
/// ```
#[derive(Debug)]
pub struct RepositoryReward {
    judge: Judge,
    root: PathBuf,
    scheme: Scheme,
    /// Tasks by what the problems say of them, read once.
    tasks: Mutex<HashMap<String, Arc<RepositoryTask>>>,
}

impl RepositoryReward {
    /// A reward for tasks whose folders lie below `root`.
    pub fn new(judge: Judge, root: impl Into<PathBuf>) -> Self {
        Self { judge, root: root.into(), scheme: Scheme::default(), tasks: Mutex::default() }
    }

    /// The same with this scheme, whose shares are those of the tests that must pass.
    #[must_use]
    pub fn with_scheme(mut self, scheme: Scheme) -> Self {
        self.scheme = scheme;
        self
    }

    fn task(&self, spec: &Value) -> Result<Arc<RepositoryTask>, CodeError> {
        let key = spec.to_string();
        let tasks = || self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = tasks().get(&key) {
            return Ok(Arc::clone(task));
        }
        let task = Arc::new(RepositoryTask::load(spec, &self.root)?);
        tasks().insert(key, Arc::clone(&task));
        Ok(task)
    }

    fn value(&self, spec: &Value, completion: &Completion) -> Result<f32, CodeError> {
        let task = self.task(spec)?;
        let Some(patch) = patch::extract(completion.response().answer) else { return Ok(0.0) };
        let judgement = self.judge.judge_patch(&task, patch)?;
        let right = judgement.tests.values().filter(|status| **status == TestStatus::Passed).count();
        Ok(self.scheme.value(judgement.verdict == Verdict::Accepted, right, judgement.tests.len()))
    }
}

impl Reward for RepositoryReward {
    fn name(&self) -> &str {
        "repository"
    }

    fn score(&self, problem: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        let Reference::Tests { tests } = &problem.reference else { return Ok(Outcome::Abstain) };
        let Some(spec) = tests.get("repository") else { return Ok(Outcome::Abstain) };
        let value = self.value(spec, completion);
        value.map(Outcome::Score).map_err(|error| error.into_reward_error(self.name(), &problem.id))
    }

    fn kind(&self) -> RewardKind {
        RewardKind::Blocking
    }
}
