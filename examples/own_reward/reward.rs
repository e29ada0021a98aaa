//! The `r1` command with a reward of one's own.

use std::process::ExitCode;

use r1::{process::MiMalloc, rewards::reward_fn};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// What a recipe says beside the name.
#[derive(serde::Deserialize)]
struct Worked {
    /// Steps that the thoughts must show.
    steps: usize,
}

fn main() -> ExitCode {
    r1::main_with(|registry| {
        registry.reward("worked", |Worked { steps }| {
            reward_fn("worked", move |problem, completion| {
                let response = completion.response();
                let right = response.answer == problem.reference.to_string();
                let worked = response.reasoning.matches('=').count() >= steps;
                f32::from(right) + 0.5 * f32::from(worked)
            })
        });
    })
}
