//! A recipe made ready: everything read and checked that needs no model.

use r1_core::{Problem, ProblemSource, Trace, template::PromptTemplate};
use r1_data::recipe::DataReport;
use r1_distill::{RejectionConfig, SftConfig};
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
}

impl Recipe {
    /// Reads the data, starts the rewards and checks every setting.
    pub(super) fn job(&self, registry: &Registry) -> Result<Job, RecipeError> {
        let (kind, data, like) = match self.method {
            Method::Grpo => self.grpo_job(registry)?,
            Method::Sft => self.sft_job()?,
            Method::Reject => {
                for (table, is_there) in [
                    ("grpo", !self.grpo.is_empty()),
                    ("sft", !self.sft.is_empty()),
                    ("updates", self.updates.is_some()),
                    ("held_out", self.held_out.is_some()),
                    ("evaluation", self.evaluation.is_some()),
                ] {
                    unused(table, is_there)?;
                }
                let (kind, data) = self.reject_job(registry)?;
                return Ok(Job { kind, data, evaluation: None });
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

    fn grpo_job(&self, registry: &Registry) -> Result<(Kind, DataReport, EvalConfig), RecipeError> {
        unused("sft", !self.sft.is_empty())?;
        unused("reject", !self.reject.is_empty())?;
        unused("held_out", self.held_out.is_some())?;
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
        unused("grpo", !self.grpo.is_empty())?;
        unused("reject", !self.reject.is_empty())?;
        unused("reward", !self.reward.is_empty())?;
        unused("updates", self.updates.is_some())?;
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

fn unused(table: &'static str, is_there: bool) -> Result<(), RecipeError> {
    match is_there {
        true => Err(RecipeError::Setting { table, reason: "has no meaning for this method".into() }),
        false => Ok(()),
    }
}
