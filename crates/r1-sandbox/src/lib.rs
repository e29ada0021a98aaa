//! A cage for programs that nobody trusts.
//!
//! [`Sandbox::new`] tries a [`Policy`] out, [`Sandbox::run`] runs a [`Command`] under [`Limits`] and gives
//! an [`Execution`]: output, ending, usage. [`Sandbox::report`] says which layers hold here and what is shown.
//! `docs/sandbox.md` tells which attack which layer stops.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use r1_sandbox::{Breach, Command, Limits, Policy, Sandbox};
//!
//! let sandbox = Sandbox::new(&Policy::default())?;
//! let limits = Limits::default().with_cpu(Duration::from_secs(1)).with_memory_bytes(64 << 20);
//! let command = Command::new("/usr/bin/python3").arg("-I").arg("main.py").limits(limits);
//!
//! let sum = command.clone().file("main.py", *b"print(sum(map(int, input().split())))").stdin(*b"1 2 3");
//! assert_eq!(sandbox.run(&sum)?.stdout, b"6\n");
//!
//! let endless = command.file("main.py", *b"while True: pass");
//! assert_eq!(sandbox.run(&endless)?.broken, Some(Breach::Time));
//! # Ok::<(), r1_sandbox::SandboxError>(())
//! ```
//!
//! Many processes: [`Command::forking`]. Two programs that talk: [`Sandbox::start_pair`] and
//! [`Sandbox::start_dialogue`]. What a program may read besides the system's tools: [`Policy::exposing`].
//!
//! # Invariants
//! - Below the minimum of isolation nothing runs.
//! - No program can cause a [`SandboxError`]: what it does, and that it cannot be started, is an [`Execution`].
//! - When a program ends, and when this process ends in whatever way, nothing of the program is left
//!   alive: a supervisor outside of its reach ends it.
//! - This process is never copied: programs start without a copy of its memory, and their output is read
//!   up to a limit.
//!
//! Dependencies inside point one way: policy, plan, spawn, child.

mod error;
mod limits;
mod policy;
mod report;
mod command;
mod execution;
mod sandbox;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod elsewhere;

#[cfg(not(target_os = "linux"))]
use elsewhere as system;
#[cfg(target_os = "linux")]
use linux as system;

pub use command::{Channel, Command, Processes};
pub use error::SandboxError;
pub use execution::{Breach, Execution, Usage};
pub use limits::Limits;
pub use policy::{Isolation, Layers, Policy};
pub use report::{Layer, SandboxReport};
pub use sandbox::Sandbox;
pub use system::Running;
