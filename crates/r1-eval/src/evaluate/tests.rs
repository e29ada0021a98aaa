use std::sync::atomic::{AtomicUsize, Ordering};

use r1_core::{
    FinishReason, GenerateError, Reference, Sampling, ScriptedGenerator, template::PromptTemplate,
};
use r1_rewards::{AccuracyReward, reward_fn};

use super::*;
use crate::SameAnswer;

fn problem(id: &str, answer: &str) -> Problem {
    Problem::new(id, format!("question {id}"), Reference::number(answer))
}

fn plain(samples: usize) -> EvalConfig {
    EvalConfig::new().with_samples(samples).with_template(PromptTemplate::Plain)
}

fn right(answer: &str) -> String {
    format!("<think>x</think> <answer>{answer}</answer>")
}

#[test]
fn the_figures_are_those_worked_by_hand() {
    let problems = [problem("a", "1"), problem("b", "2")];
    let mut writer = ScriptedGenerator::replay([
        // a: 3 of 4 correct, all in the format, 35 tokens each.
        right("1"),
        right("1"),
        right("1"),
        right("9"),
        // b: 1 of 4 correct; 7 wins the vote; the last is cut off at 40 tokens inside its thoughts.
        right("2"),
        right("7"),
        right("7"),
        format!("<think>{}", "y".repeat(100)),
    ]);
    let config = plain(4).with_sampling(Sampling::default().with_max_tokens(40));
    let report = evaluate(&mut writer, &problems, &AccuracyReward::new(), &config).unwrap();

    assert_eq!((report.problems, report.samples, report.ungradable, report.abstained), (2, 4, 0, 0));
    // (3/4 + 1/4) / 2.
    assert_eq!(report.pass_at(1), 0.5);
    // The shares 0.75 and 0.25 have s² = 2 * 0.0625 / 1, so stderr = sqrt(0.125 / 2) = 0.25.
    assert!((report.pass_at_1_stderr.unwrap() - 0.25).abs() < 1e-12);
    // a: 1 wrong, so 2 tries always hold a right one; b: 1 - C(3,2)/C(4,2) = 1 - 3/6.
    assert!((report.pass_at(2) - 0.75).abs() < 1e-12);
    assert_eq!(report.pass_at_k.keys().copied().collect::<Vec<_>>(), [1, 2, 4]);
    assert_eq!(report.pass_at(4), 1.0);
    assert_eq!(report.consensus(), 0.5);
    // One vote is pass@1. Of b's pairs 2 and 7 twice, and 2 and none, elect 2; a's always hold a right one,
    // which comes first: (1 + 3/6) / 2.
    assert_eq!(report.consensus_at_k, [(1, 0.5), (2, 0.75), (4, 0.5)].into());
    // 7 of 8 in the format, 1 of 8 cut off.
    assert_eq!((report.format, report.truncated), (0.875, 0.125));
    assert_eq!(right("1").len(), 35);
    assert_eq!(report.mean_completion_tokens, (7.0 * 35.0 + 40.0) / 8.0);
}

#[test]
fn the_report_serialises_to_the_contract() {
    let mut writer = ScriptedGenerator::new(|_, sample| right(if sample < 3 { "1" } else { "0" }));
    let problems = [problem("a", "1"), problem("b", "1")];
    let report = evaluate(&mut writer, &problems, &AccuracyReward::new(), &plain(4)).unwrap();
    let value = serde_json::to_value(&report).unwrap();
    assert_eq!(value["pass_at_k"], json!({"1": 0.75, "2": 1.0, "4": 1.0}));
    for key in ["problems", "samples", "pass_at_1", "pass_at_1_stderr", "consensus", "format", "truncated"] {
        assert!(value[key].is_number(), "{key}");
    }
    assert!(value["mean_completion_tokens"].is_number() && value.get("rows").is_none());

    let row = serde_json::to_value(&report.rows[3]).unwrap();
    assert_eq!(row["id"], "a");
    assert_eq!(row["prompt"], "question a");
    assert_eq!(row["reference"], json!({"kind": "number", "text": "1"}));
    assert_eq!((&row["score"], &row["correct"], &row["answer"]), (&json!(0.0), &json!(false), &json!("0")));
    assert_eq!((&row["grader"], &row["finish"]), (&json!("accuracy"), &json!("stop")));
    assert_eq!(row["sampling"]["top_p"].as_f64().map(|p| (p * 100.0).round()), Some(95.0));
}

#[test]
fn neither_order_nor_chunks_change_the_samples() {
    let problems: Vec<Problem> = (0..7).map(|i| problem(&format!("p{i}"), "1")).collect();
    let run = |problems: &[Problem], config: EvalConfig| {
        let mut writer = ScriptedGenerator::new(|prompt, sample| {
            right(&prompt.key.for_sample(sample as u64).bits(0).wrapping_rem(2).to_string())
        });
        let mut rows = evaluate(&mut writer, problems, &AccuracyReward::new(), &config).unwrap().rows;
        rows.sort_by(|a, b| (&a.id, a.sample).cmp(&(&b.id, b.sample)));
        rows
    };
    let reversed: Vec<Problem> = problems.iter().rev().cloned().collect();
    let rows = run(&problems, plain(5).with_chunk(100));
    assert_eq!(rows, run(&reversed, plain(5).with_chunk(2)));
    assert_eq!(rows[..10], run(&problems[..2], plain(5)));
    assert_ne!(rows, run(&problems, plain(5).with_seed(1)));
}

#[test]
fn problems_that_cannot_be_graded_are_counted_and_left_out() {
    let problems = [
        problem("good", "1"),
        problem("bad reference", "one or two"),
        Problem::new("unknown", "?", Reference::Other { value: Value::Null }),
    ];
    let mut writer = ScriptedGenerator::new(|_, _| right("1"));
    let report = evaluate(&mut writer, &problems, &AccuracyReward::new(), &plain(2)).unwrap();
    assert_eq!((report.problems, report.ungradable, report.abstained), (1, 1, 1));
    assert_eq!((report.pass_at(1), report.pass_at_1_stderr), (1.0, None));
    assert_eq!(report.rows.len(), 6);
    assert!(report.rows[2..].iter().all(|row| row.score.is_none() && row.correct.is_none()));

    let error = evaluate(&mut writer, &problems[1..], &AccuracyReward::new(), &plain(2)).unwrap_err();
    let expected = "none of 2 problems could be graded (1 have a bad reference, the reward `accuracy` \
                    abstained on 1); check that the reward fits the data set";
    assert_eq!(error.to_string(), expected);
}

/// Fails the first `failures` times it is asked.
struct Flaky {
    failures: usize,
    asked: AtomicUsize,
}

impl Reward for Flaky {
    fn name(&self) -> &str {
        "flaky"
    }

    fn score(&self, _: &Problem, _: &Completion) -> Result<Outcome, RewardError> {
        match self.asked.fetch_add(1, Ordering::Relaxed) < self.failures {
            true => Err(RewardError::world("flaky", "the network is gone")),
            false => Ok(Outcome::Score(1.0)),
        }
    }
}

#[test]
fn a_failing_world_is_tried_three_times_and_never_becomes_a_zero() {
    let run = |failures| {
        let reward = Flaky { failures, asked: AtomicUsize::new(0) };
        evaluate(&mut ScriptedGenerator::new(|_, _| right("1")), &[problem("a", "1")], &reward, &plain(1))
    };
    assert_eq!(run(2).unwrap().pass_at(1), 1.0);
    assert!(matches!(run(3), Err(EvalError::Reward(RewardError::World { .. }))));
}

#[test]
fn bad_input_is_refused_before_anything_is_sampled() {
    let mut writer = ScriptedGenerator::new(|_, _| right("1"));
    let reward = AccuracyReward::new();
    assert!(matches!(evaluate(&mut writer, &[], &reward, &plain(1)), Err(EvalError::Empty)));
    let twice = [problem("a", "1"), problem("b", "1"), problem("a", "2")];
    let error = evaluate(&mut writer, &twice, &reward, &plain(1)).unwrap_err();
    assert!(matches!(&error, EvalError::DuplicateId { id } if id == "a"), "{error}");
    assert!(evaluate(&mut writer, &twice[..1], &reward, &plain(0)).is_err());
    assert_eq!(writer.written(), 0);
}

#[test]
fn a_writer_that_miscounts_is_found_out() {
    struct Short;
    impl Generate for Short {
        fn generate(
            &mut self,
            _: &[Prompt],
            _: usize,
            _: &Sampling,
        ) -> Result<Vec<Vec<Completion>>, GenerateError> {
            Ok(vec![vec![Completion::from_text("1", FinishReason::Stop)]])
        }
    }
    let problems = [problem("a", "1"), problem("b", "1")];
    let run = |problems, samples| evaluate(&mut Short, problems, &AccuracyReward::new(), &plain(samples));
    assert!(matches!(run(&problems, 1), Err(EvalError::Count { what: "groups", .. })));
    assert!(matches!(run(&problems[..1], 2), Err(EvalError::Count { what: "completions", .. })));
}

#[test]
fn the_threshold_and_the_votes_can_be_set() {
    let half = reward_fn("half", |_, completion| if completion.text.contains("1/2") { 0.5 } else { 0.0 });
    let mut config = plain(3).with_correct_at(0.5);
    let run = |config: &EvalConfig| {
        let mut writer = ScriptedGenerator::replay(["4", "1/2", "0.5"].map(right));
        evaluate(&mut writer, &[problem("a", "0.5")], &half, config).unwrap()
    };
    assert_eq!(run(&config).results[0].correct, 1);
    // Three different texts: the first wins the tie and is wrong. As numbers, one half has two votes.
    assert_eq!(run(&config).consensus(), 0.0);
    config.same_answer = SameAnswer::Number;
    assert_eq!(run(&config).consensus(), 1.0);
}

#[test]
fn tables_and_lengths_come_from_metadata_and_samples() {
    let problem = |id: &str, task: &str, level: u64| {
        problem(id, "1").with("task", task).with("level", level).with("solution", "long")
    };
    let problems = [problem("a", "gcd", 1), problem("b", "gcd", 2), problem("c", "echo", 1)];
    let mut writer = ScriptedGenerator::new(|prompt, _| {
        let Content::Text(question) = &prompt.content else { unreachable!("a plain prompt") };
        if question.ends_with('b') { format!("<think>{}", "y".repeat(90)) } else { right("1") }
    });
    let config = plain(2)
        .with_sampling(Sampling::default().with_max_tokens(50))
        .with_provenance("benchmark", "mine")
        .with_group_by(["task", "level", "task/level", "subject"]);
    let report = evaluate(&mut writer, &problems, &AccuracyReward::new(), &config).unwrap();
    let tables: Vec<Value> = report
        .tables
        .iter()
        .map(|table| {
            json!([
                table.by,
                table.rows.iter().map(|row| json!([row.value, row.pass_at_1])).collect::<Vec<_>>()
            ])
        })
        .collect();
    let expected = json!([
        ["task", [["echo", 1.0], ["gcd", 0.5]]],
        ["level", [[1, 1.0], [2, 0.0]]],
        ["task/level", [[["echo", 1], 1.0], [["gcd", 1], 1.0], [["gcd", 2], 0.0]]],
    ]);
    assert_eq!(Value::from(tables), expected);
    let lengths = report.lengths.clone().unwrap();
    assert_eq!((lengths.median, lengths.longest), (35, 50));
    assert_eq!((lengths.truncated, lengths.truncated_problems, lengths.finished_correct), (2, 1, Some(1.0)));
    // What the tables need and where a sample comes from stand beside it; the solution does not.
    let row = serde_json::to_value(&report.rows[0]).unwrap();
    assert_eq!(row["metadata"], json!({"task": "gcd", "level": 1}));
    assert_eq!(row["provenance"], json!({"benchmark": "mine"}));
    assert_eq!(row["template"], "plain");
    let report = serde_json::to_value(&report).unwrap();
    assert_eq!(report["config"]["sampling"]["max_tokens"], 50);
    assert_eq!(report["grader"], "accuracy");
}

#[test]
fn progress_is_told_after_every_chunk() {
    let problems: Vec<Problem> = (0..5).map(|i| problem(&i.to_string(), "1")).collect();
    let mut seen = Vec::new();
    let mut writer = ScriptedGenerator::new(|_, _| right("1"));
    let config = plain(2).with_chunk(2);
    evaluate_with(&mut writer, &problems, &AccuracyReward::new(), &config, |progress| seen.push(progress))
        .unwrap();
    assert_eq!(seen.iter().map(|progress| progress.done).collect::<Vec<_>>(), [2, 4, 5]);
    assert_eq!(seen[2], EvalProgress { done: 5, total: 5, pass_at_1: Some(1.0), tokens: 10 * 35 });
}
