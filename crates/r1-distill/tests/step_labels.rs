//! Steps are labelled by what comes of them, and a killed run goes on.

mod tiny;

use std::{fs, ops::ControlFlow, path::Path};

use r1_core::{
    Completion, Content, FinishReason, Generate, Key, Problem, Prompt, Reference, Sampling, steps,
    template::PromptTemplate,
};
use r1_data::dataset::{StepwiseRow, stepwise};
use r1_distill::{DistillError, StepLabelConfig, StepLabelReport, label_steps_into};
use r1_rewards::{Outcome, RewardError, reward_fn};

fn problems() -> Vec<Problem> {
    ["a=", "bc=", "def="].iter().map(|asked| Problem::new(*asked, *asked, Reference::text("?"))).collect()
}

fn config() -> StepLabelConfig {
    StepLabelConfig {
        samples: 3,
        rollouts: 5,
        separator: "b".into(),
        sampling: Sampling { max_tokens: 12, ..Sampling::default() },
        template: PromptTemplate::Plain,
        seed: 7,
        chunk: 2,
        ..StepLabelConfig::default()
    }
}

/// Right is whatever has an even number of letters.
fn is_right(text: &str) -> bool {
    text.len().is_multiple_of(2)
}

fn label(path: &Path, config: &StepLabelConfig, chunks: usize) -> Result<StepLabelReport, DistillError> {
    let reward = reward_fn("even", |_: &Problem, completion: &Completion| {
        f32::from(u8::from(is_right(&completion.text)))
    });
    let mut left = chunks;
    label_steps_into(path, &mut tiny::model(3), &problems(), &reward, config, |_| {
        left -= 1;
        if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
}

/// The rows by asking the model for one thing after the other.
fn by_hand(config: &StepLabelConfig) -> Vec<StepwiseRow> {
    let mut model = tiny::model(3);
    let ended =
        |completion: &Completion, text: &str| completion.finish == FinishReason::Stop && is_right(text);
    let mut rows = Vec::new();
    for problem in problems() {
        let key = Key::new(7).for_problem(&problem.id);
        let asked = Prompt { content: Content::Text(problem.question.clone()), key };
        let solutions = model.generate(&[asked], 3, &config.sampling).unwrap().remove(0);
        for (sample, solution) in solutions.iter().enumerate() {
            let texts = steps(&solution.text, "b");
            if texts.is_empty() {
                continue;
            }
            let mut labels = Vec::new();
            let mut begun = String::new();
            for (step, text) in texts[..texts.len() - 1].iter().enumerate() {
                begun.push_str(text);
                // A token of this model is a letter.
                let mut ids = model.tokenizer.encode(&problem.question).unwrap();
                ids.extend(model.tokenizer.encode(&begun).unwrap());
                let key = Key::new(7).for_problem(&format!("{}/{sample}/{step}", problem.id));
                let prompt = Prompt { content: Content::Ids(ids), key };
                let ways = model.generate(&[prompt], 5, &config.sampling).unwrap().remove(0);
                let right = ways.iter().filter(|way| {
                    way.ids.len() + begun.len() <= 12 && ended(way, &format!("{begun}{}", way.text))
                });
                labels.push(right.count() as f64 / 5.0);
            }
            labels.push(f64::from(u8::from(ended(solution, &solution.text))));
            rows.push(StepwiseRow {
                id: format!("{}/{sample}", problem.id),
                prompt: PromptTemplate::Chat { system: None }.render(&problem),
                steps: texts.into_iter().map(str::to_owned).collect(),
                labels,
            });
        }
    }
    rows
}

#[test]
fn labels_are_the_shares_of_continuations_that_end_right() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("steps.jsonl");
    let report = label(&path, &config(), 99).unwrap();
    let rows = stepwise::load(&path).unwrap();
    assert_eq!(rows, by_hand(&config()));
    let steps: usize = rows.iter().map(|row| row.steps.len()).sum();
    assert_eq!((report.problems, report.rows, report.steps), (3, rows.len(), steps));
    assert_eq!(report.rollouts, 5 * (steps - rows.len()));
    assert!(steps > rows.len(), "there is a step with continuations: {rows:?}");
    let labels: Vec<f64> = rows.iter().flat_map(|row| row.labels.clone()).collect();
    assert!(labels.iter().any(|label| *label > 0.0 && *label < 1.0), "{labels:?}");

    let hard = folder.path().join("hard.jsonl");
    label(&hard, &StepLabelConfig { hard: true, ..config() }, 99).unwrap();
    for (soft, hard) in rows.iter().zip(stepwise::load(&hard).unwrap()) {
        let any: Vec<f64> = soft.labels.iter().map(|label| label.ceil()).collect();
        assert_eq!(hard.labels, any);
    }
}

#[test]
fn a_stopped_run_goes_on_and_ends_with_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let [whole, broken] = ["whole.jsonl", "broken.jsonl"].map(|name| folder.path().join(name));
    let report = label(&whole, &config(), 99).unwrap();
    let one = StepLabelConfig { chunk: 1, ..config() };
    for done in 1..=3 {
        assert_eq!(label(&broken, &one, 1).unwrap().problems, done);
        // As a kill in the middle of a write leaves it.
        fs::write(&broken, fs::read_to_string(&broken).unwrap() + "{\"id\": \"x").unwrap();
    }
    assert_eq!(label(&broken, &config(), 99).unwrap(), report);
    assert_eq!(fs::read(&broken).unwrap(), fs::read(&whole).unwrap());
    let error = label(&whole, &StepLabelConfig { rollouts: 6, ..config() }, 99).unwrap_err();
    assert!(error.to_string().contains("rollouts"), "{error}");
}

#[test]
fn settings_and_problems_that_do_not_fit_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("steps.jsonl");
    for (config, expected) in [
        (StepLabelConfig { rollouts: 0, ..config() }, "`rollouts` is 0"),
        (StepLabelConfig { separator: String::new(), ..config() }, "`separator` is 0"),
        (StepLabelConfig { right_at: f32::NAN, ..config() }, "`right_at` is NaN"),
    ] {
        let error = label(&path, &config, 9).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    assert!(!path.exists());
    let ungradable = reward_fn("none", |_: &Problem, _: &Completion| -> Result<Outcome, RewardError> {
        Err(RewardError::Ungradable { problem: "?".into(), reference: "?".into() })
    });
    let report = label_steps_into(&path, &mut tiny::model(3), &problems(), &ungradable, &config(), |_| {
        ControlFlow::Continue(())
    });
    let report = report.unwrap();
    assert_eq!((report.ungradable, report.rows), (3, 0));
}
