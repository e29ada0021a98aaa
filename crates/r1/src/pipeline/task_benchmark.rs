//! Procedural tasks to train on and to be judged by.

use std::{collections::HashSet, sync::Arc};

use r1_core::{Generate, Problem, Sampling, template::PromptTemplate};
use r1_eval::{EvalConfig, EvalReport, evaluate};
use r1_rewards::AccuracyReward;
use r1_tasks::{Task, TaskSource, by_name, held_out};

use super::PipelineError;

/// Procedural tasks of level 1: training problems without end, problems that are held out, and one evaluation for every
/// model that is to be compared.
///
/// # Examples
/// ```
/// use r1::{core::ScriptedGenerator, pipeline::TaskBenchmark};
///
/// let benchmark = TaskBenchmark::new(&["chained_arithmetic", "letter_counting"], 10)?;
/// assert_eq!((benchmark.held_out().len(), benchmark.training(100, 1)?.len()), (20, 100));
/// let mut guesser = ScriptedGenerator::new(|_, _| "<think>a guess</think><answer>7</answer>".into());
/// assert!(benchmark.evaluate(&mut guesser, 1)?.pass_at_1 < 0.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TaskBenchmark {
    tasks: Vec<Arc<dyn Task>>,
    held_out: Vec<Problem>,
    sampling: Sampling,
}

/// Held-out problems are the same for every run, so that runs can be compared.
const HELD_OUT_SEED: u64 = 1;

impl TaskBenchmark {
    /// The tasks with these names, and so many held-out problems of each. Completions have up to 128 tokens.
    ///
    /// # Errors
    /// [`PipelineError::UnknownTask`] with the name that no task has.
    pub fn new(names: &[&str], per_task: usize) -> Result<Self, PipelineError> {
        let task = |name: &&str| {
            by_name(name).ok_or_else(|| PipelineError::UnknownTask { name: (*name).to_owned() })
        };
        let tasks: Vec<Arc<dyn Task>> = names.iter().map(task).collect::<Result<_, _>>()?;
        let held_out =
            tasks.iter().flat_map(|task| held_out(task.as_ref(), 1, per_task, HELD_OUT_SEED)).collect();
        Ok(Self { tasks, held_out, sampling: Sampling::default().with_max_tokens(128) })
    }

    /// The tasks.
    pub fn tasks(&self) -> &[Arc<dyn Task>] {
        &self.tasks
    }

    /// How completions are sampled, in the evaluation and, if runs shall be comparable, in training.
    pub fn sampling(&self) -> &Sampling {
        &self.sampling
    }

    /// The problems of the evaluation, task after task.
    pub fn held_out(&self) -> &[Problem] {
        &self.held_out
    }

    /// Training problems without end, none of them held out.
    ///
    /// # Errors
    /// When there is no task.
    pub fn source(&self, seed: u64) -> Result<TaskSource, PipelineError> {
        Ok(TaskSource::new(self.tasks.iter().map(|task| (task.clone(), 1)), seed)?)
    }

    /// The first `count` different training problems of a seed; fewer when the tasks have not as many.
    ///
    /// # Errors
    /// When there is no task.
    pub fn training(&self, count: usize, seed: u64) -> Result<Vec<Problem>, PipelineError> {
        let source = self.source(seed)?;
        let mut seen = HashSet::new();
        let drawn = (0..count as u64 * 100).map(|position| source.problem(position));
        Ok(drawn.filter(|problem| seen.insert(problem.id.clone())).take(count).collect())
    }

    /// One completion of every held-out problem, in the model's chat template, graded by accuracy.
    ///
    /// # Errors
    /// Those of [`evaluate()`].
    pub fn evaluate(
        &self,
        model: &mut (impl Generate + ?Sized),
        seed: u64,
    ) -> Result<EvalReport, PipelineError> {
        let config = EvalConfig::new()
            .with_sampling(self.sampling.clone())
            .with_template(PromptTemplate::Chat { system: None })
            .with_seed(seed)
            .with_chunk(128);
        Ok(evaluate(model, &self.held_out, &AccuracyReward::new(), &config)?)
    }
}

impl std::fmt::Debug for TaskBenchmark {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tasks: Vec<&str> = self.tasks.iter().map(|task| task.name()).collect();
        formatter
            .debug_struct("TaskBenchmark")
            .field("tasks", &tasks)
            .field("held_out", &self.held_out.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use r1_tasks::is_held_out;

    use super::*;

    #[test]
    fn training_and_held_out_problems_are_different() {
        let benchmark = TaskBenchmark::new(&["letter_counting", "number_sorting"], 30).unwrap();
        let training = benchmark.training(500, 3).unwrap();
        let ids: HashSet<&str> = training.iter().map(|problem| problem.id.as_str()).collect();
        assert_eq!((training.len(), ids.len()), (500, 500));
        assert!(training.iter().all(|problem| !is_held_out(&problem.question)));
        assert!(benchmark.held_out().iter().all(|problem| is_held_out(&problem.question)));
        assert_eq!(benchmark.training(20, 3).unwrap(), training[..20]);
    }

    #[test]
    fn an_unknown_task_is_named() {
        let error = TaskBenchmark::new(&["letter_counting", "chess"], 1).unwrap_err().to_string();
        assert!(error.starts_with("there is no task `chess`; "), "{error}");
    }
}
