//! Finds out which layers work by building the cage and leaving it before any program runs.

use std::{
    io,
    sync::{Arc, Mutex},
};

use super::{
    Cage, filter::filters, place::Place, plan::Step, rlimits, ruleset, settings::Settings, supervisor,
};
use crate::{Command, Isolation, Layer, Policy, SandboxError, SandboxReport};

/// Tries the layers, dropping those that fail, and refuses below the minimum.
pub(super) fn cage(policy: &Policy) -> Result<Cage, SandboxError> {
    let Policy { isolation, layers, .. } = *policy;
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
        supervisor: true,
    };
    if layers.landlock && !settings.landlock {
        report.landlock = Layer::Unavailable("this kernel has none, or the container refuses it".into());
    }
    if let Err(error) = supervisor::image() {
        give_up(Step::Supervisor, &error, &mut settings, &mut report)?;
    }
    let cage = loop {
        let cage = build(policy, settings, report.clone())?;
        match attempt(&cage) {
            Ok(()) => break cage,
            Err(SandboxError::Cage { step, source }) => {
                give_up(Step::named(step), &source, &mut settings, &mut report)?;
            }
            Err(error) => return Err(error),
        }
    };
    activate(&settings, &mut report);
    if isolation == Isolation::Strict
        && let Some(missing) = missing(&report, root)
    {
        return Err(SandboxError::TooWeak { missing });
    }
    report.host_limits = rlimits::of_host(settings);
    Ok(Cage { report, ..cage })
}

fn build(policy: &Policy, settings: Settings, report: SandboxReport) -> Result<Cage, SandboxError> {
    let compiled = |may_fork| {
        let filters = filters(settings.filter_policy(may_fork));
        let source =
            |error| SandboxError::Cage { step: Step::Seccomp.name(), source: io::Error::other(error) };
        settings.seccomp.then(|| filters.map(Arc::new).map_err(source)).transpose()
    };
    Ok(Cage {
        report,
        settings,
        forking_filters: compiled(true)?,
        single_filters: compiled(false)?,
        exposed: policy.exposed.clone(),
        shown: Mutex::default(),
        places: Arc::default(),
    })
}

/// Starts a child that applies everything and then ends.
fn attempt(cage: &Cage) -> Result<(), SandboxError> {
    // What may fork uses every layer.
    let command = Command::new("/").forking();
    let place = Place::take(&cage.places, cage.settings, &command)?;
    let exit = cage.spawn(&command, &place, Vec::new(), true)?.wait();
    match exit.code {
        Some(0) => Ok(()),
        _ => {
            let source = io::Error::other("the probe was killed");
            Err(SandboxError::Cage { step: Step::Clone.name(), source })
        }
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
        Step::Supervisor if settings.supervisor => {
            settings.supervisor = false;
            report.supervisor = unavailable();
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
        (settings.supervisor, &mut report.supervisor),
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
        ("a supervisor", report.supervisor.is_active(), &report.supervisor),
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
