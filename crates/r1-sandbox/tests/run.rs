//! The page of API: runs, limits, endings, pairs. Attacks on the cage stand with the judges of r1-rewards.

#![cfg(target_os = "linux")]

use std::{os::unix::process::ExitStatusExt, process, time::Duration};

use r1_sandbox::{Breach, Channel, Command, Isolation, Layers, Limits, Policy, Processes, Sandbox};

/// The sandbox in every set of layers that reaches the minimum here.
fn sandboxes() -> Vec<Sandbox> {
    let sets = [
        Layers::ALL,
        Layers { landlock: false, ..Layers::ALL },
        Layers { namespaces: false, ..Layers::ALL },
        Layers { namespaces: false, cgroup: false, ..Layers::ALL },
    ];
    let made = sets.map(|layers| Sandbox::new(&Policy::new(Isolation::Strict, layers)));
    let works: Vec<_> = made.into_iter().flatten().collect();
    assert!(!works.is_empty(), "no set of layers reaches the minimum here");
    works
}

fn shell(line: &str) -> Command {
    Command::new("/bin/sh").arg("-c").arg(line)
}

#[test]
fn output_status_and_signal_come_back() {
    for sandbox in sandboxes() {
        let run = sandbox.run(&shell("cat; echo two >&2; exit 3").forking().stdin(*b"one\n")).unwrap();
        assert_eq!((&run.stdout[..], &run.stderr[..], run.code), (&b"one\n"[..], &b"two\n"[..], Some(3)));
        let run = sandbox.run(&shell("kill -11 $$")).unwrap();
        assert_eq!((run.code, run.signal), (None, process::ExitStatus::from_raw(11).signal()), "{run:?}");
        let files = shell("cat a/b/c; pwd").file("a/b/c", *b"deep\n").forking();
        assert!(sandbox.run(&files).unwrap().stdout.starts_with(b"deep\n"));
    }
}

#[test]
fn limits_are_kept_and_told_apart() {
    let limits = Limits { output_bytes: 1000, ..Limits::default().with_cpu(Duration::from_millis(300)) };
    for sandbox in sandboxes() {
        let run = |line: &str| sandbox.run(&shell(line).limits(limits.clone())).unwrap();
        assert_eq!(run("while :; do :; done").broken, Some(Breach::Time));
        assert_eq!(run("while :; do echo y; done").broken, Some(Breach::Output));
        // It waits and does not compute: the clock ends it.
        assert_eq!(run("exec sleep 60").broken, Some(Breach::Time));
        assert!(run(":").is_clean());
        assert!(!run("sleep 0 & wait").is_clean(), "a program of one process has started another");
    }
}

#[test]
fn what_the_system_will_not_start_is_no_error() {
    let limits = Limits::default();
    let programs: [&[u8]; 4] = [b"", b"\x7fELF\x02\x01\x01", b"#!/no/such/interpreter\n", b"no program"];
    for sandbox in sandboxes() {
        for program in programs {
            let run =
                sandbox.run(&Command::new("./main").file("main", program).limits(limits.clone())).unwrap();
            assert!(run.not_started.is_some() && !run.is_clean(), "{program:?}: {run:?}");
            assert!(run.detail().starts_with("not started"), "{run:?}");
        }
        assert!(sandbox.run(&Command::new("/no/such/program")).unwrap().not_started.is_some());
        // The names of files are the caller's.
        for name in ["../x", "/x", "", "a/../../x"] {
            assert!(sandbox.run(&shell(":").file(name, *b"")).is_err(), "{name}");
        }
    }
}

#[test]
fn two_programs_talk() {
    let answers = "while read n; do echo $((n + 1)); done";
    let asks = "echo 1; read a; echo $a; read b; test $b = 3 && exit 7";
    for sandbox in sandboxes() {
        let (mut first, mut second) = sandbox.start_dialogue(&shell(answers), &shell(asks)).unwrap();
        let (mut ends, mut waits) = (false, false);
        while !(ends && waits) {
            ends = ends || first.tick().unwrap();
            waits = waits || second.tick().unwrap();
        }
        assert_eq!((first.finish().code, second.finish().code), (Some(0), Some(7)));
    }
}

#[test]
fn a_running_program_is_asked() {
    let mut command = shell("while read line <&3; do echo \"$line!\" >&4; done");
    command.channel = Channel::Parent;
    command.processes = Processes::One;
    for sandbox in sandboxes() {
        let mut running = sandbox.start(&command).unwrap();
        for word in ["a", "b"] {
            running.request(word.into());
            let answer = loop {
                assert!(!running.tick().unwrap(), "it ended");
                if let Some(answer) = running.answer() {
                    break answer;
                }
            };
            assert_eq!(answer, format!("{word}!").into_bytes());
        }
    }
}

#[test]
fn only_named_folders_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shown");
    std::fs::write(&file, "content").unwrap();
    std::fs::write(folder.path().join("beside"), "secret").unwrap();
    for path in [folder.path(), &file] {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    for namespaces in [true, false] {
        let policy = Policy::new(Isolation::Strict, Layers { namespaces, ..Layers::ALL }).exposing(&file);
        let Ok(sandbox) = Sandbox::new(&policy) else { continue };
        let line = format!(
            "cat {0}/shown; cat {0}/beside; cat /usr/share/doc/* /etc/passwd",
            folder.path().display()
        );
        let run = sandbox.run(&shell(&line).forking()).unwrap();
        assert_eq!(String::from_utf8_lossy(&run.stdout), "content", "{run:?}");
        let shown = sandbox.report().shown;
        assert!(shown.iter().any(|path| path.ends_with("shown")), "{shown:?}");
    }
}

/// Prints what it finds, and then leaves behind whatever it can: names, settings of sockets, descriptors in flight.
const TENANT: &str = r#"
import os, socket
seen = []
for name in ("unix", "netlink", "tcp", "udp", "packet", "dev", "route"):
    try: seen.append(name + " " + open("/proc/self/net/" + name).read())
    except OSError as error: seen.append("%s %d" % (name, error.errno))
pairs = []
try:
    while True: pairs.append(socket.socketpair())
except OSError as error: seen.append("%d pairs, %d" % (len(pairs), error.errno))
one, two = pairs[0]
for kind, attempt in [("size", lambda: one.getsockopt(1, 7)), ("bind", lambda: one.bind("\0name")), ("listen", lambda: one.listen(1)),
                      ("mark", lambda: one.setsockopt(1, 36, 7)), ("priority", lambda: one.setsockopt(1, 12, 7))]:
    try: seen.append("%s %s" % (kind, attempt()))
    except OSError as error: seen.append("%s %d" % (kind, error.errno))
sent = 0
for one, two in pairs:
    try:
        socket.send_fds(one, [b"x"], [one.fileno(), two.fileno()])
        sent += 1
    except OSError: pass
print(sent, seen)
"#;

#[test]
fn a_program_leaves_nothing_to_the_next() {
    if !std::path::Path::new("/usr/bin/python3").exists() {
        return;
    }
    let command =
        Command::new("/usr/bin/python3").arg("-I").arg("-S").arg("-c").arg(TENANT).limits(Limits::default());
    for sandbox in sandboxes() {
        // One after the other they have the same user, control group and network.
        let told: Vec<String> = (0..5)
            .map(|_| {
                let run = sandbox.run(&command).unwrap();
                assert!(run.is_clean(), "{run:?}");
                String::from_utf8_lossy(&run.stdout).into_owned()
            })
            .collect();
        assert!(told[0].starts_with("0 [") && told.iter().all(|text| *text == told[0]), "{told:#?}");
    }
}
