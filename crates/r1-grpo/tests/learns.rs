//! A random model learns a letter by trial and error alone.

mod tiny;

use r1_grpo::GrpoTrainer;
use r1_rewards::reward_fn;

#[test]
fn a_random_model_learns_to_write_a_letter() {
    let reward = reward_fn("letter", |_, completion| {
        let letters = completion.text.chars().filter(|letter| *letter == 'a').count();
        letters as f32 / 6.0
    });
    let mut trainer = GrpoTrainer::new(tiny::config(), tiny::model(1)).unwrap();
    let mut source = tiny::source();
    let mut rewards = Vec::new();
    while trainer.updates() < 60 {
        let report = trainer.step(&mut source, &reward).unwrap();
        rewards.push(report.reward.unwrap());
    }
    assert!(rewards[0] < 0.2, "{rewards:?}");
    let end = rewards[50..].iter().sum::<f64>() / 10.0;
    assert!(end > 0.9, "{rewards:?}");
}
