//! Every recipe of the repository is run or dry-run.

use std::{
    fs,
    path::{Path, PathBuf},
};

use r1::recipe::{Method, Recipe, RecipeError, Registry, RunOptions, Trained};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn recipes(folder: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(root().join("recipes").join(folder)).unwrap();
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

/// What the model knows of a recipe is its size: the embedded model, two small files and short completions stand in.
fn small(path: &Path, folder: &Path) -> Vec<String> {
    let data = folder.join("problems.jsonl");
    fs::write(
        &data,
        "{\"question\": \"3+5-2\", \"answer\": \"6\"}\n{\"question\": \"7+1\", \"answer\": \"8\"}\n",
    )
    .unwrap();
    let nano = root().join("examples/nano").display().to_string();
    let recipe = Recipe::read(path, &[] as &[&str]).unwrap();
    let mut settings =
        vec![format!("model.path={nano}"), format!("output.dir={}", folder.join("run").display())];
    let evaluated =
        recipe.evaluation.iter().flat_map(|evaluation| &evaluation.data.sources).collect::<Vec<_>>();
    for (place, sources) in
        [("data", recipe.data.sources.iter().collect::<Vec<_>>()), ("evaluation.data", evaluated)]
    {
        for (index, source) in sources.into_iter().enumerate() {
            if source.file.is_some() {
                settings.push(format!("{place}.sources.{index}.file={}", data.display()));
                settings.push(format!("{place}.sources.{index}.format=auto"));
            } else {
                settings.push(format!("{place}.sources.{index}.limit=8"));
            }
        }
    }
    if recipe.method == Method::Grpo {
        settings.retain(|setting| !(setting.starts_with("data.") && setting.ends_with("limit=8")));
        settings.extend(
            ["grpo.group_size=4", "grpo.prompts_per_step=2", "grpo.sampling.max_tokens=16"].map(Into::into),
        );
        settings.push("grpo.template={chat={}}".into());
        settings.push("updates=2".into());
    }
    settings
}

fn dry_run(path: &Path) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let recipe = Recipe::read(path, &small(path, folder.path())).unwrap();
    let told =
        recipe.dry_run(&Registry::new()).unwrap_or_else(|error| panic!("{}: {error:?}", path.display()));
    assert!(!folder.path().join("run").exists(), "a dry run writes nothing");
    told
}

#[test]
fn every_recipe_says_its_source_and_can_be_dry_run() {
    for path in ["nano", "models", "papers"].into_iter().flat_map(recipes) {
        let recipe = Recipe::read(&path, &[] as &[&str]).unwrap();
        assert!(!recipe.description.is_empty() && !recipe.source.is_empty(), "{}", path.display());
        let told = dry_run(&path);
        assert!(told["prompt"]["tokens"].as_u64().unwrap() > 0);
        if recipe.method == Method::Grpo {
            assert_eq!(told["rewards"]["right"]["scores"]["accuracy"], 1.0, "{}", path.display());
            assert_eq!(told["rewards"]["wrong"]["scores"]["accuracy"], 0.0);
            assert!(told["time"]["seconds_at_most"].as_f64().unwrap() > 0.0);
        }
    }
}

#[test]
fn the_nano_recipes_run_and_go_on() {
    for path in recipes("nano") {
        let folder = tempfile::tempdir().unwrap();
        let recipe = Recipe::read(&path, &small(&path, folder.path())).unwrap();
        let (registry, options) = (Registry::new(), RunOptions::default());
        let Trained::Now(finished) = recipe.run(&registry, &options).unwrap() else { panic!("it is new") };
        assert!(finished.updates >= 1 && finished.comparison.is_some());
        let out = folder.path().join("run");
        let weights = match recipe.model.lora {
            Some(_) => "model/adapter_model.safetensors",
            None => "model/model.safetensors",
        };
        for file in ["metrics.jsonl", "summary.json", "report.html", weights, "run.json"] {
            assert!(out.join(file).is_file(), "{}: {file}", path.display());
        }
        assert!(
            matches!(recipe.run(&registry, &options).unwrap(), Trained::Already(result) if result == finished.result)
        );
        let metrics = fs::read(out.join("metrics.jsonl")).unwrap();
        // The same folder with another seed is refused, and nothing changes.
        let mut other = recipe.clone();
        other.seed += 1;
        let error = other.run(&registry, &options).unwrap_err().to_string();
        assert!(error.contains("different `seed`") && error.contains("choose another --out"), "{error}");
        assert_eq!(fs::read(out.join("metrics.jsonl")).unwrap(), metrics);
        let again = RunOptions { overwrite: true, ..options };
        assert!(matches!(recipe.run(&registry, &again).unwrap(), Trained::Now(_)));
        assert_eq!(fs::read(out.join("metrics.jsonl")).unwrap(), metrics);
    }
}

#[test]
fn a_folder_that_r1_did_not_write_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = root().join("recipes/nano/r1-zero.toml");
    let recipe = Recipe::read(&path, &small(&path, folder.path())).unwrap();
    let out = folder.path().join("run");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("metrics.jsonl"), "mine").unwrap();
    let options = RunOptions { overwrite: true, ..RunOptions::default() };
    let error = recipe.run(&Registry::new(), &options).unwrap_err();
    assert!(matches!(error, RecipeError::Occupied { .. }), "{error}");
    assert!(recipe.run(&Registry::new(), &RunOptions::default()).is_err());
    assert_eq!(fs::read_to_string(out.join("metrics.jsonl")).unwrap(), "mine");
}

#[test]
fn what_is_wrong_with_a_recipe_is_said_with_the_way_out() {
    let path = root().join("recipes/nano/r1-zero.toml");
    let refusal = |settings: &[&str]| {
        let recipe = match Recipe::read(&path, settings) {
            Ok(recipe) => recipe,
            Err(error) => return error.to_string(),
        };
        recipe.dry_run(&Registry::new()).unwrap_err().to_string()
    };
    for (setting, expected) in [
        ("modle.path=x", "unknown field `modle`; did you mean `model`?"),
        ("grpo.groupsize=8", "[grpo]: unknown field `groupsize`; did you mean `group_size`?"),
        ("grpo.preset=r1zero", "`r1zero` is no preset; did you mean `r1_zero`?"),
        ("grpo.objective=gpso", "`gpso` is no objective; did you mean `gspo`?"),
        ("grpo.group_size=1", "setting `group_size` is 1; it must be 2 or more"),
        ("reward.0.name=acuracy", "there is none of this name; did you mean `accuracy`?"),
        ("reward.1.styel=think", "reward `format`: unknown field `styel`; did you mean `style`?"),
        ("updates=0", "`updates` is missing"),
        ("data.sources.0.task=chain_arithmetic", "chained_arithmetic"),
        ("sft.epochs=2", "[sft]: has no meaning for this method"),
        ("grpo.seed=3", "`seed` is set by the recipe itself"),
        ("reward.7.name=x", "`7` is no index of a list of 2"),
        ("nonsense", "expected NAME=VALUE"),
        ("model.path=/nowhere", "/nowhere"),
    ] {
        let found = refusal(&[setting]);
        assert!(found.contains(expected), "{setting}: {found}");
    }
    let missing = Recipe::read("nowhere.toml", &[] as &[&str]).unwrap_err().to_string();
    assert!(missing.starts_with("cannot read the recipe `nowhere.toml`"), "{missing}");
}
