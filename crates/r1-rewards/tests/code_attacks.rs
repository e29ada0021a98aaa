//! Attacks on the cage, for every set of layers that works here, as root and as an ordinary user.
//!
//! Each asserts the verdict and that the host is as it was. `--nocapture` shows which layers ran.

#![cfg(all(feature = "code", target_os = "linux", target_arch = "x86_64"))]

mod code;

use std::{env, fs, time::Duration};

use code::{Host, as_nobody, is_root, layer_sets};
use r1_rewards::code::*;

/// An attack: its name, the verdicts that show that it failed, and its lines.
type Attack = (&'static str, Vec<&'static str>, &'static str);

/// The attacks of a language, read from the sections of its file.
fn attacks(language: Language) -> Vec<Attack> {
    let text = match language {
        Language::PYTHON => {
            concat!(
                include_str!("code/attacks.py"),
                "\n",
                include_str!("code/attacks_kernel.py"),
                "\n",
                include_str!("code/attacks_files.py")
            )
        }
        Language::JAVASCRIPT => include_str!("code/attacks.js"),
        _ => concat!(
            include_str!("code/attacks.cpp"),
            "\n",
            include_str!("code/attacks_kernel.cpp"),
            "\n",
            include_str!("code/attacks_files.cpp")
        ),
    };
    let section = |section: &'static str| {
        let (header, body) = section.split_once('\n').unwrap();
        let (name, verdicts) = header.split_once(" = ").unwrap();
        (name, verdicts.split(' ').collect(), body)
    };
    text.split("\n#! ").skip(1).map(section).collect()
}

fn source(host: &Host, judge: &Judge, language: Language, body: &str) -> String {
    let report = judge.report();
    let (secret, socket, name) = (host.folder.display(), host.socket.display(), &host.abstract_name);
    let (current, parent, victim) =
        (env::current_dir().unwrap().display().to_string(), std::process::id(), host.victim.id());
    match language {
        Language::PYTHON => format!(
            "import ctypes, os, resource, signal, subprocess, sys, time\nlibc = ctypes.CDLL(None)\n\
             SECRET_DIR = '{secret}'\nSECRET = '{secret}/secret'\nCWD = '{current}'\nPARENT = {parent}\n\
             VICTIM = {victim}\nSOCKET = '{socket}'\nABSTRACT = '{name}'\n\
             NAMESPACES = {}\nLANDLOCK = {}\n{body}\nprint('held')\n",
            i32::from(report.pid_namespace.is_active()),
            i32::from(report.landlock.is_active())
        ),
        Language::JAVASCRIPT => format!(
            "const fs = require('fs'), SECRET = '{secret}/secret', PARENT = {parent}, VICTIM = {victim};\n\
             const SOCKET = '{socket}', ABSTRACT = '{name}';\n\
             const attempt = (action) => {{ try {{ action(); }} catch {{}} }};\n{body}\n\
             setTimeout(() => {{ fs.writeSync(1, 'held\\n'); process.exit(0); }}, 100);\n"
        ),
        _ => format!(
            "#include <cerrno>\n#include <cstdio>\n#include <cstdlib>\n#include <csignal>\n#include <grp.h>\n#include <initializer_list>\n\
             #include <linux/filter.h>\n#include <linux/seccomp.h>\n#include <pthread.h>\n#include <sched.h>\n#include <sys/mman.h>\n\
             #include <sys/prctl.h>\n#include <sys/socket.h>\n#include <sys/syscall.h>\n#include <unistd.h>\n\
             int main() {{\n{body}\nputs(\"held\");\n}}\n"
        ),
    }
}

fn attack(layers: Layers, sandbox: &Judge) {
    let limits = Limits {
        cpu: Duration::from_millis(700),
        // Long enough for a machine that is busy; only the sleepers wait for its end.
        wall: Duration::from_secs(4),
        memory_bytes: 128 << 20,
        output_bytes: 4 << 20,
        ..Limits::default()
    };
    let mut host = Host::new();
    let mut failures = Vec::new();
    for language in [Language::PYTHON, Language::CPP, Language::JAVASCRIPT] {
        for (name, verdicts, body) in attacks(language) {
            let submission =
                Submission::new(language, source(&host, sandbox, language, body)).with_limits(limits.clone());
            match sandbox.judge(&submission, &[TestCase::stdio("", "held")]) {
                Ok(judgement) if verdicts.contains(&judgement.verdict.code()) => {}
                Err(CodeError::Toolchain { .. }) => println!("{language} is not installed"),
                judgement => failures.push(format!("{language}: {name}: {judgement:?}")),
            }
            host.assert_unchanged(name);
        }
    }
    assert!(failures.is_empty(), "{layers:?}\n{}\n{}", sandbox.report(), failures.join("\n"));
}

fn attack_all() {
    let sets = layer_sets();
    assert!(!sets.is_empty(), "no set of layers reaches the minimum, so nothing could be tested");
    if is_root() {
        std::thread::scope(|scope| {
            for (layers, sandbox) in &sets {
                scope.spawn(|| attack(*layers, sandbox));
            }
        });
    } else {
        // Without users of their own, what one set's bombs hold counts against the others.
        sets.iter().for_each(|(layers, sandbox)| attack(*layers, sandbox));
    }
    let user = if is_root() { "root" } else { "an ordinary user" };
    for (_, sandbox) in &sets {
        let count: usize =
            [Language::PYTHON, Language::CPP, Language::JAVASCRIPT].map(|l| attacks(l).len()).iter().sum();
        println!("{count} attacks refused as {user} by {}", sandbox.report());
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
        let error = Judge::with(Isolation::Strict, layers).unwrap_err();
        assert!(matches!(error, CodeError::Sandbox(SandboxError::TooWeak { .. })), "{error}");
        println!("{error}");
    }
    if is_root() {
        let root = Layers { uid_drop: false, ..Layers::ALL };
        assert!(matches!(
            Judge::with(Isolation::Strict, root),
            Err(CodeError::Sandbox(SandboxError::TooWeak { .. }))
        ));
    }
    // Asked for by name, it runs.
    let sandbox = Judge::with(Isolation::Weak, weak[1]).unwrap();
    let submission = Submission::new(Language::PYTHON, "print(1)");
    assert_eq!(sandbox.judge(&submission, &[TestCase::stdio("", "1")]).unwrap().verdict, Verdict::Accepted);
}

#[test]
fn a_refusal_is_the_worlds_trouble_and_no_zero() {
    let error = Judge::with(Isolation::Strict, Layers { seccomp: false, ..Layers::ALL }).unwrap_err();
    let error = error.into_reward_error("code", "p");
    assert!(matches!(error, r1_rewards::RewardError::World { .. }), "{error}");
}

#[test]
fn compilers_are_in_the_cage_too() {
    let host = Host::new();
    let sandbox = Judge::new().unwrap();
    let secret = host.folder.join("secret");
    let secret = secret.display();
    let sources = [
        (Language::CPP, "#include \"/dev/random\"\nint main(){}".to_owned()),
        (Language::CPP, "#include \"/etc/passwd\"\nint main(){}".to_owned()),
        (
            Language::CPP,
            format!("#include <cstdio>\nconst char s[] = {{\n#embed \"{secret}\"\n}};int main(){{puts(s);}}"),
        ),
        (Language::CPP, format!("asm(\".incbin \\\"{secret}\\\"\");int main(){{}}")),
        (Language::CPP, "template<int N> struct A{A<N+1> a;};A<0> a;int main(){}".to_owned()),
        (Language::CPP, "int a[1<<30]={1};int b[1<<30]={1};int main(){}".to_owned()),
        (Language::RUST, format!("fn main(){{print!(\"{{}}\", include_str!(\"{secret}\"))}}")),
        (Language::RUST, "fn main(){print!(\"{}\", include_str!(\"/etc/passwd\"))}".to_owned()),
        (Language::CPP, "#include \"/dev/zero\"\nint main(){}".to_owned()),
        (Language::CPP, "#include __FILE__\nint main(){}".to_owned()),
        (Language::CPP, "asm(\".incbin \\\"/dev/zero\\\"\");int main(){}".to_owned()),
        (Language::CPP, format!("#include \"/proc/{}/environ\"\nint main(){{}}", std::process::id())),
        (Language::CPP, "constexpr int f(long n){int x=0;for(long i=0;i<n;i++)x+=i;return x;}constexpr int a=f(1L<<60);int main(){}".to_owned()),
        (Language::CPP, String::new()),
        (Language::RUST, String::new()),
        (Language::RUST, "const X: u64 = { let mut i = 0; loop { i += 1; if i == 0 { break i } } }; fn main(){println!(\"{X}\")}".to_owned()),
        (Language::RUST, "fn main(){let x = include_bytes!(\"/dev/zero\"); println!(\"{}\", x.len())}".to_owned()),
        (Language::RUST, "macro_rules! m{($($t:tt)*)=>{m!($($t)* $($t)* 1)}} fn main(){m!(1)}".to_owned()),
        (Language::RUST, "fn main(){print!(\"{}\", env!(\"R1_SECRET\"))}".to_owned()),
    ];
    for (language, source) in sources {
        match sandbox.judge(&Submission::new(language, source.as_str()), &[TestCase::stdio("", "")]) {
            Ok(judgement) => assert_eq!(judgement.verdict, Verdict::CompileError, "{source}: {judgement:?}"),
            Err(CodeError::Toolchain { language, .. }) => println!("{language} is not installed"),
            Err(error) => panic!("{source}: {error}"),
        }
    }
    assert!(fs::read_to_string(host.folder.join("secret")).is_ok());
}

#[test]
fn without_the_cage_the_same_attacks_succeed() {
    // Only the harmless ones: the suite would be worth nothing if its attacks could not work.
    let none = Layers { namespaces: false, cgroup: false, uid_drop: false, landlock: false, seccomp: false };
    let sandbox = Judge::with(Isolation::Weak, none).unwrap();
    let host = Host::new();
    let harmless =
        ["read_host_files", "parents_memory_and_environment", "sockets", "fork", "datagrams_to_outside"];
    for (name, _, body) in attacks(Language::PYTHON).into_iter().filter(|(name, ..)| harmless.contains(name))
    {
        let submission = Submission::new(Language::PYTHON, source(&host, &sandbox, Language::PYTHON, body));
        let judgement = sandbox.judge(&submission, &[TestCase::stdio("", "held")]).unwrap();
        assert_ne!(judgement.verdict, Verdict::Accepted, "{name} does nothing even without a cage");
    }
}
