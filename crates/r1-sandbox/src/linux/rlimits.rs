//! The limits that the kernel keeps for one process.

use std::{fs, time::Duration};

use libc::c_int;

use super::settings::Settings;
use crate::{Command, Limits, Processes};

/// The limits of a command: resource and value, which is both the soft and the hard one. What the host
/// allows less of stays so; an ordinary user could not raise it.
pub(super) fn of(command: &Command, settings: Settings) -> Vec<(c_int, u64)> {
    wanted(command, settings).into_iter().map(|(what, value)| (what, value.min(ceiling(what)))).collect()
}

/// Memory and time have a margin here: the parent and the control group are the ones to judge.
fn wanted(command: &Command, settings: Settings) -> Vec<(c_int, u64)> {
    let limits = &command.limits;
    let seconds = command.total_cpu.unwrap_or(limits.cpu).as_secs().saturating_add(2);
    let mut list = vec![
        (libc::RLIMIT_CPU, seconds),
        (libc::RLIMIT_FSIZE, limits.file_bytes),
        (libc::RLIMIT_NOFILE, 128),
        (libc::RLIMIT_NPROC, others(settings) + u64::from(limits.max_threads)),
        (libc::RLIMIT_CORE, 0),
        (libc::RLIMIT_MEMLOCK, 0),
        (libc::RLIMIT_MSGQUEUE, 0),
        (libc::RLIMIT_RTPRIO, 0),
        (libc::RLIMIT_NICE, 0),
        (libc::RLIMIT_SIGPENDING, 256),
    ];
    if command.limit_address_space {
        list.push((libc::RLIMIT_AS, limits.memory_bytes.saturating_add(512 << 20)));
    }
    if command.processes == Processes::One {
        list.push((libc::RLIMIT_STACK, 64 << 20));
    }
    list.into_iter().map(|(what, value)| (what as c_int, value)).collect()
}

/// How many threads the user of the program has already: nobody else uses a user of ours, and in a
/// user namespace the count starts anew.
fn others(settings: Settings) -> u64 {
    if settings.uid_drop || settings.user_namespace {
        return 0;
    }
    use std::os::unix::fs::MetadataExt;
    // SAFETY: only returns a number.
    let own = unsafe { libc::geteuid() };
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ours = processes.filter(|entry| entry.metadata().is_ok_and(|metadata| metadata.uid() == own));
    ours.map(|entry| fs::read_dir(entry.path().join("task")).map_or(0, |tasks| tasks.count() as u64)).sum()
}

/// The most that the host allows of a resource.
fn ceiling(resource: c_int) -> u64 {
    let mut limit = libc::rlimit64 { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: writes one limit.
    match unsafe { libc::getrlimit64(resource as _, &mut limit) } {
        0 => limit.rlim_max,
        _ => libc::RLIM64_INFINITY,
    }
}

/// Processor time at which the kernel ends a process of this command.
pub(super) fn cpu_ceiling(command: &Command) -> Duration {
    let seconds = command.total_cpu.unwrap_or(command.limits.cpu).as_secs().saturating_add(2);
    Duration::from_secs(seconds.min(ceiling(libc::RLIMIT_CPU as c_int)))
}

/// Limits of the host below those of a command by default, in words.
pub(super) fn of_host(settings: Settings) -> Vec<String> {
    let command = Command::new("/").limits(Limits::default());
    let name = |resource: c_int| match resource as u32 {
        libc::RLIMIT_CPU => "processor seconds",
        libc::RLIMIT_FSIZE => "bytes of a file",
        libc::RLIMIT_NOFILE => "open files",
        libc::RLIMIT_NPROC => "threads",
        libc::RLIMIT_STACK => "bytes of the stack",
        libc::RLIMIT_AS => "bytes of address space",
        _ => "",
    };
    let below =
        |(resource, wanted): &(c_int, u64)| ceiling(*resource) < *wanted && !name(*resource).is_empty();
    let lower = wanted(&command, settings).into_iter().filter(below);
    lower
        .map(|(resource, wanted)| format!("{} {} instead of {wanted}", ceiling(resource), name(resource)))
        .collect()
}
