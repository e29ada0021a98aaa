//! What a pipeline does.

use r1_run::{Fingerprint, Lock, atomic};
use serde_json::{Value, json};

use super::{PipelineRecipe, StageScore, score::Scorer, table};
use crate::{
    pipeline::PipelineError,
    recipe::{
        RecipeError, Registry, RunOptions, Trained, folder,
        folder::{DESCRIPTION, RESULT},
    },
};

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
    /// Before anything is computed, those of [`stages`](Self::stages), of rewards and of data,
    /// [`RecipeError::Occupied`] and [`RunError::OtherRun`](r1_run::RunError::OtherRun) when the folder holds something
    /// else; then those of [`Recipe::run`](crate::recipe::Recipe::run) in the stage that
    /// [`RecipeError::InStage`] names. What was saved is still there.
    pub fn run(&self, registry: &Registry, options: &RunOptions) -> Result<PipelineResult, RecipeError> {
        let stages = self.checked(registry)?;
        let dir = &self.output.dir;
        // Whoever else wrote a table or a result here keeps it.
        let fingerprint = Fingerprint::new("pipeline");
        folder::check(dir, &[TABLE])?;
        fingerprint.compare(dir.join(DESCRIPTION))?;
        let _lock = Lock::inside(dir)?;
        fingerprint.begin(dir.join(DESCRIPTION))?;
        let columns =
            self.column.0.iter().map(|column| Ok((column.name.clone(), registry.make(column, &self.base)?)));
        let scorer = Scorer::new(columns.collect::<Result<_, RecipeError>>()?);
        let (mut results, mut scores) = (Vec::new(), Vec::new());
        for (index, stage) in stages.iter().enumerate() {
            let of_stage = |error: RecipeError| match error {
                // It says where to go on.
                error @ RecipeError::Stage(PipelineError::Interrupted { .. }) => error,
                error => RecipeError::InStage { name: stage.name.clone(), source: Box::new(error) },
            };
            if let Some(status) = options.interrupt.status() {
                let (done, dir) = (index as u64, dir.clone());
                return Err(PipelineError::Interrupted { what: "stage", done, dir, status }.into());
            }
            let recipe = &stage.recipe;
            let (number, total) = (index + 1, stages.len());
            eprintln!("\n[{number}/{total}] {}: {}", stage.name, recipe.title());
            let result = match recipe.run(registry, options).map_err(of_stage)? {
                Trained::Already(result) => {
                    eprintln!("it is finished already");
                    result
                }
                Trained::Now(finished) => finished.result,
            };
            scores.extend(scorer.of_stage(stage, &result).map_err(of_stage)?);
            results.push(json!({"stage": stage.name, "method": recipe.method, "result": result}));
        }
        table::without_repeats(&mut scores);
        let table = table::markdown(&scores);
        atomic::write_file(&dir.join(TABLE), table.as_bytes())?;
        let result = json!({"stages": results, "models": scores});
        atomic::write_file(&dir.join(RESULT), format!("{result:#}\n").as_bytes())?;
        Ok(PipelineResult { scores, table, result })
    }
}
