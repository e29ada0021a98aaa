//! Programs of every language and tests of every kind, from end to end.

#![cfg(all(feature = "code", target_os = "linux"))]

mod code;

use std::time::Duration;

use code::layer_sets;
use r1_rewards::{RewardError, code::*};
use serde_json::{Value, json};

fn judge(language: Language, source: &str, tests: &[TestCase]) -> Judgement {
    judge_by(Submission::new(language, source), tests)
}

fn judge_by(submission: Submission, tests: &[TestCase]) -> Judgement {
    Judge::new().unwrap().judge(&submission, tests).unwrap()
}

fn codes(judgement: &Judgement) -> Vec<&'static str> {
    judgement.tests.iter().map(|test| test.verdict.code()).collect()
}

const SUMS: [(Language, &str); 4] = [
    (Language::PYTHON, "print(sum(map(int, input().split())))"),
    (Language::CPP, "#include <bits/stdc++.h>\nint main(){long a,b;std::cin>>a>>b;std::cout<<a+b<<'\\n';}"),
    (
        Language::RUST,
        "fn main(){let mut s=String::new();std::io::stdin().read_line(&mut s).unwrap();\
         println!(\"{}\",s.split_whitespace().map(|w|w.parse::<i64>().unwrap()).sum::<i64>())}",
    ),
    (
        Language::JAVASCRIPT,
        "const w=require('fs').readFileSync('/dev/stdin','utf8').trim().split(' ').map(Number);console.log(w[0]+w[1])",
    ),
];

/// The same in languages that not every machine has.
const MORE_SUMS: [(&str, &str); 5] = [
    ("c", "#include <stdio.h>\nint main(){int a,b;scanf(\"%d%d\",&a,&b);printf(\"%d\\n\",a+b);}"),
    ("go", "package main\nimport \"fmt\"\nfunc main(){var a,b int;fmt.Scan(&a,&b);fmt.Println(a+b)}"),
    (
        "java",
        "import java.util.*;public class Main{public static void main(String[] x){Scanner s=new Scanner(System.in);System.out.println(s.nextInt()+s.nextInt());}}",
    ),
    (
        "typescript",
        "const w: number[] = require('fs').readFileSync('/dev/stdin','utf8').trim().split(' ').map(Number);console.log(w[0]+w[1])",
    ),
    (
        "csharp",
        "using System;class P{static void Main(){var w=Console.ReadLine().Split(' ');Console.WriteLine(int.Parse(w[0])+int.Parse(w[1]));}}",
    ),
];

#[test]
fn every_language_reads_and_writes() {
    let tests = [TestCase::stdio("1 2\n", "3\n"), TestCase::stdio("5 5\n", "11\n")];
    for (_, sandbox) in layer_sets() {
        println!("{}", sandbox.report());
        let more = MORE_SUMS.map(|(name, source)| (name.parse::<Language>().unwrap(), source));
        for (language, source) in SUMS.into_iter().chain(more) {
            match sandbox.judge(&Submission::new(language, source), &tests) {
                Ok(judgement) => assert_eq!(codes(&judgement), ["AC", "WA"], "{language}: {judgement:?}"),
                // Missing, or in a home folder that only a mount would show.
                Err(error @ CodeError::Toolchain { .. }) => println!("{error}"),
                Err(error) => panic!("{language}: {error:?}"),
            }
        }
    }
}

#[test]
fn verdicts_tell_what_happened() {
    let limits = Limits::default().with_cpu(Duration::from_millis(800)).with_memory_bytes(128 << 20);
    let cases = [
        (Language::CPP, "int main(){for(volatile int i=0;;i=i+1);}", "TLE"),
        (
            Language::CPP,
            "#include <vector>\nint main(){std::vector<char*> v;for(;;){char*p=new char[1<<24];for(int i=0;i<1<<24;i+=4096)p[i]=1;v.push_back(p);}}",
            "MLE",
        ),
        (Language::CPP, "int main(){return 3;}", "RE"),
        (Language::CPP, "int main(){int*p=0;*(volatile int*)p=1;}", "RE"),
        (
            Language::CPP,
            "#include <cstdio>\nint main(){for(;;)puts(\"xxxxxxxxxxxxxxxxxxxxxxxxxxxx\");}",
            "OLE",
        ),
        (Language::CPP, "int main({", "CE"),
        (Language::JAVASCRIPT, "const a=[];for(;;)a.push(new Array(1e6).fill(1.5))", "MLE"),
        (Language::JAVASCRIPT, "for(;;);", "TLE"),
        (Language::JAVASCRIPT, "throw 1", "RE"),
        (Language::PYTHON, "raise ValueError", "RE"),
        (Language::PYTHON, "print(", "RE"),
        (Language::PYTHON, "x = [0] * 10**9", "MLE"),
        (Language::PYTHON, "a\0b", "CE"),
    ];
    for (language, source, expected) in cases {
        let submission =
            Submission::new(language, source).with_limits(Limits { output_bytes: 1 << 20, ..limits.clone() });
        let judgement = judge_by(submission, &[TestCase::stdio("", "")]);
        assert_eq!(judgement.verdict.code(), expected, "{source}: {judgement:?}");
    }
}

#[test]
fn calls_are_compared_outside() {
    let tests = [
        TestCase::call("f", vec![json!([1, 2, 3])], json!({"sum": 6, "list": [3, 2, 1], "half": 3.0})),
        TestCase::call("f", vec![json!([])], json!({"sum": 0, "list": [], "half": 0})),
        TestCase::call("f", vec![json!([5])], json!({"sum": 6, "list": [5], "half": 2.5})),
    ];
    let python = "def f(x):\n    return {'sum': sum(x), 'list': tuple(reversed(x)), 'half': sum(x) / 2}";
    let judgement = judge(Language::PYTHON, python, &tests);
    assert_eq!(codes(&judgement), ["AC", "AC", "WA"], "{judgement:?}");
    let class = "class Solution:\n    def f(self, x):\n        return {'sum': sum(x), 'list': x[::-1], 'half': sum(x) / 2}";
    assert_eq!(codes(&judge(Language::PYTHON, class, &tests)), ["AC", "AC", "WA"]);
    let js = "const f = (x) => { const s = x.reduce((a, b) => a + b, 0); return {sum: s, list: [...x].reverse(), half: s / 2}; }";
    assert_eq!(codes(&judge(Language::JAVASCRIPT, js, &tests)), ["AC", "AC", "WA"]);
    let error =
        Judge::new().unwrap().judge(&Submission::new(Language::CPP, "int main(){}"), &tests).unwrap_err();
    assert!(matches!(error, CodeError::Tests { .. }), "{error}");
}

#[test]
fn a_call_that_kills_the_process_fails_alone() {
    let source = "import os\ndef f(x):\n    if x == 1: os._exit(0)\n    if x == 2:\n        while True: pass\n    if x == 3: raise KeyError\n    return x";
    let tests: Vec<_> = (0..5).map(|x| TestCase::call("f", vec![json!(x)], json!(x))).collect();
    let limits = Limits::default().with_cpu(Duration::from_millis(500));
    let submission = Submission::new(Language::PYTHON, source).with_limits(limits);
    let judgement = judge_by(submission.clone(), &tests);
    assert_eq!(codes(&judgement), ["AC", "RE", "TLE", "RE", "AC"], "{judgement:?}");
    assert_eq!(codes(&judge_by(submission.stopping_at_failure(), &tests)), ["AC", "RE"]);
}

#[test]
fn assertions_run_apart_from_the_program() {
    let test = TestCase::Assert {
        assert: "import random\nfor _ in range(20):\n    x = random.random()\n    assert abs(twice(x) - 2 * x) < 1e-9\nassert pair(3) == (3, {3})".into(),
        functions: vec!["twice".into(), "pair".into()],
        setup: "unused = 1".into(),
    };
    let right = "def twice(x): return x + x\ndef pair(x): return (x, {x})";
    let judgement = judge(Language::PYTHON, right, std::slice::from_ref(&test));
    assert_eq!(judgement.verdict, Verdict::Accepted, "{judgement:?}");
    for (wrong, verdict) in [
        ("def twice(x): return 3 * x\ndef pair(x): return (x, {x})", "WA"),
        ("def twice(x): return 2 * x\ndef pair(x): return [x, {x}]", "WA"),
        ("def twice(x): return 2 * x", "RE"),
        ("def twice(x): raise ValueError(x)", "RE"),
        ("import sys; sys.exit(0)", "RE"),
        ("syntax error", "RE"),
    ] {
        let judgement = judge(Language::PYTHON, wrong, std::slice::from_ref(&test));
        assert_eq!(judgement.verdict.code(), verdict, "{wrong}: {judgement:?}");
    }
    // Types are handed over as themselves, and what a setup makes of the program's classes stays with the program.
    let test = TestCase::Assert {
        assert: "assert without([1, 'a', 2.5], int) == ['a', 2.5]\nassert kind('x') is str\nassert height(root) == 2".into(),
        functions: vec!["without".into(), "kind".into(), "height".into()],
        setup: "root = Node(1)\nroot.left = Node(2)\nlimit = sqrt(4)".into(),
    };
    let class = "class Node:\n    def __init__(self, x): self.x, self.left = x, None\n";
    let functions = "def without(xs, t): return [x for x in xs if not isinstance(x, t)]\ndef kind(x): return type(x)\ndef height(n): return 0 if n is None else 1 + height(n.left)\n";
    let both = format!("{class}{functions}");
    for (source, verdict) in [(both.as_str(), "AC"), (functions, "RE"), (&both.replace("1 + ", ""), "WA")] {
        let judgement = judge(Language::PYTHON, source, std::slice::from_ref(&test));
        assert_eq!(judgement.verdict.code(), verdict, "{source}: {judgement:?}");
    }
    let broken = TestCase::assert("assert (", "f");
    let error =
        Judge::new().unwrap().judge(&Submission::new(Language::PYTHON, right), &[broken]).unwrap_err();
    let error = error.into_reward_error("code", "p");
    assert!(matches!(error, RewardError::Ungradable { .. }), "{error}");
}

/// Programs that want the reward without the work.
const HACKS: [&str; 16] = [
    "import sys; sys.exit(0)",
    "import os; os._exit(0)",
    "class E:\n    def __eq__(s, o): return True\n    def __ne__(s, o): return False\n    def __hash__(s): return 7\ndef f(x): return E()",
    "class E(int):\n    def __eq__(s, o): return True\n    __hash__ = int.__hash__\ndef f(x): return E(0)",
    "class E(list):\n    def __eq__(s, o): return True\ndef f(x): return E()",
    "import builtins\nbuiltins.abs = lambda *a: 0\nbuiltins.AssertionError = type('A', (Exception,), {})\ndef f(x): return None",
    "import json\njson.dumps = lambda *a, **k: '{\"r\": [\"i\", \"0x7\"]}'\ndef f(x): return None",
    "import sys\nsys.stdout.write('AC\\nall tests passed\\n7\\n')\ndef f(x): return None",
    "import os\nfor fd in range(3, 20):\n    try: os.write(fd, b'{\"outcome\": \"right\", \"detail\": \"\"}\\n')\n    except OSError: pass\ndef f(x): return None",
    "import os\nfor fd in range(3, 20):\n    try: os.write(fd, b'{\"n\": \"\", \"r\": [\"i\", \"0x7\"]}\\n')\n    except OSError: pass\nos._exit(0)",
    "import os\ndef f(x):\n    for name in os.listdir('.'):\n        t = open(name).read()\n        if 'assert' in t and 'driver' not in name and 'main' not in name: return 7\n    return None",
    "import inspect, sys\ndef f(x):\n    frame = sys._getframe()\n    while frame:\n        for v in frame.f_locals.values():\n            if isinstance(v, dict) and 'returns' in v: return v['returns']\n        frame = frame.f_back\n    return None",
    "import gc\ndef f(x):\n    for o in gc.get_objects():\n        if isinstance(o, dict) and 'expected' in o: return o['expected']\n    return None",
    "import sys, os\nsys.settrace(lambda *a: None)\nos.environ.clear()\nsys.modules['__main__'].__dict__.clear()\ndef f(x): return None",
    "def f(x): raise SystemExit(0)",
    "def f(x):\n    import os\n    os.dup2(4, 3); os.dup2(4, 5)\n    return None",
];

#[test]
fn hacks_earn_nothing() {
    let sandbox = Judge::new().unwrap();
    let call = TestCase::call("f", vec![json!(3)], json!(7));
    let assert = TestCase::assert("assert f(3) == 7", "f");
    let stdio = TestCase::stdio("3\n", "7\n");
    for hack in HACKS {
        for test in [&call, &assert, &stdio] {
            let judgement =
                sandbox.judge(&Submission::new(Language::PYTHON, hack), std::slice::from_ref(test)).unwrap();
            assert_ne!(judgement.verdict, Verdict::Accepted, "{hack}\n{test:?}\n{judgement:?}");
        }
    }
    // The honest program, for comparison.
    let honest = "def f(x): return x + 4\nif __name__ == '__main__': print(f(int(input())))";
    for test in [call, assert, stdio] {
        assert_eq!(
            sandbox.judge(&Submission::new(Language::PYTHON, honest), &[test]).unwrap().verdict,
            Verdict::Accepted
        );
    }
}

#[test]
fn an_exception_does_not_end_the_assertions() {
    let loops =
        TestCase::assert("for got, want in zip(map(f, [1, 2]), [2, 4]):\n    assert got == want", "f");
    let all = TestCase::assert("assert all(map(f, [1, 2]))", "f");
    for error in ["StopIteration", "StopAsyncIteration", "GeneratorExit", "SystemExit", "KeyboardInterrupt"] {
        let source = format!("def f(x): raise {error}");
        for test in [&loops, &all] {
            let judgement = judge(Language::PYTHON, &source, std::slice::from_ref(test));
            assert_eq!(judgement.verdict, Verdict::RuntimeError, "{error}: {judgement:?}");
        }
    }
    assert_eq!(judge(Language::PYTHON, "def f(x): return 2 * x", &[loops, all]).verdict, Verdict::Accepted);
}

/// The same of node.
const SCRIPT_HACKS: [&str; 14] = [
    "process.exit(0)",
    "process.reallyExit(0)",
    "function f() { process.exit(0) }",
    "JSON.stringify = () => '{\"r\":[\"i\",\"0x7\"]}'; function f() { return null }",
    "Object.prototype.toJSON = () => 7; Number.prototype.toJSON = () => 7; function f() { return {} }",
    "Array.isArray = () => true; function f() { return { length: 1, 0: 7 } }",
    "function f() { return { valueOf: () => 7, toString: () => '7', toJSON: () => 7, [Symbol.toPrimitive]: () => 7 } }",
    "function f() { return new Proxy({}, { get: () => 7, ownKeys: () => ['r'] }) }",
    "const fs = process.mainModule.require('fs'); for (let fd = 3; fd < 20; fd++) try { fs.writeSync(fd, '{\"n\":\"\",\"r\":[\"i\",\"0x7\"]}\\n') } catch {}\nfunction f() { return null }",
    "const fs = process.mainModule.require('fs'); function f() { for (const name of fs.readdirSync('.')) { const m = /\"returns\":(\\d+)/.exec(fs.readFileSync(name, 'utf8')); if (m) return Number(m[1]) } return null }",
    "function f() { throw { name: undefined, message: 7, r: 7 } }",
    "console.log('{\"r\":[\"i\",\"0x7\"]}\\n7\\nAC'); function f() { return undefined }",
    "class Seven extends Number { valueOf() { return 7 } }; function f() { return new Seven(0) }",
    "function f(x) { return f(x) }",
];

#[test]
fn hacks_of_scripts_earn_nothing() {
    let sandbox = Judge::new().unwrap();
    let tests = [TestCase::call("f", vec![json!(3)], json!(7)), TestCase::stdio("3\n", "7\n")];
    for hack in SCRIPT_HACKS {
        for test in &tests {
            match sandbox.judge(&Submission::new(Language::JAVASCRIPT, hack), std::slice::from_ref(test)) {
                Ok(judgement) => {
                    assert_ne!(judgement.verdict, Verdict::Accepted, "{hack}\n{test:?}\n{judgement:?}");
                }
                Err(CodeError::Toolchain { .. }) => return println!("node is not installed"),
                Err(error) => panic!("{hack}: {error}"),
            }
        }
    }
    let honest = Submission::new(Language::JAVASCRIPT, "const f = (x) => x + 4");
    assert_eq!(sandbox.judge(&honest, &tests[..1]).unwrap().verdict, Verdict::Accepted);
}

#[test]
fn odd_sources_get_a_verdict() {
    let long = format!("# {}\nprint(1)", "x".repeat(10 << 20));
    let cases = [
        (Language::PYTHON, "", "WA"),
        (Language::PYTHON, "print(1)\0", "CE"),
        (Language::PYTHON, "\u{feff}print(1)", "AC"),
        (Language::PYTHON, "print('\u{d7ff}\u{10ffff}')", "WA"),
        (Language::PYTHON, "print('\\ud800')", "RE"),
        (Language::PYTHON, "import sys; sys.stdout.buffer.write(b'\\xff\\xfe1')", "WA"),
        (Language::PYTHON, "import sys; sys.stdout.write('1\\0')", "WA"),
        (Language::PYTHON, long.as_str(), "AC"),
        (Language::PYTHON, "def f(): return f()\nf()", "RE"),
        (Language::PYTHON, "input()", "RE"),
        (Language::PYTHON, "exec('(' * 100000)", "RE"),
        (Language::JAVASCRIPT, "", "WA"),
        (Language::JAVASCRIPT, "const f = () => f(); f()", "RE"),
        (Language::CPP, "", "CE"),
        (Language::CPP, "int f(int x){return f(x+1)+f(x+2);}int main(){return f(0);}", "RE TLE"),
        (Language::RUST, "", "CE"),
    ];
    for (language, source, verdicts) in cases {
        match Judge::new().unwrap().judge(&Submission::new(language, source), &[TestCase::stdio("", "1")]) {
            Ok(judgement) => assert!(
                verdicts.contains(judgement.verdict.code()),
                "{}: {judgement:?}",
                source.chars().take(60).collect::<String>()
            ),
            Err(CodeError::Toolchain { .. }) => println!("{language} is not installed"),
            Err(error) => panic!("{language}: {error:?}"),
        }
    }
}

#[test]
fn a_test_that_lost_digits_is_refused() {
    let returns: Value = serde_json::from_str("100000000000000000001").unwrap();
    let submission = Submission::new(Language::PYTHON, "def f(x): return 10 ** 20");
    let sandbox = Judge::new().unwrap();
    let test = [TestCase::call("f", vec![json!(1)], returns.clone())];
    let error = sandbox.judge(&submission, &test).unwrap_err();
    assert!(matches!(error, CodeError::Tests { .. }), "{error}");
    // By a tolerance it is what it says.
    let floats = submission.with_checker(Checker::FLOATS);
    assert_eq!(sandbox.judge(&floats, &test).unwrap().verdict, Verdict::Accepted);
    let exact = TestCase::assert("assert f(1) == 100000000000000000001", "f");
    let wrong = Submission::new(Language::PYTHON, "def f(x): return 10 ** 20");
    assert_eq!(sandbox.judge(&wrong, &[exact]).unwrap().verdict, Verdict::WrongAnswer);
}

#[test]
fn a_custom_checker_runs_in_the_cage() {
    let source = "import sys\na, b = open(sys.argv[2]).read().split()\nsys.exit(0 if int(a) + int(b) == int(open(sys.argv[3]).read()) else 1)";
    let checker = Checker::Custom { language: Language::PYTHON, source: source.into() };
    let any_pair = |text: &str| {
        Submission::new(Language::PYTHON, format!("print('{text}')")).with_checker(checker.clone())
    };
    let tests = [TestCase::stdio("", "10")];
    assert_eq!(judge_by(any_pair("4 6"), &tests).verdict, Verdict::Accepted);
    assert_eq!(judge_by(any_pair("4 7"), &tests).verdict, Verdict::WrongAnswer);
    let broken = Checker::Custom { language: Language::PYTHON, source: "import sys; sys.exit(3)".into() };
    let error =
        Judge::new().unwrap().judge(&Submission::new(Language::PYTHON, "").with_checker(broken), &tests);
    assert!(matches!(error, Err(CodeError::Checker { .. })), "{error:?}");
}
