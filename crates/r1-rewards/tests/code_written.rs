//! Right programs that are written in other ways than the languages' own examples.

#![cfg(all(feature = "code", target_os = "linux"))]

use r1_rewards::code::*;
use serde_json::json;

/// Right programs as people write them: language, source, and a call where it is no program by text.
const WRITTEN: [(&str, &str, Option<&str>); 11] = [
    ("java", "public class Solution{public static void main(String[] a){System.out.println(6);}}", None),
    (
        "java",
        "package x.y;public class Main{public static void main(String[] a){System.out.println(6);}}",
        None,
    ),
    (
        "java",
        "class Sum{static int s(){return 6;}}class codechef{public static void main(String[] a){System.out.println(Sum.s());}}",
        None,
    ),
    (
        "java",
        "// public class Other\npublic class Main{class In{} public static void main(String... a){System.out.println(6);}}",
        None,
    ),
    (
        "javascript",
        "import fs from 'fs';\nfor await (const n of [6]) console.log(n + fs.readFileSync(0, 'utf8'));",
        None,
    ),
    ("javascript", "class Solution { static f(a) { return a[0] * 2; } }", Some("f")),
    ("javascript", "const f = async ([n]) => 2 * n;\nexport { f };", Some("f")),
    ("typescript", "export function f(a: number[]): number { return a[0] * 2; }", Some("f")),
    ("typescript", "class Solution { f(a: number[]): number { return a[0] * 2; } }", Some("f")),
    ("python", "from decimal import Decimal\ndef f(a): return Decimal(2 * a[0])", Some("f")),
    (
        "python",
        "import socket\none, two = socket.socketpair()\none.send(b'6')\nprint(two.recv(1).decode())",
        None,
    ),
];

#[test]
fn programs_are_right_as_people_write_them() {
    for (language, source, call) in WRITTEN {
        let test = call.map_or(TestCase::stdio("", "6"), |call| TestCase::call(call, vec![json!([3])], 6));
        let submission = Submission::new(language.parse().unwrap(), source);
        match Judge::new().unwrap().judge(&submission, &[test]) {
            Ok(judgement) => assert_eq!(judgement.verdict.code(), "AC", "{source}: {judgement:?}"),
            Err(error @ CodeError::Toolchain { .. }) => println!("{error}"),
            Err(error) => panic!("{language}: {error:?}"),
        }
    }
}
