//! The settings of a recipe: a preset and what differs from it.

use r1_data::or_nearest;
use r1_distill::SftConfig;
use r1_eval::EvalConfig;
use r1_grpo::{GrpoConfig, Objective};
use toml::{Table, Value};

use super::{EvaluationRecipe, Recipe, RecipeError, overlay::overlay};

/// A preset by its name.
pub(super) type Preset<C> = (&'static str, fn() -> C);

/// Names and settings of the presets of `grpo`.
const GRPO: [Preset<GrpoConfig>; 6] = [
    ("r1_zero", GrpoConfig::r1_zero),
    ("r1", GrpoConfig::r1),
    ("dapo", GrpoConfig::dapo),
    ("dr_grpo", GrpoConfig::dr_grpo),
    ("gspo", GrpoConfig::gspo),
    ("cispo", GrpoConfig::cispo),
];

impl Recipe {
    /// The settings of the trainer of `grpo`.
    ///
    /// # Errors
    /// [`RecipeError::Setting`] with the first that is unknown or out of range.
    pub fn grpo_config(&self) -> Result<GrpoConfig, RecipeError> {
        let wrong = |reason| RecipeError::Setting { table: "grpo", reason };
        let mut table = self.grpo.clone();
        let base = preset(&mut table, &GRPO, "r1_zero").map_err(wrong)?;
        let objective = objective(&mut table, &base, base.sampling.max_tokens).map_err(wrong)?;
        for field in ["seed", "dump_dir"] {
            if table.contains_key(field) {
                return Err(wrong(format!("`{field}` is set by the recipe itself")));
            }
        }
        let config: GrpoConfig = overlay(&base.with_objective(objective), &table).map_err(wrong)?;
        let config = config.with_seed(self.seed).with_dump_dir(&self.output.dir);
        config.validate().map_err(|error| wrong(error.to_string()))?;
        Ok(config)
    }

    /// The settings of the trainer of `sft`; it is told the number of traces later.
    ///
    /// # Errors
    /// As [`grpo_config`](Self::grpo_config).
    pub fn sft_config(&self) -> Result<SftConfig, RecipeError> {
        let wrong = |reason| RecipeError::Setting { table: "sft", reason };
        let mut table = self.sft.clone();
        // They are the recipe's, not the trainer's.
        table.remove("template");
        table.remove("skip_long");
        let base = preset(&mut table, &[("r1", || SftConfig::r1(0))], "r1").map_err(wrong)?;
        let config: SftConfig = overlay(&base, &table).map_err(wrong)?;
        config.validate().map_err(|error| wrong(error.to_string()))?;
        Ok(config)
    }

    /// The settings of an evaluation: sampled and asked as in training, unless it says otherwise.
    pub(super) fn eval_config(
        &self,
        evaluation: &EvaluationRecipe,
        like: EvalConfig,
    ) -> Result<EvalConfig, RecipeError> {
        let wrong = |reason| RecipeError::Setting { table: "evaluation", reason };
        let config: EvalConfig = overlay(&like.with_seed(self.seed), &evaluation.settings).map_err(wrong)?;
        config.validate().map_err(|error| wrong(error.to_string()))?;
        Ok(config)
    }
}

/// Takes the preset's name out of the table and makes it.
pub(super) fn preset<C>(table: &mut Table, known: &[Preset<C>], default: &str) -> Result<C, String> {
    let name = match table.remove("preset") {
        None => default.to_owned(),
        Some(Value::String(name)) => name,
        Some(other) => return Err(format!("`preset` is {other}; expected a name")),
    };
    let found = known.iter().find(|(known, _)| *known == name);
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    found.map(|(_, make)| make()).ok_or_else(|| unknown("preset", &name, &names))
}

fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    format!("`{name}` is no {what}{}", or_nearest(name, known))
}

/// The objective that the table names, as a text or as the `preset` of its own table; else the base's.
fn objective(table: &mut Table, base: &GrpoConfig, max_tokens: usize) -> Result<Objective, String> {
    let name = match table.get_mut("objective") {
        Some(Value::String(name)) => {
            let name = name.clone();
            table.remove("objective");
            name
        }
        Some(Value::Table(fields)) => match fields.remove("preset") {
            Some(Value::String(name)) => name,
            Some(other) => return Err(format!("`objective.preset` is {other}; expected a name")),
            None => return Ok(base.objective.clone()),
        },
        _ => return Ok(base.objective.clone()),
    };
    let max_tokens = table
        .get("sampling")
        .and_then(|sampling| sampling.get("max_tokens"))
        .and_then(Value::as_integer)
        .and_then(|tokens| usize::try_from(tokens).ok())
        .unwrap_or(max_tokens);
    Ok(match name.as_str() {
        "r1" | "r1_zero" => Objective::r1(),
        "dapo" => Objective::dapo(),
        "dr_grpo" => Objective::dr_grpo(max_tokens),
        "gspo" => Objective::gspo(),
        "cispo" => Objective::cispo(),
        other => {
            return Err(unknown("objective", other, &["r1", "dapo", "dr_grpo", "gspo", "cispo"]));
        }
    })
}
