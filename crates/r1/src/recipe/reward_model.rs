//! Recipes of reward models.

use r1_data::{
    dataset::{PreferenceRow, RewardRow, preference::above_margin},
    recipe::DataReport,
};
use r1_model::ModelError;
use r1_reward_model::{RewardModel, RewardModelConfig, RewardModelError, RewardModelTrainer};
use r1_run::Begun;
use serde_json::json;

use super::{
    Finished, Recipe, RecipeError, RunOptions, Trained,
    folder::{self, DESCRIPTION},
    overlay::overlay,
    preset::preset,
};

/// What training needs beside its model.
pub(super) struct Job {
    config: RewardModelConfig,
    rows: Vec<RewardRow>,
    held_out: Vec<RewardRow>,
    data: DataReport,
}

impl Recipe {
    /// The settings of the trainer of `reward-model`; it is told the number of rows later.
    ///
    /// # Errors
    /// As [`grpo_config`](Self::grpo_config).
    pub fn reward_model_config(&self) -> Result<RewardModelConfig, RecipeError> {
        let wrong = |reason| RecipeError::Setting { table: "reward_model", reason };
        let mut table = self.reward_model.clone();
        // They are the recipe's, not the trainer's.
        table.remove("skip_long");
        table.remove("min_margin");
        let known = [
            ("helpful", (|| RewardModelConfig::helpful(0)) as fn() -> RewardModelConfig),
            ("safe", || RewardModelConfig::safe(0)),
        ];
        let base = preset(&mut table, &known, "helpful").map_err(wrong)?;
        let config: RewardModelConfig = overlay(&base, &table).map_err(wrong)?;
        config.validate().map_err(|error| wrong(error.to_string()))?;
        Ok(config)
    }

    /// [`run`](Self::run) for a reward model.
    pub(super) fn run_reward_model(&self, options: &RunOptions) -> Result<Trained, RecipeError> {
        let dir = &self.output.dir;
        let mut job = self.reward_model_job()?;
        let fingerprint = self.fingerprint()?;
        if !options.overwrite {
            folder::check(dir, self.method.files())?;
            if fingerprint.compare(dir.join(DESCRIPTION))? == Begun::Finished {
                return Ok(Trained::Already(self.result()?));
            }
        }
        let trainer = self.fit(&mut job)?;
        let stage = self.begin(&fingerprint, &job.data, options)?;
        let mut result =
            json!({"model": stage.model_dir(), "rows": job.rows.len(), "held_out": job.held_out.len()});
        let trained =
            stage.train_reward_model(job.config, trainer.into_model(), job.rows, &job.held_out, self.seed)?;
        result["updates"] = trained.updates.into();
        if let Some(evaluation) = &trained.evaluation {
            result["evaluation"] = json!(evaluation);
        }
        self.end(&fingerprint, Finished { updates: trained.updates, comparison: None, result })
    }

    /// [`dry_run`](Self::dry_run) for a reward model.
    pub(super) fn dry_run_reward_model(&self) -> Result<serde_json::Value, RecipeError> {
        let mut job = self.reward_model_job()?;
        let trainer = self.fit(&mut job)?;
        let mut tokens = 0;
        for row in &job.rows {
            tokens += trainer.check(row)?;
        }
        let config = RewardModelConfig { rows: job.rows.len() as u64, ..job.config };
        let model = trainer.model();
        let mut told = json!({
            "method": self.method,
            "model": {"path": self.base.join(&self.model.path), "context": model.config.context},
            "output": self.output.dir,
            "would": self.would(),
            "data": job.data,
            "rows": {"count": job.rows.len(), "tokens": tokens, "updates": config.updates(), "held_out": job.held_out.len()},
        });
        if let Some(first) = job.rows.first() {
            let (ids, think_prefilled) = model.encode(first.prompt())?;
            let text = model.tokenizer.decode(&ids, false).map_err(ModelError::from)?;
            told["prompt"] =
                json!({"text": text, "ids": ids, "tokens": ids.len(), "think_prefilled": think_prefilled});
        }
        Ok(told)
    }

    /// Reads the data and checks every setting.
    pub(super) fn reward_model_job(&self) -> Result<Job, RecipeError> {
        self.check_parts()?;
        let config = self.reward_model_config()?;
        let min_margin: Option<f64> = self.reward_model_field("min_margin")?;
        let (rows, data) = self.data.reward_rows(&self.base, self.seed)?;
        let rows = clear(rows, min_margin)?;
        let held_out = match &self.held_out {
            Some(data) => clear(data.held_out_reward_rows(&self.base, self.seed)?.0, min_margin)?,
            None => Vec::new(),
        };
        Ok(Job { config, rows, held_out, data })
    }

    /// The trainer that has made no update, and rows that it can learn.
    fn fit(&self, job: &mut Job) -> Result<RewardModelTrainer, RecipeError> {
        let skip_long: bool = self.reward_model_field("skip_long")?.unwrap_or_default();
        self.model.choose_precision();
        let model = RewardModel::open(self.base.join(&self.model.path), self.seed, &r1_model::device()?)?;
        let trainer = RewardModelTrainer::new(job.config.clone(), model)?;
        for rows in [&mut job.rows, &mut job.held_out] {
            let all = rows.len();
            let mut kept = Vec::with_capacity(all);
            for row in rows.drain(..) {
                match trainer.check(&row) {
                    Ok(_) => kept.push(row),
                    Err(RewardModelError::TooLong { .. }) if skip_long => {}
                    Err(error) => return Err(error.into()),
                }
            }
            if kept.len() < all {
                eprintln!("{} of {all} rows are too long and left out", all - kept.len());
            }
            if kept.is_empty() && all > 0 {
                return Err(RewardModelError::Empty.into());
            }
            *rows = kept;
        }
        Ok(trainer)
    }

    /// A field of `[reward_model]` that is not one of the trainer's.
    fn reward_model_field<T: serde::de::DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<Option<T>, RecipeError> {
        let value = self.reward_model.get(name).cloned();
        value.map(T::deserialize).transpose().map_err(|error| RecipeError::Setting {
            table: "reward_model",
            reason: format!("`{name}`: {}", error.to_string().trim_end()),
        })
    }
}

/// The pairs whose margin is above a limit, if there is one.
fn clear(rows: Vec<RewardRow>, min_margin: Option<f64>) -> Result<Vec<RewardRow>, RecipeError> {
    let Some(min_margin) = min_margin else { return Ok(rows) };
    let pairs = rows.into_iter().map(|row| match row {
        RewardRow::Pair(row) => Ok(row),
        row => Err(RecipeError::Setting {
            table: "reward_model",
            reason: format!("`min_margin` is for pairs, and row `{}` has labels", row.id()),
        }),
    });
    let pairs: Vec<PreferenceRow> = pairs.collect::<Result<_, _>>()?;
    let all = pairs.len();
    let kept = above_margin(pairs, min_margin)?;
    eprintln!("{} of {all} pairs have a margin above {min_margin}", kept.len());
    if kept.is_empty() {
        Err(RewardModelError::Empty.into())
    } else {
        Ok(kept.into_iter().map(RewardRow::Pair).collect())
    }
}
