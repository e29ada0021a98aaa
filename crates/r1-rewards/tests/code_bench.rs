//! What the cage costs, printed and not judged, because others may use the machine.
//!
//! `cargo test --release -p r1-rewards --features code --test code_bench -- --nocapture`

#![cfg(all(feature = "code", target_os = "linux"))]

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use r1_rewards::code::*;

const RUNS: usize = 40;

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e3
}

fn bare() -> Duration {
    let start = Instant::now();
    let status = Command::new("/usr/bin/python3")
        .args(["-I", "-S", "-B", "-c", "print(1)"])
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    start.elapsed()
}

/// The same in the namespaces of bubblewrap, where it is installed: no filter, no limits, no Landlock.
fn bubblewrapped() -> Option<Duration> {
    let start = Instant::now();
    let links = [("usr/lib", "/lib"), ("usr/lib64", "/lib64"), ("usr/bin", "/bin")];
    let output = Command::new("/usr/bin/bwrap")
        .args([
            "--unshare-all",
            "--die-with-parent",
            "--new-session",
            "--clearenv",
            "--ro-bind",
            "/usr",
            "/usr",
        ])
        .args(links.iter().flat_map(|(target, link)| ["--symlink", target, link]))
        .args(["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/box", "--chdir", "/box"])
        .args(["/usr/bin/python3", "-I", "-S", "-B", "-c", "print(1)"])
        .output()
        .ok()?;
    (output.stdout == b"1\n").then(|| start.elapsed())
}

#[test]
fn what_the_cage_costs() {
    if !std::path::Path::new("/usr/bin/python3").exists() {
        return;
    }
    for layers in [
        Layers::ALL,
        Layers { cgroup: false, ..Layers::ALL },
        Layers { namespaces: false, ..Layers::ALL },
        Layers { namespaces: false, cgroup: false, ..Layers::ALL },
    ] {
        let sandbox = Judge::with(Isolation::Strict, layers).unwrap();
        let submission = Submission::new(Language::PYTHON, "print(1)");
        let tests = [TestCase::stdio("", "1")];
        let (mut plain, mut caged, mut peer) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..RUNS {
            plain.push(bare());
            peer.extend(bubblewrapped());
            let start = Instant::now();
            assert_eq!(sandbox.judge(&submission, &tests).unwrap().verdict, Verdict::Accepted);
            caged.push(start.elapsed());
        }
        let (plain, caged) = (median(plain), median(caged));
        let peer = (!peer.is_empty()).then(|| format!(", bubblewrap +{:.1} ms", median(peer) - plain));
        let start = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..RUNS {
                        sandbox.judge(&submission, &tests).unwrap();
                    }
                });
            }
        });
        let rate = (4 * RUNS) as f64 / start.elapsed().as_secs_f64();
        println!(
            "{layers:?}\n  bare {plain:.1} ms, caged {caged:.1} ms, +{:.1} ms{}; {rate:.0} runs/s",
            caged - plain,
            peer.unwrap_or_default()
        );
    }
}
