//! The loop around a trainer, and what happens between its updates.

mod hook;
mod recorder;
mod trainer;

pub use hook::{Control, Hook, Update};
pub use recorder::Recorder;
pub use trainer::Trainer;

/// Makes updates until there are enough, and calls its hooks after each of them, in order.
///
/// ```
/// # use r1_run::{CheckpointNote, RunError, Status};
/// use r1_train::{Control, Ended, Trainer, TrainingLoop, Update};
///
/// /// Counts.
/// struct Counter(u64);
///
/// impl Trainer for Counter {
///     type Report = u64;
///     type Error = RunError;
///     fn updates(&self) -> u64 {
///         self.0
///     }
///     fn step(&mut self) -> Result<u64, RunError> {
///         self.0 += 1;
///         Ok(self.0 * self.0)
///     }
///     fn save(&self, _: &std::path::Path, _: CheckpointNote) -> Result<(), RunError> {
///         Ok(())
///     }
/// }
///
/// let mut squares = Vec::new();
/// let stop_at_50 = |_: &mut Counter, update: &Update<'_, u64>| {
///     squares.push(*update.report);
///     Ok(if *update.report > 50 { Control::Stop } else { Control::Continue })
/// };
/// let ended = TrainingLoop::new(100).with_hook(stop_at_50).run(&mut Counter(3))?;
/// assert_eq!(ended, Ended::Stopped);
/// assert_eq!(squares, [16, 25, 36, 49, 64]);
/// # Ok::<(), RunError>(())
/// ```
pub struct TrainingLoop<'a, T: Trainer> {
    updates: u64,
    hooks: Vec<Box<dyn Hook<T> + 'a>>,
}

/// Why a [`TrainingLoop`] ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// All updates were made.
    Complete,
    /// A hook asked for the end.
    Stopped,
}

impl<'a, T: Trainer> TrainingLoop<'a, T> {
    /// A loop up to so many updates, those of earlier runs included.
    pub fn new(updates: u64) -> Self {
        Self { updates, hooks: Vec::new() }
    }

    /// The same with one more hook, which is called after those before it.
    pub fn with_hook(mut self, hook: impl Hook<T> + 'a) -> Self {
        self.hooks.push(Box::new(hook));
        self
    }

    /// The same with one more hook that is boxed already.
    pub fn with_boxed_hook(mut self, hook: Box<dyn Hook<T> + 'a>) -> Self {
        self.hooks.push(hook);
        self
    }

    /// Makes the updates. Every hook sees every update, the one that ends the loop included.
    ///
    /// # Errors
    /// The first of the trainer or of a hook.
    pub fn run(mut self, trainer: &mut T) -> Result<Ended, T::Error> {
        let mut stopping = false;
        while !stopping && trainer.updates() < self.updates {
            let report = trainer.step()?;
            for hook in &mut self.hooks {
                let update =
                    Update { step: trainer.updates(), total: self.updates, stopping, report: &report };
                stopping |= hook.after_update(trainer, &update)? == Control::Stop;
            }
        }
        let complete = trainer.updates() >= self.updates;
        Ok(if complete { Ended::Complete } else { Ended::Stopped })
    }
}

impl<T: Trainer> std::fmt::Debug for TrainingLoop<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TrainingLoop").field("updates", &self.updates).finish_non_exhaustive()
    }
}
