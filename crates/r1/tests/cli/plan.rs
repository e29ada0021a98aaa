//! `r1 plan`: what it predicts and what it refuses.

use crate::{Checkpoint, r1, refused};

#[test]
fn the_parts_add_up_and_grow_with_the_batch() {
    let checkpoint = Checkpoint::new();
    let peak = |tokens: &str, more: &[&str]| {
        let arguments = [&["plan", "--model", checkpoint.dir(), "--batch-tokens", tokens], more].concat();
        let plan = r1(&arguments, "").answers().swap_remove(0);
        let part = |name: &str| plan["parts"][name].as_u64().unwrap();
        let fixed =
            ["weights", "reference", "moments", "fragmentation", "program"].map(part).iter().sum::<u64>();
        let training = ["gradients", "activations", "head"].map(part).iter().sum::<u64>();
        assert_eq!(plan["peak_bytes"].as_u64().unwrap(), fixed + training.max(part("cache")));
        plan["peak_bytes"].as_u64().unwrap()
    };
    assert!(peak("10000", &[]) > peak("5000", &[]));
    assert!(peak("10000", &[]) > peak("10000", &["--recompute"]));
    assert!(peak("10000", &["--reference"]) > peak("10000", &[]));
}

#[test]
fn a_run_that_does_not_fit_is_refused_with_a_batch_that_does() {
    let checkpoint = Checkpoint::new();
    let plan = |tokens: &str| {
        let arguments = ["plan", "--model", checkpoint.dir(), "--batch-tokens", tokens, "--memory-gb", "0.2"];
        r1(&arguments, "")
    };
    let refusal = plan("1000000");
    assert_eq!((refusal.status, refusal.stdout.len()), (1, 0), "{refusal:?}");
    let (_, proposed) = refusal.stderr.trim().split_once("use --batch-tokens ").unwrap();
    assert_eq!(plan(proposed).status, 0);
    refused(
        1,
        &["plan", "--model", checkpoint.dir(), "--memory-gb", "0.001"],
        &["there are 0.001 GB; use --recompute, a smaller model or shorter completions"],
    );
    refused(2, &["plan", "--model", "m", "--memory-gb", "0"], &["`0` is no amount of memory"]);
}
