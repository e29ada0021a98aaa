//! The run of a recipe, for diagnoses.

use std::fs;

use r1_run::RunError;

use super::Recipe;
use crate::diagnose::RunRecord;

impl Recipe {
    /// What the run of this recipe wrote, with its settings and what its model says about templates, for
    /// [`diagnose`](crate::diagnose::diagnose()).
    ///
    /// # Errors
    /// When the metrics of its folder cannot be read.
    pub fn record(&self) -> Result<RunRecord, RunError> {
        let model = self.base.join(&self.model.path);
        let tokenizer = fs::read_to_string(model.join("tokenizer_config.json")).unwrap_or_default();
        let has_chat_template =
            model.join("chat_template.jinja").exists() || tokenizer.contains("\"chat_template\"");
        Ok(RunRecord {
            config: self.grpo_config().ok(),
            has_chat_template,
            ..RunRecord::read(&self.output.dir)?
        })
    }
}
