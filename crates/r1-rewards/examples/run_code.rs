//! Judges a program as `r1 run-code` does, without the rest of r1, or scores a whole completion.
//!
//! `echo '{"source":"print(int(input())+1)","tests":[{"stdin":"1","stdout":"2"}]}' | cargo run --release -p r1-rewards --features code --example run_code -- --language python`
//!
//! With `completion` in the place of `source` the program is looked for in that text, and its reward is printed.

use std::{
    env,
    io::{Read, stdin},
    time::Duration,
};

use r1_core::{Completion, FinishReason, Problem, Reference};
use r1_rewards::{
    Reward,
    code::{Checker, CodeReward, Isolation, Judge, Language, Layers, Limits, Submission, TestCase},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = env::args().collect();
    let option = |name: &str| {
        let place = arguments.iter().position(|argument| argument == name)?;
        arguments.get(place + 1).cloned()
    };
    let mut text = String::new();
    stdin().lock().read_to_string(&mut text)?;
    let question: serde_json::Value = serde_json::from_str(&text)?;
    let language: Language = option("--language").as_deref().unwrap_or("python").parse()?;
    let mut limits = Limits::default();
    if let Some(seconds) = option("--cpu-seconds") {
        limits = limits.with_cpu(Duration::from_secs_f64(seconds.parse()?));
    }
    if let Some(megabytes) = option("--memory-mb") {
        limits.memory_bytes = megabytes.parse::<u64>()? << 20;
    }
    let checker = option("--checker").map(|name| Checker::named(&name)).transpose()?.unwrap_or_default();
    // Layers to leave out, to see that the others hold: `namespaces,cgroup,landlock`.
    let without = env::var("R1_EXAMPLE_WITHOUT").unwrap_or_default();
    let with = |layer: &str| !without.split(',').any(|name| name == layer);
    let layers = Layers {
        namespaces: with("namespaces"),
        cgroup: with("cgroup"),
        landlock: with("landlock"),
        ..Layers::ALL
    };
    let judge = Judge::with(Isolation::Strict, layers)?;
    if let Some(text) = question["completion"].as_str() {
        let problem = Problem::new("p", "", Reference::Tests { tests: question["tests"].clone() });
        let completion = Completion::from_text(text, FinishReason::Stop);
        let reward = CodeReward::new(judge, language).with_limits(limits);
        println!("{:?}", reward.score(&problem, &completion)?);
        return Ok(());
    }
    let tests: Vec<TestCase> = serde_json::from_value(question["tests"].clone())?;
    let source = question["source"].as_str().unwrap_or_default();
    let submission = Submission::new(language, source).with_limits(limits).with_checker(checker);
    let judgement = judge.judge(&submission, &tests).map_err(|error| error.to_string())?;
    println!("{}", serde_json::to_string(&judgement)?);
    Ok(())
}
