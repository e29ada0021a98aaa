//! Thousands of programs on a busy machine: no wrong verdict, and nothing left of any.
//!
//! `R1_SOAK=10000 R1_SOAK_LOAD=10 cargo test --release -p r1-rewards --features code --test code_soak -- --nocapture`
//! judges as many programs, spread over the sets of layers, by 8 callers beside so many busy loops; by default 320
//! beside 4.

#![cfg(all(feature = "code", target_os = "linux"))]

mod code;

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    os::unix::fs::MetadataExt,
    process::{Child, Command, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use code::{KEPT_NAMESPACES, as_nobody, descriptors, is_root, layer_sets};
use r1_rewards::code::*;
use serde_json::json;

const CALLERS: usize = 8;

/// Held by a test for its whole length: what a process has left cannot be counted while another test of it starts
/// processes of its own.
static ALONE: Mutex<()> = Mutex::new(());

fn setting(name: &str, default: usize) -> usize {
    env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// What a machine keeps of programs: processes below this one, descriptors, boxes, mounts, shared memory.
#[derive(Debug, PartialEq)]
struct Left {
    children: BTreeSet<String>,
    descriptors: usize,
    boxes: BTreeSet<String>,
    mounts: usize,
    shared: usize,
}

fn left() -> Left {
    let names = |folder: &str| -> Vec<String> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
    };
    let own = std::process::id().to_string();
    let parent = |pid: &str| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1).map(str::to_owned))
    };
    let temporary = env::temp_dir();
    let prefix = format!("r1-box-{own}-");
    Left {
        children: names("/proc")
            .into_iter()
            .filter(|pid| pid.parse::<u32>().is_ok() && parent(pid).as_deref() == Some(&own))
            .collect(),
        descriptors: descriptors().1,
        boxes: names(&temporary.display().to_string())
            .into_iter()
            .filter(|name| name.starts_with(&prefix))
            .collect(),
        mounts: fs::read_to_string("/proc/self/mountinfo").unwrap().lines().count(),
        shared: shared(),
    }
}

/// Shared memory, semaphores and queues of the programs' users; other users of the machine have their own.
fn shared() -> usize {
    let own = fs::metadata("/proc/self").unwrap().uid();
    // As the cage numbers its users; an ordinary user has only himself.
    let first = 20_000 + std::process::id() % 150 * 256;
    let users = if own == 0 { first..first + 256 } else { own..own + 1 };
    let files = fs::read_dir("/dev/shm").into_iter().flatten().flatten();
    let files = files.filter(|entry| entry.metadata().is_ok_and(|data| users.contains(&data.uid()))).count();
    let objects = |kind: &str| {
        let text = fs::read_to_string(format!("/proc/sysvipc/{kind}")).unwrap_or_default();
        let mut lines = text.lines().map(|line| line.split_whitespace());
        let column = lines.next().and_then(|mut names| names.position(|name| name == "uid"));
        let user = |mut fields: std::str::SplitWhitespace<'_>| fields.nth(column?)?.parse::<u32>().ok();
        lines.filter_map(user).filter(|user| users.contains(user)).count()
    };
    files + ["shm", "sem", "msg"].map(objects).iter().sum::<usize>()
}

/// Control groups of this process. A judge keeps those that it needed at once, and removes them with itself.
fn groups() -> usize {
    let own = format!("r1-{}-", std::process::id());
    let text = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let paths = text.lines().filter_map(|line| line.rsplit(':').next());
    let folders =
        paths.flat_map(|path| fs::read_dir(format!("/sys/fs/cgroup/memory{path}"))).flatten().flatten();
    folders.filter(|entry| entry.file_name().to_string_lossy().starts_with(&own)).count()
}

/// Resident memory of this process in KiB.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// Busy loops beside; they end with this value.
struct Load(Vec<Child>);

impl Load {
    fn of(loops: usize) -> Self {
        let spin =
            |_| Command::new("sh").args(["-c", "while :; do :; done"]).stdin(Stdio::null()).spawn().unwrap();
        Self((0..loops).map(spin).collect())
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // Ours and not reaped.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A program, its input, the output that is right, and the verdict that it must get.
fn case(number: usize) -> (Submission, TestCase, &'static str) {
    let python = |source: &str| Submission::new(Language::PYTHON, source);
    let (text, next) = (number.to_string(), (number + 1).to_string());
    // Much clock, so that a machine as busy as this cannot be mistaken for a sleeper.
    let limits = |seconds| {
        Limits { memory_bytes: 128 << 20, ..Limits::default() }.with_cpu(Duration::from_secs_f64(seconds))
    };
    let plain = TestCase::stdio(text.clone(), next.clone());
    let called = TestCase::call("f", vec![json!(number)], json!(number + 1));
    let asserted = TestCase::assert(format!("assert f({number}) == {next}"), "f");
    match number % 16 {
        0..=5 => (python("print(int(input()) + 1)").with_limits(limits(4.0)), plain, "AC"),
        6 => (python("print(int(input()) + 2)").with_limits(limits(4.0)), plain, "WA"),
        7 => (python("raise ValueError(input())").with_limits(limits(4.0)), plain, "RE"),
        8 => (python("while True: pass").with_limits(limits(0.3)), plain, "TLE"),
        9 => (python("x = b'1' * (400 << 20)\nprint(len(x))").with_limits(limits(4.0)), plain, "MLE"),
        10 => (python("def f(x): return x + 1").with_limits(limits(4.0)), called, "AC"),
        11 => (python("def f(x): return x - 1").with_limits(limits(4.0)), called, "WA"),
        12 => (python("def f(x): return x + 1").with_limits(limits(4.0)), asserted, "AC"),
        13 => (python("import os\nos.kill(os.getpid(), 9)").with_limits(limits(4.0)), plain, "RE"),
        // A large part of its limit: the clock alone would say that it was too long.
        14 => (
            python("import time\nend = time.process_time() + 0.25\nwhile time.process_time() < end: pass\nprint(int(input()) + 1)")
                .with_limits(limits(0.8)),
            plain,
            "AC",
        ),
        _ => (
            Submission::new("bash".parse().unwrap(), "read x; sleep 100 & (sleep 100 &) ; echo $((x + 1))")
                .with_limits(limits(4.0)),
            plain,
            "AC",
        ),
    }
}

#[test]
fn thousands_of_programs_leave_nothing() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (sets, loops) = (layer_sets(), setting("R1_SOAK_LOAD", 4));
    let count = setting("R1_SOAK", 320).div_ceil(sets.len());
    for (_, judge) in sets {
        let crowd = judge.clone().with_workers(CALLERS);
        // What is made once is made before anything is counted.
        (0..32).for_each(|number| {
            let (submission, test, _) = case(number);
            let _ = crowd.judge(&submission, &[test]);
        });
        let (before, memory) = (left(), resident());
        let load = Load::of(loops);
        let (next, start) = (AtomicUsize::new(0), Instant::now());
        let wrong = thread::scope(|scope| {
            let work = || {
                let mut wrong = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return wrong;
                    }
                    let (submission, test, expected) = case(number);
                    match crowd.judge(&submission, &[test]) {
                        Ok(judgement) if judgement.verdict.code() == expected => {}
                        other => wrong.push(format!("{number}: {expected} and not {other:?}")),
                    }
                }
            };
            let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(work)).collect();
            callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect::<Vec<_>>()
        });
        let seconds = start.elapsed().as_secs_f64();
        let average = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        drop(load);
        // The last of a group leaves a moment after it was reaped.
        let begun = Instant::now();
        while left() != before && begun.elapsed() < Duration::from_secs(2) {
            thread::sleep(Duration::from_millis(50));
        }
        let grown = resident().saturating_sub(memory);
        println!(
            "{count} programs in {seconds:.0} s at a load of {}, {} wrong, {grown} KiB more; {}",
            average.split(' ').next().unwrap_or_default(),
            wrong.len(),
            judge.report()
        );
        let mut kinds = BTreeMap::new();
        wrong.iter().for_each(|line| *kinds.entry(line.split(": ").nth(1)).or_insert(0) += 1);
        assert!(wrong.is_empty(), "{kinds:?}\n{}", wrong.join("\n"));
        assert_eq!(left(), before);
        assert!(grown < 16 << 10, "{grown} KiB were not given back");
        assert!(groups() <= 2 * CALLERS, "{} control groups", groups());
        assert!(descriptors().0 <= KEPT_NAMESPACES, "{:?} descriptors", descriptors());
    }
    assert_eq!((groups(), descriptors().0), (0, 0));
}

#[test]
fn thousands_of_programs_leave_nothing_of_an_ordinary_user() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    if is_root() {
        as_nobody("thousands_of_programs_leave_nothing");
    }
}
