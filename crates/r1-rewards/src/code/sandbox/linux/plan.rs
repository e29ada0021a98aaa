//! What a child has to do, prepared so that it need not allocate.

use std::{ffi::CString, os::fd::OwnedFd, sync::Arc};

use libc::{c_char, c_int};
use seccompiler::BpfProgram;

use super::ruleset::Rules;

/// A step of the child, for naming what failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub(super) enum Step {
    None,
    Clone,
    Cgroup,
    IdMap,
    Mount,
    Proc,
    Descriptors,
    Files,
    Rlimits,
    UidDrop,
    NoNewPrivs,
    Landlock,
    Seccomp,
    Exec,
}

impl Step {
    /// Its name in errors.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "nothing",
            Self::Clone => "clone",
            Self::Cgroup => "cgroup",
            Self::IdMap => "id map",
            Self::Mount => "mount namespace",
            Self::Proc => "proc",
            Self::Descriptors => "descriptors",
            Self::Files => "files of the box",
            Self::Rlimits => "rlimits",
            Self::UidDrop => "uid drop",
            Self::NoNewPrivs => "no-new-privs",
            Self::Landlock => "landlock",
            Self::Seccomp => "seccomp",
            Self::Exec => "exec",
        }
    }
}

/// A directory or file of the host that the cage shows, read-only.
#[derive(Debug)]
pub(super) struct Exposed {
    /// Where it is, and where it will be.
    pub(super) source: CString,
    /// The same under the new root.
    pub(super) target: CString,
    /// Whether the target is made as an empty file instead of a folder.
    pub(super) is_file: bool,
    /// Device files must stay usable.
    pub(super) is_device: bool,
}

/// The private file system.
#[derive(Debug)]
pub(super) struct Root {
    /// Options of its tmpfs.
    pub(super) options: CString,
    /// Folders to make, parents first, relative to the new root.
    pub(super) folders: Vec<CString>,
    /// Symbolic links: content, name.
    pub(super) links: Vec<(CString, CString)>,
    /// What is shown.
    pub(super) exposed: Vec<Exposed>,
    /// Whether to mount `/proc`.
    pub(super) proc: bool,
}

/// A file of the box.
#[derive(Debug)]
pub(super) struct BoxFile {
    /// Its name, relative to the box.
    pub(super) name: CString,
    /// What is in it; shared, because a program may be large and run often.
    pub(super) content: Arc<[u8]>,
}

/// Everything that the child needs, in the parent's memory.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) clone_flags: c_int,
    /// Group files to which the child writes itself.
    pub(super) cgroups: Vec<OwnedFd>,
    /// Contents of `uid_map` and `gid_map`, in a user namespace.
    pub(super) id_maps: Option<(CString, CString)>,
    pub(super) root: Option<Root>,
    /// The box outside of a mount namespace.
    pub(super) host_box: Option<CString>,
    pub(super) writable_box: bool,
    pub(super) files: Vec<BoxFile>,
    /// Descriptors in the parent (none below [`FIRST_FREE`]) and their numbers in the child.
    pub(super) descriptors: Vec<(OwnedFd, c_int)>,
    /// Where output goes that nobody reads.
    pub(super) null: Option<OwnedFd>,
    pub(super) rlimits: Vec<(c_int, u64, u64)>,
    /// The user to become; in a user namespace only privileges are dropped.
    pub(super) uid: Option<u32>,
    pub(super) drop_capabilities: bool,
    /// Read end of a pipe that ends when the parent does, and its other end.
    pub(super) lifeline: (c_int, c_int),
    pub(super) no_new_privs: bool,
    pub(super) rules: Option<Rules>,
    pub(super) filters: Option<Arc<Vec<BpfProgram>>>,
    pub(super) program: CString,
    pub(super) argv: Vec<CString>,
    pub(super) envp: Vec<CString>,
    /// Pointers into `argv` and `envp`, each ended by null.
    pub(super) argv_pointers: Vec<*const c_char>,
    pub(super) envp_pointers: Vec<*const c_char>,
    /// Ends before `exec`, to see whether the layers work.
    pub(super) probe: bool,
    /// Where the child stopped, and why; written by the child, which shares this memory.
    pub(super) failed: (Step, c_int),
}

// SAFETY: the raw pointers point into `argv` and `envp` of the same value, whose buffers do not move.
unsafe impl Send for Plan {}

/// Descriptors of the parent are moved to this number and above, so that none is overwritten.
pub(super) const FIRST_FREE: c_int = 32;

impl Plan {
    /// Fills in the pointers; called last.
    pub(super) fn point(&mut self) {
        let pointers = |strings: &[CString]| {
            strings.iter().map(|string| string.as_ptr()).chain([std::ptr::null()]).collect()
        };
        self.argv_pointers = pointers(&self.argv);
        self.envp_pointers = pointers(&self.envp);
    }
}
