//! Every recipe of the repository is run or dry-run.

use std::{
    fs,
    path::{Path, PathBuf},
};

use r1::recipe::{Method, PipelineRecipe, Recipe, RecipeError, Registry, RunOptions, Trained};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn recipes(folder: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(root().join("recipes").join(folder)).unwrap();
    let files = files.map(|file| file.unwrap().path());
    let mut files: Vec<PathBuf> = files.filter(|path| !is_pipeline(path)).collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

fn is_pipeline(path: &Path) -> bool {
    fs::read_to_string(path).unwrap().contains("\n[[stage]]\n")
}

/// What the model knows of a recipe is its size: the embedded model, small files and short completions stand in.
fn small(path: &Path, folder: &Path) -> Vec<String> {
    let recipe = Recipe::read(path, &[] as &[&str]).unwrap();
    let data = folder.join("rows.jsonl");
    let problems =
        "{\"question\": \"3+5-2\", \"answer\": \"6\"}\n{\"question\": \"7+1\", \"answer\": \"8\"}\n";
    let pair = |n| format!("{{\"prompt\": \"{n}+1\", \"chosen\": \"{}\", \"rejected\": \"{n}\"}}\n", n + 1);
    let rows = match recipe.method {
        Method::RewardModel => (0..40).map(pair).collect(),
        _ => problems.to_owned(),
    };
    fs::write(&data, rows).unwrap();
    let nano = root().join("examples/nano").display().to_string();
    let mut settings =
        vec![format!("model.path={nano}"), format!("output.dir={}", folder.join("run").display())];
    let evaluated =
        recipe.evaluation.iter().flat_map(|evaluation| &evaluation.data.sources).collect::<Vec<_>>();
    let held_out = recipe.held_out.iter().flat_map(|data| &data.sources).collect::<Vec<_>>();
    for (place, sources) in [
        ("data", recipe.data.sources.iter().collect::<Vec<_>>()),
        ("evaluation.data", evaluated),
        ("held_out", held_out),
    ] {
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
fn every_pipeline_says_its_source_and_can_be_dry_run() {
    let folder = tempfile::tempdir().unwrap();
    let out = [format!("output.dir={}", folder.path().join("run").display())];
    let files = fs::read_dir(root().join("recipes/nano")).unwrap().map(|file| file.unwrap().path());
    let mut seen = 0;
    for path in files.filter(|path| is_pipeline(path)) {
        let text = fs::read_to_string(&path).unwrap();
        let pipeline = PipelineRecipe::parse(&text, &path, &out).unwrap().unwrap();
        assert!(!pipeline.description.is_empty() && !pipeline.source.is_empty(), "{}", path.display());
        let stages = pipeline.stages().unwrap();
        // Models that are compared answer alike, whatever their stages train with.
        let sampled: Vec<_> = stages
            .iter()
            .filter_map(|stage| Some(stage.recipe.evaluation.as_ref()?.settings["sampling"].clone()))
            .collect();
        assert!(sampled.windows(2).all(|pair| pair[0] == pair[1]), "{sampled:?}");
        assert_eq!(sampled[0]["temperature"].as_float().unwrap() as f32, 0.6);
        assert_eq!(pipeline.dry_run(&Registry::new()).unwrap().as_array().unwrap().len(), stages.len());
        seen += 1;
    }
    assert!(seen >= 3, "{seen}");
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

/// The nano pipeline with little to do.
fn small_pipeline(dir: &Path, more: &[&str]) -> PipelineRecipe {
    let mut settings: Vec<String> = vec![format!("output.dir={}", dir.display())];
    settings
        .extend(["evaluation.data.sources.0.limit=6", "evaluation.data.sources.1.limit=4"].map(Into::into));
    for stage in [0, 2, 5, 8] {
        settings.push(format!("stage.{stage}.updates=3"));
        settings.push(format!("stage.{stage}.grpo.prompts_per_step=2"));
    }
    settings.extend(["stage.1.data.sources.0.limit=16", "stage.4.data.sources.1.limit=16"].map(Into::into));
    settings.extend(["stage.3.reject.problems=24", "stage.6.reject.problems=24"].map(Into::into));
    settings.extend(more.iter().map(|setting| (*setting).to_owned()));
    let path = root().join("recipes/nano/r1.toml");
    PipelineRecipe::parse(&fs::read_to_string(&path).unwrap(), &path, &settings).unwrap().unwrap()
}

#[test]
fn the_nano_pipeline_runs_once_and_is_the_same_when_it_was_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let (registry, options) = (Registry::new(), RunOptions::default());
    let whole = small_pipeline(&folder.path().join("whole"), &[]);
    let told = whole.dry_run(&registry).unwrap();
    assert_eq!(told[2]["takes_from"][0], "cold-start");
    assert!(told[2]["plan"].is_null() && told[1]["plan"]["traces"]["count"] == 16);
    assert!(!folder.path().join("whole").exists(), "a dry run writes nothing");
    let result = whole.run(&registry, &options).unwrap();
    let models: Vec<&str> = result.scores.iter().map(|score| score.model.as_str()).collect();
    assert_eq!(
        models,
        [
            "nano_bilingual",
            "zero",
            "cold-start",
            "reasoning-rl",
            "sft",
            "all-tasks-rl",
            "nano_terse",
            "distilled",
            "student-rl"
        ]
    );
    assert!(result.scores.iter().all(|score| score.columns["readability"].is_some()));
    assert_eq!(fs::read_to_string(folder.path().join("whole/stages.md")).unwrap(), result.table);

    // What is finished is not run again.
    let weights = |run: &str, stage: &str| {
        fs::read(folder.path().join(run).join(stage).join("model/model.safetensors")).unwrap()
    };
    let changed =
        || fs::metadata(folder.path().join("whole/zero/model/model.safetensors")).unwrap().modified();
    let before = changed().unwrap();
    assert_eq!(whole.run(&registry, &options).unwrap().result, result.result);
    assert_eq!(changed().unwrap(), before);

    // Stopped in one stage after another, and called again, it comes to the same bits.
    let stopped = small_pipeline(&folder.path().join("stopped"), &[]);
    for file in
        ["zero/metrics.jsonl", "reasoning-rl/metrics.jsonl", "traces/traces.jsonl", "distilled/metrics.jsonl"]
    {
        let interrupt = r1::run::Interrupt::never();
        let (watched, asks) = (folder.path().join("stopped").join(file), interrupt.clone());
        let watcher = std::thread::spawn(move || {
            while fs::metadata(&watched).map_or(0, |file| file.len()) == 0 {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
            asks.request();
        });
        let error = stopped.run(&registry, &RunOptions { interrupt, ..RunOptions::default() }).unwrap_err();
        watcher.join().unwrap();
        assert!(error.to_string().starts_with("stopped after "), "{file}: {error}");
    }
    stopped.run(&registry, &options).unwrap();
    for stage in ["zero", "reasoning-rl", "all-tasks-rl", "distilled"] {
        assert!(weights("whole", stage) == weights("stopped", stage), "{stage}");
    }
    // Under another name the folder holds the same run: no stage is run again.
    fs::rename(folder.path().join("stopped"), folder.path().join("moved")).unwrap();
    let moved = small_pipeline(&folder.path().join("moved"), &[]);
    let made = fs::metadata(folder.path().join("moved/sft/model/model.safetensors")).unwrap().modified();
    assert_eq!(moved.run(&registry, &options).unwrap().scores.len(), result.scores.len());
    let now = fs::metadata(folder.path().join("moved/sft/model/model.safetensors")).unwrap().modified();
    assert_eq!(made.unwrap(), now.unwrap());
    // With other data for a stage that is finished, the folder is refused.
    let other = small_pipeline(&folder.path().join("whole"), &["stage.0.seed=2"]);
    let error = other.run(&registry, &options).unwrap_err();
    assert_eq!(error.to_string(), "stage zero");
}

#[test]
fn stages_that_cannot_be_meant_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |setting: &str| small_pipeline(folder.path(), &[setting]).stages().unwrap_err().to_string();
    for (setting, expected) in [
        ("stage.2.model.stage=cold-stat", "stage reasoning-rl: there is no earlier stage `cold-stat`"),
        ("stage.2.model.stage=all-tasks-rl", "there is no earlier stage `all-tasks-rl`"),
        ("stage.5.model.stage=traces", "the stage `traces` makes no model"),
        ("stage.4.data.sources.0.stage=zero", "the stage `zero` makes no traces"),
        ("stage.1.name=zero", "stage zero: there are two of this name"),
        ("stage.1.name=../up", "`../up` cannot name a folder"),
        ("stage.0.grpo.grup_size=4", "grup_size"),
        ("stage.3.reject.samples=0", "`samples` is 0"),
    ] {
        let error = refused(setting);
        assert!(error.contains(expected), "{setting}: {error}");
    }
}

#[test]
fn what_others_wrote_into_the_folder_of_a_pipeline_stays() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["result.json", "stages.md"] {
        let dir = folder.path().join(name.replace('.', "-"));
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join(name), "mine").unwrap();
        let error = small_pipeline(&dir, &[]).run(&Registry::new(), &RunOptions::default()).unwrap_err();
        assert!(error.to_string().contains("choose another folder"), "{error}");
        assert_eq!(fs::read_to_string(dir.join(name)).unwrap(), "mine");
        assert!(!dir.join("zero").exists());
    }
}

#[test]
fn traces_beside_another_run_are_not_deleted_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = root().join("recipes/nano/cold-start.toml");
    let recipe = Recipe::read(&path, &small(&path, folder.path())).unwrap();
    let traces = recipe.output.dir.join("traces.jsonl");
    fs::create_dir_all(&recipe.output.dir).unwrap();
    fs::write(&traces, "mine").unwrap();
    let overwrite = RunOptions { overwrite: true, ..RunOptions::default() };
    recipe.run(&Registry::new(), &RunOptions::default()).unwrap();
    recipe.run(&Registry::new(), &overwrite).unwrap();
    assert_eq!(fs::read_to_string(&traces).unwrap(), "mine");
    // Rejection sampling, whose file it would be, leaves it alone, too.
    let text = "method = \"reject\"\nmodel = { path = \"examples/nano\" }\nreject = { problems = 4 }\n\
                data = { sources = [{ task = \"chained_arithmetic\" }] }\n";
    let text = format!("{text}output = {{ dir = {:?} }}", recipe.output.dir);
    let reject = Recipe::parse(&text, Path::new("reject.toml"), &root(), &[] as &[&str]).unwrap();
    let error = reject.run(&Registry::new(), &overwrite).unwrap_err().to_string();
    assert!(error.contains("holds `traces.jsonl`"), "{error}");
    assert_eq!(fs::read_to_string(&traces).unwrap(), "mine");
    assert!(recipe.output.dir.join("metrics.jsonl").exists(), "nothing of the other run is gone either");
}

#[test]
fn the_rewards_of_late_stages_are_checked_before_the_first_runs() {
    let folder = tempfile::tempdir().unwrap();
    let pipeline = small_pipeline(&folder.path().join("run"), &["stage.6.reward.0.name=tsk"]);
    let error = pipeline.run(&Registry::new(), &RunOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), "stage lessons");
    assert!(!folder.path().join("run").exists());
}
