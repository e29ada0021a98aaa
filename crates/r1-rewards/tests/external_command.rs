//! A process as a reward: what it is asked, and that order holds.

mod external;

use external::*;
use r1_core::{Completion, Outcome, Problem, Reward, RewardError, RewardKind, score_all};
use r1_rewards::{CommandReward, ExternalSettings, Rubric, reward_fn};

fn python(program: &str, settings: ExternalSettings) -> CommandReward {
    CommandReward::new(["python3", "-c", program], settings).unwrap()
}

/// Scores an answer by its number, and knows words.
const NUMBER: &str = r#"
import json, sys
def result(sample):
    answer = sample["completion"]["answer"]
    if answer == "abstain": return {"abstain": True}
    if answer == "ungradable": return {"ungradable": "no such number"}
    if answer == "error": return {"error": "the disk is full"}
    return {"score": float(answer)}
for line in sys.stdin:
    request = json.loads(line)
    if "batch" in request:
        answer = {"batch": [result(sample) for sample in request["batch"]]}
    else:
        answer = result(request)
    print(json.dumps(answer))
"#;

fn groups(sizes: &[usize]) -> Vec<(Problem, Vec<Completion>)> {
    let mut next = 0;
    let mut group = |size: usize| {
        (0..size)
            .map(|_| {
                next += 1;
                completion(next)
            })
            .collect()
    };
    sizes.iter().enumerate().map(|(index, &size)| (problem(&format!("p{index}")), group(size))).collect()
}

fn values(reward: &dyn Reward, groups: &[(Problem, Vec<Completion>)]) -> Vec<Vec<f32>> {
    let borrowed: Vec<(&Problem, &[Completion])> = groups.iter().map(|(p, g)| (p, g.as_slice())).collect();
    score_all(reward, &borrowed)
        .into_iter()
        .map(|group| group.into_iter().map(|score| score.unwrap().outcome.value().unwrap()).collect())
        .collect()
}

#[test]
fn scores_come_back_in_order_in_every_mode() {
    if no_python() {
        return;
    }
    let groups = groups(&[3, 0, 7, 1, 9]);
    let expected: Vec<Vec<f32>> = vec![
        vec![1.0, 2.0, 3.0],
        vec![],
        (4..=10).map(|n| n as f32).collect(),
        vec![11.0],
        (12..=20).map(|n| n as f32).collect(),
    ];
    for (batch, processes) in [(0, 1), (0, 3), (1, 1), (4, 1), (3, 3), (1000, 2)] {
        let reward = python(NUMBER, ExternalSettings { batch, processes, ..settings() });
        assert_eq!(reward.kind(), RewardKind::Blocking);
        assert_eq!(values(&reward, &groups), expected, "batch {batch}, {processes} processes");
        assert_eq!(values(&reward, &groups), expected);
        assert_eq!(values(&reward, &[]), Vec::<Vec<f32>>::new());
        assert_eq!(value(&reward, "0.25"), Ok(Some(0.25)));
    }
}

#[test]
fn each_answer_becomes_its_outcome_and_hurts_no_other() {
    if no_python() {
        return;
    }
    for batch in [0, 10] {
        let reward = python(NUMBER, ExternalSettings { batch, ..settings() }).with_name("number");
        let words = ["abstain", "1", "ungradable", "2", "error", "3"];
        let group: Vec<Completion> = words.iter().map(completion).collect();
        let mut scores = reward.score_group(&problem("sum"), &group).into_iter();
        let mut next = || scores.next().unwrap().map(|score| score.outcome);
        assert_eq!(next().unwrap(), Outcome::Abstain);
        assert_eq!(next().unwrap(), Outcome::Score(1.0));
        assert_eq!(
            next().unwrap_err().to_string(),
            "problem `sum` cannot be graded: reference `4 (no such number)` does not parse; fix or drop the problem"
        );
        assert_eq!(next().unwrap(), Outcome::Score(2.0));
        let error = next().unwrap_err();
        assert!(matches!(&error, RewardError::World { reward, .. } if reward == "number"));
        assert!(cause(error).to_string().ends_with("reported an error: the disk is full"));
        assert_eq!(next().unwrap(), Outcome::Score(3.0));
    }
}

#[test]
fn a_process_sees_the_problem_the_split_completion_and_ids_when_asked() {
    if no_python() {
        return;
    }
    let program = r#"
import json, sys
for line in sys.stdin:
    request = json.loads(line)
    problem, completion = request["problem"], request["completion"]
    right = (problem == {"id": "sum", "question": "What is 2 + 2?", "reference": {"kind": "number", "text": "4"}}
        and completion["text"] == "<think>Hm.</think><answer>\u00e4\u2028\U0001f600</answer>"
        and completion["reasoning"] == "Hm." and completion["answer"] == "\u00e4\u2028\U0001f600"
        and completion["finish"] == "stop" and completion["tokens"] == 2)
    print(json.dumps({"id": request["id"], "score": right + 10 * len(completion.get("ids", []))}))
"#;
    for (token_ids, expected) in [(false, 1.0), (true, 21.0)] {
        let reward = python(program, ExternalSettings { token_ids, ..settings() });
        let mut shown = completion("ä\u{2028}😀");
        shown.ids = vec![1, 2];
        shown.logprobs = vec![-1.0, -2.0];
        assert_eq!(reward.score(&problem("sum"), &shown).unwrap(), Outcome::Score(expected));
    }
}

#[test]
fn large_requests_and_answers_do_not_block_each_other() {
    if no_python() {
        return;
    }
    // Megabytes each way, and one of standard error before the request is read.
    let program = r#"
import json, sys
while True:
    sys.stderr.write("x" * 1000000 + "\n")
    line = sys.stdin.readline()
    if not line: break
    size = len(json.loads(line)["completion"]["answer"])
    print(" " * 1000000 + json.dumps({"score": size}))
"#;
    let reward = python(program, settings());
    let group = [completion("y".repeat(1_000_000)), completion("z".repeat(2_000_000))];
    assert_eq!(values(&reward, &[(problem("sum"), group.into())]), [[1_000_000.0, 2_000_000.0]]);
}

#[test]
fn several_threads_share_the_processes() {
    if no_python() {
        return;
    }
    let reward = python(NUMBER, ExternalSettings { processes: 2, ..settings() });
    reward.start().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..6 {
            let reward = &reward;
            scope.spawn(move || {
                for n in 0..20 {
                    let answer = (100 * thread + n).to_string();
                    assert_eq!(value(reward, &answer), Ok(Some((100 * thread + n) as f32)));
                }
            });
        }
    });
}

#[test]
fn a_command_joins_a_rubric_under_its_name() {
    if no_python() {
        return;
    }
    let rubric = Rubric::new()
        .with(0.5, python(NUMBER, settings()).with_name("number"))
        .with(1.0, reward_fn("one", |_, _| 1.0));
    assert_eq!(rubric.kind(), RewardKind::Blocking);
    let score = rubric.score_group(&problem("sum"), &[completion("4")]).remove(0).unwrap();
    assert_eq!(score.outcome, Outcome::Score(3.0));
    assert_eq!(score.parts[0].name, "number");
}

#[test]
fn a_command_works_in_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("answer.json"), "{\"score\": 0.75}\n").unwrap();
    let program = "while read line; do cat answer.json; done";
    let reward = CommandReward::new(["sh", "-c", program], settings()).unwrap().with_folder(folder.path());
    assert_eq!(value(&reward, "4"), Ok(Some(0.75)));
    assert_eq!(value(&reward, "4"), Ok(Some(0.75)));
}
