//! The steps of completions are scored alone and in batches alike, and as they were labelled.

mod tiny;

use r1_core::{
    Completion, Content, Cursor, FinishReason, Outcome, Problem, Reference, Reward, RewardError, Score,
    template::PromptTemplate,
};
use r1_data::dataset::{RewardRow, StepwiseRow};
use r1_reward_model::{
    ProcessReward, ProcessRewardSettings, RewardModelConfig, RewardModelError, RewardModelTrainer, Whole,
};

fn completion(text: &str) -> Completion {
    Completion::from_text(text, FinishReason::Stop)
}

fn problem(question: &str) -> Problem {
    Problem::new(question, question, Reference::text("?"))
}

fn settings() -> ProcessRewardSettings {
    let (separator, template) = ("=".into(), PromptTemplate::Plain);
    ProcessRewardSettings { separator, template, ..ProcessRewardSettings::default() }
}

fn reward(settings: ProcessRewardSettings) -> ProcessReward {
    ProcessReward::new(tiny::model(1)).with_settings(settings)
}

fn scores(reward: &ProcessReward, problem: &Problem, texts: &[&str]) -> Vec<Score> {
    let completions: Vec<Completion> = texts.iter().map(|text| completion(text)).collect();
    reward.score_group(problem, &completions).into_iter().map(Result::unwrap).collect()
}

#[test]
fn every_step_has_its_end_and_the_same_bits_in_any_batch() {
    let asked = problem("ab=");
    let texts = ["cd=ef=g", "cd=", "", "k=l==h"];
    let alone: Vec<Score> =
        texts.iter().map(|text| scores(&reward(settings()), &asked, &[text]).remove(0)).collect();
    for tokens_per_pass in [1, 13, 4096] {
        let reward = reward(ProcessRewardSettings { tokens_per_pass, ..settings() });
        assert_eq!(scores(&reward, &asked, &texts), alone, "{tokens_per_pass}");
    }
    let ends = |score: &Score| score.steps.iter().map(|step| step.end).collect::<Vec<_>>();
    // A step of the separator alone is one, too: it is no blank.
    assert_eq!(
        alone.iter().map(ends).collect::<Vec<_>>(),
        [vec![3, 6, 7], vec![3], vec![], vec![2, 4, 5, 6]]
    );
    // What follows a step changes nothing of it.
    assert_eq!(alone[0].steps[0], alone[1].steps[0]);
    for score in &alone {
        let rewards: Vec<f32> = score.steps.iter().map(|step| step.reward).collect();
        assert!(rewards.iter().all(|reward| (0.0..=1.0).contains(reward)), "{rewards:?}");
        let least = rewards.iter().copied().reduce(f32::min).unwrap_or(0.0);
        assert_eq!(score.outcome, Outcome::Score(least));
    }
}

#[test]
fn the_whole_is_the_least_the_last_the_mean_or_nothing() {
    let asked = problem("ab=");
    let of = |whole| {
        let reward = reward(ProcessRewardSettings { whole, ..settings() });
        scores(&reward, &asked, &["cd=ef=g"]).remove(0)
    };
    let steps: Vec<f32> = of(Whole::Min).steps.iter().map(|step| step.reward).collect();
    assert_eq!(of(Whole::Last).outcome, Outcome::Score(steps[2]));
    assert_eq!(of(Whole::Mean).outcome, Outcome::Score(steps.iter().sum::<f32>() / 3.0));
    let nothing = of(Whole::Nothing);
    assert_eq!((nothing.outcome, nothing.steps.len()), (Outcome::Abstain, 3));
}

#[test]
fn steps_beyond_the_limit_have_no_score_and_a_long_prompt_is_an_error() {
    let long = reward(ProcessRewardSettings { max_tokens: 8, ..settings() });
    let score = scores(&long, &problem("ab="), &["cd=ef=g"]).remove(0);
    // Three tokens of the question and three of the first step; the second would end at nine.
    assert_eq!(score.steps.iter().map(|step| step.end).collect::<Vec<_>>(), [3]);
    let error = long.score(&problem("abcdefgh"), &completion("a")).unwrap_err();
    assert!(matches!(&error, RewardError::World { .. }), "{error:?}");
    assert!(error.to_string().contains("process_reward_model"), "{error}");
}

fn row(id: &str, steps: &[&str], labels: &[f64]) -> RewardRow {
    RewardRow::Stepwise(StepwiseRow {
        id: id.into(),
        prompt: Content::Text("ab=".into()),
        steps: steps.iter().map(|step| (*step).to_owned()).collect(),
        labels: labels.to_vec(),
    })
}

#[test]
fn labelled_steps_are_learnt() {
    let rows = vec![
        row("good", &["c=", "d="], &[1.0, 1.0]),
        row("late", &["c=", "k="], &[1.0, 0.0]),
        row("bad", &["l=", "d="], &[0.0, 0.0]),
    ];
    let config = RewardModelConfig::helpful(3).with_batch_size(3).with_epochs(60).with_learning_rate(1e-2);
    let mut trainer = RewardModelTrainer::new(config, tiny::model(1)).unwrap();
    let mut source = Cursor::new(rows.clone(), 0).unwrap();
    while trainer.updates() < trainer.config().updates() {
        trainer.step(&mut source).unwrap();
    }
    let evaluation = trainer.evaluate(&rows).unwrap();
    assert_eq!((evaluation.rows, evaluation.judged, evaluation.accuracy), (3, 6, 1.0), "{evaluation:?}");
    let reward = ProcessReward::new(trainer.into_model()).with_settings(settings());
    let found = scores(&reward, &problem("ab="), &["c=d=", "c=k=", "l=d="]);
    let outcomes: Vec<f32> = found.iter().map(|score| score.outcome.value().unwrap()).collect();
    assert!(outcomes[0] > 0.9 && outcomes[1] < 0.1 && outcomes[2] < 0.1, "{outcomes:?}");
    assert!(found[1].steps[0].reward > 0.9, "{found:?}");
}

#[test]
fn rows_that_cannot_be_learnt_are_named() {
    let trainer = RewardModelTrainer::new(RewardModelConfig::helpful(1), tiny::model(1)).unwrap();
    // 24 tokens are the context.
    let error = trainer.check(&row("x", &["cdefghijkl=", "cdefghijkl="], &[1.0, 1.0])).unwrap_err();
    assert!(matches!(error, RewardModelError::TooLong { tokens: 25, limit: 24, .. }), "{error}");
}
