//! Ends a process with all that it started.

use std::{
    process::{Child, Command, ExitStatus},
    thread,
    time::{Duration, Instant},
};

/// How long a killed process is waited for before a thread of its own does so.
const REAP: Duration = Duration::from_secs(1);

/// Lets the process lead a group, so that a signal reaches its children and the terminal's Ctrl-C, which asks us to
/// save and stop, does not reach them.
pub(super) fn lead_group(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _ = command;
}

/// Whether the process has ended. Its number stays taken until [`end`], so that killing its group hits no other.
pub(super) fn has_exited(child: &mut Child) -> bool {
    #[cfg(unix)]
    {
        let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        // SAFETY: all zeros is a valid `siginfo_t`, and waitid writes to nothing else.
        let (outcome, pid) = unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            (libc::waitid(libc::P_PID, child.id(), &mut info, options), info.si_pid())
        };
        outcome == 0 && pid != 0
    }
    #[cfg(not(unix))]
    {
        child.try_wait().is_ok_and(|status| status.is_some())
    }
}

/// Kills the process, its group and, on Linux, those descendants that left the group. Gives the exit status when
/// there is one soon: what another user's process is, we may not kill.
pub(super) fn end(mut child: Child) -> Option<ExitStatus> {
    #[cfg(target_os = "linux")]
    let strays = linux::descendants(child.id());
    #[cfg(unix)]
    if let Ok(pid) = i32::try_from(child.id()) {
        // SAFETY: kill takes two integers. The group is the child's own, which is not reaped yet.
        unsafe { libc::kill(-pid, libc::SIGKILL) };
    }
    #[cfg(target_os = "linux")]
    for stray in strays {
        // SAFETY: as above.
        unsafe { libc::kill(stray, libc::SIGKILL) };
    }
    // It may have ended by itself.
    let _ = child.kill();
    let killed = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if killed.elapsed() < REAP => thread::sleep(Duration::from_millis(1)),
            Ok(None) => {
                let _ = thread::Builder::new().spawn(move || child.wait());
                return None;
            }
            Err(_) => return None,
        }
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;

    /// The children of a process, their children and so on.
    pub(super) fn descendants(root: u32) -> Vec<i32> {
        let Ok(root) = i32::try_from(root) else { return Vec::new() };
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        let parents: Vec<(i32, i32)> = processes
            .filter_map(|entry| {
                let pid = entry.file_name().to_str()?.parse().ok()?;
                Some((pid, parent(&fs::read_to_string(entry.path().join("stat")).ok()?)?))
            })
            .collect();
        let mut family = vec![root];
        let mut next = 0;
        while let Some(&elder) = family.get(next) {
            next += 1;
            let children = parents.iter().filter(|(pid, parent)| *parent == elder && !family.contains(pid));
            let children: Vec<i32> = children.map(|(pid, _)| *pid).collect();
            family.extend(children);
        }
        family.split_off(1)
    }

    /// The parent in `PID (name) STATE PARENT ..`, where the name may hold anything.
    fn parent(stat: &str) -> Option<i32> {
        stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
    }

    #[test]
    fn a_name_with_brackets_does_not_hide_the_parent() {
        assert_eq!(parent("12 (a) S 1 (b)) R 34 12 12 0"), Some(34));
        assert_eq!(parent("12 a"), None);
    }
}
