//! The reward judges completions alone and in batches alike.

mod tiny;

use burn::tensor::Device;
use r1_core::{
    Completion, FinishReason, Message, Outcome, Problem, Reference, Reward, RewardError, score_all,
    template::PromptTemplate,
};
use r1_model::Transformer;
use r1_reward_model::{RewardModel, RewardModelReward, RewardModelSettings, Scope};
use serde_json::json;

fn completion(text: &str) -> Completion {
    Completion::from_text(text, FinishReason::Stop)
}

fn problem(question: &str) -> Problem {
    Problem::new(question, question, Reference::text("?"))
}

fn reward() -> RewardModelReward {
    RewardModelReward::new(tiny::model(1)).with_template(PromptTemplate::Plain)
}

fn value(outcome: Outcome) -> f32 {
    outcome.value().expect("a score")
}

#[test]
fn a_score_has_the_same_bits_alone_and_in_any_batch() {
    let (a, b) = (problem("a="), problem("bcd="));
    let of_a: Vec<Completion> = ["b", "cde", "", "fghijkl"].map(completion).to_vec();
    let of_b: Vec<Completion> = ["b", "a"].map(completion).to_vec();
    let alone = |reward: &RewardModelReward, problem: &Problem, completion: &Completion| {
        value(reward.score(problem, completion).unwrap()).to_bits()
    };
    for tokens_per_pass in [1, 12, 4096] {
        let template = PromptTemplate::Plain;
        let settings = RewardModelSettings { tokens_per_pass, template, ..RewardModelSettings::default() };
        let reward = reward().with_settings(settings);
        let scores = score_all(&reward, &[(&a, &of_a), (&b, &of_b), (&a, &[])]);
        assert_eq!(scores.iter().map(Vec::len).collect::<Vec<_>>(), [4, 2, 0]);
        for (problem, completions, scores) in [(&a, &of_a, &scores[0]), (&b, &of_b, &scores[1])] {
            for (completion, score) in completions.iter().zip(scores) {
                let score = value(score.as_ref().unwrap().outcome);
                assert_eq!(score.to_bits(), alone(&reward, problem, completion), "{}", completion.text);
            }
        }
    }
}

#[test]
fn a_sigmoid_bounds_scores_and_keeps_their_order() {
    let (plain, squashed) = (reward(), reward().with_squash(true));
    for text in ["b", "cde", "fghijkl"] {
        let score = value(plain.score(&problem("a="), &completion(text)).unwrap());
        let bounded = value(squashed.score(&problem("a="), &completion(text)).unwrap());
        assert!((bounded - 1.0 / (1.0 + (-score).exp())).abs() < 1e-6, "{score} {bounded}");
    }
}

#[test]
fn summaries_are_judged_without_their_thoughts() {
    let score = |scope: Scope, completion: &Completion| {
        value(reward().with_scope(scope).score(&problem("a="), completion).unwrap()).to_bits()
    };
    let (bare, thought) = (completion("b"), completion("<think>cde</think>b"));
    assert_eq!(score(Scope::Summary, &thought), score(Scope::Summary, &bare));
    assert_ne!(score(Scope::Response, &thought), score(Scope::Response, &bare));
    let inside = Completion { think_prefilled: true, ..completion("cde</think>b") };
    assert_eq!(score(Scope::Summary, &inside), score(Scope::Summary, &bare));
    let spelled = completion("<think>\ncde</think>b");
    assert_eq!(score(Scope::Response, &inside), score(Scope::Response, &spelled));
}

#[test]
fn conversations_of_the_metadata_are_shown_whole() {
    let template = "{% for m in messages %}{{ m.content }}={% endfor %}";
    let model = tiny::folder_model(1, |folder| {
        std::fs::write(folder.join("chat_template.jinja"), template).unwrap();
    });
    let reward = RewardModelReward::new(model);
    let long = problem("c")
        .with("messages", json!([Message::user("a"), Message::assistant("b"), Message::user("c")]));
    let score = |problem: &Problem| value(reward.score(problem, &completion("d")).unwrap()).to_bits();
    assert_eq!(score(&long), score(&problem("a=b=c")));
    assert_ne!(score(&long), score(&problem("c")));
}

#[test]
fn a_response_that_is_too_long_is_cut_and_a_prompt_refused_by_name() {
    let reward = reward();
    // 24 tokens: a prompt of 2, 21 letters and the end.
    let score = |length: usize| {
        value(reward.score(&problem("a="), &completion(&"b".repeat(length))).unwrap()).to_bits()
    };
    assert_eq!(score(22), score(21));
    assert_eq!(score(500), score(21));
    assert_ne!(score(20), score(21));
    let long = problem(&"a".repeat(24));
    let group = [completion("b"), completion("c")];
    let scores = score_all(&reward, &[(&long, &group), (&problem("a="), &group)]);
    for error in &scores[0] {
        let Err(error @ RewardError::World { source, .. }) = error else { panic!("{error:?}") };
        assert_eq!(error.to_string(), "reward `reward_model` could not reach what it needs");
        assert!(source.to_string().contains("has 24 tokens, and the reward model reads 1 to 23"), "{source}");
    }
    assert!(scores[1].iter().all(Result::is_ok));
}

/// transformers scores the last token that is not padding; where turns end with the padding token, that is the one before.
#[test]
fn the_padding_token_is_never_scored() {
    let score = |pad: u32, text: &str| {
        let folder = tempfile::tempdir().unwrap();
        let mut config = tiny::config_in(folder.path());
        config.raw.insert("pad_token_id".into(), pad.into());
        let model = RewardModel::<Transformer>::random(config, folder.path(), 1, &Device::flex()).unwrap();
        let reward = RewardModelReward::new(model).with_template(PromptTemplate::Plain);
        value(reward.score(&problem("a="), &completion(text)).unwrap()).to_bits()
    };
    // Id 1 ends a turn. As padding it is left out, and the letter before it is scored.
    assert_ne!(score(1, "b"), score(5, "b"));
    assert_eq!(score(1, "b<|end|><|end|>"), score(1, "b"));
    assert_ne!(score(5, "b<|end|><|end|>"), score(5, "b"));
    assert_eq!(score(5, "b<|end|><|pad|>"), score(5, "b<|end|><|pad|>"));
}
