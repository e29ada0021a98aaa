//! The DeepSeek-R1 system: one name for all r1 crates, and the `r1` command.

pub use r1_core as core;
pub use r1_data as data;
pub use r1_distill as distill;
pub use r1_eval as eval;
pub use r1_grpo as grpo;
pub use r1_model as model;
pub use r1_rewards as rewards;
pub use r1_run as run;
pub use r1_tasks as tasks;
pub use r1_train as train;

pub mod pipeline;
pub mod recipe;
pub mod process;
