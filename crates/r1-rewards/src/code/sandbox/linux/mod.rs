//! The cage on Linux.
//!
//! All that a run needs is prepared in this process; one thread starts the child, which applies the
//! layers by bare system calls and becomes the program. Nothing of the program's is trusted after that:
//! it is watched through its pipes, its clock and its control group.

mod plan;
mod child;
mod spawner;
mod filter;
mod ruleset;
mod group;
mod watch;
mod running;
mod layout;
mod probe;

pub(crate) use running::Running;

use std::{
    fs, io,
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::fs::{DirBuilderExt, PermissionsExt, chown},
    },
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic},
};

use libc::c_int;
use seccompiler::BpfProgram;

use self::{
    filter::FilterPolicy,
    group::MemoryGroup,
    plan::{Plan, Step},
    running::Ends,
    watch::Process,
};
use super::{Channel, Isolation, Job, Layers, SandboxReport, Stage};
use crate::code::SandboxError;

/// What works here, and how to start programs in it.
pub(crate) struct Cage {
    report: SandboxReport,
    settings: Settings,
    /// Filters of the two stages.
    compile_filters: Option<Arc<Vec<BpfProgram>>>,
    run_filters: Option<Arc<Vec<BpfProgram>>>,
    slots: Arc<Mutex<Slots>>,
}

/// Which layers to apply.
#[derive(Debug, Clone, Copy)]
struct Settings {
    namespaces: bool,
    user_namespace: bool,
    proc: bool,
    cgroup: bool,
    uid_drop: bool,
    landlock: bool,
    seccomp: bool,
}

/// Places for programs, each with a user and a control group of its own.
#[derive(Default)]
struct Slots {
    free: Vec<(u32, Option<MemoryGroup>)>,
}

impl Drop for Slots {
    fn drop(&mut self) {
        users().free.extend(self.free.drain(..).map(|(uid, _)| uid));
    }
}

/// The users of all cages of this process: what two programs of one user start counts against both.
#[derive(Default)]
struct Users {
    free: Vec<u32>,
    made: u32,
}

fn users() -> MutexGuard<'static, Users> {
    static USERS: Mutex<Users> = Mutex::new(Users { free: Vec::new(), made: 0 });
    USERS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Users {
    /// One of 256 that no other process of this kind uses at the same time, most likely.
    fn take(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.made += 1;
            20_000 + std::process::id() % 150 * 256 + (self.made - 1) % 256
        })
    }
}

/// A place that a program has; given back when dropped.
struct Slot {
    uid: u32,
    group: Option<MemoryGroup>,
    /// The folder of the program outside of a mount namespace.
    host_box: Option<PathBuf>,
    home: Arc<Mutex<Slots>>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(path) = self.host_box.take() {
            // Only this process and compilers write there, so nothing in it resists.
            let _ = fs::remove_dir_all(path);
        }
        let mut home = self.home.lock().unwrap_or_else(PoisonError::into_inner);
        home.free.push((self.uid, self.group.take()));
    }
}

impl Cage {
    /// Tries the layers, and refuses when too few work.
    pub(crate) fn new(isolation: Isolation, layers: Layers) -> Result<Self, SandboxError> {
        probe::cage(isolation, layers)
    }

    pub(crate) fn report(&self) -> &SandboxReport {
        &self.report
    }

    /// Starts a program.
    pub(crate) fn start(&self, job: &Job) -> Result<Running, SandboxError> {
        let channel = match job.channel {
            Channel::Parent => {
                let ((request_in, request_out), (result_in, result_out)) = (pipe()?, pipe()?);
                Some(([(request_in, 3), (result_out, 4)], request_out, result_in))
            }
            _ => None,
        };
        let Some((descriptors, requests, results)) = channel else {
            return self.launch(job, Vec::new(), Ends::default());
        };
        nonblocking(&requests)?;
        nonblocking(&results)?;
        let ends = Ends { requests: Some(requests), results: Some(results), ..Ends::default() };
        self.launch(job, descriptors.into(), ends)
    }

    /// Starts two programs that talk to each other; the second writes its results to descriptor 5.
    pub(crate) fn start_pair(&self, first: &Job, second: &Job) -> Result<(Running, Running), SandboxError> {
        let ((ask_in, ask_out), (tell_in, tell_out), (result_in, result_out)) = (pipe()?, pipe()?, pipe()?);
        nonblocking(&result_in)?;
        let first = self.launch(first, vec![(ask_in, 3), (tell_out, 4)], Ends::default())?;
        let ends = Ends { results: Some(result_in), ..Ends::default() };
        let second = self.launch(second, vec![(tell_in, 3), (ask_out, 4), (result_out, 5)], ends)?;
        Ok((first, second))
    }

    fn launch(
        &self,
        job: &Job,
        mut descriptors: Vec<(OwnedFd, c_int)>,
        mut ends: Ends,
    ) -> Result<Running, SandboxError> {
        let (stdin, feed) = pipe()?;
        nonblocking(&feed)?;
        ends.stdin = Some((feed, job.stdin.clone()));
        descriptors.push((stdin, 0));
        if job.keep_stdout {
            let (stdout, end) = pipe()?;
            nonblocking(&stdout)?;
            ends.stdout = Some(stdout);
            descriptors.push((end, 1));
        }
        let (stderr, end) = pipe()?;
        nonblocking(&stderr)?;
        ends.stderr = Some(stderr);
        descriptors.push((end, 2));

        let slot = self.slot(job)?;
        let plan = self.plan(job, &slot, descriptors, false)?;
        let pid = spawner::spawn(plan)
            .map_err(|(step, source)| SandboxError::Cage { step: step.name(), source })?;
        let process = Process::new(pid).map_err(cage("pidfd"))?;
        Ok(Running::new(process, slot, job, ends))
    }

    /// A free place, made ready for the job.
    fn slot(&self, job: &Job) -> Result<Slot, SandboxError> {
        let (uid, group) = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            slots.free.pop().unwrap_or_else(|| (users().take(), None))
        };
        let mut slot = Slot { uid, group, host_box: None, home: self.slots.clone() };
        if self.settings.cgroup && job.needs_group() {
            if slot.group.is_none() {
                slot.group = Some(MemoryGroup::new().map_err(cage("cgroup"))?);
            }
            if let Some(group) = &mut slot.group {
                group.prepare(job.limits.memory_bytes).map_err(cage("cgroup"))?;
            }
        }
        if !self.settings.namespaces {
            slot.host_box = Some(self.host_box(slot.uid).map_err(cage("files of the box"))?);
        }
        Ok(slot)
    }

    /// A fresh folder for the job's files, for a cage without a mount namespace. The child writes them.
    fn host_box(&self, uid: u32) -> io::Result<PathBuf> {
        static NEXT: atomic::AtomicU64 = atomic::AtomicU64::new(0);
        let number = NEXT.fetch_add(1, atomic::Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("r1-box-{}-{number}", std::process::id()));
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        if self.settings.uid_drop {
            // The program's user may read it, and no other program's.
            let open = chown(&path, None, Some(uid))
                .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o750)));
            open.inspect_err(|_| drop(fs::remove_dir(&path)))?;
        }
        Ok(path)
    }

    fn plan(
        &self,
        job: &Job,
        slot: &Slot,
        descriptors: Vec<(OwnedFd, c_int)>,
        probe: bool,
    ) -> Result<Box<Plan>, SandboxError> {
        let settings = self.settings;
        let filters = match job.stage {
            Stage::Compile => &self.compile_filters,
            Stage::Run => &self.run_filters,
        };
        let mut cgroups = Vec::new();
        if let Some(group) = slot.group.as_ref().filter(|_| job.needs_group()) {
            cgroups.push(group.door().map_err(cage("cgroup"))?);
        }
        let rules = if settings.landlock {
            let rules = ruleset::rules(&layout::readable(&job.exposed), &layout::devices());
            let source =
                |error| SandboxError::Cage { step: Step::Landlock.name(), source: io::Error::other(error) };
            let rules = rules.map_err(source)?;
            rules.map(ruleset::Rules::raised).transpose().map_err(cage(Step::Landlock.name()))?
        } else {
            None
        };
        let home = slot.host_box.clone().unwrap_or_else(|| "/box".into());
        let mut plan = Box::new(Plan {
            clone_flags: settings.clone_flags(),
            cgroups: raised(cgroups.into_iter())?,
            id_maps: settings.user_namespace.then(layout::id_maps),
            root: if settings.namespaces { Some(layout::root(job, settings.proc)?) } else { None },
            host_box: slot.host_box.as_ref().map(|path| layout::c_path(path)).transpose()?,
            writable_box: settings.namespaces || job.stage == Stage::Compile,
            files: layout::files(job)?,
            descriptors: Vec::new(),
            null: None,
            rlimits: layout::rlimits(job, settings),
            uid: settings.uid_drop.then_some(slot.uid),
            drop_capabilities: settings.seccomp || settings.uid_drop || settings.user_namespace,
            lifeline: (-1, -1),
            no_new_privs: true,
            rules,
            filters: filters.clone(),
            program: layout::c_path(&job.program)?,
            argv: layout::argv(job)?,
            envp: layout::environment(&home)?,
            argv_pointers: Vec::new(),
            envp_pointers: Vec::new(),
            probe,
            failed: (Step::None, 0),
        });
        let (fds, numbers): (Vec<_>, Vec<_>) = descriptors.into_iter().unzip();
        plan.descriptors = raised(fds.into_iter())?.into_iter().zip(numbers).collect();
        if !job.keep_stdout {
            let null = fs::OpenOptions::new().write(true).open("/dev/null").map_err(cage("/dev/null"))?;
            plan.null = raised(std::iter::once(null.into()))?.pop();
        }
        plan.point();
        Ok(plan)
    }
}

impl Settings {
    fn clone_flags(self) -> c_int {
        let namespaces = libc::CLONE_NEWNS
            | libc::CLONE_NEWPID
            | libc::CLONE_NEWNET
            | libc::CLONE_NEWIPC
            | libc::CLONE_NEWUTS;
        let user = if self.user_namespace { libc::CLONE_NEWUSER } else { 0 };
        if self.namespaces { namespaces | user } else { 0 }
    }

    fn filter_policy(self, may_fork: bool) -> FilterPolicy {
        let scoped = self.landlock && ruleset::abi() >= 6;
        FilterPolicy {
            may_fork,
            deny_signals: !(self.namespaces || self.uid_drop || scoped),
            deny_sessions: !self.namespaces,
        }
    }
}

fn cage(step: &'static str) -> impl Fn(io::Error) -> SandboxError {
    move |source| SandboxError::Cage { step, source }
}

fn pipe() -> Result<(OwnedFd, OwnedFd), SandboxError> {
    spawner::pipe().map_err(cage("pipe"))
}

fn nonblocking(fd: &OwnedFd) -> Result<(), SandboxError> {
    // SAFETY: changes a flag of an open descriptor of ours.
    match unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) } {
        -1 => Err(SandboxError::last_os("pipe")),
        _ => Ok(()),
    }
}

/// The same descriptors under numbers that the child does not give to others.
fn raised(fds: impl Iterator<Item = OwnedFd>) -> Result<Vec<OwnedFd>, SandboxError> {
    fds.map(|fd| spawner::raise(fd).map_err(cage("descriptors"))).collect()
}
