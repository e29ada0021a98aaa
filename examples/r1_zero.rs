//! R1-Zero in minutes, on one CPU: a base model that mostly guesses learns, by GRPO with rule rewards
//! alone, to think in `<think>` and answer in `<answer>`.
//!
//! ```text
//! cargo run --release --example r1_zero
//! cargo run --release --example r1_zero -- --steps 20 --seed 7 --out runs/short
//! ```
//!
//! Ctrl-C finishes the update and saves. Whenever it is stopped or killed, the same command goes on from the last
//! checkpoint in `OUT/checkpoints` and ends with the same bits. `r1 train recipes/nano/r1-zero.toml` is the same run.
//!
//! The base stands in `examples/nano` (made by `pretrain_nano`). It knows how to work a problem out and
//! seldom does so: what reinforcement learning does at this scale is to select that behaviour.

use std::{path::PathBuf, process};

use clap::Parser;
use r1::{cli, recipe::Recipe, recipe::Registry};

#[global_allocator]
static ALLOCATOR: r1::process::MiMalloc = r1::process::MiMalloc;
