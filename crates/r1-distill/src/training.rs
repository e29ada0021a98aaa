//! A trainer with the traces that it draws, for a loop.

use std::{path::Path, time::Instant};

use r1_core::TraceSource;
use r1_model::{CausalLm, Transformer};
use r1_run::{CheckpointNote, Status};
use r1_train::Trainer;
use serde_json::{Value, json};

use crate::{DistillError, SftReport, SftTrainer};

/// An [`SftTrainer`] with its source, as a [`TrainingLoop`](r1_train::TrainingLoop) drives it.
#[derive(Debug)]
pub struct SftTraining<'a, S: ?Sized, M: CausalLm = Transformer> {
    trainer: SftTrainer<M>,
    source: &'a mut S,
    seconds: f64,
}

impl<'a, S: TraceSource + ?Sized, M: CausalLm> SftTraining<'a, S, M> {
    /// The trainer, and where its traces come from.
    pub fn new(trainer: SftTrainer<M>, source: &'a mut S) -> Self {
        Self { trainer, source, seconds: 0.0 }
    }

    /// The trainer.
    pub fn trainer(&self) -> &SftTrainer<M> {
        &self.trainer
    }

    /// Ends training and gives the trainer back.
    pub fn into_trainer(self) -> SftTrainer<M> {
        self.trainer
    }
}

impl<S: TraceSource + ?Sized, M: CausalLm> Trainer for SftTraining<'_, S, M> {
    type Report = SftReport;
    type Error = DistillError;

    fn updates(&self) -> u64 {
        self.trainer.updates()
    }

    fn step(&mut self) -> Result<SftReport, DistillError> {
        let started = Instant::now();
        let report = self.trainer.step(&mut *self.source);
        self.seconds = started.elapsed().as_secs_f64();
        report
    }

    fn save(&self, dir: &Path, note: CheckpointNote) -> Result<(), DistillError> {
        self.trainer.save_with(dir, &*self.source, note)
    }

    fn timings(&self) -> Option<Value> {
        Some(json!({"training_seconds": self.seconds}))
    }

    fn status(&self, report: &SftReport) -> Status {
        let rate = (self.seconds > 0.0).then(|| report.tokens as f64 / self.seconds);
        Status { tokens_per_second: rate, ..Status::default() }
    }
}
