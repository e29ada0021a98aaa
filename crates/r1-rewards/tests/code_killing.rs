//! The parent is killed at random moments, and nothing that it started lives on.
//!
//! `R1_KILLS=100 cargo test --release -p r1-rewards --features code --test code_killing -- --nocapture` kills as often
//! in every set of layers; 3 times by default.

#![cfg(all(feature = "code", target_os = "linux"))]

mod code;

use std::{
    env, fs,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use code::{as_nobody, is_root, layer_sets};
use r1_rewards::code::*;

/// Ways of living on, in Python; `MARK` is an argument of whatever they start.
const ESCAPES: [&str; 7] = [
    "import os, threading, time\nthreading.Thread(target=lambda: os.execv('/bin/sleep', ['sleep', 'MARK'])).start()\ntime.sleep(100)",
    "import ctypes, os\nctypes.CDLL(None).prctl(1, 0, 0, 0, 0)\nos.execv('/bin/sleep', ['sleep', 'MARK'])",
    "import os, signal\nfor n in range(1, 65):\n    try: signal.signal(n, signal.SIG_IGN)\n    except (OSError, ValueError): pass\nos.execv('/bin/sleep', ['sleep', 'MARK'])",
    "import os\nfor call in (os.setsid, lambda: os.setpgid(0, 0)):\n    try: call()\n    except OSError: pass\nos.execv('/bin/sleep', ['sleep', 'MARK'])",
    "import os, signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nfor fd in range(3): os.close(fd)\nos.execv('/bin/sleep', ['sleep', 'MARK'])",
    "import os, threading\nfor i in range(20): threading.Thread(target=lambda: os.execv('/bin/sleep', ['sleep', 'MARK'])).start()\nos.execv('/bin/sleep', ['sleep', 'MARK'])",
    "import os, resource\nos.nice(19)\nresource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))\nos.execv('/bin/sleep', ['sleep', 'MARK'])",
];
/// The same by trees of processes, in Bash.
const TREES: [&str; 3] = [
    "trap '' TERM HUP INT QUIT; (sleep MARK &) ; sleep MARK & exec sleep MARK",
    "(trap '' TERM; (trap '' HUP; (sleep MARK & sleep MARK &) &) &) ; setsid sleep MARK & nohup sleep MARK & wait",
    "f() { sleep MARK & sleep 0.01; }; while :; do f; done",
];

/// Not a test by itself: the parent that is killed.
#[test]
fn a_parent_to_be_killed() {
    let Ok(set) = env::var("R1_KILLED_SET") else { return };
    let (_, judge) = layer_sets().into_iter().nth(set.parse().unwrap()).unwrap();
    let mark = env::var("R1_KILLED_MARK").unwrap();
    let judge = judge.with_workers(ESCAPES.len() + TREES.len());
    println!("begins");
    let limits = Limits::default().with_cpu(Duration::from_secs(50));
    thread::scope(|scope| {
        let (python, bash): (Language, Language) = (Language::PYTHON, "bash".parse().unwrap());
        let escapes = ESCAPES.iter().map(|source| (python, source));
        for (language, source) in escapes.chain(TREES.iter().map(|source| (bash, source))) {
            let submission =
                Submission::new(language, source.replace("MARK", &mark)).with_limits(limits.clone());
            let judge = &judge;
            // Again and again, so that the end comes while some are being started.
            scope.spawn(move || while judge.judge(&submission, &[TestCase::stdio("", "")]).is_ok() {});
        }
    });
}

/// Processes that were started with this mark, the parent apart.
fn running(mark: &str) -> Vec<String> {
    let names =
        fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let has = |pid: &String, file: &str| {
        let text = fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        text.split(|&byte| byte == 0).any(|part| part == mark.as_bytes())
    };
    names.filter(|pid| pid.parse::<u32>().is_ok()).filter(|pid| has(pid, "cmdline")).collect()
}

/// Processes whose supervisor has this image and whose session is led by nobody of ours: a supervisor by itself.
fn supervisors() -> Vec<String> {
    let names =
        fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let orphan = |pid: &String| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let parent =
            stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1).map(str::to_owned));
        // The image has no name to be run by, so that it is called by its descriptor.
        let image = fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
        parent.as_deref() == Some("1") && image.starts_with("/memfd:supervisor")
    };
    names.filter(|pid| pid.parse::<u32>().is_ok()).filter(orphan).collect()
}

#[test]
fn nothing_lives_on_after_a_kill_at_any_moment() {
    let kills: u64 = env::var("R1_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    let user = if is_root() { "root" } else { "an ordinary user" };
    let mut killed = Vec::new();
    for set in 0..layer_sets().len() {
        let (mut worst, mut alive) = (Duration::ZERO, 0);
        for round in 0..kills {
            let mark = format!("97{}.{}{set}{round:04}", std::process::id(), u8::from(is_root()));
            let mut parent = Command::new(env::current_exe().unwrap())
                .args(["a_parent_to_be_killed", "--exact", "--nocapture"])
                .envs([("R1_KILLED_SET", set.to_string()), ("R1_KILLED_MARK", mark.clone())])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            // From before the first program to when all of them run, by a fixed series.
            let moment = round.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
            thread::sleep(Duration::from_millis(20 + moment % 1500));
            alive += running(&mark).len();
            parent.kill().unwrap();
            parent.wait().unwrap();
            killed.push(parent.id());
            let start = Instant::now();
            while !running(&mark).is_empty() {
                // A second on an idle machine; this one may be busy.
                assert!(
                    start.elapsed() < Duration::from_secs(10),
                    "{user}, set {set}: {:?} live on",
                    running(&mark)
                );
                thread::sleep(Duration::from_millis(5));
            }
            worst = worst.max(start.elapsed());
        }
        println!(
            "{kills} kills as {user}, set {set}: {alive} processes were running, the last was gone after {worst:?}"
        );
        // Another test may kill parents at this moment; those that were alone now must go as well.
        let (alone, start) = (supervisors(), Instant::now());
        while supervisors().iter().any(|pid| alone.contains(pid)) {
            assert!(start.elapsed() < Duration::from_secs(10), "the supervisors {alone:?} live on");
            thread::sleep(Duration::from_millis(5));
        }
    }
    // What a kill leaves in the folder of temporary files goes when a sandbox is made a moment later.
    thread::sleep(Duration::from_millis(300));
    drop(Judge::new().unwrap());
    let left = fs::read_dir(env::temp_dir()).unwrap().flatten().filter(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        let pid = name.strip_prefix("r1-box-").and_then(|rest| rest.split('-').next()?.parse::<u32>().ok());
        pid.is_some_and(|pid| killed.contains(&pid))
    });
    assert_eq!(left.map(|entry| entry.path()).collect::<Vec<_>>(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn nothing_of_an_ordinary_user_lives_on_after_a_kill() {
    if is_root() {
        as_nobody("nothing_lives_on_after_a_kill_at_any_moment");
    }
}
