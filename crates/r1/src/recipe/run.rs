//! What a recipe does.

use r1_core::Trace;
use r1_data::recipe::DataReport;
use r1_distill::{DistillError, SftTrainer};
use r1_model::{LanguageModel, device::is_gpu};
use r1_run::{Begun, Fingerprint, Interrupt, Lock, RunError, atomic};
use serde_json::{Value, json};

use super::{
    Method, Recipe, RecipeError, Registry, folder,
    folder::{DESCRIPTION, RESULT},
    job::{Job, Kind},
    periodic::Periodic,
};
use crate::diagnose::diagnose;
use crate::pipeline::{Comparison, Stage, train_seconds};

/// What a run is told beside its recipe.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// Replaces what r1 wrote into the folder before.
    pub overwrite: bool,
    /// Asks for a stop after the update that is being made.
    pub interrupt: Interrupt,
    /// Shows the recipe on standard error when everything is checked and the run begins.
    pub show_recipe: bool,
}

/// What a run came to.
#[derive(Debug)]
pub enum Trained {
    /// It was finished before; nothing was done. This is its result.
    Already(Value),
    /// It is finished now.
    Now(Box<Finished>),
}

/// A run that is finished.
#[derive(Debug)]
pub struct Finished {
    /// Updates that were made, those of earlier calls included.
    pub updates: u64,
    /// The model before and after, when the recipe has an evaluation.
    pub comparison: Option<Comparison>,
    /// The figures as `result.json` holds them: `updates`, `model`, `before` and `after` of an evaluation, `loss` and
    /// the numbers of traces of `sft`, the `evaluation` and the numbers of rows of `reward-model`.
    pub result: Value,
}

impl Recipe {
    /// Trains as the recipe says, and writes everything into its folder. The same recipe goes on where it stopped.
    ///
    /// # Errors
    /// Before anything is computed or written: whatever the recipe has wrong, [`RecipeError::Occupied`] and
    /// [`RunError::OtherRun`] when the folder holds something else. Later, those of the
    /// stages. What was saved is still there.
    pub fn run(&self, registry: &Registry, options: &RunOptions) -> Result<Trained, RecipeError> {
        if self.method == Method::RewardModel {
            return self.run_reward_model(options);
        }
        let dir = &self.output.dir;
        let mut job = self.job(registry)?;
        let fingerprint = self.fingerprint()?;
        if !options.overwrite {
            folder::check(dir, self.method.files())?;
            let begun = fingerprint.compare(dir.join(DESCRIPTION))?;
            if begun == Begun::Finished && self.is_complete(&job)? {
                return Ok(Trained::Already(self.result()?));
            }
        }
        let model = self.model.load(&self.base, self.seed)?;
        let model = self.check(&mut job, model)?;
        let stage = self.begin(&fingerprint, &job.data, options)?;
        self.end(&fingerprint, self.train(job, model, &stage)?)
    }

    /// Takes the folder, and says in it and on standard error that the run begins.
    pub(super) fn begin(
        &self,
        fingerprint: &Fingerprint,
        data: &DataReport,
        options: &RunOptions,
    ) -> Result<Stage, RecipeError> {
        let dir = &self.output.dir;
        let lock = Lock::inside(dir)?;
        // Before hours are spent on a model that cannot be put there.
        atomic::check_folder(&dir.join(&self.output.model), true)?;
        if options.overwrite {
            folder::clear(dir, self.method.files())?;
        }
        fingerprint.begin(dir.join(DESCRIPTION))?;
        self.store()?;
        if options.show_recipe {
            eprintln!("{}", self.to_toml());
        }
        tell(data);
        let digests = match self.output.digests {
            Some(digests) => digests,
            None => !is_gpu(&r1_model::device()?),
        };
        Ok(Stage::new(dir)
            .with_save_every(self.output.save_every)
            .with_model_name(&self.output.model)
            .with_interrupt(options.interrupt.clone())
            .with_digests(digests)
            .with_lock(lock))
    }

    /// Says in the folder what the run came to.
    pub(super) fn end(&self, fingerprint: &Fingerprint, finished: Finished) -> Result<Trained, RecipeError> {
        let dir = &self.output.dir;
        let text = format!("{:#}\n", finished.result);
        atomic::write_file(&dir.join(RESULT), text.as_bytes())?;
        fingerprint.finish(dir.join(DESCRIPTION))?;
        Ok(Trained::Now(Box::new(finished)))
    }

    /// Checks what the model has to fit: prompts of the evaluation, and traces, of which those that are too long are left
    /// out when the recipe says so.
    pub(super) fn check(&self, job: &mut Job, model: LanguageModel) -> Result<LanguageModel, RecipeError> {
        if let Some(evaluation) = &job.evaluation {
            evaluation.check(&model)?;
        }
        let Kind::Sft { config, traces, held_out, skip_long } = &mut job.kind else { return Ok(model) };
        let checker = SftTrainer::new((**config).clone(), model)?;
        let read = [(&self.data, traces), (self.held_out.as_ref().unwrap_or(&self.data), held_out)];
        for (data, traces) in read {
            let place = match data.sources.as_slice() {
                [source] if data.filters == Default::default() => format!("`{}` row", source.name()),
                _ => "trace".to_owned(),
            };
            fitting(&checker, traces, &place, *skip_long)?;
        }
        Ok(checker.into_model())
    }

    fn train(&self, job: Job, mut model: LanguageModel, stage: &Stage) -> Result<Finished, RecipeError> {
        let Job { kind, evaluation, .. } = job;
        let before = match &evaluation {
            Some(evaluation) => {
                eprintln!("evaluating the model on {} held-out problems", evaluation.problems.len());
                Some(evaluation.evaluate_in(stage.dir(), 0, &mut model)?)
            }
            None => None,
        };
        let mut result = json!({"updates": 0, "model": stage.model_dir()});
        let (mut model, updates) = match kind {
            Kind::Grpo { config, updates, mut source, reward } => {
                let mut hooks = Vec::new();
                if let Some(evaluation) = evaluation.as_ref().filter(|evaluation| evaluation.every > 0) {
                    hooks.push(Periodic::open(evaluation, stage.dir())?.boxed());
                }
                let policy =
                    stage.reinforce_with(*config, updates, model, source.as_mut(), &reward, hooks)?;
                (policy, updates)
            }
            Kind::Sft { config, traces, held_out, .. } => {
                result["traces"] = traces.len().into();
                result["held_out"] = held_out.len().into();
                let tuned = stage.fine_tune(*config, model, traces, &held_out, self.seed)?;
                result["loss"] = tuned.loss.into();
                (tuned.model, tuned.updates)
            }
            Kind::Reject { config, problems, grader } => {
                let config =
                    r1_distill::RejectionConfig { teacher: self.teacher(&config.teacher), ..*config };
                let (traces, report) = stage.reject(&config, &mut model, &problems, &grader)?;
                eprintln!("{} traces kept of {} answers", traces.len(), report.samples);
                let result = json!({"traces": stage.dir().join("traces.jsonl"), "rejection": report});
                return Ok(Finished { updates: 0, comparison: None, result });
            }
            Kind::LabelSteps { config, problems, grader } => {
                let (path, report) = stage.label_steps(&config, &mut model, &problems, &grader)?;
                eprintln!("{} steps of {} solutions labelled", report.steps, report.rows);
                let result = json!({"steps": path, "labels": report});
                return Ok(Finished { updates: 0, comparison: None, result });
            }
        };
        result["updates"] = updates.into();
        let comparison = match evaluation.as_ref().zip(before) {
            None => None,
            Some((evaluation, before)) => {
                eprintln!("evaluating the trained model on the same problems");
                let comparison = Comparison {
                    title: self.title(),
                    after: evaluation.evaluate_in(stage.dir(), updates, &mut model)?,
                    before,
                    updates,
                    seed: self.seed,
                    train_seconds: train_seconds(stage.dir())?,
                    notes: diagnose(&self.record()?).iter().map(ToString::to_string).collect(),
                };
                comparison.write(stage.dir())?;
                for name in ["before", "after"] {
                    result[name] = comparison.summary()[name].clone();
                }
                Some(comparison)
            }
        };
        Ok(Finished { updates, comparison, result })
    }

    /// What the teacher is called in the traces: as the settings say, else as the model's folder.
    fn teacher(&self, name: &str) -> String {
        let folder = self.model.path.file_name().map(|folder| folder.to_string_lossy().into_owned());
        if name.is_empty() { folder.unwrap_or_default() } else { name.to_owned() }
    }

    /// True when the folder holds as many updates as the recipe asks for now.
    fn is_complete(&self, job: &Job) -> Result<bool, RecipeError> {
        let Kind::Grpo { updates, .. } = &job.kind else { return Ok(true) };
        let made = r1_run::read_lines(&self.output.dir.join("metrics.jsonl"))?.len() as u64;
        Ok(made >= *updates)
    }

    /// What the finished run came to.
    pub(super) fn result(&self) -> Result<Value, RecipeError> {
        let path = self.output.dir.join(RESULT);
        let text = std::fs::read(&path).map_err(|source| RunError::Read { path: path.clone(), source })?;
        let read = serde_json::from_slice(&text);
        Ok(read.map_err(|error| RunError::Description { path, reason: error.to_string() })?)
    }
}

/// Keeps the traces that can be learnt; one that cannot is named by its place before anything is trained.
fn fitting(
    checker: &SftTrainer,
    traces: &mut Vec<Trace>,
    place: &str,
    skip_long: bool,
) -> Result<(), RecipeError> {
    let all = traces.len();
    let mut kept = Vec::with_capacity(all);
    for (index, trace) in traces.drain(..).enumerate() {
        match checker.encode(&trace) {
            Ok(_) => kept.push(trace),
            Err(DistillError::TooLong { .. }) if skip_long => {}
            Err(source) => {
                return Err(RecipeError::Trace {
                    place: format!("{place} {}", index + 1),
                    source: Box::new(source),
                });
            }
        }
    }
    if kept.len() < all {
        eprintln!("{} of {all} traces are too long and left out", all - kept.len());
    }
    if kept.is_empty() && all > 0 {
        return Err(DistillError::Empty.into());
    }
    *traces = kept;
    Ok(())
}

/// One line about each source that was read, and about what was dropped.
fn tell(report: &DataReport) {
    for source in report.sources.iter().filter(|source| source.read.is_some()) {
        let (read, kept) = (source.read.unwrap_or_default(), source.kept.unwrap_or_default());
        let dropped = if kept < read { format!(", {} dropped", read - kept) } else { String::new() };
        eprintln!("{}: {read} rows as {}{dropped}", source.name, source.format);
    }
}
