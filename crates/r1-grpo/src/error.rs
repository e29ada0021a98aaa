//! What can go wrong in this crate.

/// Why training with GRPO could not start or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GrpoError {
    /// A setting lies outside the range in which its equation makes sense.
    /// Change the setting; nothing has been trained with it.
    #[error("setting `{setting}` is {value}; it must be {expected}")]
    Setting {
        /// Name of the field, as it is written in the configuration.
        setting: &'static str,
        /// The value that was refused.
        value: f32,
        /// The range of values that are accepted.
        expected: &'static str,
    },
}
