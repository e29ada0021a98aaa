//! How much of the machine a program may use.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What one run may use. The time of a function-call test is that of one call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Processor time, user and system together.
    pub cpu: Duration,
    /// Time on the clock; catches sleepers.
    pub wall: Duration,
    /// Resident memory.
    pub memory_bytes: u64,
    /// Standard output; more is an output limit exceeded.
    pub output_bytes: usize,
    /// The largest file that may be written, and the size of the private file system.
    pub file_bytes: u64,
    /// Threads at the same time.
    pub max_threads: u32,
}

impl Default for Limits {
    /// 4 s of processor, 9 s of clock, 512 MiB of memory, 16 MiB of output.
    fn default() -> Self {
        Self {
            cpu: Duration::from_secs(4),
            wall: Duration::from_secs(9),
            memory_bytes: 512 << 20,
            output_bytes: 16 << 20,
            file_bytes: 16 << 20,
            max_threads: 64,
        }
    }
}

impl Limits {
    /// What a compiler may use: 10 s of processor, 40 s of clock, 2 GiB, 64 MiB of output.
    pub fn compiler() -> Self {
        Self {
            cpu: Duration::from_secs(10),
            wall: Duration::from_secs(40),
            memory_bytes: 2 << 30,
            output_bytes: 64 << 20,
            file_bytes: 64 << 20,
            max_threads: 128,
        }
    }

    /// The same limits with this processor time, and a wall time of twice that or one second more.
    pub fn with_cpu(mut self, cpu: Duration) -> Self {
        self.cpu = cpu;
        self.wall = (cpu * 2).max(cpu + Duration::from_secs(1));
        self
    }

    /// The same limits with this time on the clock.
    pub fn with_wall(mut self, wall: Duration) -> Self {
        self.wall = wall;
        self
    }

    /// The same limits with this much resident memory.
    pub fn with_memory_bytes(mut self, memory_bytes: u64) -> Self {
        self.memory_bytes = memory_bytes;
        self
    }
}
