//! What a child has to do, prepared so that it need not allocate. Data only.

use std::{ffi::CString, io, os::fd::OwnedFd, sync::Arc};

use libc::{c_char, c_int, c_void};
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
    Network,
    Mount,
    Proc,
    Descriptors,
    Files,
    Rlimits,
    UidDrop,
    NoNewPrivs,
    Landlock,
    Seccomp,
    Supervisor,
    Exec,
}

/// A step that failed, and why.
pub(super) type Failure = (Step, io::Error);

impl Step {
    /// Its name in errors.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "nothing",
            Self::Clone => "clone",
            Self::Cgroup => "cgroup",
            Self::IdMap => "id map",
            Self::Network => "network namespace",
            Self::Mount => "mount namespace",
            Self::Proc => "proc",
            Self::Descriptors => "descriptors",
            Self::Files => "files of the box",
            Self::Rlimits => "rlimits",
            Self::UidDrop => "uid drop",
            Self::NoNewPrivs => "no-new-privs",
            Self::Landlock => "landlock",
            Self::Seccomp => "seccomp",
            Self::Supervisor => "supervisor",
            Self::Exec => "exec",
        }
    }

    /// The step of this name.
    pub(super) fn named(name: &str) -> Self {
        let all = [
            Self::Clone,
            Self::Cgroup,
            Self::IdMap,
            Self::Network,
            Self::Mount,
            Self::Proc,
            Self::Descriptors,
            Self::Files,
            Self::Rlimits,
            Self::UidDrop,
            Self::NoNewPrivs,
            Self::Landlock,
            Self::Seccomp,
            Self::Supervisor,
            Self::Exec,
        ];
        all.into_iter().find(|step| step.name() == name).unwrap_or(Self::None)
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
    /// The child's handle of it, taken before the new root hides the old one.
    pub(super) tree: c_int,
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
    /// Its name, relative to the box; folders above it are made.
    pub(super) name: CString,
    /// What is in it; shared, because a program may be large and run often.
    pub(super) content: Arc<[u8]>,
}

/// Everything that the child needs, in the parent's memory.
#[derive(Debug)]
pub(super) struct Plan {
    /// Descriptors of the namespaces to enter, which stay open: of the user and of the network. With them come
    /// new ones of mounts, IPC, host name and processes.
    pub(super) network: Option<(Option<c_int>, c_int)>,
    /// The supervisor's image; without one the program has only its own death signal.
    pub(super) supervisor: Option<&'static OwnedFd>,
    /// Group files to which the child writes itself.
    pub(super) cgroups: Vec<OwnedFd>,
    /// Whether the program is in a user namespace.
    pub(super) user_namespace: bool,
    /// The private file system; without one `host_box` is the current folder.
    pub(super) root: Option<Root>,
    pub(super) host_box: Option<CString>,
    /// Whether the box belongs to the program's user and may be written.
    pub(super) writable_box: bool,
    /// Folders of the box, parents first.
    pub(super) folders: Vec<CString>,
    pub(super) files: Vec<BoxFile>,
    /// Descriptors in the parent (none below [`FIRST_FREE`](super::fd::FIRST_FREE)) and their numbers in
    /// the child.
    pub(super) descriptors: Vec<(OwnedFd, c_int)>,
    /// Where output goes that nobody reads.
    pub(super) null: Option<OwnedFd>,
    /// Resources and limits.
    pub(super) rlimits: Vec<(c_int, u64)>,
    /// The user to become; in a user namespace only privileges are dropped.
    pub(super) uid: Option<u32>,
    pub(super) drop_capabilities: bool,
    /// Read end of a pipe that ends when the parent does, and its other end.
    pub(super) lifeline: (c_int, c_int),
    pub(super) no_new_privs: bool,
    pub(super) rules: Option<Rules>,
    /// Whether the rules let all of the own `/proc` be read.
    pub(super) reads_proc: bool,
    pub(super) filters: Option<Arc<Vec<BpfProgram>>>,
    pub(super) program: CString,
    pub(super) argv: Vec<CString>,
    pub(super) envp: Vec<CString>,
    /// Pointers into `argv` and `envp`, each ended by null.
    pub(super) argv_pointers: Vec<*const c_char>,
    pub(super) envp_pointers: Vec<*const c_char>,
    /// Ends before `exec`, to see whether the layers work.
    pub(super) probe: bool,
    /// The stack of the usher's children, which run one after the other.
    pub(super) inner_stack: *mut c_void,
    /// Where the child stopped, and why; written by the child, which shares this memory.
    pub(super) failed: (Step, c_int),
    /// The processes that were started, 0 for none; written by the usher.
    pub(super) started: Started,
}

/// Processes, by the parent's numbers for them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Started {
    /// The group of all of them: the usher's number, which is taken as long as one is left.
    pub(super) group: c_int,
    pub(super) supervisor: c_int,
    pub(super) program: c_int,
}

// SAFETY: the raw pointers point into `argv` and `envp` of the same value, whose buffers do not move, and
// at a stack that lives as long as the process.
unsafe impl Send for Plan {}

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
