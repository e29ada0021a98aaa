//! The learning rate over the course of a run.

use serde::{Deserialize, Serialize};

/// How the learning rate changes from update to update, after `warmup` updates of linear growth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Schedule {
    /// The same rate throughout.
    Constant {
        /// Updates over which the rate grows linearly from zero.
        warmup: u64,
    },
    /// Half a cosine wave from the full rate to a share of it, which then stays.
    Cosine {
        /// Updates over which the rate grows linearly from zero.
        warmup: u64,
        /// The update at which the final rate is reached.
        total: u64,
        /// The final share of the rate, in `[0, 1]`.
        floor: f64,
    },
}

impl Schedule {
    /// The factor on the learning rate at an update, counted from 0, in `[0, 1]`.
    ///
    /// ```text
    /// (t + 1) / warmup                                             t < warmup
    /// floor + (1 − floor) (1 + cos(π (t − warmup) / (total − warmup))) / 2      otherwise, cosine
    /// ```
    ///
    /// ```
    /// use r1_train::Schedule;
    ///
    /// let schedule = Schedule::Cosine { warmup: 2, total: 12, floor: 0.1 };
    /// assert_eq!(schedule.factor(0), 0.5);
    /// assert!((schedule.factor(7) - 0.55).abs() < 1e-12);
    /// assert!((schedule.factor(99) - 0.1).abs() < 1e-12);
    /// ```
    pub fn factor(&self, update: u64) -> f64 {
        let (Self::Constant { warmup } | Self::Cosine { warmup, .. }) = *self;
        if update < warmup {
            return (update + 1) as f64 / warmup as f64;
        }
        match *self {
            Self::Constant { .. } => 1.0,
            Self::Cosine { warmup, total, floor } => {
                let length = total.saturating_sub(warmup).max(1) as f64;
                let progress = ((update - warmup) as f64 / length).min(1.0);
                floor + (1.0 - floor) * (1.0 + (std::f64::consts::PI * progress).cos()) / 2.0
            }
        }
    }
}
