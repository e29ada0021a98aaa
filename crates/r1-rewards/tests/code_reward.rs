//! The reward of a completion with a program, and bugs to be repaired.

#![cfg(all(feature = "code", target_os = "linux"))]

use r1_core::{Completion, FinishReason, Problem, Reference};
use r1_rewards::{Outcome, Reward, RewardError, code::*, score_all};
use serde_json::{Value, json};

fn problem(tests: Value) -> Problem {
    Problem::new("double", "Double a number.", Reference::Tests { tests })
}

fn completion(code: &str) -> Completion {
    Completion::from_text(format!("<think>Hm.</think>\n```python\n{code}\n```\nDone."), FinishReason::Stop)
}

#[test]
fn the_reward_counts_as_its_scheme_says() {
    let tests = json!({"language": "python", "tests": [{"stdin": "2", "stdout": "4"}, {"stdin": "3", "stdout": "6"}]});
    let problem = problem(tests);
    let reward = CodeReward::new(Judge::new().unwrap(), Language::PYTHON);
    let group =
        [completion("print(int(input()) * 2)"), completion("print(int(input()) ** 2)"), completion("")];
    for (scheme, expected) in [
        (Scheme::All, [1.0, 0.0, 0.0]),
        (Scheme::Fraction, [1.0, 0.5, 0.0]),
        (Scheme::Weighted, [1.1, 0.05, 0.0]),
    ] {
        let reward = reward.clone().with_scheme(scheme);
        let scores = score_all(&reward, &[(&problem, &group), (&problem, &group[..1])]);
        let values: Vec<f32> =
            scores[0].iter().map(|s| s.as_ref().unwrap().outcome.value().unwrap()).collect();
        assert_eq!(values, expected, "{scheme:?}");
        assert_eq!(scores[1].len(), 1);
    }
    let without = Completion::from_text("No code.", FinishReason::Stop);
    assert_eq!(reward.score(&problem, &without).unwrap(), Outcome::Score(0.0));
    let number = Problem::new("n", "1?", Reference::number("1"));
    assert_eq!(reward.score(&number, &group[0]).unwrap(), Outcome::Abstain);
    for bad in [json!([]), json!({"tests": 1}), json!({"tests": [], "odd": 1}), json!("x")] {
        let error = reward.score(&self::problem(bad.clone()), &group[0]).unwrap_err();
        assert!(matches!(error, RewardError::Ungradable { .. }), "{bad}");
    }
}

#[test]
fn bugs_are_made_and_repaired() {
    let sandbox = Judge::new().unwrap();
    let source = "n = int(input())\ntotal = 0\nfor i in range(n + 1):\n    total += i\nprint(total)\n";
    let tests = vec![TestCase::stdio("3", "6"), TestCase::stdio("10", "55")];
    let task = BugFix {
        id: "sum".into(),
        task: "Print 1 + .. + n.".into(),
        source: source.into(),
        suite: Suite::of(tests),
    };
    let problems = task.problems(&sandbox, 3).unwrap();
    assert_eq!(problems.len(), 3);
    let reward = CodeReward::new(sandbox, Language::PYTHON);
    for problem in &problems {
        let start = problem.question.find("```python\n").unwrap() + 10;
        let buggy = &problem.question[start..problem.question.rfind("\n```").unwrap()];
        assert_eq!(reward.score(problem, &completion(buggy)).unwrap(), Outcome::Score(0.0));
        assert_eq!(reward.score(problem, &completion(source)).unwrap(), Outcome::Score(1.0));
    }
}
