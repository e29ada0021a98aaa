//! Updates of a run, made again from its folder and compared with what it recorded.
//!
//! Every draw has a key, so the newest checkpoint before an update and the recipe give the same bits again, on the CPU
//! to the last one. What was recorded stands in `digests.jsonl`, `samples.jsonl`, `metrics.jsonl` and the checkpoints.

mod difference;
mod recorded;
mod digests;
mod rows;
mod again;

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use r1_core::Reward;
use r1_grpo::{GrpoConfig, GrpoTrainer, RolloutRow};
use r1_run::{Fingerprint, RunError};
use serde::Serialize;

use super::{Method, Recipe, RecipeError, Registry, folder::DESCRIPTION, job::Kind, stored};
pub use difference::{Difference, DifferenceKind};
use recorded::Recorded;

/// What came out when updates were made again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Replayed {
    /// The folder of the run.
    pub run: PathBuf,
    /// The update that was asked for.
    pub step: u64,
    /// Updates of the checkpoint that it was made from; 0 is the beginning of the run.
    pub from: u64,
    /// Whether everything that was compared is the same.
    pub equal: bool,
    /// The first thing that is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<Difference>,
    /// What is not as it was when the run began: files by their contents, settings, and the device.
    pub changed: Vec<String>,
    /// What the run did not record, so that nothing could be compared.
    pub not_compared: Vec<&'static str>,
}

/// Makes the updates behind the newest checkpoint before `step` again, up to it, and compares each with what the run in
/// `dir` recorded. Rewards of one's own are called again. Nothing in the folder is written.
///
/// # Errors
/// [`RecipeError::Replay`] when there is nothing to make again; otherwise as [`Recipe::run`], before it writes.
pub fn replay(dir: &Path, step: u64, registry: &Registry) -> Result<Replayed, RecipeError> {
    let recipe = recipe_of(dir)?;
    let recorded = Recorded::read(dir)?;
    let refused = |reason| Err(RecipeError::Replay { reason });
    let shown = dir.display();
    match recorded.updates() {
        0 => return refused(format!("`{shown}` has made no update yet")),
        made if step > made => {
            return refused(format!("`{shown}` has made {made} updates, and none is the {step}th"));
        }
        _ if step == 0 => return refused("updates are counted from 1".into()),
        _ => {}
    }
    let mut replayed = Replayed {
        run: dir.to_owned(),
        step,
        from: 0,
        equal: true,
        difference: None,
        changed: changed(&recipe, dir)?,
        not_compared: Vec::new(),
    };
    let start = checkpoints(dir)?.into_iter().filter(|(updates, _)| *updates < step).max();
    replayed.from = start.as_ref().map_or(0, |(updates, _)| *updates);
    replayed.not_compared = recorded.lacks(replayed.from + 1..=step);
    let mut resumed = Resumed::open(&recipe, registry, start.as_ref().map(|(_, dir)| dir.as_path()))?;
    let mut found = resumed.checkpoint(&recorded, replayed.from);
    while found.is_none() && resumed.trainer.updates() < step {
        found = resumed.step(&recorded, &mut replayed.changed)?;
    }
    let end = checkpoints(dir)?.into_iter().find(|(updates, _)| *updates == step);
    if let (None, Some((_, checkpoint))) = (&found, end) {
        found = Resumed::open(&recipe, registry, Some(&checkpoint))?.checkpoint(&recorded, step);
    }
    (replayed.equal, replayed.difference) = (found.is_none(), found);
    Ok(replayed)
}

/// The recipe of a run of GRPO.
fn recipe_of(dir: &Path) -> Result<Recipe, RecipeError> {
    let shown = dir.display();
    if !dir.join(stored::FILE).is_file() {
        let reason = format!(
            "`{shown}` holds no {}, so it is no run of `r1 train`, or one of an r1 that did not store it",
            stored::FILE
        );
        return Err(RecipeError::Replay { reason });
    }
    let recipe = Recipe::of_run(dir)?;
    if recipe.method != Method::Grpo {
        let reason = format!("`{shown}` is no run of `grpo`, whose updates alone can be made again");
        return Err(RecipeError::Replay { reason });
    }
    Ok(recipe)
}

/// In what model, data, rewards and settings differ from those that the run was begun with.
fn changed(recipe: &Recipe, dir: &Path) -> Result<Vec<String>, RecipeError> {
    let then = Fingerprint::read(dir.join(DESCRIPTION))?;
    Ok(match then {
        None => Vec::new(),
        Some(then) => then.differences(&recipe.fingerprint()?),
    })
}

/// The checkpoints by their updates. One whose writing was cut short is left out, for whoever goes on with the run
/// to recover.
fn checkpoints(dir: &Path) -> Result<Vec<(u64, PathBuf)>, RecipeError> {
    let dir = dir.join("checkpoints");
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(&dir).map_err(|source| RunError::Read { path: dir.clone(), source })?;
    let checkpoint = |name: String| {
        let updates = name.strip_prefix("step-")?.parse().ok()?;
        let is_whole = !dir.join(format!(".{name}.old")).exists();
        is_whole.then(|| (updates, dir.join(name)))
    };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    Ok(names.filter_map(checkpoint).collect())
}

/// A trainer with everything that it draws from.
struct Resumed {
    trainer: GrpoTrainer,
    source: Box<dyn r1_core::ProblemSource + Send>,
    reward: Box<r1_rewards::Rubric>,
    /// What it was loaded from.
    checkpoint: Option<PathBuf>,
}

impl Resumed {
    /// The trainer of a checkpoint, or one that has made no update.
    fn open(recipe: &Recipe, registry: &Registry, checkpoint: Option<&Path>) -> Result<Self, RecipeError> {
        // Held-out problems have no part in training.
        let recipe = Recipe { evaluation: None, ..recipe.clone() };
        let Kind::Grpo { config, mut source, reward, .. } = recipe.job(registry)?.kind else {
            let reason = "only updates of `grpo` can be made again".into();
            return Err(RecipeError::Replay { reason });
        };
        // A batch that goes wrong is not written into the folder of the run.
        let config = GrpoConfig { dump_dir: env::temp_dir(), ..*config };
        let policy = recipe.model.load(&recipe.base, recipe.seed)?;
        let trainer = match checkpoint {
            Some(dir) => GrpoTrainer::load_into(policy, dir, Some(config), source.as_mut())?,
            None => GrpoTrainer::new(config, policy)?,
        };
        let checkpoint = checkpoint.map(Path::to_owned);
        Ok(Self { trainer: trainer.with_digests(true), source, reward, checkpoint })
    }

    /// Compares the checkpoint with what its update recorded.
    fn checkpoint(&self, recorded: &Recorded, updates: u64) -> Option<Difference> {
        let (name, then) = (self.checkpoint.as_ref()?.file_name()?, recorded.digests(updates)?);
        let file = format!("checkpoints/{}", name.to_string_lossy());
        Difference::first(digests::of_states(updates, &file, &then.state, &self.trainer.state_digests()))
    }

    /// Makes one update and compares it.
    fn step(
        &mut self,
        recorded: &Recorded,
        changed: &mut Vec<String>,
    ) -> Result<Option<Difference>, RecipeError> {
        let report = self.trainer.step(self.source.as_mut(), self.reward.as_ref())?;
        let step = report.step;
        let mut found = Vec::new();
        if let Some((then, now)) = recorded.digests(step).zip(self.trainer.last_digests()) {
            found.extend(digests::of_updates(then, now));
            let device = format!("device: `{}`, and now `{}`", then.made_with, now.made_with);
            if then.made_with != now.made_with && !changed.contains(&device) {
                changed.push(device);
            }
        }
        if let Some(first) = self.trainer.last_groups().next() {
            found.extend(rows::of_samples(step, recorded.samples(step), &RolloutRow::of_group(step, first)));
        }
        found.extend(rows::of_metrics(step, recorded.metrics(step), &report));
        Ok(Difference::first(found).map(|difference| self.asked_again(difference)))
    }

    /// Tells of a reward that differs whether it says the same of the same completions now.
    fn asked_again(&self, difference: Difference) -> Difference {
        let mut groups = self.trainer.last_groups();
        let group = groups.find(|group| Some(&group.problem.id) == difference.problem.as_ref());
        match group.filter(|_| difference.kind == DifferenceKind::Reward) {
            None => difference,
            Some(group) => again::asked(self.reward.as_ref() as &dyn Reward, group, difference),
        }
    }
}
