//! What is left after many runs, and after the parent is killed: nothing.

#![cfg(all(feature = "code", target_os = "linux"))]

mod code;

use std::{
    collections::BTreeSet,
    env, fs,
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    process::{Command, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use code::{KEPT_NAMESPACES, as_nobody, descriptors, is_root, layer_sets};
use r1_rewards::code::*;

/// The tests of this file count what this process has, so that they take turns.
static TURN: Mutex<()> = Mutex::new(());

/// Processes below this one.
fn children() -> Vec<String> {
    let own = std::process::id().to_string();
    let parent = |pid: &str| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1).map(str::to_owned))
    };
    let names =
        fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|pid| pid.parse::<u32>().is_ok() && parent(pid).as_deref() == Some(&own)).collect()
}

/// Boxes of this process in the folder of temporary files.
fn boxes() -> BTreeSet<String> {
    let prefix = format!("r1-box-{}-", std::process::id());
    let names = fs::read_dir(env::temp_dir())
        .unwrap()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| name.starts_with(&prefix)).collect()
}

#[test]
fn two_hundred_runs_at_once_leave_nothing() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    for (_, sandbox) in layer_sets() {
        let submission =
            Submission::new(Language::PYTHON, "import sys\nopen('f','w') if 0 else None\nprint(input())");
        let judge = |index: usize| {
            let text = index.to_string();
            let judgement = sandbox.judge(&submission, &[TestCase::stdio(text.clone(), text)]).unwrap();
            assert_eq!(judgement.verdict, Verdict::Accepted, "{judgement:?}");
        };
        judge(0);
        let before = descriptors().1;
        let start = Instant::now();
        // More at a time than there are cores.
        let crowd = sandbox.clone().with_workers(200);
        thread::scope(|scope| {
            for index in 0..200 {
                let (crowd, submission) = (&crowd, &submission);
                scope.spawn(move || {
                    let limits = Limits::default()
                        .with_cpu(Duration::from_secs(20))
                        .with_wall(Duration::from_secs(120));
                    let text = index.to_string();
                    let test = [TestCase::stdio(text.clone(), text)];
                    let judgement = crowd.judge(&submission.clone().with_limits(limits), &test).unwrap();
                    assert_eq!(judgement.verdict, Verdict::Accepted, "{judgement:?}");
                });
            }
        });
        println!("200 at once in {:.1} s; {}", start.elapsed().as_secs_f64(), sandbox.report());
        let (kept, after) = descriptors();
        assert_eq!(after, before);
        assert!(kept <= KEPT_NAMESPACES, "{kept}");
        assert_eq!(children(), Vec::<String>::new());
        assert_eq!(boxes(), BTreeSet::new());
    }
}

#[test]
fn two_hundred_runs_at_once_leave_nothing_of_an_ordinary_user() {
    if is_root() {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        as_nobody("two_hundred_runs_at_once_leave_nothing");
    }
}

/// Resident memory of this process in MiB.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() >> 10
}

#[test]
fn floods_and_huge_allocations_cost_the_parent_nothing() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let sandbox = Judge::new().unwrap();
    let judge = |source: &str| {
        let limits = Limits { output_bytes: 4 << 20, ..Limits::default() };
        let submission = Submission::new(Language::PYTHON, source).with_limits(limits);
        sandbox.judge(&submission, &[TestCase::stdio("", "")]).unwrap().verdict
    };
    judge("");
    let before = resident();
    assert_eq!(judge("for i in range(1000000): print('line', i)"), Verdict::OutputLimit);
    assert_eq!(judge("x = bytearray(10 << 30)\nx[::4096] = b'1' * len(x[::4096])"), Verdict::MemoryLimit);
    assert_eq!(
        judge("import sys\nfor i in range(1000000): print('line', i, file=sys.stderr)"),
        Verdict::OutputLimit
    );
    let grown = resident() - before;
    println!("the parent grew by {grown} MiB");
    assert!(grown < 48, "{grown} MiB");
}

/// Not a test by itself: the parent that is killed.
#[test]
fn a_parent_that_waits() {
    if env::var_os("R1_WAITING_PARENT").is_none() {
        return;
    }
    let set = env::var("R1_WAITING_PARENT").unwrap().parse::<usize>().unwrap();
    let sets = layer_sets();
    let Some((_, sandbox)) = sets.get(set) else {
        println!("no more sets");
        return;
    };
    let crowd = sandbox.clone().with_workers(4);
    println!("waiting");
    // The number is told by the names of the programs, which only this run uses.
    // They try to outlive it, and say by their name that they have tried.
    let source = format!(
        "import ctypes, time\nname = 'r1-orphan-{}'\nlibc = ctypes.CDLL(None)\nlibc.prctl(1, 0, 0, 0, 0)\n\
         libc.prctl(15, b'tried')\ntime.sleep(500)",
        std::process::id()
    );
    let limits = Limits::default().with_wall(Duration::from_secs(600));
    thread::scope(|scope| {
        for _ in 0..4 {
            let submission = Submission::new(Language::PYTHON, source.as_str()).with_limits(limits.clone());
            let crowd = crowd.clone();
            scope.spawn(move || crowd.judge(&submission, &[TestCase::stdio("", "")]));
        }
    });
}

#[test]
fn killing_the_parent_leaves_no_child() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    for set in 0..layer_sets().len() {
        let mut parent = Command::new(env::current_exe().unwrap())
            .args(["a_parent_that_waits", "--exact", "--nocapture"])
            .env("R1_WAITING_PARENT", set.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(parent.stdout.take().unwrap()).lines();
        let waiting = lines.by_ref().any(|line| line.unwrap().contains("waiting"));
        assert!(waiting, "the parent of set {set} did not start");
        let pid = parent.id().to_string();
        let tried = |pid: &String| {
            fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim_end() == "tried")
        };
        let programs = || below(&pid).into_iter().filter(tried).collect::<Vec<_>>();
        let start = Instant::now();
        while programs().len() < 4 {
            assert!(start.elapsed() < Duration::from_secs(30), "the programs did not start");
            thread::sleep(Duration::from_millis(20));
        }
        let orphans = programs();
        parent.kill().unwrap();
        parent.wait().unwrap();
        let start = Instant::now();
        let alive = |pid: &String| fs::metadata(format!("/proc/{pid}")).is_ok();
        while orphans.iter().any(alive) {
            assert!(start.elapsed() < Duration::from_secs(10), "{orphans:?} outlived their parent");
            thread::sleep(Duration::from_millis(10));
        }
        for entry in fs::read_dir(env::temp_dir()).unwrap().flatten() {
            // A box of a killed parent is a file and no process; the folder of temporary files is swept.
            if entry.file_name().to_string_lossy().starts_with(&format!("r1-box-{pid}-")) {
                fs::remove_dir_all(entry.path()).unwrap();
            }
        }
    }
}

/// The processes whose parent is `pid`.
fn below(pid: &str) -> Vec<String> {
    let names =
        fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let is_child = |name: &String| {
        let stat = fs::read_to_string(format!("/proc/{name}/stat")).unwrap_or_default();
        let parent = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1));
        parent == Some(pid)
    };
    names.filter(|name| name.parse::<u32>().is_ok() && is_child(name)).collect()
}

#[test]
fn compiled_programs_start_while_others_do() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let source =
        "#include <cstdio>\nint main(){int x;return scanf(\"%d\",&x)==1&&printf(\"%d\\n\",x+1)>0?0:1;}";
    for (_, sandbox) in layer_sets() {
        let crowd = sandbox.clone().with_workers(8);
        let limits = Limits::default().with_cpu(Duration::from_secs(20)).with_wall(Duration::from_secs(120));
        let submission = Submission::new(Language::CPP, source).with_limits(limits);
        let tests: Vec<_> = (0..40).map(|x| TestCase::stdio(x.to_string(), (x + 1).to_string())).collect();
        match crowd.judge(&submission, &tests[..1]) {
            Err(CodeError::Toolchain { .. }) => return println!("g++ is not installed"),
            judgement => assert_eq!(judgement.unwrap().verdict, Verdict::Accepted),
        }
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            // Children of the parent that are not the cage's take its descriptors along for a moment.
            let strangers = scope.spawn(|| {
                let mut slow = Command::new("true");
                // SAFETY: sleeping is allowed between fork and exec.
                unsafe {
                    slow.pre_exec(|| {
                        thread::sleep(Duration::from_millis(20));
                        Ok(())
                    });
                }
                while !done.load(Ordering::Relaxed) {
                    assert!(slow.status().unwrap().success());
                }
            });
            let judges: Vec<_> = (0..8).map(|_| scope.spawn(|| crowd.judge(&submission, &tests))).collect();
            let judgements: Vec<_> = judges.into_iter().map(|judge| judge.join().unwrap()).collect();
            done.store(true, Ordering::Relaxed);
            strangers.join().unwrap();
            for judgement in judgements {
                assert_eq!(judgement.unwrap().verdict, Verdict::Accepted, "{}", sandbox.report());
            }
        });
    }
}
