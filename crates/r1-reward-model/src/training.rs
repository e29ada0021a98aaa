//! A trainer with the rows that it draws, for a loop.

use std::{path::Path, time::Instant};

use r1_core::Cursor;
use r1_data::dataset::RewardRow;
use r1_model::{CausalLm, Transformer};
use r1_run::{CheckpointNote, Status};
use r1_train::Trainer;
use serde_json::{Value, json};

use crate::{RewardModelError, RewardModelReport, RewardModelTrainer};

/// A [`RewardModelTrainer`] with its source, as a [`TrainingLoop`](r1_train::TrainingLoop) drives it.
#[derive(Debug)]
pub struct RewardModelTraining<'a, M: CausalLm = Transformer> {
    trainer: RewardModelTrainer<M>,
    source: &'a mut Cursor<RewardRow>,
    seconds: f64,
}

impl<'a, M: CausalLm> RewardModelTraining<'a, M> {
    /// The trainer, and where its rows come from.
    pub fn new(trainer: RewardModelTrainer<M>, source: &'a mut Cursor<RewardRow>) -> Self {
        Self { trainer, source, seconds: 0.0 }
    }

    /// Ends training and gives the trainer back.
    pub fn into_trainer(self) -> RewardModelTrainer<M> {
        self.trainer
    }
}

impl<M: CausalLm> Trainer for RewardModelTraining<'_, M> {
    type Report = RewardModelReport;
    type Error = RewardModelError;

    fn updates(&self) -> u64 {
        self.trainer.updates()
    }

    fn step(&mut self) -> Result<RewardModelReport, RewardModelError> {
        let started = Instant::now();
        let report = self.trainer.step(self.source);
        self.seconds = started.elapsed().as_secs_f64();
        report
    }

    fn save(&self, dir: &Path, note: CheckpointNote) -> Result<(), RewardModelError> {
        self.trainer.save_with(dir, self.source, note)
    }

    fn timings(&self) -> Option<Value> {
        Some(json!({"training_seconds": self.seconds}))
    }

    fn status(&self, report: &RewardModelReport) -> Status {
        let rate = (self.seconds > 0.0).then(|| report.tokens as f64 / self.seconds);
        Status { tokens_per_second: rate, ..Status::default() }
    }
}
