//! Reinforcement learning as a stage.

use r1_core::{ProblemSource, Reward};
use r1_grpo::{GrpoConfig, GrpoTrainer, GrpoTraining};
use r1_model::{LanguageModel, checkpoint::WeightType};
use r1_train::Hook;

use super::{PipelineError, Stage, digests::DigestLines};

/// What reinforcement learning drives, with any source and any reward.
pub type Reinforcement<'a> = GrpoTraining<'a, dyn ProblemSource + 'a, dyn Reward + 'a>;

impl Stage {
    /// Trains a policy by GRPO for so many updates, with a progress bar on standard error, and returns it.
    ///
    /// `policy` and `source` must be made as they were when the stage was begun.
    ///
    /// # Errors
    /// Those of [`GrpoTrainer::step`] and [`GrpoTrainer::load`], and of the folder; [`PipelineError::Interrupted`] when
    /// the stage was asked to stop, and has saved.
    pub fn reinforce(
        &self,
        config: GrpoConfig,
        updates: u64,
        policy: LanguageModel,
        source: &mut dyn ProblemSource,
        reward: &dyn Reward,
    ) -> Result<LanguageModel, PipelineError> {
        self.reinforce_with(config, updates, policy, source, reward, Vec::new())
    }

    /// [`reinforce`](Self::reinforce) with hooks that are called after each update, before it is recorded.
    ///
    /// # Errors
    /// As [`reinforce`](Self::reinforce), and those of the hooks.
    pub fn reinforce_with<'a>(
        &'a self,
        config: GrpoConfig,
        updates: u64,
        policy: LanguageModel,
        source: &'a mut dyn ProblemSource,
        reward: &'a dyn Reward,
        mut hooks: Vec<Box<dyn Hook<Reinforcement<'a>> + 'a>>,
    ) -> Result<LanguageModel, PipelineError> {
        let (_lock, mut recorder) = self.open()?;
        let trainer = match recorder.latest() {
            Some(dir) => GrpoTrainer::load_into(policy, dir, Some(config), source)?,
            None => GrpoTrainer::new(config, policy)?,
        };
        let first = trainer.updates();
        if self.digests {
            hooks.push(Box::new(DigestLines::open(self.dir(), first)?));
        }
        let trainer = trainer.with_digests(self.digests);
        let mut training: Reinforcement<'a> = GrpoTraining { trainer, source, reward };
        self.train(&mut training, updates, hooks, &mut recorder)?;
        let trainer = training.trainer;
        if trainer.updates() > first || !self.model_dir().exists() {
            trainer.policy().save(self.model_dir(), WeightType::F32)?;
        }
        Ok(trainer.into_policy())
    }
}
