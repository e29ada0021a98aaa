//! A reward model as a stage.

use r1_core::Cursor;
use r1_data::dataset::RewardRow;
use r1_model::{LanguageModel, checkpoint::WeightType};
use r1_reward_model::{
    RewardModel, RewardModelConfig, RewardModelError, RewardModelEvaluation, RewardModelTrainer,
    RewardModelTraining,
};

use super::{PipelineError, Stage};

/// What training a reward model came to.
#[derive(Debug)]
pub struct TrainedRewardModel {
    /// The reward model.
    pub model: LanguageModel<RewardModel>,
    /// Updates made, those of earlier calls included.
    pub updates: u64,
    /// How it judges the rows that were held out; none when there are none.
    pub evaluation: Option<RewardModelEvaluation>,
}

impl Stage {
    /// Teaches a reward model all rows for [`RewardModelConfig::epochs`] epochs, in an order that `seed` names, with a
    /// progress bar on standard error. `held_out` are rows that are not learnt, which the model is judged by at the end.
    ///
    /// # Errors
    /// [`RewardModelError::Empty`] without a row, those of [`RewardModelTrainer::step`] and [`RewardModelTrainer::load`],
    /// and of the folder; [`PipelineError::Interrupted`] when the stage was asked to stop, and has saved.
    pub fn train_reward_model(
        &self,
        config: RewardModelConfig,
        model: LanguageModel<RewardModel>,
        rows: Vec<RewardRow>,
        held_out: &[RewardRow],
        seed: u64,
    ) -> Result<TrainedRewardModel, PipelineError> {
        if rows.is_empty() {
            return Err(RewardModelError::Empty.into());
        }
        let config = RewardModelConfig { rows: rows.len() as u64, ..config };
        let (_lock, mut recorder) = self.open()?;
        let mut source = Cursor::new(rows, seed)?;
        let trainer = match recorder.latest() {
            Some(dir) => RewardModelTrainer::load_into(model, dir, Some(config), &mut source)?,
            None => RewardModelTrainer::new(config, model)?,
        };
        let (first, updates) = (trainer.updates(), trainer.config().updates());
        let mut training = RewardModelTraining::new(trainer, &mut source);
        self.train(&mut training, updates, Vec::new(), &mut recorder)?;
        let trainer = training.into_trainer();
        if trainer.updates() > first || !self.model_dir().exists() {
            trainer.model().save(self.model_dir(), WeightType::F32)?;
        }
        let evaluation = if held_out.is_empty() { None } else { Some(trainer.evaluate(held_out)?) };
        Ok(TrainedRewardModel { updates: trainer.updates(), evaluation, model: trainer.into_model() })
    }
}
