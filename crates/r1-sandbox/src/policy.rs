//! What a sandbox insists on, uses and shows.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How much isolation is insisted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Isolation {
    /// Nothing runs below the minimum: seccomp, no-new-privileges, no network, no privileges, and
    /// Landlock or a mount namespace.
    #[default]
    Strict,
    /// Runs with whatever works, down to nothing at all. Only for code that is trusted.
    Weak,
}

/// The layers that may be used; tests switch some off to see that the others hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Layers {
    /// User, mount, process, network, IPC and host-name namespaces.
    pub namespaces: bool,
    /// A memory control group.
    pub cgroup: bool,
    /// Another user, when this process is root.
    pub uid_drop: bool,
    /// Landlock.
    pub landlock: bool,
    /// System-call filters.
    pub seccomp: bool,
}

impl Layers {
    /// Everything.
    pub const ALL: Self =
        Self { namespaces: true, cgroup: true, uid_drop: true, landlock: true, seccomp: true };
}

impl Default for Layers {
    fn default() -> Self {
        Self::ALL
    }
}

/// What a [`Sandbox`](crate::Sandbox) is made from. The default is strict, with every layer that works.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// How much is insisted on.
    pub isolation: Isolation,
    /// The layers that may be used.
    pub layers: Layers,
    /// Files and folders that every program may read, besides the system's.
    pub exposed: Vec<PathBuf>,
}

impl Policy {
    /// A policy of at most these layers.
    pub fn new(isolation: Isolation, layers: Layers) -> Self {
        Self { isolation, layers, exposed: Vec::new() }
    }

    /// The same, showing one more file or folder to every program, read-only.
    #[must_use]
    pub fn exposing(mut self, path: impl Into<PathBuf>) -> Self {
        self.exposed.push(path.into());
        self
    }
}
