//! From the tables of a pipeline to recipes.

use std::{collections::BTreeMap, path::PathBuf};

use r1_data::{did_you_mean, or_nearest};
use r1_eval::EvalConfig;
use serde::Deserialize;
use toml::{Table, Value};

use super::{NamedRecipe, PipelineRecipe, WaitsFor};
use crate::recipe::{Method, Recipe, RecipeError, overlay::overlay};

/// What earlier stages have made, by their names.
type Made = BTreeMap<String, (Method, PathBuf)>;

pub(super) fn stages(pipeline: &PipelineRecipe) -> Result<Vec<NamedRecipe>, RecipeError> {
    let dir = std::path::absolute(&pipeline.output.dir)
        .map_err(|source| RecipeError::Read { path: pipeline.output.dir.clone(), source })?;
    let evaluation = pipeline.evaluation.as_ref().map(same_for_all).transpose()?;
    let (mut made, mut stages) = (Made::new(), Vec::new());
    for (index, table) in pipeline.stage.iter().enumerate() {
        let name = name(table).map_err(|reason| wrong(&format!("number {}", index + 1), reason))?;
        let of_stage = |reason| wrong(&name, reason);
        if made.contains_key(&name) {
            return Err(of_stage("there are two of this name".into()));
        }
        let mut table = table.clone();
        table.remove("name");
        let (needs, waits_for) = take_stages(&mut table, &made).map_err(of_stage)?;
        if table.contains_key("output") {
            return Err(of_stage(
                "its output is the folder of its name; set `save_every` beside `name`".into(),
            ));
        }
        let mut output = Table::new();
        output.insert("dir".into(), Value::String(pipeline.output.dir.join(&name).display().to_string()));
        if let Some(every) = table.remove("save_every") {
            output.insert("save_every".into(), every);
        }
        table.insert("output".into(), Value::Table(output));
        let is_judged = matches!(table.get("method").and_then(Value::as_str), Some("grpo" | "sft"));
        if let (Some(evaluation), true) = (&evaluation, is_judged) {
            table.entry("evaluation").or_insert(Value::Table(evaluation.clone()));
        }
        let seed = i64::try_from(pipeline.seed)
            .map_err(|_| of_stage("the seed is beyond TOML's integers".into()))?;
        table.entry("seed").or_insert(Value::Integer(seed));
        let read = Recipe::deserialize(Value::Table(table));
        let recipe = read.map_err(|error| of_stage(did_you_mean(error.to_string().trim_end())))?;
        let recipe = Recipe { base: pipeline.base.clone(), ..recipe };
        recipe.check_settings().map_err(|error| of_stage(error.to_string()))?;
        made.insert(name.clone(), (recipe.method, dir.join(&name)));
        stages.push(NamedRecipe { name, recipe, needs, waits_for });
    }
    if stages.is_empty() {
        return Err(wrong("list", "it has no stage".into()));
    }
    Ok(stages)
}

/// The evaluation with everything that it would take from a stage's own training: models of different stages are compared, so
/// they answer alike.
fn same_for_all(evaluation: &Table) -> Result<Table, RecipeError> {
    let wrong = |reason| RecipeError::Setting { table: "evaluation", reason };
    let mut evaluation = evaluation.clone();
    let of_config = evaluation.iter().filter(|(name, _)| ["sampling", "template"].contains(&name.as_str()));
    let settings: Table = of_config.map(|(name, value)| (name.clone(), value.clone())).collect();
    let config: EvalConfig = overlay(&EvalConfig::new(), &settings).map_err(wrong)?;
    for (name, value) in
        [("sampling", Value::try_from(config.sampling)), ("template", Value::try_from(config.template))]
    {
        evaluation.insert(name.into(), value.map_err(|error| wrong(error.to_string()))?);
    }
    Ok(evaluation)
}

fn wrong(name: &str, reason: String) -> RecipeError {
    RecipeError::Stages { name: name.to_owned(), reason }
}

/// The stage's name, which must be fit to name a folder.
fn name(table: &Table) -> Result<String, String> {
    let name = table.get("name").ok_or("it has no `name`")?;
    let name = name.as_str().ok_or_else(|| format!("`name` is {name}; expected a text"))?;
    let is_plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter));
    if name.is_empty() || !is_plain {
        return Err(format!("`{name}` cannot name a folder; use letters, digits, `-` and `_`"));
    }
    Ok(name.to_owned())
}

/// Puts paths in the place of what is to come from earlier stages, and says which these are, and what waits for them.
fn take_stages(table: &mut Table, made: &Made) -> Result<(Vec<String>, WaitsFor), String> {
    let mut needs = Vec::new();
    let mut waits_for = WaitsFor::default();
    if let Some(Value::Table(model)) = table.get_mut("model") {
        needs.extend(take(model, &Product::MODEL, made)?);
    }
    if let (Some(teacher), Some(Value::Table(reject))) = (needs.first(), table.get_mut("reject")) {
        reject.entry("teacher").or_insert(Value::String(teacher.clone()));
    }
    for data in ["data", "held_out"] {
        let sources = table.get_mut(data).and_then(|data| data.get_mut("sources"));
        for source in
            sources.and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_table_mut)
        {
            let labels = source.get("stage").and_then(Value::as_str).and_then(|name| made.get(name));
            let is_steps = labels.is_some_and(|(method, _)| *method == Method::LabelSteps);
            let product = if is_steps { Product::STEPS } else { Product::TRACES };
            let stage = take(source, &product, made)?;
            waits_for.data |= stage.is_some();
            needs.extend(stage);
        }
    }
    let rewards = table.get_mut("reward").and_then(Value::as_array_mut);
    for (term, reward) in rewards.into_iter().flatten().enumerate() {
        let Value::Table(reward) = reward else { continue };
        let stage = take(reward, &Product::REWARD_MODEL, made)?;
        waits_for.rewards.extend(stage.is_some().then_some(term));
        needs.extend(stage);
    }
    Ok((needs, waits_for))
}

/// What a stage can take from an earlier one.
struct Product {
    what: &'static str,
    /// The field that it stands in.
    field: &'static str,
    /// Where it is in the folder of the stage that made it.
    file: &'static str,
    made_by: &'static [Method],
}

impl Product {
    const MODEL: Self =
        Self { what: "model", field: "path", file: "model", made_by: &[Method::Grpo, Method::Sft] };
    const TRACES: Self =
        Self { what: "traces", field: "file", file: "traces.jsonl", made_by: &[Method::Reject] };
    const STEPS: Self =
        Self { what: "steps", field: "file", file: "steps.jsonl", made_by: &[Method::LabelSteps] };
    const REWARD_MODEL: Self =
        Self { what: "reward model", field: "path", file: "model", made_by: &[Method::RewardModel] };
}

/// `stage = NAME` becomes `field = FOLDER/file`; the name.
fn take(table: &mut Table, product: &Product, made: &Made) -> Result<Option<String>, String> {
    let Product { what, field, file, made_by } = product;
    let Some(stage) = table.remove("stage") else { return Ok(None) };
    let name = stage.as_str().ok_or_else(|| format!("`stage` is {stage}; expected a name"))?;
    let Some((method, dir)) = made.get(name) else {
        let known: Vec<&str> = made.keys().map(String::as_str).collect();
        return Err(format!("there is no earlier stage `{name}`{}", or_nearest(name, &known)));
    };
    if !made_by.contains(method) {
        return Err(format!("the stage `{name}` makes no {what}"));
    }
    if table.contains_key(*field) {
        return Err(format!("`stage` and `{field}` cannot both be given"));
    }
    table.insert((*field).into(), Value::String(dir.join(file).display().to_string()));
    Ok(Some(name.to_owned()))
}
