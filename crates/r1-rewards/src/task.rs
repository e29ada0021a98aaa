//! Procedural tasks, graded by their own verifiers.

use std::{fmt, sync::Arc};

use r1_core::{Completion, Problem};
use r1_tasks::{self as task, Task};

use crate::{
    Mode,
    extract::{Found, find},
};
use r1_core::{Outcome, Reward, RewardError};
use r1_math::markup;

/// 1 for an answer that the task's own [`Task::verify`] accepts, 0 for a wrong or missing one.
///
/// The problem's metadata say which task it is; problems of no known task are abstained on. Tasks with
/// many right answers (a way through a maze, a list of moves) or with a demand on the form (lowest
/// terms) need this reward; all others may be graded by it or by
/// [`AccuracyReward`](crate::AccuracyReward), which reads more spellings of the same value.
///
/// # Examples
/// ```
/// use r1_core::{Completion, FinishReason, Key};
/// use r1_tasks::{Maze, Task};
/// use r1_rewards::{Outcome, Reward, TaskReward};
///
/// let problem = Maze.generate(&mut Key::new(1).stream(), 1);
/// let way = Maze.solve(&problem).answer;
/// let there = Completion::from_text(format!("<think>..</think><answer>{way}</answer>"), FinishReason::Stop);
/// assert_eq!(TaskReward::new().score(&problem, &there)?, Outcome::Score(1.0));
/// let lost = Completion::from_text("<think>..</think><answer>everywhere</answer>", FinishReason::Stop);
/// assert_eq!(TaskReward::new().score(&problem, &lost)?, Outcome::Score(0.0));
/// # Ok::<(), r1_rewards::RewardError>(())
/// ```
#[derive(Clone)]
pub struct TaskReward {
    mode: Mode,
    tasks: Vec<Arc<dyn Task>>,
}

impl TaskReward {
    /// Knows every task of r1-data and reads answers in [`Mode::Strict`].
    pub fn new() -> Self {
        Self { mode: Mode::default(), tasks: task::all() }
    }

    /// Reads answers in another mode.
    #[must_use]
    pub fn with_mode(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }

    /// Knows one more task, which goes before one of the same name.
    #[must_use]
    pub fn with_task(mut self, task: Arc<dyn Task>) -> Self {
        self.tasks.insert(0, task);
        self
    }

    /// The task that a problem's metadata name, if it is known.
    fn task(&self, problem: &Problem) -> Option<&dyn Task> {
        let name = problem.metadata.get("task")?.as_str()?;
        self.tasks.iter().find(|task| task.name() == name).map(AsRef::as_ref)
    }
}

impl Default for TaskReward {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for TaskReward {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.tasks.iter().map(|task| task.name()).collect();
        formatter.debug_struct("TaskReward").field("mode", &self.mode).field("tasks", &names).finish()
    }
}

impl Reward for TaskReward {
    fn name(&self) -> &str {
        "task"
    }

    /// # Errors
    /// [`RewardError::Ungradable`] when the task did not set the problem, see [`Task::sets`].
    fn score(&self, problem: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        let Some(task) = self.task(problem) else { return Ok(Outcome::Abstain) };
        if !task.sets(problem) {
            let reference = format!("{} of `{}`", problem.reference, problem.question);
            return Err(RewardError::Ungradable { problem: problem.id.clone(), reference });
        }
        Ok(Outcome::of(match find(&completion.response(), self.mode) {
            Found::Marked(answer) => task.verify(problem, markup::unwrap(&answer)),
            Found::Unmarked(text) => self.mode == Mode::Lenient && task.verify(problem, markup::unwrap(text)),
        }))
    }
}
