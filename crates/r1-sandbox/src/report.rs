//! Which layers of isolation are active, and what is shown.

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::Isolation;

/// Whether a layer works here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// It is applied to every run.
    Active,
    /// The system refused it, or has none.
    Unavailable(String),
    /// It was not asked for, or is not needed.
    Off,
}

impl Layer {
    /// Whether it is applied.
    pub fn is_active(&self) -> bool {
        *self == Self::Active
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Active => formatter.write_str("active"),
            Self::Unavailable(reason) => write!(formatter, "unavailable ({reason})"),
            Self::Off => formatter.write_str("off"),
        }
    }
}

/// What isolates the programs of a sandbox. Printed at the start and stored with the results.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxReport {
    /// How much was insisted on.
    pub isolation: Isolation,
    /// A user namespace, used by an ordinary user.
    pub user_namespace: Layer,
    /// A mount namespace with nothing in it but the system's programs, read-only.
    pub mount_namespace: Layer,
    /// A process namespace: all of a run's processes die with it.
    pub pid_namespace: Layer,
    /// Namespaces for network, IPC and host name, all empty.
    pub net_namespace: Layer,
    /// A private `/proc`.
    pub proc: Layer,
    /// A memory control group.
    pub cgroup: Layer,
    /// Another user than root.
    pub uid_drop: Layer,
    /// Landlock.
    pub landlock: Layer,
    /// Its version; 0 for none.
    pub landlock_abi: u32,
    /// System-call filters.
    pub seccomp: Layer,
    /// No-new-privileges.
    pub no_new_privs: Layer,
    /// Limits of processor, memory, files and threads.
    pub rlimits: Layer,
    /// A process that ends the program when the parent has ended.
    pub supervisor: Layer,
    /// Limits of the host below those asked for, which stay as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub host_limits: Vec<String>,
    /// The files and folders of the host that programs may read so far.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shown: Vec<PathBuf>,
}

impl SandboxReport {
    /// A report in which nothing is active.
    pub(crate) fn nothing(isolation: Isolation) -> Self {
        Self {
            isolation,
            user_namespace: Layer::Off,
            mount_namespace: Layer::Off,
            pid_namespace: Layer::Off,
            net_namespace: Layer::Off,
            proc: Layer::Off,
            cgroup: Layer::Off,
            uid_drop: Layer::Off,
            landlock: Layer::Off,
            landlock_abi: 0,
            seccomp: Layer::Off,
            no_new_privs: Layer::Off,
            rlimits: Layer::Off,
            supervisor: Layer::Off,
            host_limits: Vec::new(),
            shown: Vec::new(),
        }
    }

    /// The layers by name, in the order in which they are applied.
    pub fn layers(&self) -> [(&'static str, &Layer); 12] {
        [
            ("user namespace", &self.user_namespace),
            ("mount namespace", &self.mount_namespace),
            ("pid namespace", &self.pid_namespace),
            ("net namespace", &self.net_namespace),
            ("proc", &self.proc),
            ("cgroup", &self.cgroup),
            ("supervisor", &self.supervisor),
            ("uid drop", &self.uid_drop),
            ("rlimits", &self.rlimits),
            ("no-new-privs", &self.no_new_privs),
            ("landlock", &self.landlock),
            ("seccomp", &self.seccomp),
        ]
    }
}

impl fmt::Display for SandboxReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("sandbox:")?;
        for (index, (name, layer)) in self.layers().into_iter().enumerate() {
            write!(formatter, "{} {name} {layer}", if index == 0 { "" } else { "," })?;
        }
        if self.landlock_abi > 0 {
            write!(formatter, " (Landlock ABI {})", self.landlock_abi)?;
        }
        if !self.host_limits.is_empty() {
            write!(formatter, "; the host's own limits stay: {}", self.host_limits.join(", "))?;
        }
        Ok(())
    }
}
