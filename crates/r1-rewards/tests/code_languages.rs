//! Programs in the cage, from end to end.

#![cfg(all(feature = "code", target_os = "linux"))]

use r1_rewards::code::*;

fn sandbox() -> Sandbox {
    Sandbox::new().unwrap()
}

#[test]
fn python_reads_and_writes() {
    let sandbox = sandbox();
    println!("{}", sandbox.report());
    let tests = [TestCase::stdio("1 2\n", "3\n"), TestCase::stdio("5 5\n", "11\n")];
    let submission = Submission::new(Language::Python, "print(sum(map(int, input().split())))");
    let judgement = sandbox.judge(&submission, &tests).unwrap();
    println!("{judgement:?}");
    assert_eq!(judgement.tests[0].verdict, Verdict::Accepted);
    assert_eq!(judgement.tests[1].verdict, Verdict::WrongAnswer);
}
