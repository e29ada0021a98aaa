//! Only what is right and readable becomes a trace, and a killed run goes on.

use std::{cell::Cell, error::Error, fs, rc::Rc};

use r1_core::{
    Completion, Content, Generate, GenerateError, Message, Problem, Prompt, Reference, Sampling,
    ScriptedGenerator,
};
use r1_distill::{
    DistillError, RejectionConfig, RejectionReport, Unreadable, rejection_sample, rejection_sample_into,
};
use r1_rewards::{AccuracyReward, Outcome, RewardError, reward_fn};

fn problems(count: usize) -> Vec<Problem> {
    (0..count)
        .map(|n| Problem::new(format!("p{n}"), format!("{n} + 1?"), Reference::number((n + 1).to_string())))
        .collect()
}

fn answer(thoughts: &str, answer: usize) -> String {
    format!("<think>{thoughts}</think> <answer>{answer}</answer>")
}

/// Answers sample `s` of problem `n` in a way that depends on both.
fn teacher() -> ScriptedGenerator {
    ScriptedGenerator::new(|prompt, sample| {
        let Content::Messages(messages) = &prompt.content else { panic!("a chat was asked for") };
        let n: usize = messages[0].content.split(' ').next().unwrap().parse().unwrap();
        match sample {
            0 => answer("I add one.", n + 1),
            1 => answer("I add one.", n + 1),
            2 => answer("I guess.", n),
            3 => answer("所以 the answer is clear.", n + 1),
            4 => answer("```\nn + 1\n```", n + 1),
            5 if n.is_multiple_of(3) => answer("One more.", n + 1),
            5 => answer("Also wrong.", n + 7),
            _ => answer(&format!("Sample {sample}."), n + 1),
        }
    })
}

fn config() -> RejectionConfig {
    RejectionConfig::new()
        .with_teacher("scripted")
        .with_samples(9)
        .with_max_per_problem(3)
        .with_chunk(2)
        .with_seed(5)
}

#[test]
fn right_readable_and_different_completions_are_kept_in_order() {
    let traces = rejection_sample(&mut teacher(), &problems(2), &AccuracyReward::new(), &config()).unwrap();
    let ids: Vec<&str> = traces.iter().map(|trace| trace.id.as_str()).collect();
    // Of problem 0: sample 1 repeats 0, 2 is wrong, 3 and 4 are unreadable, 7 and 8 are too many.
    assert_eq!(ids, ["p0/0", "p0/5", "p0/6", "p1/0", "p1/6", "p1/7"]);
    let trace = &traces[1];
    assert_eq!(trace.completion, "<think>One more.</think> <answer>1</answer>");
    assert_eq!(trace.prompt, Content::Messages(vec![Message::user("0 + 1?")]));
    assert_eq!(trace.problem.as_ref().unwrap().id, "p0");
    let provenance = serde_json::to_value(&trace.provenance).unwrap();
    assert_eq!(provenance["teacher"], "scripted");
    assert_eq!(provenance["reward"], "accuracy");
    assert_eq!(provenance["score"], 1.0);
    assert_eq!((&provenance["key"]["seed"], &provenance["key"]["sample"]), (&5.into(), &5.into()));
    assert_eq!(provenance["sampling"]["temperature"], 1.0);
}

#[test]
fn a_prefilled_opening_is_written_down() {
    let mut teacher = ScriptedGenerator::replay(["I add.</think> <answer>1</answer>"]).with_think_prefilled();
    let config = config().with_samples(1);
    let traces = rejection_sample(&mut teacher, &problems(1), &AccuracyReward::new(), &config).unwrap();
    assert_eq!(traces[0].completion, "<think>\nI add.</think> <answer>1</answer>");
}

/// Fails at the call that empties its allowance, as a process that is killed.
struct Mortal {
    inner: ScriptedGenerator,
    calls: Rc<Cell<usize>>,
}

impl Generate for Mortal {
    fn generate(
        &mut self,
        prompts: &[Prompt],
        samples: usize,
        sampling: &Sampling,
    ) -> Result<Vec<Vec<Completion>>, GenerateError> {
        if self.calls.get() == 0 {
            return Err(GenerateError::Failed { source: "killed".into() });
        }
        self.calls.set(self.calls.get() - 1);
        self.inner.generate(prompts, samples, sampling)
    }
}

#[test]
fn a_killed_run_goes_on_and_ends_with_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, broken) = (folder.path().join("whole.jsonl"), folder.path().join("broken.jsonl"));
    let reward = AccuracyReward::new();
    let problems = problems(9);
    let mut steps = Vec::new();
    let report = rejection_sample_into(&whole, &mut teacher(), &problems, &reward, &config(), |progress| {
        steps.push((progress.done, progress.total));
    })
    .unwrap();
    assert_eq!(steps, [(2, 9), (4, 9), (6, 9), (8, 9), (9, 9)]);
    let expected = RejectionReport {
        problems: 9,
        samples: 81,
        correct: 7 * 9 + 3,
        unreadable: [(Unreadable::MixedLanguage, 9), (Unreadable::CodeBlock, 9)].into(),
        repeated: 9,
        surplus: 3 * 2 + 6,
        kept: 27,
        solved: 9,
        tokens: report.tokens,
        ..RejectionReport::default()
    };
    assert_eq!(report, expected);
    assert_eq!(r1_data::dataset::traces::load(&whole).unwrap().len(), 27);

    let mut again = None;
    for lives in [1, 0, 2, 1, 3] {
        let mut mortal = Mortal { inner: teacher(), calls: Rc::new(Cell::new(lives)) };
        // Another chunk changes nothing; and a kill in the middle of a write leaves torn lines.
        let config = config().with_chunk(1 + lives);
        match rejection_sample_into(&broken, &mut mortal, &problems, &reward, &config, |_| {}) {
            Ok(report) => again = Some(report),
            Err(error) => {
                assert!(matches!(error, DistillError::Generate(GenerateError::Failed { .. })), "{error}");
                let tear = |name: &str, text: &str| {
                    let path = folder.path().join(name);
                    fs::write(&path, fs::read_to_string(&path).unwrap() + text).unwrap();
                };
                tear(
                    "broken.jsonl",
                    "{\"id\":\"p8/0\",\"prompt\":\"a whole line\",\"completion\":\"x\"}\n{\"id",
                );
                tear("broken.jsonl.journal.jsonl", "{\"prob");
            }
        }
    }
    assert_eq!(again, Some(expected));
    assert_eq!(fs::read(&broken).unwrap(), fs::read(&whole).unwrap());
}

#[test]
fn a_file_of_other_settings_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("traces.jsonl");
    let reward = AccuracyReward::new();
    let sample = |config: &RejectionConfig| {
        rejection_sample_into(&path, &mut teacher(), &problems(1), &reward, config, |_| {})
    };
    sample(&config()).unwrap();
    let bytes = fs::read(&path).unwrap();
    let error = sample(&config().with_seed(6)).unwrap_err().to_string();
    assert!(error.starts_with("setting `seed` is 6, and 5 in the checkpoint"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), bytes);
    fs::remove_file(folder.path().join("traces.jsonl.journal.jsonl")).unwrap();
    assert!(sample(&config()).unwrap_err().to_string().contains("already holds a run"));
}

#[test]
fn trouble_is_told_apart_from_wrong_answers() {
    let text = |error: DistillError| {
        format!("{error}{}", error.source().map(|cause| format!(": {cause}")).unwrap_or_default())
    };
    let reward = AccuracyReward::new();
    let twice = [problems(1), problems(1)].concat();
    let error = rejection_sample(&mut teacher(), &twice, &reward, &config()).unwrap_err();
    assert_eq!(text(error), "two problems have the id `p0`; give each its own");
    let error = rejection_sample(&mut teacher(), &twice, &reward, &config().with_samples(0)).unwrap_err();
    assert_eq!(text(error), "setting `samples` is 0; it must be 1 or more");

    // A reference that cannot be graded and a reward that abstains give no trace and no error.
    let bad = [Problem::new("bad", "0 + 1?", Reference::number("one"))];
    assert!(rejection_sample(&mut teacher(), &bad, &reward, &config()).unwrap().is_empty());

    struct Offline;
    impl r1_rewards::Reward for Offline {
        fn name(&self) -> &str {
            "offline"
        }
        fn score(&self, _: &Problem, _: &Completion) -> Result<Outcome, RewardError> {
            Err(RewardError::World { reward: "offline".into(), source: "no network".into() })
        }
    }
    let error = rejection_sample(&mut teacher(), &problems(1), &Offline, &config()).unwrap_err();
    assert!(text(error).starts_with("problem `p0` could not be scored: "));

    let liked = reward_fn("liked", |_, completion| completion.text.contains("guess") as u8 as f32);
    let traces = rejection_sample(&mut teacher(), &problems(1), &liked, &config()).unwrap();
    assert_eq!(traces[0].id, "p0/2");
}
