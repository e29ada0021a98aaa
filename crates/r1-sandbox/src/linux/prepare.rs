//! From a command to a plan: all that can be done before the fork.

use std::{fs, io, os::fd::OwnedFd, path::PathBuf, sync::Arc};

use libc::c_int;
use seccompiler::BpfProgram;

use super::{
    fd::raise_all,
    layout,
    network::Network,
    place::Place,
    plan::{Plan, Started, Step},
    rlimits, ruleset,
    settings::Settings,
    supervisor,
};
use crate::{Command, Processes, SandboxError};

/// What the plans of a cage have in common.
#[derive(Debug)]
pub(super) struct Preparation<'a> {
    pub(super) settings: Settings,
    pub(super) filters: &'a Option<Arc<Vec<BpfProgram>>>,
    /// Files and folders of the host that the program may read.
    pub(super) shown: &'a [PathBuf],
    /// Stops before `exec`.
    pub(super) probe: bool,
}

/// The plan of a command in its place, with these descriptors of the parent's.
pub(super) fn plan(
    common: &Preparation<'_>,
    command: &Command,
    place: &Place,
    descriptors: Vec<(OwnedFd, c_int)>,
) -> Result<Box<Plan>, SandboxError> {
    let settings = common.settings;
    let failed = |step: Step| move |source| SandboxError::Cage { step: step.name(), source };
    let mut cgroups = Vec::new();
    if let Some(group) = place.group.as_ref().filter(|_| command.needs_group()) {
        cgroups.push(group.door().map_err(failed(Step::Cgroup))?);
    }
    let rules = if settings.landlock {
        let rules = ruleset::rules(common.shown, &layout::devices());
        let rules = rules.map_err(io::Error::other).map_err(failed(Step::Landlock))?;
        rules.map(ruleset::Rules::raised).transpose().map_err(failed(Step::Landlock))?
    } else {
        None
    };
    let supervisor = settings.supervisor.then(supervisor::image).transpose();
    let host_box = place.host_box.as_ref().map(|host_box| &host_box.path);
    let home = host_box.cloned().unwrap_or_else(|| "/box".into());
    let (folders, files) = layout::files(command)?;
    let mut plan = Box::new(Plan {
        network: place.network.as_ref().map(Network::raw),
        supervisor: supervisor.map_err(failed(Step::Supervisor))?,
        cgroups: raise_all(cgroups.into_iter())?,
        user_namespace: settings.user_namespace,
        root: if settings.namespaces {
            Some(layout::root(command, common.shown, settings.proc)?)
        } else {
            None
        },
        host_box: host_box.map(|path| layout::c_path(path)).transpose()?,
        writable_box: settings.namespaces || command.processes == Processes::Many,
        folders,
        files,
        descriptors: Vec::new(),
        null: None,
        rlimits: rlimits::of(command, settings),
        uid: settings.uid_drop.then_some(place.uid),
        drop_capabilities: settings.seccomp || settings.uid_drop || settings.user_namespace,
        lifeline: (-1, -1),
        no_new_privs: true,
        rules,
        reads_proc: command.reads_proc && settings.proc,
        filters: common.filters.clone(),
        program: layout::c_path(&command.program)?,
        argv: layout::argv(command)?,
        envp: layout::environment(&home, command)?,
        argv_pointers: Vec::new(),
        envp_pointers: Vec::new(),
        probe: common.probe,
        inner_stack: std::ptr::null_mut(),
        failed: (Step::None, 0),
        started: Started::default(),
    });
    let (fds, numbers): (Vec<_>, Vec<_>) = descriptors.into_iter().unzip();
    plan.descriptors = raise_all(fds.into_iter())?.into_iter().zip(numbers).collect();
    if !command.keep_stdout {
        let null = fs::OpenOptions::new().write(true).open("/dev/null");
        plan.null = raise_all(std::iter::once(null.map_err(failed(Step::Descriptors))?.into()))?.pop();
    }
    plan.point();
    Ok(plan)
}
