//! A look at a tree of processes from outside: whether any of them is awake, and what they have used.

use std::{fs, time::Duration};

use libc::c_int;

/// What a look saw.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Glance {
    /// Whether any of them runs, could run, or waits for a disk.
    pub(super) awake: bool,
    /// Processor time of the living and of those that they waited for.
    pub(super) cpu: Duration,
}

/// Looks at a process and, in a tree, at all below it and below the supervisor, which inherits orphans.
pub(super) fn look(program: c_int, supervisor: Option<c_int>) -> Glance {
    // A bomb of processes is not looked at to its end.
    const MOST: usize = 256;
    let mut glance = Glance::default();
    let mut pids = vec![program.to_string()];
    pids.extend(supervisor.iter().flat_map(|pid| children(&format!("/proc/{pid}/task/{pid}"))));
    let mut seen = 0;
    while let Some(pid) = pids.pop().filter(|_| seen < MOST) {
        seen += 1;
        let folder = format!("/proc/{pid}");
        let Some(stat) = read(&folder) else { continue };
        glance.cpu += stat.cpu;
        glance.awake |= stat.awake;
        if stat.threads > 1 {
            for task in fs::read_dir(format!("{folder}/task")).into_iter().flatten().flatten() {
                let task = task.path().display().to_string();
                glance.awake = glance.awake || read(&task).is_some_and(|stat| stat.awake);
                pids.extend(supervisor.iter().flat_map(|_| children(&task)));
            }
        } else if supervisor.is_some() {
            pids.extend(children(&format!("{folder}/task/{pid}")));
        }
    }
    glance
}

/// The children of a thread.
fn children(task: &str) -> Vec<String> {
    let text = fs::read_to_string(format!("{task}/children")).unwrap_or_default();
    text.split_whitespace().map(str::to_owned).collect()
}

struct Stat {
    awake: bool,
    threads: usize,
    cpu: Duration,
}

/// Reads `stat` of a process or thread: `12 (a name) S ..`, where the name may hold anything.
fn read(folder: &str) -> Option<Stat> {
    // Of the part behind the name, counted from 0: state, then user, system, and both of waited-for children.
    const TIMES: std::ops::Range<usize> = 11..15;
    const THREADS: usize = 17;
    let text = fs::read(format!("{folder}/stat")).ok()?;
    let end = text.iter().rposition(|&byte| byte == b')')?;
    let rest = String::from_utf8_lossy(text.get(end + 1..)?).into_owned();
    let fields: Vec<&str> = rest.split_whitespace().collect();
    // The kernel counts in hundredths of a second for this file, on every machine.
    let ticks: u64 = fields.get(TIMES)?.iter().filter_map(|field| field.parse::<u64>().ok()).sum();
    Some(Stat {
        awake: matches!(fields.first(), Some(&("R" | "D"))),
        threads: fields.get(THREADS)?.parse().ok()?,
        cpu: Duration::from_millis(ticks.saturating_mul(10)),
    })
}

#[cfg(test)]
mod tests {
    use std::{
        process::{Command, Stdio},
        thread,
        time::Instant,
    };

    use super::*;

    /// Looks until it sees this, because a process that was just started is awake for a moment.
    fn comes_to(awake: bool, look: impl Fn() -> Glance) -> bool {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(20) {
            if look().awake == awake {
                return true;
            }
            thread::sleep(Duration::from_millis(5));
        }
        false
    }

    #[test]
    fn sleepers_and_workers_are_told_apart_below_a_shell_too() {
        for (line, awake) in [("sleep 60 & wait", false), ("while :; do :; done & wait", true)] {
            let shell =
                |line: &str| Command::new("sh").args(["-c", line]).stdin(Stdio::null()).spawn().unwrap();
            let mut process = shell(&format!("{line} & wait"));
            let pid = process.id() as c_int;
            assert!(comes_to(awake, || look(pid, Some(pid))), "{line}");
            // The shell itself only waits.
            assert!(comes_to(false, || look(pid, None)), "{line}");
            if awake {
                let start = Instant::now();
                while look(pid, Some(pid)).cpu.is_zero() {
                    assert!(start.elapsed() < Duration::from_secs(20));
                }
            }
            for child in children(&format!("/proc/{pid}/task/{pid}")) {
                for below in children(&format!("/proc/{child}/task/{child}")) {
                    Command::new("kill").args(["-9", &below]).status().unwrap();
                }
                Command::new("kill").args(["-9", &child]).status().unwrap();
            }
            let _ = process.kill();
            process.wait().unwrap();
        }
        assert_eq!(look(c_int::MAX, None), Glance::default());
    }
}
