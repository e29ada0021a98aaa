//! `diagnose`: a fault is planted in a short run of the embedded model for each diagnosis, and healthy runs have none.

use std::{fs, path::Path};

use r1::{
    core::{Completion, GenerateError},
    data::recipe::DataRecipe,
    grpo::{GrpoConfig, GrpoTrainer, PolicyRollouts, RolloutRequest, RolloutSource},
    model::{LanguageModel, Transformer, device},
    rewards::AccuracyReward,
    run::Run,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{r1, refused};

/// A short run of the recipe of the main job with other settings.
struct Planted(TempDir);

impl Planted {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    /// Writes sums as a file of problems, with another answer than the right one.
    fn sums(&self, answer: impl Fn(usize, usize) -> Value) -> String {
        let line = |n: usize| {
            let (a, b, c) = (n % 7 + 2, n % 5 + 3, n % 3 + 1);
            let mut line = json!({"id": n.to_string(), "question": format!("{a}+{b}-{c}")});
            let answer = answer(n, a + b - c);
            let field = if answer.is_object() { "reference" } else { "answer" };
            line[field] = answer;
            line.to_string() + "\n"
        };
        let path = self.path("problems.jsonl");
        fs::write(&path, (0..100).map(line).collect::<String>()).unwrap();
        format!("data.sources=[{{file={path:?}}}]")
    }

    /// Trains, and returns the findings by name with their whole record. Training tells them, too.
    fn findings(&self, updates: usize, settings: &[&str]) -> Vec<(String, Value)> {
        let recipe = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../recipes/nano/r1-zero.toml");
        let (updates, run) = (format!("updates={updates}"), self.path("run"));
        let fixed = ["output.save_every=0", "grpo.group_size=8", "grpo.prompts_per_step=8", updates.as_str()];
        let limits = [0, 1, 2].map(|source| format!("evaluation.data.sources.{source}.limit=1"));
        let mut arguments = vec!["train", recipe.to_str().unwrap(), "--out", &run];
        for setting in
            fixed.into_iter().chain(limits.iter().map(String::as_str)).chain(settings.iter().copied())
        {
            arguments.extend(["--set", setting]);
        }
        let trained = r1(&arguments, "");
        assert_eq!(trained.status, 0, "{}", trained.stderr);
        let found = findings(&run);
        let page = fs::read_to_string(self.path("run/report.html")).unwrap();
        for (name, _) in &found {
            assert!(trained.stderr.contains(&format!("\n{name}: ")), "{name}: {}", trained.stderr);
            assert!(page.contains(&format!("<pre class=\"card remark\">{name}: ")), "{name}");
        }
        found
    }

    /// Asserts that the run has this fault, and that the finding names the knob.
    fn has(&self, name: &str, knob: &str, updates: usize, settings: &[&str]) {
        let found = self.findings(updates, settings);
        let finding = found.iter().find(|(found, _)| found == name);
        let (_, finding) = finding.unwrap_or_else(|| panic!("`{name}` is not found, but {found:?}"));
        assert!(finding["knobs"].to_string().contains(knob), "{finding}");
        assert!(!finding["figures"].as_object().unwrap().is_empty(), "{finding}");
    }
}

fn findings(run: &str) -> Vec<(String, Value)> {
    let answer = r1(&["diagnose", run], "").answers().remove(0);
    let findings = answer["findings"].as_array().unwrap().iter();
    findings.map(|finding| (finding["name"].as_str().unwrap().to_owned(), finding.clone())).collect()
}

#[test]
fn healthy_runs_have_no_findings() {
    for seed in 1..=3 {
        let found = Planted::new().findings(24, &[&format!("seed={seed}")]);
        assert!(found.is_empty(), "seed {seed}: {found:?}");
    }
}

#[test]
fn a_limit_that_is_too_low_is_truncation() {
    Planted::new().has("truncation", "grpo.sampling.max_tokens", 12, &["grpo.sampling.max_tokens=12"]);
}

#[test]
fn problems_that_nobody_solves_are_too_hard() {
    let planted = Planted::new();
    let data = planted.sums(|n, sum| (if n % 10 == 0 { sum } else { sum + 1000 }).to_string().into());
    planted.has("too hard", "data.filters.pass_rate", 24, &[&data, "reward=[{name=\"accuracy\"}]"]);
}

#[test]
fn a_problem_that_is_always_solved_is_too_easy() {
    let planted = Planted::new();
    let path = planted.path("one.jsonl");
    fs::write(&path, "{\"question\":\"3+5-2\",\"answer\":\"6\"}\n").unwrap();
    let data = format!("data.sources=[{{file={path:?}}}]");
    let settings = [data.as_str(), "grpo.learning_rate=5e-4", "grpo.prompts_per_step=4"];
    planted.has("too easy", "harder problems", 40, &settings);
}

#[test]
fn a_policy_that_writes_one_thing_has_no_entropy_left() {
    let planted = Planted::new();
    let path = planted.path("two.jsonl");
    // One of them has an answer that nobody gives, so that half of what it writes is wrong for good.
    let lines = "{\"question\":\"3+5-2\",\"answer\":\"6\"}\n{\"question\":\"2+2-1\",\"answer\":\"1003\"}\n";
    fs::write(&path, lines).unwrap();
    let data = format!("data.sources=[{{file={path:?}}}]");
    planted.has("entropy collapse", "entropy_coef", 24, &[&data, "grpo.learning_rate=1e-3"]);
}

#[test]
fn references_that_cannot_be_read_are_counted() {
    let planted = Planted::new();
    let data = planted.sums(|n, sum| {
        let text = if n % 3 == 0 { sum.to_string() } else { format!("see page {n}") };
        json!({"kind": "number", "text": text})
    });
    planted.has("unreadable references", "r1 grade --explain", 8, &[&data]);
}

#[test]
fn a_wrong_end_token_never_ends_a_completion() {
    let planted = Planted::new();
    let (nano, model) =
        (Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/nano"), planted.path("model"));
    fs::create_dir(&model).unwrap();
    for entry in fs::read_dir(nano).unwrap() {
        let entry = entry.unwrap();
        let mut bytes = fs::read(entry.path()).unwrap();
        if entry.file_name().to_str().unwrap().ends_with("config.json") {
            let text = String::from_utf8(bytes).unwrap();
            let text = text.replace("\"eos_token_id\": 1", "\"eos_token_id\": 0");
            bytes = text.replace("\"eos_token\": \"<|end|>\"", "\"eos_token\": \"<unk>\"").into();
        }
        fs::write(Path::new(&model).join(entry.file_name()), bytes).unwrap();
    }
    let model = format!("model.path={model}");
    planted.has("no end", "eos_token_id", 8, &[&model, "grpo.sampling.max_tokens=64"]);
}

#[test]
fn another_template_than_the_models_is_suspected() {
    let planted = Planted::new();
    planted.has("template mismatch", "grpo.template", 12, &["grpo.template=plain"]);
    // Judged without its settings, the same run says nothing of templates.
    fs::remove_file(planted.path("run/recipe.toml")).unwrap();
    assert!(findings(&planted.path("run")).iter().all(|(name, _)| name != "template mismatch"));
}

#[test]
fn a_learning_rate_may_be_too_high_or_too_low() {
    let high = Planted::new();
    let settings = ["grpo.learning_rate=1e-2", "grpo.sampling.max_tokens=64"];
    high.has("learning rate too high", "grpo.learning_rate", 12, &settings);
    let found = findings(&high.path("run"));
    assert_eq!(found.len(), 1, "what it explains is not told beside it: {found:?}");
    let low = Planted::new();
    low.has("learning rate too low", "grpo.learning_rate", 12, &["grpo.learning_rate=1e-8"]);
}

#[test]
fn a_reward_that_never_varies_is_named() {
    Planted::new().has("constant reward", "[[reward]]", 8, &["reward=[{name=\"loop_guard\"}]"]);
}

#[test]
fn a_format_may_be_learnt_without_the_task() {
    let planted = Planted::new();
    let data = planted.sums(|_, sum| (sum + 1000).to_string().into());
    planted.has("format only", "reference answers", 24, &[&data, "grpo.learning_rate=1e-3"]);
}

#[test]
fn a_reward_that_pays_for_length_is_hacked() {
    let program = "import sys, json\nfor line in sys.stdin:\n    \
                   print(json.dumps({'score': len(json.loads(line)['completion']['text']) / 20}), flush=True)";
    let reward = format!(
        "reward=[{{name=\"accuracy\"}}, {{name=\"long\", command=[\"python3\", \"-c\", {program:?}]}}]"
    );
    Planted::new().has("length hack", "r1 audit", 24, &[&reward, "grpo.learning_rate=1e-3"]);
}

#[test]
fn many_updates_of_one_rollout_drift_off_policy() {
    let settings = ["grpo.inner_epochs=8", "grpo.learning_rate=2e-3"];
    Planted::new().has("off-policy drift", "grpo.inner_epochs", 16, &settings);
}

/// Rollouts of a server that was started with another temperature than training knows of.
struct Hotter;

impl RolloutSource<Transformer> for Hotter {
    fn write(
        &mut self,
        policy: &mut LanguageModel,
        request: &RolloutRequest<'_>,
        deliver: &mut dyn FnMut(usize, Vec<Completion>),
    ) -> Result<(), GenerateError> {
        let sampling = request.sampling.clone().with_temperature(1.5);
        let request = RolloutRequest { sampling: &sampling, ..*request };
        PolicyRollouts::default().write(policy, &request, deliver)
    }
}

#[test]
fn a_sampler_of_another_distribution_is_named() {
    let nano = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/nano");
    let run = tempfile::tempdir().unwrap();
    let data: DataRecipe =
        serde_json::from_value(json!({"sources": [{"task": "chained_arithmetic"}]})).unwrap();
    let (mut source, _) = data.training(Path::new(""), 1).unwrap();
    let config = GrpoConfig::r1()
        .with_group_size(4)
        .with_prompts_per_step(4)
        .with_mini_batches_per_rollout(1)
        .with_learning_rate(1e-4)
        .with_max_tokens(32);
    let mut trainer =
        GrpoTrainer::new(config, LanguageModel::load(nano, &device().unwrap()).unwrap()).unwrap();
    let mut written = Run::create(run.path()).unwrap();
    while trainer.updates() < 8 {
        let report = trainer.step_with(source.as_mut(), &mut Hotter, &AccuracyReward::new()).unwrap();
        written.log(&report).unwrap();
    }
    let found = findings(run.path().to_str().unwrap());
    let finding = found.iter().find(|(name, _)| name == "sampler mismatch");
    let (_, finding) = finding.unwrap_or_else(|| panic!("{found:?}"));
    assert!(finding["knobs"].to_string().contains("temperature"), "{finding}");
}

#[test]
fn a_folder_without_updates_of_grpo_is_refused() {
    let folder = Planted::new();
    refused(1, &["diagnose", &folder.path("nowhere")], &["cannot read", "metrics.jsonl"]);
    fs::write(folder.path("metrics.jsonl"), "{\"step\":1,\"loss\":0.5}\n").unwrap();
    refused(2, &["diagnose", folder.0.path().to_str().unwrap()], &["has no update of `grpo`"]);
    fs::write(folder.path("metrics.jsonl"), "no line\n").unwrap();
    refused(1, &["diagnose", folder.0.path().to_str().unwrap()], &["metrics.jsonl", "line 1"]);
}
