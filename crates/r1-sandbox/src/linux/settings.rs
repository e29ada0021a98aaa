//! The policy as Linux can keep it: which layers to apply.

use libc::c_int;

use super::{filter::FilterPolicy, ruleset};

/// The layers that are applied to every program.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) namespaces: bool,
    pub(super) user_namespace: bool,
    pub(super) proc: bool,
    pub(super) cgroup: bool,
    pub(super) uid_drop: bool,
    pub(super) landlock: bool,
    pub(super) seccomp: bool,
    pub(super) supervisor: bool,
}

impl Settings {
    /// The namespaces that the usher is made in. That of processes comes later, for its children.
    pub(super) fn clone_flags(self) -> c_int {
        let namespaces = libc::CLONE_NEWNS | libc::CLONE_NEWNET | libc::CLONE_NEWIPC | libc::CLONE_NEWUTS;
        let user = if self.user_namespace { libc::CLONE_NEWUSER } else { 0 };
        if self.namespaces { namespaces | user } else { 0 }
    }

    /// The filters for programs that may fork, or may not.
    pub(super) fn filter_policy(self, may_fork: bool) -> FilterPolicy {
        let scoped = self.landlock && ruleset::abi() >= 6;
        FilterPolicy {
            may_fork,
            deny_signals: !(self.namespaces || self.uid_drop || scoped),
            deny_sessions: !self.namespaces,
            deny_times: !self.namespaces,
            deny_modes: !(self.namespaces || self.uid_drop),
        }
    }
}
