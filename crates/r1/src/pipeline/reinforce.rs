//! Reinforcement learning as a stage.

use r1_core::ProblemSource;
use r1_grpo::{GrpoConfig, GrpoTrainer};
use r1_model::{LanguageModel, checkpoint::WeightType};
use r1_rewards::Reward;
use r1_run::{CheckpointNote, Progress, Status};
use serde_json::json;

use super::{PipelineError, Stage, stage::Found};

impl Stage {
    /// Trains a policy by GRPO for so many updates, with a progress bar on standard error, and returns it.
    ///
    /// `policy` and `source` must be made as they were when the stage was begun.
    ///
    /// # Errors
    /// Those of [`GrpoTrainer::step`] and [`GrpoTrainer::load`], and of the folder.
    pub fn reinforce(
        &self,
        config: GrpoConfig,
        updates: u64,
        policy: LanguageModel,
        source: &mut (impl ProblemSource + ?Sized),
        reward: &(impl Reward + ?Sized),
    ) -> Result<LanguageModel, PipelineError> {
        let Found { checkpoints, latest, mut run } = self.find()?;
        let mut trainer = match latest {
            Some(dir) => GrpoTrainer::load(dir, Some(config), &policy.device.clone(), source)?,
            None => GrpoTrainer::new(config, policy)?,
        };
        let first = trainer.updates();
        let mut progress = Progress::new(updates).starting_at(first);
        while trainer.updates() < updates {
            let report = trainer.step(source, reward)?;
            run.log(&report)?;
            run.time(&json!({"step": report.step, "timings": trainer.timings()}))?;
            let status = Status {
                reward: report.reward,
                pass_at_1: report.pass_at_1,
                completion_tokens: Some(report.mean_length),
                tokens_per_second: trainer.timings().sampled_tokens_per_second(),
            };
            progress.update(report.step, &status);
            if self.saves_at(report.step, updates) {
                let note = CheckpointNote { positions: Some(run.positions()?), metric: report.reward };
                checkpoints.save(report.step, |dir| trainer.save_with(dir, source, note))?;
            }
        }
        progress.finish();
        if trainer.updates() > first {
            trainer.policy().save(self.dir.join("model"), WeightType::F32)?;
        }
        Ok(trainer.into_policy())
    }
}
