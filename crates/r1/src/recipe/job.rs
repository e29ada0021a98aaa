//! A recipe made ready: everything read and checked that needs no model.

use r1_core::{Problem, ProblemSource, Trace, template::PromptTemplate};
use r1_data::recipe::DataReport;
use r1_distill::{RejectionConfig, SftConfig, StepLabelConfig};
use r1_eval::EvalConfig;
use r1_grpo::GrpoConfig;
use r1_rewards::Rubric;

use super::{Method, Recipe, RecipeError, Registry, RewardRecipe, examination::Examination};

/// What a run needs beside its model.
pub(super) struct Job {
    pub(super) kind: Kind,
    pub(super) data: DataReport,
    pub(super) evaluation: Option<Examination>,
}

/// The method with what it needs.
pub(super) enum Kind {
    Grpo {
        config: Box<GrpoConfig>,
        updates: u64,
        source: Box<dyn ProblemSource + Send>,
        reward: Box<Rubric>,
    },
    Sft {
        config: Box<SftConfig>,
        traces: Vec<Trace>,
        held_out: Vec<Trace>,
        /// Traces that are too long are left out.
        skip_long: bool,
    },
    Reject {
        config: Box<RejectionConfig>,
        problems: Vec<Problem>,
        grader: Box<Rubric>,
    },
    LabelSteps {
        config: Box<StepLabelConfig>,
        problems: Vec<Problem>,
        grader: Box<Rubric>,
    },
}

impl Recipe {
    /// Reads the data, starts the rewards and checks every setting.
    pub(super) fn job(&self, registry: &Registry) -> Result<Job, RecipeError> {
        self.check_parts()?;
        let (kind, data, like) = match self.method {
            Method::Grpo => self.grpo_job(registry)?,
            Method::Sft => self.sft_job()?,
            Method::Reject => {
                let (kind, data) = self.reject_job(registry)?;
                return Ok(Job { kind, data, evaluation: None });
            }
            Method::LabelSteps => {
                let (kind, data) = self.step_label_job(registry)?;
                return Ok(Job { kind, data, evaluation: None });
            }
            Method::RewardModel => {
                let reason = "a reward model has rows to judge, and neither problems nor rewards".into();
                return Err(RecipeError::Setting { table: "recipe", reason });
            }
        };
        let evaluation = match &self.evaluation {
            None => None,
            Some(evaluation) => {
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
        Ok(Job { kind, data, evaluation })
    }

    /// Reads what the recipe names beside its model, and checks every setting.
    pub(super) fn check_inputs(&self, registry: &Registry) -> Result<(), RecipeError> {
        match self.method {
            Method::RewardModel => self.reward_model_job().map(drop),
            _ => self.job(registry).map(drop),
        }
    }

    fn grpo_job(&self, registry: &Registry) -> Result<(Kind, DataReport, EvalConfig), RecipeError> {
        let updates = self.updates.filter(|updates| *updates > 0).ok_or(RecipeError::Setting {
            table: "recipe",
            reason: "`updates` is missing; say how many optimizer updates to make".into(),
        })?;
        let config = self.grpo_config()?;
        let reward = Box::new(registry.rubric(&self.reward, &self.base)?);
        let (source, report) = self.data.training(&self.base, self.seed)?;
        let like =
            EvalConfig::new().with_sampling(config.sampling.clone()).with_template(config.template.clone());
        Ok((Kind::Grpo { config: Box::new(config), updates, source, reward }, report, like))
    }

    fn sft_job(&self) -> Result<(Kind, DataReport, EvalConfig), RecipeError> {
        let config = Box::new(self.sft_config()?);
        let template = self.sft_field("template", PromptTemplate::Chat { system: None })?;
        let skip_long = self.sft_field("skip_long", false)?;
        let (traces, report) = self.data.traces(&self.base, self.seed, &template)?;
        let held_out = match &self.held_out {
            Some(data) => data.traces(&self.base, self.seed, &template)?.0,
            None => Vec::new(),
        };
        let like = EvalConfig::new().with_template(template);
        Ok((Kind::Sft { config, traces, held_out, skip_long }, report, like))
    }

    /// A field of `[sft]` that is not one of the trainer's.
    fn sft_field<T: serde::de::DeserializeOwned>(&self, name: &str, default: T) -> Result<T, RecipeError> {
        let Some(value) = self.sft.get(name) else { return Ok(default) };
        value.clone().try_into().map_err(|error: toml::de::Error| RecipeError::Setting {
            table: "sft",
            reason: format!("`{name}`: {error}"),
        })
    }
}
