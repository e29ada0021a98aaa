//! The same program gives the same output, in every language.

#![cfg(all(feature = "code", target_os = "linux"))]

use std::time::Duration;

use r1_rewards::code::*;

/// Programs that print one of several words, by the order of a hash table or the like, and the words.
const PROGRAMS: [(&str, &str, &str); 12] = [
    ("python", "print(next(iter({'fig', 'pear', 'kiwi', 'plum', 'lime'})))", "fig pear kiwi plum lime"),
    ("python", "print(hash('fig') % 5)", "0 1 2 3 4"),
    ("python", "import random\nprint('fig' if isinstance(random.random(), float) else 'pear')", "fig pear"),
    ("javascript", "console.log([...new Set(['fig', 'pear', 'kiwi'])][0])", "fig pear kiwi"),
    (
        "cpp",
        "#include <iostream>\n#include <string>\n#include <unordered_set>\n\
         int main(){std::unordered_set<std::string> s{\"fig\",\"pear\",\"kiwi\"};std::cout<<*s.begin();}",
        "fig pear kiwi",
    ),
    ("c", "#include <stdio.h>\nint main(){int x[4]={3,1,2,0};printf(\"%d\\n\", x[x[0]]);}", "0 1 2 3"),
    (
        "rust",
        "use std::collections::BTreeSet;fn main(){let s=BTreeSet::from([\"pear\",\"fig\"]);println!(\"{}\",s.iter().next().unwrap())}",
        "fig pear",
    ),
    (
        "java",
        "public class Main { public static void main(String[] a) { System.out.println(new java.util.HashSet<>(java.util.List.of(\"fig\", \"pear\")).iterator().next()); } }",
        "fig pear",
    ),
    (
        "bash",
        "declare -A m=([fig]=1 [pear]=2); for k in \"${!m[@]}\"; do echo $k | tr -d '\\n'; break; done",
        "fig pear",
    ),
    (
        "go",
        "package main\nimport \"fmt\"\nfunc main() { fmt.Println([]string{\"fig\", \"pear\"}[len(\"a\")]) }",
        "fig pear",
    ),
    (
        "typescript",
        "const s: Set<string> = new Set(['fig', 'pear']); console.log(Array.from(s)[0])",
        "fig pear",
    ),
    (
        "csharp",
        "using System;using System.Collections.Generic;class P { static void Main() { foreach (var w in new HashSet<string>{\"fig\", \"pear\"}) { Console.WriteLine(w); break; } } }",
        "fig pear",
    ),
];

#[test]
fn five_runs_print_the_same() {
    let judge = Judge::new().unwrap();
    let mut tried = Vec::new();
    'programs: for (language, source, words) in PROGRAMS {
        // The word that a run prints is the one that is accepted: exactly one, and each time the same.
        let submission = Submission::new(language.parse().unwrap(), source)
            .with_limits(Limits::default().with_cpu(Duration::from_secs(10)));
        let mut printed = Vec::new();
        for _ in 0..5 {
            let mut accepted = Vec::new();
            for word in words.split(' ') {
                match judge.judge(&submission, &[TestCase::stdio("", word)]) {
                    Ok(judgement) if judgement.verdict == Verdict::Accepted => accepted.push(word),
                    Ok(judgement) => {
                        assert_eq!(judgement.verdict, Verdict::WrongAnswer, "{language}: {judgement:?}");
                    }
                    Err(CodeError::Toolchain { .. }) => {
                        println!("{language} is not installed");
                        continue 'programs;
                    }
                    Err(error) => panic!("{language}: {error}"),
                }
            }
            printed.push(accepted);
        }
        assert!(
            printed.iter().all(|words| words.len() == 1 && *words == printed[0]),
            "{language}: {printed:?}"
        );
        tried.push(language);
    }
    println!("{} prints the same each time", tried.join(", "));
    assert!(tried.contains(&"python"));
}
