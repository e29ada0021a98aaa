#![no_main]

use r1_core::{Completion, FinishReason};
use r1_rewards::{Mode, grade};

libfuzzer_sys::fuzz_target!(|pair: (&str, &str)| {
    grade(pair.0, &Completion::from_text(pair.1, FinishReason::Stop), Mode::Lenient);
});
