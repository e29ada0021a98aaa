//! The `r1` command.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: r1::process::MiMalloc = r1::process::MiMalloc;

fn main() -> ExitCode {
    r1::main_with(|_| {})
}
