//! Advantages by token, and turns that are read and not trained.

use r1_core::{
    Author, Completion, GenerateError, GroupScores, Outcome, Problem, Reward, RewardError, Score, StepScore,
    TurnSpan,
};
use r1_grpo::{Group, GrpoTrainer, PolicyRollouts, RolloutRequest, RolloutSource, StepReport};
use r1_model::{LanguageModel, Transformer};

use crate::{bits, letter, tiny, train_on};

/// Scores each of the first two letters as a step.
struct Letters;

impl Reward for Letters {
    fn name(&self) -> &str {
        "letters"
    }

    fn score(&self, _: &Problem, _: &Completion) -> Result<Outcome, RewardError> {
        Ok(Outcome::Abstain)
    }

    fn score_group(&self, _: &Problem, completions: &[Completion]) -> GroupScores {
        let steps = |completion: &Completion| {
            let letters = completion.text.char_indices().take(2);
            letters
                .map(|(at, letter)| StepScore { end: at + 1, reward: (letter < 'e') as u8 as f32 })
                .collect()
        };
        completions
            .iter()
            .map(|completion| Ok(Score::from(Outcome::Abstain).with_steps(steps(completion))))
            .collect()
    }
}

#[test]
fn a_reward_of_steps_gives_each_token_its_own_advantage() {
    let mut trainer = GrpoTrainer::new(tiny::config(), tiny::model(1)).unwrap();
    let report = trainer.step(&mut tiny::source(), &Letters).unwrap();
    assert!(report.grad_norm > 0.0);
    for group in trainer.last_groups() {
        let steps: Vec<f32> =
            group.rollouts.iter().flat_map(|rollout| &rollout.steps).map(|step| step.reward).collect();
        let mean = steps.iter().sum::<f32>() / steps.len() as f32;
        let variance =
            steps.iter().map(|reward| (reward - mean).powi(2)).sum::<f32>() / (steps.len() - 1) as f32;
        for rollout in &group.rollouts {
            let completion = &rollout.completion;
            let lengths = completion.text.chars().count().min(2);
            assert_eq!(rollout.steps.len(), lengths);
            for token in 0..completion.ids.len() {
                // A token answers for the steps that end with it or after it.
                let later = rollout.steps.iter().filter(|step| step.end >= token);
                let expected: f32 = later.map(|step| (step.reward - mean) / (variance.sqrt() + 1e-4)).sum();
                assert!((rollout.token_advantages[token] - expected).abs() < 1e-4);
            }
        }
    }
}

#[test]
fn equal_advantages_by_token_are_the_advantage() {
    let mut one = GrpoTrainer::new(tiny::config(), tiny::model(1)).unwrap();
    one.step(&mut tiny::source(), &letter()).unwrap();
    let groups: Vec<Group> = one.last_groups().cloned().collect();
    let run = |groups: Vec<Group>| {
        let mut trainer = GrpoTrainer::new(tiny::config(), tiny::model(1)).unwrap();
        let report = trainer.update(groups).unwrap();
        (report.loss, bits(&trainer.policy().model))
    };
    let expected = run(groups.clone());
    let mut by_token = groups;
    for rollout in by_token.iter_mut().flat_map(|group| &mut group.rollouts) {
        rollout.token_advantages = vec![rollout.advantage; rollout.completion.ids.len()];
    }
    assert_eq!(run(by_token), expected);
}

/// A dialogue: the policy's tokens, and in their middle one token of a tool.
fn with_tool(mut completion: Completion, token: u32) -> Completion {
    let middle = completion.ids.len() / 2;
    completion.ids.insert(middle, token);
    completion.logprobs.insert(middle, 0.0);
    let span = |author, end| TurnSpan { author, end, trained: author == Author::Policy };
    completion.turns = vec![
        span(Author::Policy, middle),
        span(Author::Environment, middle + 1),
        span(Author::Policy, completion.ids.len()),
    ];
    completion
}

#[test]
fn a_tools_tokens_are_read_and_not_trained() {
    struct Dialogue(u32);
    impl RolloutSource<Transformer> for Dialogue {
        fn write(
            &mut self,
            policy: &mut LanguageModel,
            request: &RolloutRequest<'_>,
            deliver: &mut dyn FnMut(usize, Vec<Completion>),
        ) -> Result<(), GenerateError> {
            PolicyRollouts::default().write(policy, request, &mut |index, group| {
                deliver(index, group.into_iter().map(|completion| with_tool(completion, self.0)).collect());
            })
        }
    }
    let count = |report: &StepReport| report.trained_completions;
    for budget in [16, 4096] {
        let config = tiny::config().with_tokens_per_micro_batch(budget).with_skip_zero_advantage(false);
        let (reports, weights) = train_on(config.clone(), &mut Dialogue(5), &letter(), 2);
        assert_eq!(count(&reports[0]), 32);
        // Another token of the tool is another condition of what follows.
        assert_ne!(train_on(config, &mut Dialogue(6), &letter(), 2).1, weights);
    }
}
