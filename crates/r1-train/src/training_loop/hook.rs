//! What is called between updates.

use super::Trainer;

/// Whether a loop goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// With the next update, if there is one.
    Continue,
    /// No further: this update was the last.
    Stop,
}

/// An update that was made, as a hook sees it.
#[derive(Debug)]
pub struct Update<'a, R> {
    /// Updates made, this one included.
    pub step: u64,
    /// Updates that the loop makes if nobody stops it.
    pub total: u64,
    /// True when a hook before this one asked for the end.
    pub stopping: bool,
    /// What the update reports.
    pub report: &'a R,
}

/// **A type that implements `Hook` is called after every update of a [`TrainingLoop`](super::TrainingLoop).** A closure
/// that takes the trainer and the [`Update`] is one.
pub trait Hook<T: Trainer> {
    /// Looks at an update, and may change the trainer.
    ///
    /// # Errors
    /// Ends the loop.
    fn after_update(&mut self, trainer: &mut T, update: &Update<'_, T::Report>) -> Result<Control, T::Error>;
}

impl<T, F> Hook<T> for F
where
    T: Trainer,
    F: FnMut(&mut T, &Update<'_, T::Report>) -> Result<Control, T::Error>,
{
    fn after_update(&mut self, trainer: &mut T, update: &Update<'_, T::Report>) -> Result<Control, T::Error> {
        self(trainer, update)
    }
}
