//! A reward model is trained by a recipe, and judges in another.

use std::{
    fs,
    path::{Path, PathBuf},
};

use r1::recipe::{Recipe, Registry, RunOptions, Trained};
use serde_json::{Value, json};

const RECIPE: &str = r#"
method = "reward-model"
[model]
path = "nano"
[data]
sources = [{ file = "pairs.jsonl", split = "train" }]
[held_out]
sources = [{ file = "pairs.jsonl", split = "held-out" }]
[reward_model]
batch_size = 16
epochs = 3
learning_rate = 1e-3
final_share = 0.1
[output]
dir = "unused"
"#;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Short answers are preferred to long ones.
fn rows(folder: &Path) {
    let pair = |n: usize| json!({"prompt": format!("{n}+1"), "chosen": "3", "rejected": "3+5-2=8-2=6", "margin": n % 3});
    let pairs: String = (0..120).map(|n| pair(n).to_string() + "\n").collect();
    fs::write(folder.join("pairs.jsonl"), pairs).unwrap();
}

fn recipe(folder: &Path, settings: &[&str]) -> Recipe {
    let nano = format!("model.path={}", root().join("examples/nano").display());
    let out = format!("output.dir={}", folder.join("run").display());
    let settings: Vec<&str> = [nano.as_str(), &out].into_iter().chain(settings.iter().copied()).collect();
    Recipe::parse(RECIPE, Path::new("a test"), folder, &settings).unwrap()
}

fn train(recipe: &Recipe) -> Value {
    match recipe.run(&Registry::new(), &RunOptions::default()).unwrap() {
        Trained::Now(finished) => finished.result,
        Trained::Already(_) => panic!("it is new"),
    }
}

#[test]
fn a_recipe_trains_a_reward_model_and_another_is_judged_by_it() {
    let folder = tempfile::tempdir().unwrap();
    rows(folder.path());
    let judge = recipe(folder.path(), &[]);
    let plan = judge.dry_run(&Registry::new()).unwrap();
    assert!(!folder.path().join("run").exists(), "a dry run writes nothing");
    let result = train(&judge);
    let (count, held_out) = (result["rows"].as_u64().unwrap(), result["held_out"].as_u64().unwrap());
    assert!(count + held_out == 120 && held_out > 0, "{result}");
    assert_eq!((&plan["rows"]["count"], &plan["rows"]["updates"]), (&result["rows"], &result["updates"]));
    assert_eq!(result["updates"], (count * 3).div_ceil(16));
    assert!(result["evaluation"]["accuracy"].as_f64().unwrap() > 0.9, "{result}");
    let again = judge.run(&Registry::new(), &RunOptions::default()).unwrap();
    assert!(matches!(again, Trained::Already(told) if told == result));
    // Other rows, another run.
    fs::write(
        folder.path().join("pairs.jsonl"),
        "{\"prompt\": \"a\", \"chosen\": \"b\", \"rejected\": \"c\"}",
    )
    .unwrap();
    let error = recipe(folder.path(), &["data.sources.0.split=train"]);
    let error = error.run(&Registry::new(), &RunOptions::default()).unwrap_err().to_string();
    assert!(error.contains("pairs.jsonl") || error.contains("rows"), "{error}");

    // The model that it made is a reward.
    let path = root().join("recipes/nano/r1-zero.toml");
    let reward = format!(
        "reward=[{{name=\"reward_model\", path={:?}, squash=true}}]",
        folder.path().join("run/model")
    );
    let out = format!("output.dir={}", folder.path().join("policy").display());
    let small = ["updates=1", "grpo.group_size=4", "grpo.prompts_per_step=2", "grpo.sampling.max_tokens=16"];
    let mut policy = Recipe::read(&path, &[&small[..], &[reward.as_str(), &out]].concat()).unwrap();
    policy.evaluation = None;
    train(&policy);
    let metrics = fs::read_to_string(folder.path().join("policy/metrics.jsonl")).unwrap();
    let report: Value = serde_json::from_str(metrics.lines().next().unwrap()).unwrap();
    let mean = report["reward"].as_f64().unwrap_or_else(|| panic!("{report}"));
    assert!((0.0..1.0).contains(&mean), "{mean}");
}

#[test]
fn what_is_wrong_is_said_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    rows(folder.path());
    let refusal = |settings: &[&str]| {
        recipe(folder.path(), settings).dry_run(&Registry::new()).unwrap_err().to_string()
    };
    for (setting, expected) in [
        ("reward_model.preset=helpfull", "`helpfull` is no preset; did you mean `helpful`?"),
        ("reward_model.batchsize=3", "unknown field `batchsize`; did you mean `batch_size`?"),
        ("reward_model.epochs=0", "[reward_model]: setting `epochs` is 0; it must be 1 or more"),
        ("reward_model.skip_long=3", "[reward_model]: `skip_long`: invalid type"),
        ("reward_model.max_tokens=3", "the 3 allowed; leave it out or raise `max_tokens`"),
        ("reward_model.min_margin=5", "there are no rows"),
        ("updates=3", "[updates]: has no meaning for this method"),
        ("model.lora={rank=4}", "[model.lora]: has no meaning for this method"),
        ("data.sources.0.file=nowhere.jsonl", "cannot read"),
    ] {
        let error = refusal(&[setting]);
        let cause = recipe(folder.path(), &[setting]).dry_run(&Registry::new()).unwrap_err();
        let cause = std::error::Error::source(&cause).map(ToString::to_string).unwrap_or_default();
        assert!(error.contains(expected) || cause.contains(expected), "{setting}: {error}: {cause}");
    }
    // Margins are 0, 1 and 2: those above 1 are a third.
    let told = recipe(folder.path(), &["reward_model.min_margin=1"]).dry_run(&Registry::new()).unwrap();
    let kept = told["rows"]["count"].as_u64().unwrap() + told["rows"]["held_out"].as_u64().unwrap();
    assert_eq!(kept, 40);
    let reward = r1::recipe::RewardRecipe::named("reward_model");
    let error = Registry::new().make(&reward, folder.path()).err().unwrap().to_string();
    assert!(error.contains("`path` is missing; name the folder of a reward model"), "{error}");
}
