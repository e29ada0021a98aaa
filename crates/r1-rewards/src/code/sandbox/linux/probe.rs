//! Finds out which layers work by building the cage and leaving it before any program runs.

use std::{io, sync::Arc};

use super::{
    Cage, Settings,
    filter::filters,
    plan::Step,
    ruleset,
    spawner::{self, Failure},
};
use crate::code::{
    Limits, SandboxError,
    sandbox::{Channel, Isolation, Job, Layer, Layers, SandboxReport, Stage},
};

/// Tries the layers, dropping those that fail, and refuses below the minimum.
pub(super) fn cage(isolation: Isolation, layers: Layers) -> Result<Cage, SandboxError> {
    // SAFETY: only returns a number.
    let root = unsafe { libc::geteuid() } == 0;
    let mut report = SandboxReport::nothing(isolation);
    let mut settings = Settings {
        namespaces: layers.namespaces,
        user_namespace: layers.namespaces && !root,
        proc: layers.namespaces,
        cgroup: layers.cgroup,
        uid_drop: layers.uid_drop && root,
        landlock: layers.landlock && ruleset::abi() > 0,
        seccomp: layers.seccomp,
    };
    if layers.landlock && !settings.landlock {
        report.landlock = Layer::Unavailable("this kernel has none, or the container refuses it".into());
    }
    let cage = loop {
        let cage = build(settings, report.clone())?;
        match attempt(&cage) {
            Ok(()) => break cage,
            Err((step, error)) => give_up(step, &error, &mut settings, &mut report)?,
        }
    };
    activate(&settings, &mut report);
    if isolation == Isolation::Strict
        && let Some(missing) = missing(&report, root)
    {
        return Err(SandboxError::TooWeak { missing });
    }
    Ok(Cage { report, ..cage })
}

fn build(settings: Settings, report: SandboxReport) -> Result<Cage, SandboxError> {
    let compiled = |may_fork| {
        let filters = filters(settings.filter_policy(may_fork));
        let source =
            |error| SandboxError::Cage { step: Step::Seccomp.name(), source: io::Error::other(error) };
        settings.seccomp.then(|| filters.map(Arc::new).map_err(source)).transpose()
    };
    Ok(Cage {
        report,
        settings,
        compile_filters: compiled(true)?,
        run_filters: compiled(false)?,
        slots: Arc::default(),
    })
}

/// Starts a child that applies everything and then ends.
fn attempt(cage: &Cage) -> Result<(), Failure> {
    let job = Job {
        program: "/".into(),
        arguments: Vec::new(),
        exposed: Vec::new(),
        files: Vec::new(),
        limits: Limits::default(),
        // The stage that uses every layer.
        stage: Stage::Compile,
        limit_address_space: true,
        total_cpu: None,
        stdin: Arc::default(),
        keep_stdout: false,
        channel: Channel::Closed,
    };
    let slot = cage.slot(&job).map_err(|error| preparing(error, Step::Cgroup))?;
    let plan = cage.plan(&job, &slot, Vec::new(), true).map_err(|error| preparing(error, Step::Landlock))?;
    let pid = spawner::spawn(plan)?;
    let failed = |error| (Step::Clone, error);
    let exit = super::watch::Process::new(pid).map_err(failed)?.wait();
    match exit.code {
        Some(0) => Ok(()),
        _ => Err(failed(io::Error::other("the probe was killed"))),
    }
}

fn preparing(error: SandboxError, step: Step) -> Failure {
    match error {
        SandboxError::Cage { source, .. } => (step, source),
        error => (step, io::Error::other(error)),
    }
}

/// Switches off the layer that a step belongs to; a step without one cannot be done without.
fn give_up(
    step: Step,
    error: &io::Error,
    settings: &mut Settings,
    report: &mut SandboxReport,
) -> Result<(), SandboxError> {
    let unavailable = || Layer::Unavailable(format!("{}: {error}", step.name()));
    match step {
        Step::Proc if settings.proc => {
            settings.proc = false;
            report.proc = unavailable();
        }
        Step::Cgroup if settings.cgroup => {
            settings.cgroup = false;
            report.cgroup = unavailable();
        }
        Step::Landlock if settings.landlock => {
            settings.landlock = false;
            report.landlock = unavailable();
        }
        Step::Seccomp if settings.seccomp => {
            settings.seccomp = false;
            report.seccomp = unavailable();
        }
        _ if settings.namespaces => {
            for layer in [&mut report.mount_namespace, &mut report.pid_namespace, &mut report.net_namespace] {
                *layer = unavailable();
            }
            if settings.user_namespace {
                report.user_namespace = unavailable();
            }
            settings.namespaces = false;
            settings.user_namespace = false;
            settings.proc = false;
        }
        Step::UidDrop if settings.uid_drop => {
            settings.uid_drop = false;
            report.uid_drop = unavailable();
        }
        _ => {
            let source = io::Error::new(error.kind(), error.to_string());
            return Err(SandboxError::Cage { step: step.name(), source });
        }
    }
    Ok(())
}

fn activate(settings: &Settings, report: &mut SandboxReport) {
    let active = [
        (settings.namespaces, &mut report.mount_namespace),
        (settings.namespaces, &mut report.pid_namespace),
        (settings.namespaces, &mut report.net_namespace),
        (settings.user_namespace, &mut report.user_namespace),
        (settings.proc, &mut report.proc),
        (settings.cgroup, &mut report.cgroup),
        (settings.uid_drop, &mut report.uid_drop),
        (settings.landlock, &mut report.landlock),
        (settings.seccomp, &mut report.seccomp),
        (true, &mut report.no_new_privs),
        (true, &mut report.rlimits),
    ];
    active.into_iter().filter(|(on, _)| *on).for_each(|(_, layer)| *layer = Layer::Active);
    report.landlock_abi = if settings.landlock { ruleset::abi() } else { 0 };
}

/// What the minimum lacks.
fn missing(report: &SandboxReport, root: bool) -> Option<String> {
    let needs = [
        ("system-call filters", report.seccomp.is_active(), &report.seccomp),
        ("no-new-privileges", report.no_new_privs.is_active(), &report.no_new_privs),
        ("another user than root", !root || report.uid_drop.is_active(), &report.uid_drop),
        (
            "Landlock or a mount namespace",
            report.landlock.is_active() || report.mount_namespace.is_active(),
            &report.landlock,
        ),
    ];
    let lacking: Vec<String> = needs
        .into_iter()
        .filter(|(_, met, _)| !met)
        .map(|(name, _, layer)| format!("{name} ({layer})"))
        .collect();
    (!lacking.is_empty()).then(|| lacking.join(", "))
}
