//! `replay`: a run is made again with the same bits, and whatever was changed afterwards is named.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread::sleep,
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Outcome, r1, refused};

/// A folder with a recipe of five updates of the embedded model, and its run.
struct Folder(TempDir);

impl Folder {
    fn new(reward: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        let nano = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/nano");
        let recipe = format!(
            "method = \"grpo\"\nupdates = 5\nseed = 3\nmodel.path = {nano:?}\n\
             data.sources = [{{ file = \"problems.jsonl\" }}]\n{reward}\n\
             [grpo]\npreset = \"r1\"\ngroup_size = 4\nprompts_per_step = 2\nmini_batches_per_rollout = 1\n\
             learning_rate = 1e-3\nsampling.max_tokens = 24\n[output]\ndir = {:?}\nsave_every = 2\n",
            folder.path("run")
        );
        fs::write(folder.path("recipe.toml"), recipe).unwrap();
        let problems = [("3+5-2", "6"), ("7+1-4", "4")];
        let line = |(question, answer)| json!({"question": question, "answer": answer}).to_string() + "\n";
        fs::write(folder.path("problems.jsonl"), problems.map(line).concat()).unwrap();
        folder
    }

    fn trained(reward: &str) -> Self {
        let folder = Self::new(reward);
        folder.train(&[]).answers();
        folder
    }

    fn train(&self, more: &[&str]) -> Outcome {
        r1(&[&["train", self.path("recipe.toml").to_str().unwrap()], more].concat(), "")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn replay(&self, step: u64) -> Outcome {
        r1(&["replay", self.path("run").to_str().unwrap(), &step.to_string()], "")
    }

    /// Every file of the run with its bytes.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let (mut files, mut folders) = (BTreeMap::new(), vec![self.path("run")]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path)
                } else {
                    drop(files.insert(path.clone(), fs::read(path).unwrap()))
                }
            }
        }
        files
    }
}

const RULES: &str = "reward = [{ name = \"accuracy\" }, { name = \"format\", style = \"soft_tags\" }]";

#[test]
fn every_update_is_made_again_with_the_same_bits() {
    let folder = Folder::trained(RULES);
    let before = folder.files();
    for step in 1..=5 {
        let answer = folder.replay(step).answers().remove(0);
        assert_eq!((&answer["equal"], &answer["step"]), (&json!(true), &json!(step)), "{answer}");
        assert_eq!((&answer["changed"], &answer["not_compared"]), (&json!([]), &json!([])));
        // Behind the newest checkpoint before it: those of 4 and 5 are kept, and the best.
        let from = answer["from"].as_u64().unwrap();
        assert!(if step == 5 { from == 4 } else { from < step && from.is_multiple_of(2) }, "{answer}");
    }
    assert!(folder.files() == before, "a replay writes nothing into the run");
    // The folder may go elsewhere, and the recipe that made it away.
    fs::remove_file(folder.path("recipe.toml")).unwrap();
    fs::rename(folder.path("run"), folder.path("moved")).unwrap();
    let moved = r1(&["replay", folder.path("moved").to_str().unwrap(), "5"], "").answers().remove(0);
    assert_eq!(moved["equal"], true, "{moved}");
}

#[test]
fn adapters_and_rollouts_of_many_updates_are_made_again() {
    let adapter = ["model.lora={rank=4,alpha=8}"];
    // Update 5 trains on what waits in the checkpoint of update 4.
    let pending = ["grpo.mini_batches_per_rollout=2", "grpo.inner_epochs=3"];
    let dynamic = ["grpo.objective=dapo", "grpo.refill_rounds=2", "grpo.rollout_weights=q8_0"];
    for settings in [&adapter[..], &pending, &dynamic] {
        let folder = Folder::new(RULES);
        let set: Vec<&str> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
        folder.train(&set).answers();
        for step in [4, 5] {
            let answer = folder.replay(step).answers().remove(0);
            assert_eq!((&answer["equal"], &answer["changed"]), (&json!(true), &json!([])), "{settings:?}");
        }
    }
}

#[test]
#[cfg(unix)]
fn a_run_that_was_killed_and_went_on_is_made_again_too() {
    let (straight, killed) = (Folder::trained(RULES), Folder::new(RULES));
    let mut child = Command::new(env!("CARGO_BIN_EXE_r1"))
        .args(["train", killed.path("recipe.toml").to_str().unwrap()])
        .env("R1_DEVICE", "flex")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines =
        || fs::read_to_string(killed.path("run/digests.jsonl")).map_or(0, |text| text.lines().count());
    while lines() < 3 && child.try_wait().unwrap().is_none() {
        sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    killed.train(&[]).answers();
    for name in ["digests.jsonl", "metrics.jsonl", "samples.jsonl"] {
        assert!(killed.read(&format!("run/{name}")) == straight.read(&format!("run/{name}")), "{name}");
    }
    for step in [3, 5] {
        assert_eq!(killed.replay(step).answers()[0]["equal"], true);
    }
}

/// The position behind a part of a text.
fn behind(text: &[u8], part: &str) -> usize {
    let found = text.windows(part.len()).position(|window| window == part.as_bytes());
    found.unwrap_or_else(|| panic!("`{part}` is not there")) + part.len()
}

#[test]
fn one_bit_that_was_changed_is_named_by_what_it_is() {
    let folder = Folder::trained(RULES);
    let line_of = |text: &[u8], step: u64| behind(text, &format!("{{\"step\":{step},")) - 1;
    // The lowest bit of a byte behind `part` in the line of update 5; digits and letters stay digits and letters.
    let in_line = |part: &'static str| {
        move |text: &mut Vec<u8>| {
            let line = line_of(text, 5);
            let place = line + behind(&text[line..], part);
            text[place] ^= 1;
        }
    };
    let at = |part: &'static str| {
        move |text: &mut Vec<u8>| {
            let place = behind(text, part);
            text[place] ^= 1;
        }
    };
    let near_end = |bytes: &mut Vec<u8>| {
        let place = bytes.len() - 4;
        bytes[place] ^= 1;
    };
    type Change<'a> = Box<dyn Fn(&mut Vec<u8>) + 'a>;
    let planted: Vec<(&str, Change, &str, &str)> = vec![
        ("run/samples.jsonl", Box::new(in_line("\"completion\":\"")), "rollout", "samples.jsonl"),
        ("run/samples.jsonl", Box::new(in_line("\"reward\":")), "reward", "samples.jsonl"),
        ("run/samples.jsonl", Box::new(in_line("\"accuracy\":")), "reward", "samples.jsonl"),
        ("run/metrics.jsonl", Box::new(in_line("\"grad_norm\":")), "metric", "metrics.jsonl"),
        ("run/digests.jsonl", Box::new(in_line("\"prompt\":\"")), "prompt", "digests.jsonl"),
        ("run/digests.jsonl", Box::new(in_line("\"rollouts\":[\"")), "rollout", "digests.jsonl"),
        ("run/digests.jsonl", Box::new(in_line("\"logprobs\":[\"")), "logprobs", "digests.jsonl"),
        ("run/digests.jsonl", Box::new(in_line("\"accuracy\":[\"")), "reward", "digests.jsonl"),
        ("run/digests.jsonl", Box::new(in_line("\"rewards\":[\"")), "reward", "digests.jsonl"),
        ("run/digests.jsonl", Box::new(in_line("\"advantages\":[\"")), "advantage", "digests.jsonl"),
        ("run/digests.jsonl", Box::new(in_line("\"loss\":\"")), "loss", "digests.jsonl"),
        (
            "run/digests.jsonl",
            Box::new(in_line("\"gradients\":{\"blocks.0.attention.output.weight\":\"")),
            "gradient",
            "digests.jsonl",
        ),
        (
            "run/checkpoints/step-000004/model/model.safetensors",
            Box::new(near_end),
            "weights",
            "checkpoints/step-000004",
        ),
        (
            "run/checkpoints/step-000004/optimizer.safetensors",
            Box::new(near_end),
            "moments",
            "checkpoints/step-000004",
        ),
        (
            "run/checkpoints/step-000005/optimizer.safetensors",
            Box::new(near_end),
            "moments",
            "checkpoints/step-000005",
        ),
        ("problems.jsonl", Box::new(at("\"answer\":\"")), "problem", "digests.jsonl"),
        ("run/recipe.toml", Box::new(at("name = \"format\"\nweight = ")), "reward", "digests.jsonl"),
    ];
    for (name, change, kind, file) in planted {
        let path = folder.path(name);
        let bytes = fs::read(&path).unwrap();
        let mut changed = bytes.clone();
        change(&mut changed);
        fs::write(&path, changed).unwrap();
        let outcome = folder.replay(5);
        assert_eq!((outcome.status, outcome.lines().len()), (1, 1), "{name} {kind}: {}", outcome.stderr);
        let answer = outcome.lines().remove(0);
        let difference = &answer["difference"];
        assert_eq!(
            (&answer["equal"], &difference["kind"]),
            (&json!(false), &json!(kind)),
            "{name}: {answer}"
        );
        assert_eq!(difference["file"], file, "{answer}");
        assert_eq!(difference["step"], if file.ends_with("04") { 4 } else { 5 }, "{answer}");
        assert_ne!(difference["recorded"], difference["replayed"], "{answer}");
        // What a run is made of is told apart from what it wrote.
        let is_input = !name.starts_with("run/") || name.ends_with("recipe.toml");
        assert_eq!(answer["changed"].as_array().unwrap().is_empty(), !is_input, "{answer}");
        fs::write(&path, bytes).unwrap();
    }
    folder.replay(5).answers();
}

#[test]
fn an_advantage_and_a_gradient_are_named_with_their_place() {
    let folder = Folder::trained(RULES);
    let path = folder.path("run/digests.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let plant = |change: &dyn Fn(&mut Value)| {
        let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        change(&mut lines[4]);
        let lines: Vec<String> = lines.iter().map(|line| format!("{line}\n")).collect();
        fs::write(&path, lines.concat()).unwrap();
        folder.replay(5).lines().remove(0)["difference"].clone()
    };
    let found = plant(&|line| line["groups"][1]["advantages"][2] = "3f800001".into());
    assert_eq!((&found["kind"], &found["sample"]), (&json!("advantage"), &json!(2)), "{found}");
    assert_eq!(found["recorded"], "1.0000001 (3f800001)");
    let name = "blocks.1.attention.output.weight";
    let found = plant(&|line| line["gradients"][name] = "0".into());
    assert_eq!((&found["kind"], &found["name"]), (&json!("gradient"), &json!(name)), "{found}");
    let found = plant(&|line| line["state"]["weights"][name] = "0".into());
    assert_eq!((&found["kind"], &found["name"]), (&json!("weights"), &json!(name)), "{found}");
    let found = plant(&|line| drop(line["groups"].as_array_mut().unwrap().pop()));
    assert_eq!((&found["kind"], &found["recorded"]), (&json!("problem"), &json!("1 problems")), "{found}");
}

/// A reward that is a program of Python.
fn program(score: &str) -> String {
    let program = format!(
        "import sys, json, random\nfor line in sys.stdin:\n    c = json.loads(line)['completion']\n    \
         print(json.dumps({{'score': {score}}}), flush=True)"
    );
    format!("reward = [{{ command = [\"python3\", \"-c\", {program:?}], name = \"own\" }}]")
}

#[test]
fn a_reward_that_is_a_program_is_called_again_and_must_be_deterministic() {
    let steady = Folder::trained(&program("len(c['text']) % 3"));
    assert_eq!(steady.replay(3).answers()[0]["equal"], true);
    let coin = Folder::trained(&program("random.random()"));
    let outcome = coin.replay(1);
    assert_eq!(outcome.status, 1, "{}", outcome.stderr);
    let found = outcome.lines().remove(0)["difference"].clone();
    assert_eq!((&found["kind"], &found["name"]), (&json!("reward"), &json!("own")), "{found}");
    assert_eq!(found["deterministic"], false, "{found}");
}

#[test]
fn what_was_not_recorded_is_said_and_a_foreign_recipe_stays() {
    let folder = Folder::new(RULES);
    fs::create_dir(folder.path("run")).unwrap();
    // Somebody keeps the recipe where the run goes.
    let text = folder.read("recipe.toml").replace("problems.jsonl", "../problems.jsonl");
    fs::write(folder.path("run/recipe.toml"), &text).unwrap();
    let outcome =
        r1(&["train", folder.path("run/recipe.toml").to_str().unwrap(), "--set", "output.digests=false"], "");
    assert_eq!(outcome.status, 0, "{}", outcome.stderr);
    assert_eq!(folder.read("run/recipe.toml"), text);
    assert!(!folder.path("run/digests.jsonl").exists());
    let answer = folder.replay(2).answers().remove(0);
    assert_eq!(answer["not_compared"], json!(["digests.jsonl"]), "{answer}");
    // What was written tells it, as far as it goes.
    let samples = folder.read("run/samples.jsonl").replace("\"reward\":0.0", "\"reward\":0.5");
    fs::write(folder.path("run/samples.jsonl"), samples).unwrap();
    assert_eq!(folder.replay(2).lines()[0]["difference"]["kind"], "reward");
}

#[test]
fn an_update_that_there_is_not_is_refused() {
    let folder = Folder::new(RULES);
    let run = folder.path("run");
    let run = run.to_str().unwrap();
    refused(2, &["replay", run, "1"], &["holds no recipe.toml"]);
    folder.train(&["--set", "updates=2"]).answers();
    refused(2, &["replay", run, "3"], &["has made 2 updates"]);
    refused(2, &["replay", run, "0"], &["counted from 1"]);
    refused(2, &["replay", run], &["<STEP>"]);
    refused(2, &["replay", run, "two"], &["two"]);
    fs::write(folder.path("run/digests.jsonl"), "{\"step\":1}\n").unwrap();
    refused(1, &["replay", run, "1"], &["digests.jsonl", "line 1"]);
}
