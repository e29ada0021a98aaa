//! What a recipe does.

use std::path::Path;

use r1_core::{Problem, Reward, Trace, template::PromptTemplate};
use r1_data::recipe::DataReport;
use r1_eval::{EvalConfig, EvalReport, evaluate};
use r1_model::LanguageModel;
use r1_run::{Begun, Digest, Fingerprint, Interrupt, Lock};

use super::{Method, Recipe, RecipeError, Registry, RewardRecipe, periodic::Periodic};
use crate::pipeline::{Comparison, Stage, train_seconds};

/// What a run is told beside its recipe.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// Replaces what r1 wrote into the folder before.
    pub overwrite: bool,
    /// Asks for a stop after the update that is being made.
    pub interrupt: Interrupt,
}

/// What a run came to.
#[derive(Debug)]
pub enum Trained {
    /// It was finished before; nothing was done.
    Already,
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
    /// The loss on the last traces, of `sft`.
    pub loss: Option<f64>,
}

/// The file that says what a run was begun with.
const DESCRIPTION: &str = "run.json";

impl Recipe {
    /// Trains as the recipe says, and writes everything into its folder. The same recipe goes on where it stopped.
    ///
    /// # Errors
    /// Before anything is computed: whatever the recipe has wrong, [`RecipeError::Occupied`] and
    /// [`RunError::OtherRun`](r1_run::RunError::OtherRun) when the folder holds something else. Later, those of the
    /// stages. What was saved is still there.
    pub fn run(&self, registry: &Registry, options: &RunOptions) -> Result<Trained, RecipeError> {
        let dir = &self.output.dir;
        let job = self.job(registry)?;
        let lock = Lock::inside(dir)?;
        if options.overwrite {
            clear(dir, &self.output.model)?;
        } else if !dir.join(DESCRIPTION).exists() && dir.join("metrics.jsonl").exists() {
            let reason = format!(
                "`{}` holds a run that was begun otherwise; choose another folder, or --overwrite it",
                dir.display()
            );
            return Err(RecipeError::Occupied { reason });
        }
        let fingerprint = self.fingerprint()?;
        if fingerprint.begin(dir.join(DESCRIPTION))? == Begun::Finished && self.is_complete(&job)? {
            return Ok(Trained::Already);
        }
        let stage = Stage::new(dir)
            .with_save_every(self.output.save_every)
            .with_model_name(&self.output.model)
            .with_interrupt(options.interrupt.clone())
            .with_lock(lock);
        let finished = self.train(job, &stage)?;
        fingerprint.finish(dir.join(DESCRIPTION))?;
        Ok(Trained::Now(Box::new(finished)))
    }

    /// Everything that a run needs, made and checked before anything is computed.
    pub(super) fn job(&self, registry: &Registry) -> Result<Job, RecipeError> {
        let unused = |table: &'static str, present: bool| match present {
            true => Err(RecipeError::Setting { table, reason: "has no meaning for this method".into() }),
            false => Ok(()),
        };
        let kind = match self.method {
            Method::Grpo => {
                unused("sft", !self.sft.is_empty())?;
                let updates = self.updates.filter(|updates| *updates > 0).ok_or(RecipeError::Setting {
                    table: "recipe",
                    reason: "`updates` is missing; say how many optimizer updates to make".into(),
                })?;
                Kind::Grpo {
                    config: Box::new(self.grpo_config()?),
                    updates,
                    reward: Box::new(registry.rubric(&self.reward, &self.base)?),
                }
            }
            Method::Sft => {
                unused("grpo", !self.grpo.is_empty())?;
                unused("reward", !self.reward.is_empty())?;
                unused("updates", self.updates.is_some())?;
                Kind::Sft { config: Box::new(self.sft_config()?), template: self.sft_template()? }
            }
        };
        let evaluation = match &self.evaluation {
            None => None,
            Some(evaluation) => {
                let like = match &kind {
                    Kind::Grpo { config, .. } => EvalConfig::new()
                        .with_sampling(config.sampling.clone())
                        .with_template(config.template.clone()),
                    Kind::Sft { template, .. } => EvalConfig::new().with_template(template.clone()),
                };
                let grader = evaluation.grader.clone().unwrap_or_else(|| RewardRecipe::named("accuracy"));
                let (problems, data) = evaluation.data.evaluation(&self.base, self.seed)?;
                Some(Examination {
                    problems,
                    data,
                    grader: registry.make(&grader, &self.base)?,
                    config: self.eval_config(evaluation, like)?,
                    every: evaluation.every,
                    patience: evaluation.patience,
                })
            }
        };
        Ok(Job { kind, evaluation })
    }

    fn train(&self, job: Job, stage: &Stage) -> Result<Finished, RecipeError> {
        let mut model = LanguageModel::load(self.base.join(&self.model.path), &r1_model::device()?)?;
        let Job { kind, evaluation } = job;
        if let Some(evaluation) = &evaluation {
            evaluation.check(&model)?;
        }
        let before = match &evaluation {
            Some(evaluation) => {
                eprintln!("evaluating the model on {} held-out problems", evaluation.problems.len());
                Some(evaluation.evaluate(&mut model)?)
            }
            None => None,
        };
        let mut loss = None;
        let (mut model, updates) = match kind {
            Kind::Grpo { config, updates, reward } => {
                let (mut source, report) = self.data.training(&self.base, self.seed)?;
                tell(&report);
                let mut hooks = Vec::new();
                if let Some(evaluation) = evaluation.as_ref().filter(|evaluation| evaluation.every > 0) {
                    hooks.push(Periodic::open(evaluation, stage.dir())?.boxed());
                }
                let policy =
                    stage.reinforce_with(*config, updates, model, source.as_mut(), &reward, hooks)?;
                (policy, updates)
            }
            Kind::Sft { config, template } => {
                let (traces, report) = self.data.traces(&self.base, self.seed, &template)?;
                tell(&report);
                let traces: Vec<Trace> = traces;
                let tuned = stage.fine_tune(*config, model, traces, &[], self.seed)?;
                loss = Some(tuned.loss);
                (tuned.model, tuned.updates)
            }
        };
        let comparison = match evaluation.as_ref().zip(before) {
            None => None,
            Some((evaluation, before)) => {
                eprintln!("evaluating the trained model on the same problems");
                let comparison = Comparison {
                    title: self.title(),
                    after: evaluation.evaluate(&mut model)?,
                    before,
                    updates,
                    seed: self.seed,
                    train_seconds: train_seconds(stage.dir())?,
                };
                comparison.write(stage.dir())?;
                Some(comparison)
            }
        };
        Ok(Finished { updates, comparison, loss })
    }

    /// What the report is called.
    fn title(&self) -> String {
        match self.description.lines().next() {
            Some(line) if !line.is_empty() => line.trim_end_matches('.').to_owned(),
            _ => format!("{:?} of {}", self.method, self.model.path.display()),
        }
    }

    /// True when the folder holds as many updates as the recipe asks for now.
    fn is_complete(&self, job: &Job) -> Result<bool, RecipeError> {
        let Kind::Grpo { updates, .. } = &job.kind else { return Ok(true) };
        let made = r1_run::read_lines(&self.output.dir.join("metrics.jsonl"))?.len() as u64;
        Ok(made >= *updates)
    }

    /// What decides about the numbers of a run: not how often it is saved, nor up to which update.
    fn fingerprint(&self) -> Result<Fingerprint, RecipeError> {
        let path = self.base.join(&self.model.path);
        let mut fingerprint = Fingerprint::new("train").with_input("model", &path, Digest::of_model(&path)?);
        let evaluated = self.evaluation.iter().flat_map(|evaluation| evaluation.data.files(&self.base));
        for file in self.data.files(&self.base).into_iter().chain(evaluated) {
            if file.is_file() {
                let name = format!("data `{}`", file.display());
                fingerprint = fingerprint.with_input(&name, &file, Digest::of_file(&file)?);
            }
        }
        for argument in
            self.reward.0.iter().flat_map(|term| term.parameters.get("command")?.as_array()).flatten()
        {
            let file = self.base.join(argument.as_str().unwrap_or_default());
            if file.is_file() {
                let name = format!("reward `{}`", file.display());
                fingerprint = fingerprint.with_input(&name, &file, Digest::of_file(&file)?);
            }
        }
        let decisive = Self {
            description: String::new(),
            source: String::new(),
            updates: None,
            model: super::ModelRecipe { path: "".into() },
            output: super::OutputRecipe { dir: "".into(), model: String::new(), save_every: 0 },
            ..self.clone()
        };
        Ok(fingerprint.with_settings(&decisive))
    }

    fn sft_template(&self) -> Result<PromptTemplate, RecipeError> {
        match self.sft.get("template") {
            None => Ok(PromptTemplate::Chat { system: None }),
            Some(value) => value.clone().try_into().map_err(|error: toml::de::Error| RecipeError::Setting {
                table: "sft",
                reason: format!("`template`: {error}"),
            }),
        }
    }
}

/// A recipe made ready.
pub(super) struct Job {
    pub(super) kind: Kind,
    pub(super) evaluation: Option<Examination>,
}

/// The method with what it needs.
pub(super) enum Kind {
    Grpo { config: Box<r1_grpo::GrpoConfig>, updates: u64, reward: Box<r1_rewards::Rubric> },
    Sft { config: Box<r1_distill::SftConfig>, template: PromptTemplate },
}

/// Held-out problems with what grades them.
pub(super) struct Examination {
    pub(super) problems: Vec<Problem>,
    pub(super) data: DataReport,
    pub(super) grader: Box<dyn Reward>,
    pub(super) config: EvalConfig,
    pub(super) every: u64,
    pub(super) patience: Option<u64>,
}

impl Examination {
    pub(super) fn evaluate(&self, model: &mut LanguageModel) -> Result<EvalReport, RecipeError> {
        Ok(evaluate(model, &self.problems, &self.grader, &self.config)?)
    }

    /// Refuses problems whose prompts do not fit, before anything is computed.
    pub(super) fn check(&self, model: &LanguageModel) -> Result<(), RecipeError> {
        for problem in &self.problems {
            let refused = |reason: String| RecipeError::Prompt { problem: problem.id.clone(), reason };
            let (ids, _) = model
                .encode(&self.config.template.render(problem))
                .map_err(|error| refused(error.to_string()))?;
            let (tokens, context) = (ids.len(), model.config.context);
            if tokens == 0 || tokens >= context {
                return Err(refused(format!("it has {tokens} tokens, and the model's context {context}")));
            }
        }
        Ok(())
    }
}

/// One line about each source that was read, and about what was dropped.
fn tell(report: &DataReport) {
    for source in report.sources.iter().filter(|source| source.read.is_some()) {
        let (read, kept) = (source.read.unwrap_or_default(), source.kept.unwrap_or_default());
        let dropped = if kept < read { format!(", {} dropped", read - kept) } else { String::new() };
        eprintln!("{}: {read} rows as {}{dropped}", source.name, source.format);
    }
}

/// Deletes what a run wrote into its folder.
fn clear(dir: &Path, model: &str) -> Result<(), RecipeError> {
    if !dir.join(DESCRIPTION).exists() {
        let reason = format!(
            "`{}` holds no run of r1, so nothing in it is overwritten; choose another folder",
            dir.display()
        );
        let occupied = std::fs::read_dir(dir)
            .is_ok_and(|mut files| files.any(|file| file.is_ok_and(|file| file.file_name() != ".lock")));
        return if occupied { Err(RecipeError::Occupied { reason }) } else { Ok(()) };
    }
    r1_run::Checkpoints::new(dir.join("checkpoints")).clear()?;
    r1_run::Run::replace(dir)?;
    for file in [DESCRIPTION, super::periodic::FILE] {
        let path = dir.join(file);
        if path.exists() {
            std::fs::remove_file(&path).map_err(|source| r1_run::RunError::Write { path, source })?;
        }
    }
    // The model's folder is replaced by the stage, if r1 wrote it.
    r1_run::atomic::check_folder(&dir.join(model), true)?;
    Ok(())
}
