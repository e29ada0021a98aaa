//! The policy as Linux can keep it: which layers to apply.

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
