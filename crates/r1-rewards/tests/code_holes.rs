//! Ways out of the cage that were open once, each in every set of layers.

#![cfg(all(feature = "code", target_os = "linux"))]

mod code;

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use code::{as_nobody, is_root, layer_sets};
use r1_core::{Completion, FinishReason, Problem, Reference, Reward, RewardError};
use r1_rewards::code::*;
use serde_json::json;

/// Processes that run this command line.
fn running(argument: &str) -> Vec<String> {
    let names =
        fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let runs = |pid: &String| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.split(|&byte| byte == 0).any(|part| part == argument.as_bytes())
    };
    names.filter(|name| name.parse::<u32>().is_ok()).filter(runs).collect()
}

/// A parent that runs programs which shake off their death signal; started by the test below.
#[test]
fn a_parent_of_escapees() {
    let Ok(set) = env::var("R1_ESCAPEE_SET") else { return };
    let (_, judge) = layer_sets().into_iter().nth(set.parse().unwrap()).unwrap();
    let mark = env::var("R1_ESCAPEE_MARK").unwrap();
    let by_thread = format!(
        "import os, threading, time\n\
         threading.Thread(target=lambda: os.execv('/bin/sleep', ['sleep', '{mark}'])).start()\ntime.sleep(100)"
    );
    let tree = format!("(sleep {mark} &) ; sleep {mark} & sleep {mark}");
    let limits = Limits::default().with_cpu(Duration::from_secs(50));
    thread::scope(|scope| {
        for (language, source) in [("python", &by_thread), ("bash", &tree)] {
            let submission =
                Submission::new(language.parse().unwrap(), source.as_str()).with_limits(limits.clone());
            let judge = judge.clone().with_workers(4);
            scope.spawn(move || judge.judge(&submission, &[TestCase::stdio("", "")]));
        }
    });
}

#[test]
fn nothing_outlives_a_killed_parent() {
    let user = if is_root() { 0 } else { 1 };
    let mut killed = Vec::new();
    for set in 0..layer_sets().len() {
        let mark = format!("98{}.{user}{set}", std::process::id());
        let mut parent = Command::new(env::current_exe().unwrap())
            .args(["a_parent_of_escapees", "--exact", "--nocapture"])
            .envs([("R1_ESCAPEE_SET", set.to_string()), ("R1_ESCAPEE_MARK", mark.clone())])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let start = Instant::now();
        while running(&mark).len() < 4 {
            assert!(start.elapsed() < Duration::from_secs(60), "set {set}: only {:?} run", running(&mark));
            thread::sleep(Duration::from_millis(20));
        }
        parent.kill().unwrap();
        parent.wait().unwrap();
        killed.push(parent.id());
        let start = Instant::now();
        while !running(&mark).is_empty() {
            // A second on an idle machine; this one may be busy.
            assert!(start.elapsed() < Duration::from_secs(10), "set {set}: {:?} outlived", running(&mark));
            thread::sleep(Duration::from_millis(20));
        }
    }
    // What it left behind goes when the next sandbox is made.
    thread::sleep(Duration::from_millis(300));
    drop(Judge::new().unwrap());
    let left = fs::read_dir(env::temp_dir()).unwrap().flatten().filter(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        let pid = name.strip_prefix("r1-box-").and_then(|rest| rest.split('-').next()?.parse::<u32>().ok());
        pid.is_some_and(|pid| killed.contains(&pid))
    });
    assert_eq!(left.map(|entry| entry.path()).collect::<Vec<_>>(), Vec::<PathBuf>::new());
}

#[test]
fn nothing_outlives_a_killed_parent_of_an_ordinary_user() {
    if is_root() {
        as_nobody("nothing_outlives_a_killed_parent");
    }
}

/// Judges with a toolchain named by the environment; started by the test below.
#[test]
fn a_reader_of_secrets() {
    let Ok(home) = env::var("R1_SECRET_HOME") else { return };
    let paths: Vec<String> = ["tests.jsonl", ".ssh/id_rsa", "bin/notes", "../tests.jsonl", "lib/app/key"]
        .iter()
        .map(|name| format!("'{home}/{name}'"))
        .collect();
    let paths = paths.join(", ");
    let sources = [
        (
            Language::PYTHON,
            format!(
                "for p in [{paths}]:\n    try: print('read', open(p).read())\n    except OSError: pass\nprint('held')"
            ),
        ),
        (
            Language::JAVASCRIPT,
            format!(
                "for (const p of [{paths}]) {{ try {{ console.log('read', require('fs').readFileSync(p, 'utf8')) }} catch {{}} }}\nconsole.log('held')"
            ),
        ),
        (
            Language::CPP,
            format!(
                "#include <fstream>\n#include <iostream>\nint main() {{ for (auto p : {{{}}}) {{ std::ifstream f(p); if (f) std::cout << \"read\" << f.rdbuf(); }} std::cout << \"held\"; }}",
                paths.replace('\'', "\"")
            ),
        ),
    ];
    for (layers, judge) in layer_sets() {
        for (language, source) in &sources {
            let judgement =
                judge.judge(&Submission::new(*language, source.as_str()), &[TestCase::stdio("", "held")]);
            match judgement {
                Ok(judgement) => {
                    assert_eq!(judgement.verdict, Verdict::Accepted, "{language} {layers:?} {judgement:?}")
                }
                Err(error) => panic!("{language} {layers:?}: {error}"),
            }
        }
        assert!(
            !judge.report().shown.iter().any(|path| Path::new(&home).starts_with(path)),
            "{:?}",
            judge.report().shown
        );
    }
}

/// Whether a copy of a C++ compiler still compiles, without any cage.
fn compiles(compiler: &Path) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("a.cpp");
    fs::write(&source, "int main() {}").unwrap();
    let mut command = Command::new(compiler);
    command.arg("-o").arg(folder.path().join("a")).arg(source).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[test]
fn secrets_beside_a_toolchain_are_not_shown() {
    let tools = [("R1_PYTHON", "/usr/bin/python3"), ("R1_NODE", "/usr/bin/node"), ("R1_CXX", "/usr/bin/g++")];
    if tools.iter().any(|(_, path)| !Path::new(path).exists()) {
        return println!("not tested: python3, node and g++ of the system are needed");
    }
    // Below the folder of temporary files, which a new root hides.
    for flat in [false, true] {
        let home = tempfile::tempdir().unwrap();
        for folder in ["bin", ".ssh", "lib/app"] {
            fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        for secret in ["tests.jsonl", ".ssh/id_rsa", "bin/notes", "lib/app/key"] {
            fs::write(home.path().join(secret), "EXPECTED").unwrap();
        }
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["a_reader_of_secrets", "--exact", "--nocapture"]).env("R1_SECRET_HOME", home.path());
        for (variable, program) in tools {
            let real = fs::canonicalize(program).unwrap();
            let folder = if flat { home.path().to_owned() } else { home.path().join("bin") };
            let copy = folder.join(Path::new(program).file_name().unwrap());
            assert!(Command::new("cp").arg(&real).arg(&copy).status().unwrap().success());
            // Not every driver of gcc finds its parts from elsewhere.
            let works = variable != "R1_CXX" || compiles(&copy);
            child.env(variable, if works { copy.as_path() } else { Path::new(program) });
        }
        let output = child.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
    }
}

#[test]
fn no_completion_ends_the_run() {
    let crash = "import sys\nsys.exit(9)";
    let greedy = "import sys\nx = open(sys.argv[2]).read() * 100000000";
    let text = |code: &str, language: &str| format!("<think></think>\n```{language}\n{code}\n```");
    let suites = [
        json!({"tests": [{"stdin": "", "stdout": "1"}]}),
        json!({"tests": [{"call": "f", "args": [1], "returns": 1}], "language": "python"}),
        json!({"tests": [{"assert": "assert f(1) == 1", "functions": ["f"]}], "language": "python"}),
        json!({"tests": [{"stdin": "", "stdout": "1"}], "checker": {"custom": {"language": "python", "source": crash}}}),
        json!({"tests": [{"stdin": "", "stdout": "1"}], "checker": {"custom": {"language": "python", "source": greedy}}}),
        json!({"tests": [{"stdin": "", "stdout": "1"}], "checker": {"interactor": {"language": "python", "source": greedy}}}),
    ];
    let completions = [
        text("#![crate_type = \"lib\"]\npub fn main() {}", "rust"),
        text("#![crate_type = \"rlib\"]\npub fn main() {}", "rust"),
        text("asm(\".section .interp,\\\"a\\\"\\n.asciz \\\"/no/such/loader\\\"\");\nint main(){}", "cpp"),
        text("int main(){ return 127; }", "cpp"),
        text("static char big[1L << 40]; int main(){ return big[5]; }", "cpp"),
        text("import os; os.kill(os.getpid(), 9)", "python"),
        text("print('x' * 10**7)", "python"),
        text("def f(x):\n  import os\n  os.write(4, b'{}\\n' * 100)\n  os._exit(0)", "python"),
        text("class A:\n  def __eq__(s, o): return True\ndef f(x): return A()", "python"),
        text("\u{0}", "python"),
        text("def f(x): return f(x)", "python"),
        text("raise SystemExit(127)", "python"),
        String::new(),
    ];
    let languages = ["python", "cpp", "rust"].map(|name| name.parse::<Language>().unwrap());
    for (_, judge) in layer_sets() {
        for (number, tests) in suites.iter().enumerate() {
            let problem = Problem::new("p", "", Reference::Tests { tests: tests.clone() });
            for (language, completion) in
                languages.iter().flat_map(|l| completions.iter().map(move |c| (l, c)))
            {
                if !completion.contains(&format!("```{language}")) {
                    continue;
                }
                let reward = CodeReward::new(judge.clone(), *language);
                let completion = Completion::from_text(completion.clone(), FinishReason::Stop);
                match reward.score(&problem, &completion) {
                    Ok(_) | Err(RewardError::Ungradable { .. }) => {}
                    // A toolchain that the sandbox's user may not read is no completion's doing.
                    Err(error)
                        if error.to_string().contains("toolchain")
                            || format!("{error:?}").contains("Toolchain") => {}
                    Err(error) => panic!("suite {number}, {language}: {error:?}"),
                }
            }
        }
    }
}

/// Judges under lower limits of the host; started by the test below.
#[test]
fn a_judge_with_little() {
    if env::var("R1_LITTLE").is_err() {
        return;
    }
    let judge = Judge::new().unwrap();
    assert!(!judge.report().host_limits.is_empty(), "{}", judge.report());
    let judgement = judge.judge(&Submission::new(Language::PYTHON, "print(1)"), &[TestCase::stdio("", "1")]);
    assert_eq!(judgement.unwrap().verdict, Verdict::Accepted);
}

#[test]
fn lower_limits_of_the_host_are_kept_and_named() {
    for limit in ["-Hs 8192", "-Hn 100", "-Hf 1000", "-Ht 3", "-Hv 900000"] {
        let user = if is_root() { "setpriv --reuid 65534 --regid 65534 --clear-groups " } else { "" };
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let binary = folder.path().join("tests");
        assert!(Command::new("cp").arg(env::current_exe().unwrap()).arg(&binary).status().unwrap().success());
        let soft = limit.replace("-H", "-S");
        let line = format!(
            "cd / && ulimit {soft} && ulimit {limit} && {user}{} a_judge_with_little --exact --nocapture",
            binary.display()
        );
        let output = Command::new("bash").args(["-c", &line]).env("R1_LITTLE", "1").output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{limit}: {said}\n{}", String::from_utf8_lossy(&output.stderr));
        assert!(said.contains("1 passed"), "{limit}");
    }
}
