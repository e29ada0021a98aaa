//! Pipelines with reward models in them: a policy that fools one, and rewards of steps.

use std::{
    fs,
    path::{Path, PathBuf},
};

use r1::recipe::{PipelineRecipe, Registry, RunOptions, hunt};
use serde_json::Value;

fn run(recipe: &str, out: &Path, settings: &[&str]) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../recipes/nano").join(recipe);
    let out = format!("output.dir={}", out.display());
    let settings: Vec<&str> = settings.iter().copied().chain([out.as_str()]).collect();
    let text = fs::read_to_string(&path).unwrap();
    let pipeline = PipelineRecipe::parse(&text, &path, &settings).unwrap().unwrap();
    pipeline.run(&Registry::new(), &RunOptions::default()).unwrap().result
}

#[test]
fn a_policy_is_trained_on_a_reward_model_of_the_same_pipeline_and_hunted() {
    let folder = tempfile::tempdir().unwrap();
    let small = [
        "evaluation.data.sources.0.limit=20",
        "stage.0.data.sources.0.limit=160",
        "stage.0.held_out.sources.0.limit=20",
        "stage.1.data.sources.0.limit=64",
        "stage.2.updates=14",
        "stage.2.grpo.prompts_per_step=2",
        "stage.3.updates=2",
        "stage.3.grpo.prompts_per_step=2",
    ];
    let result = run("reward-hacking.toml", folder.path(), &small);
    assert_eq!(result["stages"][0]["result"]["evaluation"]["judged"], 20);
    let found = hunt(&folder.path().join("judge-alone"), None, &Registry::new()).unwrap();
    assert_eq!((found.grader.as_str(), found.updates, found.ungraded), ("task", 14, 0));
    assert_eq!(found.completions, 14 * 16);
    assert!(found.reward.is_some() && found.right.is_some());
    let (reward, right) = (found.reward.unwrap(), found.right.unwrap());
    assert_eq!(found.is_hacked, right.change() < 0.0 && reward.late >= reward.early);
    let short = hunt(&folder.path().join("with-accuracy"), None, &Registry::new()).unwrap();
    assert!(short.reward.is_none() && !short.is_hacked);
}

#[test]
fn steps_are_labelled_learnt_and_rewarded() {
    let folder = tempfile::tempdir().unwrap();
    let small = [
        "evaluation.data.sources.0.limit=20",
        "stage.0.label_steps.problems=40",
        "stage.0.label_steps.samples=2",
        "stage.0.label_steps.rollouts=2",
        "stage.1.label_steps.problems=8",
        "stage.3.updates=2",
        "stage.3.grpo.prompts_per_step=2",
        "stage.4.updates=2",
        "stage.4.grpo.prompts_per_step=2",
    ];
    let result = run("process-reward.toml", folder.path(), &small);
    let labels = &result["stages"][0]["result"]["labels"];
    assert!(labels["steps"].as_u64() >= labels["rows"].as_u64() && labels["problems"] == 40, "{labels}");
    let samples = fs::read_to_string(folder.path().join("process/samples.jsonl")).unwrap();
    let rewards = samples.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["reward"].as_f64());
    assert!(rewards.flatten().all(|reward| (0.0..=1.0).contains(&reward)));
}
