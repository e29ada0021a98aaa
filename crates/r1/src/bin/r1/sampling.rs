//! The options that say how tokens are drawn.

use std::num::NonZeroUsize;

use clap::Args;
use r1_core::Sampling;

use crate::failure::{Failure, sentence};

/// How completions are drawn.
#[derive(Debug, Args)]
pub(crate) struct SamplingArguments {
    /// Divides the logits; 0 takes the most probable token [default: 1, for eval 0.6]
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    temperature: Option<f32>,
    /// Keep the fewest most probable tokens with this mass [default: 1, for eval 0.95]
    #[arg(long, value_name = "P", allow_negative_numbers = true)]
    top_p: Option<f32>,
    /// Keep this many most probable tokens [default: all]
    #[arg(long, value_name = "K", allow_negative_numbers = true)]
    top_k: Option<usize>,
    /// Most tokens of a completion [default: 256 for generate, 1024 for eval and reject, or the benchmark's]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    max_tokens: Option<usize>,
    /// Completions for each prompt [default: 1, for reject 4, or the benchmark's]
    #[arg(long, value_name = "K", allow_negative_numbers = true)]
    pub(crate) samples: Option<NonZeroUsize>,
    /// Names the random numbers: the same seed and prompt give the same completions
    #[arg(long, value_name = "S", default_value_t = 0, allow_negative_numbers = true)]
    pub(crate) seed: u64,
}

impl SamplingArguments {
    /// `base` with what was given on the command line.
    pub(crate) fn over(&self, base: Sampling) -> Result<Sampling, Failure> {
        let sampling = Sampling {
            temperature: self.temperature.unwrap_or(base.temperature),
            top_p: self.top_p.unwrap_or(base.top_p),
            top_k: self.top_k.or(base.top_k),
            max_tokens: self.max_tokens.unwrap_or(base.max_tokens),
            ..base
        };
        sampling.validate().map_err(|error| Failure::Usage(sentence(&error)))?;
        Ok(sampling)
    }
}
