//! Rejection sampling as a recipe.

use r1_core::{Problem, distinct};
use r1_data::recipe::DataReport;
use r1_distill::RejectionConfig;
use r1_rewards::Rubric;
use toml::{Table, Value};

use super::{Recipe, RecipeError, Registry, RewardRecipe, Rewards, job::Kind, overlay::overlay};

impl Recipe {
    /// The settings of `reject`.
    ///
    /// # Errors
    /// As [`grpo_config`](Self::grpo_config).
    pub fn rejection_config(&self) -> Result<RejectionConfig, RecipeError> {
        let wrong = |reason| RecipeError::Setting { table: "reject", reason };
        let mut table = self.reject.clone();
        // It is the recipe's, not the sampler's.
        table.remove("problems");
        if table.contains_key("seed") {
            return Err(wrong("`seed` is set by the recipe itself".into()));
        }
        let config: RejectionConfig =
            overlay(&RejectionConfig::new().with_seed(self.seed), &table).map_err(wrong)?;
        config.validate().map_err(|error| wrong(error.to_string()))?;
        Ok(config)
    }

    /// Reads the problems and makes the grader.
    pub(super) fn reject_job(&self, registry: &Registry) -> Result<(Kind, DataReport), RecipeError> {
        let config = Box::new(self.rejection_config()?);
        let (problems, grader, report) = self.asked(&self.reject, "reject", registry)?;
        Ok((Kind::Reject { config, problems, grader }, report))
    }

    /// As many different problems as the table of a method that samples says, and what grades the answers: the reward, else
    /// `accuracy`.
    pub(super) fn asked(
        &self,
        settings: &Table,
        table: &'static str,
        registry: &Registry,
    ) -> Result<(Vec<Problem>, Box<Rubric>, DataReport), RecipeError> {
        let count = settings.get("problems").and_then(Value::as_integer);
        let count = count.and_then(|count| usize::try_from(count).ok()).filter(|count| *count > 0);
        let count = count.ok_or_else(|| RecipeError::Setting {
            table,
            reason: "`problems` is to say how many problems are asked, 1 or more".into(),
        })?;
        let accuracy = Rewards(vec![RewardRecipe::named("accuracy")]);
        let terms = if self.reward.is_empty() { &accuracy } else { &self.reward };
        let grader = registry.rubric(terms, &self.base)?;
        let (mut source, report) = self.data.training(&self.base, self.seed)?;
        Ok((distinct(source.as_mut(), count)?, Box::new(grader), report))
    }
}
