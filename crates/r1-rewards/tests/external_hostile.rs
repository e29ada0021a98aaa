//! Processes that die, stall, write garbage, and leave children behind.
#![cfg(unix)]

mod external;

use std::{path::Path, process::Command, thread, time::Duration};

use external::*;
use r1_core::{Completion, score_all};
use r1_rewards::{CommandReward, ExternalError, ExternalSettings};

fn shell(program: &str, settings: ExternalSettings) -> CommandReward {
    CommandReward::new(["sh", "-c", program], settings).unwrap()
}

#[test]
fn a_program_that_is_missing_is_named_before_anything_is_asked() {
    let reward = CommandReward::new(["no-such-program", "it's", "a b"], settings()).unwrap();
    let message = reward.start().unwrap_err().to_string();
    assert!(
        message.starts_with(r"`no-such-program 'it'\''s' 'a b'` could not be started: No such"),
        "{message}"
    );
    assert!(complaint(&reward).contains("could not be started"));
    let reward = CommandReward::new(["sh"], settings()).unwrap().with_folder("/no/such/folder");
    assert!(reward.start().unwrap_err().to_string().contains("its folder `/no/such/folder` is not there"));
    for command in [&[][..], &["", "x"]] {
        let message = CommandReward::new(command.to_vec(), settings()).unwrap_err().to_string();
        assert!(message.contains("expected a program and its arguments"), "{message}");
    }
}

#[test]
fn a_process_that_dies_is_asked_again_so_many_times() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let starts = || std::fs::read_to_string(&log).unwrap().lines().count();
    // It answers from its third start on.
    let program = format!(
        "echo start >> {0}; read line; [ $(wc -l < {0}) -ge 3 ] && echo '{{\"score\": 3}}'; echo gone >&2; exit 7",
        log.display()
    );
    let reward = shell(&program, settings());
    assert_eq!(value(&reward, "4"), Ok(Some(3.0)));
    assert_eq!(starts(), 3);

    std::fs::remove_file(&log).unwrap();
    let message = complaint(&shell(&program, ExternalSettings { attempts: 2, ..settings() }));
    assert_eq!(starts(), 2);
    let expected =
        "ended before it answered (exit status: 7), 2 of 2 times; its standard error ends with: gone";
    assert!(message.ends_with(expected), "{message}");

    let message = complaint(&shell("kill -9 $$", settings()));
    assert!(message.contains("(signal: 9 (SIGKILL)), 3 of 3 times"), "{message}");
}

#[test]
fn a_process_that_answers_once_and_ends_is_started_for_each_request() {
    // Without a line feed, too.
    for program in ["read line; echo '{\"score\": 2}'", "read line; printf '{\"score\": 2}'"] {
        let reward = shell(program, settings());
        for _ in 0..5 {
            assert_eq!(value(&reward, "4"), Ok(Some(2.0)));
        }
    }
}

#[test]
fn a_process_that_is_too_slow_is_an_error_and_the_next_one_answers() {
    let program =
        "while read line; do case $line in *slow*) sleep 1000;; *) echo '{\"score\": 1}';; esac; done";
    let reward = shell(program, hurried());
    let error = value(&reward, "slow").unwrap_err();
    assert!(matches!(error, ExternalError::TimeLimit { samples: 1, .. }), "{error}");
    assert_eq!(value(&reward, "quick"), Ok(Some(1.0)));
    let group: Vec<Completion> = ["a", "slow", "b", "slow", "c"].map(completion).into();
    let scores = score_all(&reward, &[(&problem("sum"), &group)]).remove(0);
    let scored: Vec<bool> = scores.iter().map(Result::is_ok).collect();
    assert_eq!(scored, [true, false, true, false, true]);
}

#[test]
fn what_is_broken_for_all_is_not_waited_for_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let reward = shell(&format!("echo start >> {}; sleep 1000", log.display()), hurried());
    let group: Vec<Completion> = (0..500).map(completion).collect();
    let scores = score_all(&reward, &[(&problem("sum"), &group)]).remove(0);
    assert!(
        scores.into_iter().all(|score| matches!(cause(score.unwrap_err()), ExternalError::TimeLimit { .. }))
    );
    // Three failures in a row are enough.
    assert!(std::fs::read_to_string(log).unwrap().lines().count() <= 3);
}

#[test]
fn a_batch_has_the_time_of_its_samples() {
    let program = "while read line; do sleep 2.5; echo '{\"batch\": [{\"score\": 1}, {\"score\": 2}, {\"score\": 3}, \
                   {\"score\": 4}]}'; done";
    let reward = shell(program, ExternalSettings { batch: 4, ..hurried() });
    let group: Vec<Completion> = (0..4).map(completion).collect();
    let scores = score_all(&reward, &[(&problem("sum"), &group)]).remove(0);
    let values: Vec<f32> = scores.into_iter().map(|score| score.unwrap().outcome.value().unwrap()).collect();
    assert_eq!(values, [1.0, 2.0, 3.0, 4.0]);
}

#[test]
fn an_answer_that_cannot_be_used_names_the_command_the_line_and_what_was_expected() {
    for (written, said) in [
        ("echo hello", "answered `hello`: it is no JSON"),
        ("echo", "answered ``: it is empty"),
        ("echo '{\"score\": NaN}'", "answered `{\"score\": NaN}`: it is no JSON"),
        ("echo '{\"score\": 1e39}'", "more than 32 bits hold"),
        ("echo '{\"scores\": 1}'", "`scores` is no known field"),
        ("echo '{\"score\": 1, \"id\": 99}'", "so it answers another request"),
        ("printf '\\033[31m\\377\\n'", "answered `\\u{1b}[31m\u{fffd}`: it is no JSON"),
        ("head -c 6000000 /dev/zero", "the line is longer than 4194304 bytes; expected one shorter line"),
    ] {
        let program = format!("while read line; do echo note >&2; {written}; done");
        let message = complaint(&shell(&program, settings()));
        assert!(message.starts_with("`sh -c 'while read line"), "{message}");
        assert!(message.contains(said), "{written}: {message}");
        assert!(message.contains("; expected "), "{message}");
        assert!(message.ends_with("; its standard error ends with: note"), "{message}");
    }
}

#[test]
fn an_answer_without_a_line_feed_is_shown_when_time_is_over() {
    let program = "while read line; do printf '{\"score\": 1}'; done";
    let message = complaint(&shell(program, hurried()));
    assert!(
        message.contains("only `{\"score\": 1}` without a line feed; expected one JSON line"),
        "{message}"
    );
}

#[test]
fn what_nobody_asked_for_is_no_answer() {
    let twice = r#"while read line; do printf '{"score": 1}\n{"score": 2}\n'; done"#;
    let banner = "echo ready; while read line; do echo '{\"score\": 1}'; done";
    let flood = "yes '{\"score\": 1}'";
    for program in [twice, banner, flood] {
        let reward = shell(program, settings());
        for _ in 0..3 {
            let error = value(&reward, "4").unwrap_err();
            assert!(matches!(error, ExternalError::Answer { .. }), "{error}");
        }
    }
    // Later in its life it is found at the latest when it is asked again.
    let later = r#"n=0; while read line; do n=$((n+1)); if [ $n = 2 ]; then printf '{"score": 1}\n{"score": 2}\n'; else
        echo '{"score": 1}'; fi; done"#;
    let reward = shell(later, settings());
    assert_eq!(value(&reward, "4"), Ok(Some(1.0)));
    let error = (0..100).find_map(|_| value(&reward, "4").err()).unwrap();
    assert!(error.to_string().contains("nothing was asked that this line answers"), "{error}");
}

#[test]
fn a_process_that_reads_nothing_is_not_waited_for_with_a_full_pipe() {
    let error = value(&shell("sleep 1000", hurried()), &"x".repeat(1 << 20)).unwrap_err();
    assert!(matches!(error, ExternalError::TimeLimit { .. }), "{error}");
}

#[test]
fn closed_pipes_are_a_death_and_not_a_wait() {
    for (program, how) in [
        ("exec <&-; sleep 1000", "it closed its standard input"),
        ("exec >&-; sleep 1000", "it closed its standard output"),
        ("exec >&- <&-; sleep 1000", "it closed its standard"),
    ] {
        let reward = shell(program, ExternalSettings { timeout_seconds: 600.0, attempts: 2, ..settings() });
        // More than a pipe holds, so that writing it notices.
        let message = value(&reward, &"x".repeat(1 << 20)).unwrap_err().to_string();
        assert!(message.contains(&format!("({how}")), "{program}: {message}");
    }
}

#[test]
fn a_child_that_keeps_the_pipes_does_not_keep_us() {
    let reward =
        shell("read line; sleep 1000 & exit 3", ExternalSettings { timeout_seconds: 600.0, ..settings() });
    let message = complaint(&reward);
    assert!(message.contains("(exit status: 3), 3 of 3 times"), "{message}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_child_that_escaped_does_not_keep_us() {
    // Its parent is gone and its session another, so nobody finds it; it ends by itself.
    let program = "(setsid sleep 20 &); read line; exit 3";
    let reward = shell(program, ExternalSettings { timeout_seconds: 600.0, ..settings() });
    let message = complaint(&reward);
    assert!(message.contains("(exit status: 3), 3 of 3 times"), "{message}");
}

/// Whether a process is there and no zombie.
fn lives(pid: &str) -> bool {
    if let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        return !stat.contains(") Z ");
    }
    if Path::new("/proc/self/stat").exists() {
        return false;
    }
    let state = Command::new("ps").args(["-o", "stat=", "-p", pid]).output().unwrap().stdout;
    !state.is_empty() && state[0] != b'Z'
}

fn pids(file: &Path) -> Vec<String> {
    std::fs::read_to_string(file).unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

/// Waits until no process of the file lives, and says which does.
fn survivors(file: &Path) -> Vec<String> {
    for _ in 0..200 {
        if pids(file).iter().all(|pid| !lives(pid)) {
            return Vec::new();
        }
        thread::sleep(Duration::from_millis(10));
    }
    pids(file).into_iter().filter(|pid| lives(pid)).collect()
}

#[test]
fn children_end_with_the_process_at_a_time_limit_and_with_the_reward() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let program = format!(
        "sleep 1000 & echo $! $$ >> {0}; (sleep 1000 & echo $! >> {0}; sleep 1000) & echo $! >> {0}; \
         while read line; do case $line in *slow*) sleep 1000;; *) echo '{{\"score\": 1}}';; esac; done",
        file.display()
    );
    let reward = shell(&program, hurried());
    assert!(value(&reward, "slow").is_err());
    assert!(pids(&file).len() >= 3, "{:?}", pids(&file));
    assert_eq!(survivors(&file), Vec::<String>::new());

    assert_eq!(value(&reward, "quick"), Ok(Some(1.0)));
    assert!(pids(&file).iter().any(|pid| lives(pid)));
    drop(reward);
    assert_eq!(survivors(&file), Vec::<String>::new());
}

#[test]
#[cfg(target_os = "linux")]
fn a_child_in_a_session_of_its_own_ends_too() {
    if no_python() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let program = r#"
import json, subprocess, sys
child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
open(sys.argv[1], "a").write(f"{child.pid}\n")
for line in sys.stdin:
    print(json.dumps({"score": 1}))
"#;
    let path = file.display().to_string();
    let reward = CommandReward::new(["python3", "-c", program, &path], settings()).unwrap();
    assert_eq!(value(&reward, "4"), Ok(Some(1.0)));
    assert!(lives(&pids(&file)[0]));
    drop(reward);
    assert_eq!(survivors(&file), Vec::<String>::new());
}
