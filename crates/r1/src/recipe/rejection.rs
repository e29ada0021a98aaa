//! Rejection sampling as a recipe.

use std::collections::HashSet;

use r1_core::{Problem, ProblemSource};
use r1_data::recipe::DataReport;
use r1_distill::RejectionConfig;

use super::{Recipe, RecipeError, Registry, RewardRecipe, job::Kind, overlay::overlay};

/// Draws in a row that bring nothing new, after which a source has no more problems.
const MAX_FRUITLESS: usize = 10_000;

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
        let wrong = |reason: &str| RecipeError::Setting { table: "reject", reason: reason.into() };
        let count = match self.reject.get("problems") {
            Some(count) => count.as_integer().and_then(|count| usize::try_from(count).ok()),
            None => None,
        };
        let count = count.filter(|count| *count > 0);
        let count =
            count.ok_or_else(|| wrong("`problems` is missing; say how many problems to ask, 1 or more"))?;
        let config = Box::new(self.rejection_config()?);
        let grader = if self.reward.is_empty() {
            registry.rubric(&super::Rewards(vec![RewardRecipe::named("accuracy")]), &self.base)?
        } else {
            registry.rubric(&self.reward, &self.base)?
        };
        let (mut source, report) = self.data.training(&self.base, self.seed)?;
        let problems = different(source.as_mut(), count)?;
        Ok((Kind::Reject { config, problems, grader: Box::new(grader) }, report))
    }
}

/// The first problems of a source, each once; fewer when it has not as many.
fn different(source: &mut dyn ProblemSource, count: usize) -> Result<Vec<Problem>, RecipeError> {
    let (mut seen, mut problems, mut fruitless) = (HashSet::new(), Vec::new(), 0);
    while problems.len() < count && fruitless < MAX_FRUITLESS {
        let problem = source.next()?;
        if seen.insert(problem.id.clone()) {
            problems.push(problem);
            fruitless = 0;
        } else {
            fruitless += 1;
        }
    }
    Ok(problems)
}
