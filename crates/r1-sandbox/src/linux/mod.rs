//! The cage on Linux.
//!
//! All that a run needs is prepared in this process; one thread starts the child, which applies the
//! layers by bare system calls and becomes the program. Nothing of the program's is trusted after that:
//! it is watched through its pipes, its clock and its control group.
//!
//! One direction: settings (what the policy comes to here) -> filter, ruleset, rlimits, layout -> plan ->
//! spawn -> child. What runs is in running, watch, glance, clock and pipes.

mod sys;
mod fd;
mod filter;
mod ruleset;
mod settings;
mod rlimits;
mod supervisor;
mod plan;
mod layout;
mod clone;
mod network;
mod group;
mod host_box;
mod place;
mod prepare;
mod root;
mod child;
mod spawn;
mod pipes;
mod glance;
mod clock;
mod watch;
mod running;
mod probe;

pub use running::Running;

use std::{
    collections::BTreeSet,
    io,
    os::fd::OwnedFd,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use libc::c_int;
use seccompiler::BpfProgram;

use self::{
    fd::nonblocking,
    pipes::Ends,
    place::{Place, Places},
    plan::Step,
    prepare::Preparation,
    settings::Settings,
    watch::Process,
};
use crate::{Channel, Command, Policy, Processes, SandboxError, SandboxReport};

/// What works here, and how to start programs in it.
pub(crate) struct Cage {
    report: SandboxReport,
    settings: Settings,
    /// Filters of programs that may fork, and of those that may not.
    forking_filters: Option<Arc<Vec<BpfProgram>>>,
    single_filters: Option<Arc<Vec<BpfProgram>>>,
    /// What the policy shows to every program.
    exposed: Vec<PathBuf>,
    /// What was shown to any program so far.
    shown: Mutex<BTreeSet<PathBuf>>,
    places: Arc<Mutex<Places>>,
}

impl Cage {
    /// Tries the layers, and refuses when too few work.
    pub(crate) fn new(policy: &Policy) -> Result<Self, SandboxError> {
        host_box::remove_stale();
        probe::cage(policy)
    }

    pub(crate) fn report(&self) -> SandboxReport {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        SandboxReport { shown: shown.iter().cloned().collect(), ..self.report.clone() }
    }

    /// Starts a program.
    pub(crate) fn start(&self, command: &Command) -> Result<Running, SandboxError> {
        let channel = match command.channel {
            Channel::Parent => {
                let ((request_in, request_out), (result_in, result_out)) = (pipe()?, pipe()?);
                Some(([(request_in, 3), (result_out, 4)], request_out, result_in))
            }
            _ => None,
        };
        let Some((descriptors, requests, results)) = channel else {
            return self.launch(command, Vec::new(), Ends::default());
        };
        nonblocking(&requests)?;
        nonblocking(&results)?;
        let ends = Ends { requests: Some(requests), results: Some(results), ..Ends::default() };
        self.launch(command, descriptors.into(), ends)
    }

    /// Starts two programs that talk to each other; the second writes its results to descriptor 5.
    pub(crate) fn start_pair(
        &self,
        first: &Command,
        second: &Command,
    ) -> Result<(Running, Running), SandboxError> {
        let ((ask_in, ask_out), (tell_in, tell_out), (result_in, result_out)) = (pipe()?, pipe()?, pipe()?);
        nonblocking(&result_in)?;
        let first = self.launch(first, vec![(ask_in, 3), (tell_out, 4)], Ends::default())?;
        let ends = Ends { results: Some(result_in), ..Ends::default() };
        let second = self.launch(second, vec![(tell_in, 3), (ask_out, 4), (result_out, 5)], ends)?;
        Ok(first.beside(second))
    }

    /// Starts two programs, the output of each being the input of the other.
    pub(crate) fn start_dialogue(
        &self,
        first: &Command,
        second: &Command,
    ) -> Result<(Running, Running), SandboxError> {
        let ((first_in, second_out), (second_in, first_out)) = (pipe()?, pipe()?);
        let first = self.launch(first, vec![(first_in, 0), (first_out, 1)], Ends::default())?;
        let second = self.launch(second, vec![(second_in, 0), (second_out, 1)], Ends::default())?;
        Ok(first.beside(second))
    }

    fn launch(
        &self,
        command: &Command,
        mut descriptors: Vec<(OwnedFd, c_int)>,
        mut ends: Ends,
    ) -> Result<Running, SandboxError> {
        let taken =
            |descriptors: &[(OwnedFd, c_int)], number| descriptors.iter().any(|&(_, own)| own == number);
        if !taken(&descriptors, 0) {
            let (stdin, feed) = pipe()?;
            nonblocking(&feed)?;
            ends.stdin = Some((feed, command.stdin.clone()));
            descriptors.push((stdin, 0));
        }
        if command.keep_stdout && !taken(&descriptors, 1) {
            let (stdout, end) = pipe()?;
            nonblocking(&stdout)?;
            ends.stdout = Some(stdout);
            descriptors.push((end, 1));
        }
        let (stderr, end) = pipe()?;
        nonblocking(&stderr)?;
        ends.stderr = Some(stderr);
        descriptors.push((end, 2));

        let place = Place::take(&self.places, self.settings, command)?;
        let process = match self.spawn(command, &place, descriptors, false) {
            Ok(process) => Ok(process),
            // The file is there and the system will not run it; that is the program's affair.
            Err(SandboxError::Cage { step, source }) if step == Step::Exec.name() => Err(source.to_string()),
            Err(error) => return Err(error),
        };
        Ok(Running::new(process, place, command, ends))
    }

    /// Starts the processes of a command.
    fn spawn(
        &self,
        command: &Command,
        place: &Place,
        descriptors: Vec<(OwnedFd, c_int)>,
        probe: bool,
    ) -> Result<Process, SandboxError> {
        let shown = layout::readable(self.exposed.iter().chain(&command.exposed));
        let filters = match command.processes {
            Processes::Many => &self.forking_filters,
            Processes::One => &self.single_filters,
        };
        let common = Preparation { settings: self.settings, filters, shown: &shown, probe };
        let plan = prepare::plan(&common, command, place, descriptors)?;
        let started = spawn::spawn(plan).map_err(|(step, source)| cage(step.name())(source))?;
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).extend(shown);
        Process::new(started).map_err(cage("pidfd"))
    }
}

fn cage(step: &'static str) -> impl Fn(io::Error) -> SandboxError {
    move |source| SandboxError::Cage { step, source }
}

fn pipe() -> Result<(OwnedFd, OwnedFd), SandboxError> {
    fd::pipe().map_err(cage("pipe"))
}
