//! Labels of steps as a recipe.

use r1_data::recipe::DataReport;
use r1_distill::StepLabelConfig;

use super::{Recipe, RecipeError, Registry, job::Kind, overlay::overlay};

impl Recipe {
    /// The settings of `label-steps`.
    ///
    /// # Errors
    /// As [`grpo_config`](Self::grpo_config).
    pub fn step_label_config(&self) -> Result<StepLabelConfig, RecipeError> {
        let wrong = |reason| RecipeError::Setting { table: "label_steps", reason };
        let mut table = self.label_steps.clone();
        // It is the recipe's, not the sampler's.
        table.remove("problems");
        if table.contains_key("seed") {
            return Err(wrong("`seed` is set by the recipe itself".into()));
        }
        let config: StepLabelConfig =
            overlay(&StepLabelConfig { seed: self.seed, ..StepLabelConfig::default() }, &table)
                .map_err(wrong)?;
        config.validate().map_err(|error| wrong(error.to_string()))?;
        Ok(config)
    }

    /// Reads the problems and makes the grader.
    pub(super) fn step_label_job(&self, registry: &Registry) -> Result<(Kind, DataReport), RecipeError> {
        let config = Box::new(self.step_label_config()?);
        let (problems, grader, report) = self.asked(&self.label_steps, "label_steps", registry)?;
        Ok((Kind::LabelSteps { config, problems, grader }, report))
    }
}
