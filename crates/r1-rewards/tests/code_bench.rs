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
        let (mut plain, mut caged) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            plain.push(bare());
            let start = Instant::now();
            assert_eq!(sandbox.judge(&submission, &tests).unwrap().verdict, Verdict::Accepted);
            caged.push(start.elapsed());
        }
        let (plain, caged) = (median(plain), median(caged));
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
            "{layers:?}\n  bare {plain:.1} ms, caged {caged:.1} ms, +{:.1} ms; {rate:.0} runs/s",
            caged - plain
        );
    }
}
