//! Attacks on the cage, for every set of layers that works here, as root and as an ordinary user.
//!
//! Each asserts the verdict and that the host is as it was. `--nocapture` shows which layers ran.

#![cfg(all(feature = "code", target_os = "linux", target_arch = "x86_64"))]

mod code;

use std::{env, fs, time::Duration};

use code::{Host, as_nobody, is_root, layer_sets};
use r1_rewards::code::*;

/// The attacks with their verdicts, read from the sections of `attacks.py`.
fn attacks() -> Vec<(&'static str, Vec<&'static str>, &'static str)> {
    let text = include_str!("code/attacks.py");
    let section = |section: &'static str| {
        let (header, body) = section.split_once('\n').unwrap();
        let (name, verdicts) = header.split_once(" = ").unwrap();
        (name, verdicts.split(' ').collect(), body)
    };
    text.split("\n#! ").skip(1).map(section).collect()
}

fn source(host: &Host, body: &str) -> String {
    let secret = host.folder.display();
    format!(
        "import ctypes, os, resource, signal, subprocess, sys, time\nlibc = ctypes.CDLL(None)\n\
         SECRET_DIR = '{secret}'\nSECRET = '{secret}/secret'\nCWD = '{}'\nPARENT = {}\nVICTIM = {}\n{body}\nprint('held')\n",
        env::current_dir().unwrap().display(),
        std::process::id(),
        host.victim.id(),
    )
}

fn attack(layers: Layers, sandbox: &Sandbox) {
    let limits = Limits {
        cpu: Duration::from_millis(700),
        wall: Duration::from_millis(2500),
        memory_bytes: 128 << 20,
        output_bytes: 4 << 20,
        ..Limits::default()
    };
    let mut host = Host::new();
    let mut failures = Vec::new();
    for (name, verdicts, body) in attacks() {
        let submission = Submission::new(Language::Python, source(&host, body)).with_limits(limits.clone());
        let judgement = sandbox.judge(&submission, &[TestCase::stdio("", "held")]).unwrap();
        if !verdicts.contains(&judgement.verdict.code()) {
            failures.push(format!("{name}: {judgement:?}"));
        }
        host.assert_unchanged(name);
    }
    assert!(failures.is_empty(), "{layers:?}\n{}\n{}", sandbox.report(), failures.join("\n"));
}

fn attack_all() {
    let sets = layer_sets();
    assert!(!sets.is_empty(), "no set of layers reaches the minimum, so nothing could be tested");
    std::thread::scope(|scope| {
        for (layers, sandbox) in &sets {
            scope.spawn(|| attack(*layers, sandbox));
        }
    });
    let user = if is_root() { "root" } else { "an ordinary user" };
    for (_, sandbox) in &sets {
        println!("{} attacks refused as {user} by {}", attacks().len(), sandbox.report());
    }
}

#[test]
fn attacks_are_refused() {
    // A secret that must not be inherited.
    // SAFETY: nothing else of this test reads the environment at the same time.
    unsafe { env::set_var("R1_SECRET", "secret") };
    attack_all();
}

#[test]
fn attacks_are_refused_as_an_ordinary_user() {
    if is_root() {
        as_nobody("attacks_are_refused");
    } else {
        println!("not root: the other test is this one");
    }
}

#[test]
fn below_the_minimum_nothing_runs() {
    let weak = [
        Layers { seccomp: false, ..Layers::ALL },
        Layers { namespaces: false, landlock: false, ..Layers::ALL },
        Layers { namespaces: false, landlock: false, seccomp: false, cgroup: false, uid_drop: false },
    ];
    for layers in weak {
        let error = Sandbox::with(Isolation::Strict, layers).unwrap_err();
        assert!(matches!(error, SandboxError::TooWeak { .. }), "{error}");
        println!("{error}");
    }
    if is_root() {
        let root = Layers { uid_drop: false, ..Layers::ALL };
        assert!(matches!(Sandbox::with(Isolation::Strict, root), Err(SandboxError::TooWeak { .. })));
    }
    // Asked for by name, it runs.
    let sandbox = Sandbox::with(Isolation::Weak, weak[1]).unwrap();
    let submission = Submission::new(Language::Python, "print(1)");
    assert_eq!(sandbox.judge(&submission, &[TestCase::stdio("", "1")]).unwrap().verdict, Verdict::Accepted);
}

#[test]
fn a_refusal_is_the_worlds_trouble_and_no_zero() {
    let error = Sandbox::with(Isolation::Strict, Layers { seccomp: false, ..Layers::ALL }).unwrap_err();
    let error = error.into_reward_error("code", "p");
    assert!(matches!(error, r1_rewards::RewardError::World { .. }), "{error}");
}

#[test]
fn compilers_are_in_the_cage_too() {
    let host = Host::new();
    let sandbox = Sandbox::new().unwrap();
    let secret = host.folder.join("secret");
    let secret = secret.display();
    let sources = [
        (Language::Cpp, "#include \"/dev/random\"\nint main(){}".to_owned()),
        (Language::Cpp, "#include \"/etc/passwd\"\nint main(){}".to_owned()),
        (
            Language::Cpp,
            format!("#include <cstdio>\nconst char s[] = {{\n#embed \"{secret}\"\n}};int main(){{puts(s);}}"),
        ),
        (Language::Cpp, format!("asm(\".incbin \\\"{secret}\\\"\");int main(){{}}")),
        (Language::Cpp, "template<int N> struct A{A<N+1> a;};A<0> a;int main(){}".to_owned()),
        (Language::Cpp, "int a[1<<30]={1};int b[1<<30]={1};int main(){}".to_owned()),
        (Language::Rust, format!("fn main(){{print!(\"{{}}\", include_str!(\"{secret}\"))}}")),
        (Language::Rust, "fn main(){print!(\"{}\", include_str!(\"/etc/passwd\"))}".to_owned()),
    ];
    for (language, source) in sources {
        match sandbox.judge(&Submission::new(language, source.as_str()), &[TestCase::stdio("", "")]) {
            Ok(judgement) => assert_eq!(judgement.verdict, Verdict::CompileError, "{source}: {judgement:?}"),
            Err(SandboxError::Toolchain { language, .. }) => println!("{language} is not installed"),
            Err(error) => panic!("{source}: {error}"),
        }
    }
    assert!(fs::read_to_string(host.folder.join("secret")).is_ok());
}

#[test]
fn without_the_cage_the_same_attacks_succeed() {
    // Only the harmless ones: the suite would be worth nothing if its attacks could not work.
    let none = Layers { namespaces: false, cgroup: false, uid_drop: false, landlock: false, seccomp: false };
    let sandbox = Sandbox::with(Isolation::Weak, none).unwrap();
    let host = Host::new();
    let harmless = ["read_host_files", "parents_memory_and_environment", "sockets", "fork"];
    for (name, _, body) in attacks().into_iter().filter(|(name, ..)| harmless.contains(name)) {
        let submission = Submission::new(Language::Python, source(&host, body));
        let judgement = sandbox.judge(&submission, &[TestCase::stdio("", "held")]).unwrap();
        assert_ne!(judgement.verdict, Verdict::Accepted, "{name} does nothing even without a cage");
    }
}
