//! What a pipeline does.

use r1_run::atomic;
use serde_json::{Value, json};

use super::{PipelineRecipe, StageScore, score::Scorer, table};
use crate::recipe::{Recipe, RecipeError, Registry, RunOptions, Trained, folder::RESULT};

/// The file with the table of all models.
const TABLE: &str = "stages.md";

/// What a pipeline came to.
#[derive(Debug, Clone)]
pub struct PipelineResult {
    /// The models in the order of the table: those that stages start from, and what each stage made of them.
    pub scores: Vec<StageScore>,
    /// The table as Markdown, which `stages.md` holds.
    pub table: String,
    /// The figures as `result.json` holds them: for every stage its result.
    pub result: Value,
}

impl PipelineRecipe {
    /// Runs the stages in order; those that are finished with the same inputs are not run again. The same call goes on where an
    /// earlier one stopped.
    ///
    /// # Errors
    /// Before anything is computed, those of [`stages`](Self::stages); then those of [`Recipe::run`] in the stage that
    /// [`RecipeError::InStage`] names. What was saved is still there.
    pub fn run(&self, registry: &Registry, options: &RunOptions) -> Result<PipelineResult, RecipeError> {
        let stages = self.stages()?;
        let columns =
            self.column.0.iter().map(|column| Ok((column.name.clone(), registry.make(column, &self.base)?)));
        let scorer = Scorer::new(columns.collect::<Result<_, RecipeError>>()?);
        let (mut results, mut scores) = (Vec::new(), Vec::new());
        for (index, stage) in stages.iter().enumerate() {
            let of_stage = |error: RecipeError| match error {
                // It says where to go on.
                error @ RecipeError::Stage(_) => error,
                error => RecipeError::InStage { name: stage.name.clone(), source: Box::new(error) },
            };
            let recipe: &Recipe = &stage.recipe;
            let (number, total) = (index + 1, stages.len());
            eprintln!("\n[{number}/{total}] {}: {}", stage.name, recipe.says());
            let result = match recipe.run(registry, options).map_err(of_stage)? {
                Trained::Already(result) => {
                    eprintln!("it is finished already");
                    result
                }
                Trained::Now(finished) => finished.result,
            };
            scores.extend(scorer.of_stage(stage, registry, &result).map_err(of_stage)?);
            results.push(json!({"stage": stage.name, "method": recipe.method, "result": result}));
        }
        table::without_repeats(&mut scores);
        let table = table::markdown(&scores);
        let dir = &self.output.dir;
        atomic::write_file(&dir.join(TABLE), table.as_bytes())?;
        let result = json!({"stages": results, "models": scores});
        atomic::write_file(&dir.join(RESULT), format!("{result:#}\n").as_bytes())?;
        Ok(PipelineResult { scores, table, result })
    }
}
