#![no_main]

use r1_rewards::math::{Policy, compare};

libfuzzer_sys::fuzz_target!(|pair: (&str, &str)| {
    compare(pair.0, pair.1, &Policy::default());
});
