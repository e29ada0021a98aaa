//! Held-out problems, and how a model answers them.

use std::path::Path;

use r1_core::{Problem, Reward};
use r1_data::recipe::DataReport;
use r1_eval::{EvalConfig, EvalReport, Journal, evaluate, evaluate_into};
use r1_model::LanguageModel;
use r1_run::RunError;

use super::RecipeError;

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

    /// The same, with every graded completion in the folder of the run, so that no problem is asked twice when the run is killed
    /// and called again. `update` is how often the model was updated before.
    pub(super) fn evaluate_in(
        &self,
        dir: &Path,
        update: u64,
        model: &mut LanguageModel,
    ) -> Result<EvalReport, RecipeError> {
        let folder = dir.join(FOLDER);
        std::fs::create_dir_all(&folder)
            .map_err(|source| RunError::Write { path: folder.clone(), source })?;
        let mut journal = Journal::open(folder.join(format!("{update}.jsonl")))?;
        let Self { problems, grader, config, .. } = self;
        Ok(evaluate_into(&mut journal, model, problems, grader, config, |_| {})?)
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

/// The folder of the graded completions, a file `UPDATE.jsonl` for each evaluation.
pub(super) const FOLDER: &str = "held-out";
