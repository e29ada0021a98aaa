//! The split into training and held-out problems.

use std::{collections::HashSet, fmt, sync::Arc};

use super::{Task, check_level};
use r1_core::{Key, Problem, ProblemSource, SourceError, key};

/// One question in this many is held out.
const BUCKETS: u64 = 10;

/// True for the questions that training never sees: one in ten, chosen by the question's text alone.
///
/// Since nothing else decides, no seed, level or version of a generator can carry a held-out question
/// over to training.
pub fn is_held_out(question: &str) -> bool {
    key::hash(question).is_multiple_of(BUCKETS)
}

/// `count` different held-out problems of one level, for evaluation.
///
/// There are fewer when the level has not as many: the search ends when ten thousand draws in a row
/// brought nothing new.
///
/// # Panics
/// When the task has no such level.
///
/// # Examples
/// ```
/// use r1_tasks::{ChainedArithmetic, held_out, is_held_out};
///
/// let problems = held_out(&ChainedArithmetic, 2, 100, 7);
/// assert_eq!(problems.len(), 100);
/// assert!(problems.iter().all(|problem| is_held_out(&problem.question)));
/// ```
pub fn held_out(task: &dyn Task, level: usize, count: usize, seed: u64) -> Vec<Problem> {
    check_level(task, level);
    let mut seen = HashSet::new();
    let mut problems = Vec::with_capacity(count);
    let mut fruitless = 0;
    let purpose = format!("held out {} {level}", task.name());
    let mut keys = (0..).map(|step| Key::new(seed).at_step(step).for_problem(&purpose));
    while problems.len() < count
        && fruitless < 10_000
        && let Some(key) = keys.next()
    {
        let problem = task.generate(&mut key.stream(), level);
        if is_held_out(&problem.question) && seen.insert(problem.question.clone()) {
            problems.push(problem);
            fruitless = 0;
        } else {
            fruitless += 1;
        }
    }
    problems
}

/// Endless training problems of several tasks and levels, none of them held out.
///
/// Problem `i` depends on the seed and on `i` alone, so going anywhere costs nothing. Each pair of
/// task and level is drawn equally often; list one twice to have it twice as often.
///
/// ```
/// use std::sync::Arc;
/// use r1_core::ProblemSource;
/// use r1_tasks::{ChainedArithmetic, NumberSorting, TaskSource};
///
/// let mut source = TaskSource::new([(Arc::new(ChainedArithmetic) as _, 1), (Arc::new(NumberSorting) as _, 2)], 7)?;
/// source.seek(1_000_000)?;
/// let problem = source.next()?;
/// assert_eq!(source.problem(1_000_000), problem);
/// # Ok::<(), r1_core::SourceError>(())
/// ```
#[derive(Clone)]
pub struct TaskSource {
    mixture: Vec<(Arc<dyn Task>, usize)>,
    seed: u64,
    position: u64,
}

impl TaskSource {
    /// Starts at problem 0.
    ///
    /// # Errors
    /// [`SourceError::Empty`] when the mixture is.
    ///
    /// # Panics
    /// When a task has no such level.
    pub fn new(
        mixture: impl IntoIterator<Item = (Arc<dyn Task>, usize)>,
        seed: u64,
    ) -> Result<Self, SourceError> {
        let mixture: Vec<_> = mixture.into_iter().collect();
        if mixture.is_empty() {
            return Err(SourceError::Empty);
        }
        for (task, level) in &mixture {
            check_level(task.as_ref(), *level);
        }
        Ok(Self { mixture, seed, position: 0 })
    }

    /// The problem at one position.
    pub fn problem(&self, position: u64) -> Problem {
        let key = Key::new(self.seed).at_step(position);
        let (task, level) = key.for_problem("mixture").stream().choose(&self.mixture);
        let mut sample = 0;
        loop {
            let problem = task.generate(&mut key.for_sample(sample).stream(), *level);
            if !is_held_out(&problem.question) {
                return problem;
            }
            sample += 1;
        }
    }
}

impl ProblemSource for TaskSource {
    fn next(&mut self) -> Result<Problem, SourceError> {
        let problem = self.problem(self.position);
        self.position += 1;
        Ok(problem)
    }

    fn position(&self) -> u64 {
        self.position
    }

    fn seek(&mut self, position: u64) -> Result<(), SourceError> {
        self.position = position;
        Ok(())
    }
}

impl fmt::Debug for TaskSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mixture: Vec<_> = self.mixture.iter().map(|(task, level)| (task.name(), level)).collect();
        formatter
            .debug_struct("TaskSource")
            .field("mixture", &mixture)
            .field("seed", &self.seed)
            .field("position", &self.position)
            .finish()
    }
}
