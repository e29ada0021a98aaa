//! Makes problems and traces of a recipe.

use std::{collections::HashMap, path::Path, sync::Arc};

use r1_core::{
    Cursor, Mixture, Problem, ProblemSource, SourceError, Trace, distinct, template::PromptTemplate,
};
use r1_tasks::{Task, TaskSource, held_out, worked_trace};

use super::{
    DataRecipe, DataReport, Order, SourceRecipe, SourceReport,
    filters::pass_rates,
    ids::{Named, join},
    order::Ordered,
    resolve,
    source::Checked,
};
use crate::DataError;

/// Number of problems made of a task when the recipe does not say.
pub(super) const PROBLEMS_OF_A_TASK: usize = 100;

impl DataRecipe {
    /// The endless problems of training.
    ///
    /// Tasks alone, all of one weight, are a [`TaskSource`] of their pairs of task and level; one file, or
    /// several in an order, is a [`Cursor`] or its like; anything else is a [`Mixture`]. All of them are seeded
    /// with the recipe's seed, else with `seed`, and relative files lie within `base`.
    ///
    /// # Errors
    /// [`DataError::Source`] with the number and the name of a source that cannot be read or whose settings do
    /// not fit together, and [`DataError::Setting`] or [`DataError::Empty`] for the recipe as a whole.
    pub fn training(
        &self,
        base: &Path,
        seed: u64,
    ) -> Result<(Box<dyn ProblemSource + Send>, DataReport), DataError> {
        let seed = self.seed.unwrap_or(seed);
        let mut report = DataReport::default();
        let (mut tasks, mut files) = (Vec::new(), Vec::new());
        for (number, source) in (1..).zip(&self.sources) {
            let name = source.name();
            let part = source.check().and_then(|checked| match checked {
                Checked::Task(..) if source.limit.is_some() => {
                    Err(setting("limit", "has no use for training: a task has no end"))
                }
                Checked::Task(task, level) => {
                    report.sources.push(report_of(source, "task", None));
                    Ok((Some((task, level)), Vec::new()))
                }
                Checked::File(file) => {
                    let (problems, format) = source.problems(&resolve(base, file))?;
                    report.sources.push(report_of(source, format, Some(problems.len())));
                    Ok((None, problems))
                }
            });
            let (task, problems) = part.map_err(|error| of_source(number, source, error))?;
            tasks.push(task);
            files.push((name, problems));
        }
        if tasks.is_empty() {
            return Err(setting("sources", "are empty; name at least one task or file"));
        }
        let is_tasks_only = tasks.iter().all(Option::is_some);
        if is_tasks_only && !self.filters.is_empty() {
            return Err(setting("filters", "are for files, and every source is a task"));
        }
        if self.order != Order::Shuffled && tasks.iter().any(Option::is_some) {
            return Err(setting("order", "is for files, and a source is a task"));
        }
        let weights: Vec<f64> = self.sources.iter().map(SourceRecipe::weight).collect();
        let is_even = weights.iter().all(|weight| *weight == weights[0]);
        if is_tasks_only && is_even {
            let pairs: Vec<(Arc<dyn Task>, usize)> = tasks.into_iter().flatten().collect();
            return Ok((Box::new(TaskSource::new(pairs, seed).map_err(of_core)?), report));
        }
        let mut joined = self
            .filtered(files, &mut report, |problems, report| self.filters.problems(base, problems, report))?;
        if self.order != Order::Shuffled {
            if !is_even {
                return Err(setting("weight", "has no use in an order; remove it, or the order"));
            }
            let rates = match (self.order, &self.filters.pass_rate) {
                (Order::PassRate, Some(window)) => pass_rates(&resolve(base, &window.report))?,
                (Order::PassRate, None) => {
                    return Err(setting(
                        "order",
                        "is by pass rates, but the filter `pass_rate` names no report",
                    ));
                }
                _ => HashMap::new(),
            };
            let mut problems: Vec<Problem> = joined.into_iter().flatten().collect();
            self.order.sort(&mut problems, &rates);
            return Ok((Box::new(Ordered::new(problems)), report));
        }
        if let [problems] = joined.as_mut_slice() {
            let cursor = Cursor::new(std::mem::take(problems), seed).map_err(of_core)?;
            return Ok((Box::new(cursor), report));
        }
        let mut mixture = Mixture::new(seed);
        for (((number, source), task), problems) in (1..).zip(&self.sources).zip(tasks).zip(joined) {
            let weight = source.weight();
            let with = match task {
                Some(pair) => TaskSource::new([pair], seed).and_then(|tasks| mixture.with(weight, tasks)),
                None => Cursor::new(problems, seed).and_then(|cursor| mixture.with(weight, cursor)),
            };
            mixture = with.map_err(|error| of_source(number, source, of_core(error)))?;
        }
        Ok((Box::new(mixture), report))
    }

    /// A finite set of problems for evaluation: of a task the held-out problems, of a file all that `split` and
    /// `limit` leave.
    ///
    /// # Errors
    /// As [`training`](Self::training).
    pub fn evaluation(&self, base: &Path, seed: u64) -> Result<(Vec<Problem>, DataReport), DataError> {
        let seed = self.seed.unwrap_or(seed);
        let mut report = DataReport::default();
        let read = |source: &SourceRecipe| match source.check()? {
            Checked::Task(task, level) => {
                let count = source.limit.unwrap_or(PROBLEMS_OF_A_TASK);
                Ok((held_out(task.as_ref(), level, count, seed), "task"))
            }
            Checked::File(file) => source.problems(&resolve(base, file)),
        };
        let parts = self.finite(read, &mut report)?;
        let joined = self
            .filtered(parts, &mut report, |problems, report| self.filters.problems(base, problems, report))?;
        Ok((joined.into_iter().flatten().collect(), report))
    }

    /// The traces of supervised fine-tuning: of a file its rows, of a task worked solutions of training
    /// problems, shown in `template`.
    ///
    /// # Errors
    /// As [`training`](Self::training).
    pub fn traces(
        &self,
        base: &Path,
        seed: u64,
        template: &PromptTemplate,
    ) -> Result<(Vec<Trace>, DataReport), DataError> {
        let seed = self.seed.unwrap_or(seed);
        let mut report = DataReport::default();
        let read = |source: &SourceRecipe| match source.check()? {
            Checked::Task(task, level) => {
                let count = source.limit.unwrap_or(PROBLEMS_OF_A_TASK);
                Ok((worked(&task, level, count, seed, template)?, "task"))
            }
            Checked::File(file) => source.traces_of(&resolve(base, file)),
        };
        let parts = self.finite(read, &mut report)?;
        let joined =
            self.filtered(parts, &mut report, |traces, report| self.filters.traces(base, traces, report))?;
        Ok((joined.into_iter().flatten().collect(), report))
    }

    /// Reads every source to its end.
    pub(super) fn finite<T>(
        &self,
        read: impl Fn(&SourceRecipe) -> Result<(Vec<T>, &'static str), DataError>,
        report: &mut DataReport,
    ) -> Result<Vec<(String, Vec<T>)>, DataError> {
        if self.sources.is_empty() {
            return Err(setting("sources", "are empty; name at least one task or file"));
        }
        if self.order != Order::Shuffled {
            return Err(setting("order", "is for training on problems alone"));
        }
        let mut parts = Vec::new();
        for (number, source) in (1..).zip(&self.sources) {
            let items = match source.weight {
                Some(_) => Err(setting("weight", "has no use here: every item is taken once")),
                None => read(source),
            };
            let (items, format) = items.map_err(|error| of_source(number, source, error))?;
            report.sources.push(report_of(source, format, Some(items.len())));
            parts.push((source.name(), items));
        }
        Ok(parts)
    }

    /// Filters the items of all sources together and gives them back by source.
    pub(super) fn filtered<T: Named>(
        &self,
        parts: Vec<(String, Vec<T>)>,
        report: &mut DataReport,
        filter: impl FnOnce(Vec<T>, &mut DataReport) -> Result<Vec<T>, DataError>,
    ) -> Result<Vec<Vec<T>>, DataError> {
        let mut by_source: Vec<Vec<T>> = parts.iter().map(|_| Vec::new()).collect();
        let mut sources: HashMap<String, usize> = HashMap::new();
        let mut items = Vec::new();
        for (source, mut item) in join(parts)? {
            sources.insert(item.id().clone(), source);
            items.push(item);
        }
        if !items.is_empty() && !self.filters.is_empty() {
            items = filter(items, report)?;
        }
        for mut item in items {
            by_source[sources[item.id()]].push(item);
        }
        for (source, items) in report.sources.iter_mut().zip(&by_source) {
            source.kept = source.read.map(|_| items.len());
        }
        Ok(by_source)
    }
}

/// Worked solutions of different training problems, fewer when the level has not as many.
fn worked(
    task: &Arc<dyn Task>,
    level: usize,
    count: usize,
    seed: u64,
    template: &PromptTemplate,
) -> Result<Vec<Trace>, DataError> {
    let mut source = TaskSource::new([(Arc::clone(task), level)], seed).map_err(of_core)?;
    let problems = distinct(&mut source, count).map_err(of_core)?;
    Ok(problems.into_iter().map(|problem| worked_trace(task.as_ref(), problem, template)).collect())
}

fn report_of(source: &SourceRecipe, format: &str, read: Option<usize>) -> SourceReport {
    SourceReport { name: source.name(), format: format.to_owned(), read, kept: read }
}

pub(super) fn setting(name: &'static str, reason: &str) -> DataError {
    DataError::Setting { name, reason: reason.to_owned() }
}

fn of_source(number: usize, source: &SourceRecipe, error: DataError) -> DataError {
    DataError::Source { number, name: source.name(), error: Box::new(error) }
}

pub(super) fn of_core(error: SourceError) -> DataError {
    match error {
        SourceError::Setting { name, reason } => DataError::Setting { name, reason },
        SourceError::Empty => DataError::Empty,
        error => setting("sources", &error.to_string()),
    }
}
