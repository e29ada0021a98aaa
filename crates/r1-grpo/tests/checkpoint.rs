//! A killed and resumed run ends with the same bits, and damage is refused by name.

mod tiny;

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Child, Command},
    time::Duration,
};

use burn::tensor::Device;
use r1_core::Key;
use r1_grpo::{AdaptiveEntropy, GrpoConfig, GrpoError, GrpoTrainer, Kl, Objective, RolloutRow};
use r1_model::checkpoint::collect_weights;
use r1_rewards::{Reward, reward_fn};
use r1_run::{Checkpoint, CheckpointNote, Checkpoints, Run};

/// Updates of a run that is killed.
const UPDATES: u64 = 60;

fn letter() -> impl Reward {
    reward_fn("letter", |_, completion| completion.text.matches('a').count() as f32 / 3.0)
}

/// Everything that a checkpoint must hold matters here: moments, a reference that is refreshed, an adaptive weight,
/// rollouts that serve four updates in two epochs.
fn config() -> GrpoConfig {
    let objective = Objective { kl: Kl::k3(0.01), ..Objective::dapo() };
    let adaptive = AdaptiveEntropy { target: 2.0, ..AdaptiveEntropy::default() };
    let config = tiny::config().with_objective(objective).with_reference_refresh(Some(5));
    let config = config.with_adaptive_entropy(adaptive).with_refill_rounds(1);
    config.with_prompts_per_step(2).with_mini_batches_per_rollout(2).with_inner_epochs(2)
}

/// Trains to the end in `dir`, from its newest checkpoint if there is one.
fn run_to_the_end(dir: &Path) {
    let checkpoints = Checkpoints::new(dir.join("checkpoints"));
    let mut source = tiny::source();
    let (mut trainer, mut run) = match checkpoints.latest().unwrap() {
        Some(checkpoint) => {
            let positions = Checkpoint::open(&checkpoint).unwrap().positions().unwrap();
            let trainer =
                GrpoTrainer::load(checkpoint, Some(config()), &Device::flex(), &mut source).unwrap();
            (trainer, Run::resume(dir, positions).unwrap())
        }
        None => (GrpoTrainer::new(config(), tiny::model(1)).unwrap(), Run::replace(dir).unwrap()),
    };
    while trainer.updates() < UPDATES {
        let report = trainer.step(&mut source, &letter()).unwrap();
        run.log(&report).unwrap();
        for group in trainer.last_groups() {
            run.samples(&RolloutRow::of_group(report.step, group)).unwrap();
        }
        // Every third update: in the middle of a rollout more often than not.
        if trainer.updates() % 3 == 0 {
            let note = CheckpointNote { positions: Some(run.positions().unwrap()), metric: report.reward };
            checkpoints.save(trainer.updates(), |dir| trainer.save_with(dir, &source, note)).unwrap();
        }
    }
}

/// The bytes of every file below a folder.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            let below = files(&entry.path());
            all.extend(below.into_iter().map(|(file, bytes)| (format!("{name}/{file}"), bytes)));
        } else if name != "timings.jsonl" {
            all.insert(name, fs::read(entry.path()).unwrap());
        }
    }
    all
}

/// The process that is killed: this test again, in a folder that the environment names.
#[test]
fn the_process_that_is_killed() {
    if let Some(dir) = std::env::var_os("R1_RUN_TO_THE_END") {
        run_to_the_end(Path::new(&dir));
    }
}

fn start(dir: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_process_that_is_killed"])
        .env("R1_RUN_TO_THE_END", dir)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn killed_at_any_moment_and_resumed_a_run_ends_with_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let unbroken = folder.path().join("unbroken");
    let started = std::time::Instant::now();
    assert!(start(&unbroken).wait().unwrap().success());
    let whole = started.elapsed();
    let expected = files(&unbroken);
    assert!(expected.contains_key("checkpoints/step-000060/optimizer.safetensors"), "{:?}", expected.keys());

    let mut kills = 0;
    for seed in 0..4 {
        let dir = folder.path().join(format!("killed-{seed}"));
        let mut random = Key::new(seed).stream();
        loop {
            let mut child = start(&dir);
            std::thread::sleep(Duration::from_secs_f64(whole.as_secs_f64() * 0.6 * random.uniform()));
            if let Some(status) = child.try_wait().unwrap() {
                assert!(status.success());
                break;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
        }
        let found = files(&dir);
        // Killed after the last save, a run may not have come to delete an older checkpoint.
        for (name, bytes) in expected.iter().filter(|(name, _)| !name.contains("step-000057")) {
            assert!(found[name] == *bytes, "{name} differs after the run of seed {seed}");
        }
    }
    assert!(kills >= 3, "only {kills} processes were killed");
}

/// A trainer after three updates, and its checkpoint.
fn saved(dir: &Path) -> GrpoTrainer {
    let mut source = tiny::source();
    let mut trainer = GrpoTrainer::new(config(), tiny::model(1)).unwrap();
    (0..3).for_each(|_| drop(trainer.step(&mut source, &letter()).unwrap()));
    trainer.save(dir, &source).unwrap();
    trainer
}

fn load(dir: &Path) -> Result<GrpoTrainer, GrpoError> {
    GrpoTrainer::load(dir, None, &Device::flex(), &mut tiny::source())
}

#[test]
fn what_is_loaded_is_what_was_saved() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let trainer = saved(&first);
    let mut source = tiny::source();
    let loaded = GrpoTrainer::load(&first, None, &Device::flex(), &mut source).unwrap();
    assert_eq!((loaded.updates(), loaded.rollouts()), (3, trainer.rollouts()));
    assert!(source.position() >= 4);
    assert!(loaded.last_groups().eq(trainer.last_groups()));
    loaded.save(&second, &source).unwrap();
    assert_eq!(files(&first), files(&second));
    let config = fs::read_to_string(first.join("model/config.json")).unwrap();
    assert!(config.contains("\"dtype\": \"float32\""), "{config}");
}

#[test]
fn a_model_of_ones_own_goes_on_from_a_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    saved(&first);
    let mut source = tiny::source();
    // Another seed, so other weights.
    let loaded = GrpoTrainer::load_into(tiny::model(9), &first, Some(config()), &mut source).unwrap();
    loaded.save(&second, &source).unwrap();
    assert_eq!(files(&first), files(&second));
}

#[test]
fn damage_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("checkpoint");
    saved(&dir);
    let whole = files(&dir);
    assert!(load(&dir).is_ok());
    for (name, bytes) in &whole {
        let path = dir.join(name);
        fs::write(&path, &bytes[..bytes.len().saturating_sub(1)]).unwrap();
        let truncated = load(&dir).err().map(|error| error.to_string());
        fs::remove_file(&path).unwrap();
        let missing = load(&dir).err().map(|error| error.to_string()).unwrap();
        fs::write(&path, bytes).unwrap();
        if name == "state.json" {
            assert!(missing.ends_with("holds no checkpoint of a run; check the path or start a new run"));
        } else {
            let truncated = truncated.unwrap_or_else(|| panic!("{name} is empty"));
            assert!(
                truncated.contains(&format!("{name}` has {} bytes instead", bytes.len() - 1)),
                "{truncated}"
            );
            assert!(missing.contains(&format!("{name}` is missing; use an earlier checkpoint")), "{missing}");
        }
    }
    assert!(load(&dir).is_ok());
}

#[test]
fn other_settings_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    saved(&folder.path().join("a"));
    let mut source = tiny::source();
    let mut refusal = |config| {
        let result = GrpoTrainer::load(folder.path().join("a"), Some(config), &Device::flex(), &mut source);
        let text = result.err().map(|error| error.to_string());
        (text, source.position())
    };
    let (error, position) = refusal(config().with_learning_rate(0.5));
    let error = error.unwrap();
    assert!(
        error.starts_with("setting `learning_rate` is 0.5, and 0.005 in the checkpoint; go on"),
        "{error}"
    );
    assert_eq!(position, 0);
    assert_eq!(refusal(config().with_dump_dir("elsewhere")).0, None);
}

/// Six updates of an adapter, saved and gone on with after so many of them.
fn adapted(folder: &Path, resumed_after: &[u64]) -> (BTreeMap<String, Vec<u8>>, GrpoTrainer) {
    let base = folder.join("base");
    let mut source = tiny::source();
    let mut trainer = GrpoTrainer::new(config(), tiny::adapted(1, &base)).unwrap();
    let dir = folder.join("checkpoint");
    for update in 1..=6 {
        trainer.step(&mut source, &letter()).unwrap();
        if resumed_after.contains(&update) {
            trainer.save(&dir, &source).unwrap();
            source = tiny::source();
            trainer = match update % 2 {
                0 => GrpoTrainer::load(&dir, None, &Device::flex(), &mut source).unwrap(),
                // Another seed, so other numbers, which the checkpoint's replace.
                _ => GrpoTrainer::load_into(tiny::adapted(7, &base), &dir, None, &mut source).unwrap(),
            };
        }
    }
    trainer.save(&dir, &source).unwrap();
    (files(&dir), trainer)
}

#[test]
fn of_an_adapted_model_only_the_adapter_is_trained_and_saved_and_it_goes_on_with_the_same_bits() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let (unbroken, trainer) = adapted(folders[0].path(), &[]);
    let (mut broken, _) = adapted(folders[1].path(), &[1, 2, 4]);
    let kept = |name: &String| !name.contains("config.json") && !name.contains("state.json");
    broken.retain(|name, _| kept(name));
    assert!(broken.contains_key("reference.safetensors") && broken.contains_key("optimizer.safetensors"));
    assert!(!broken.contains_key("model/model.safetensors"));
    for (name, bytes) in broken {
        assert!(unbroken[&name] == bytes, "{name} differs");
    }
    let policy = trainer.policy();
    let (before, after) = (tiny::model(1), collect_weights(&policy.model, policy.slots()));
    assert!(collect_weights(&before.model, before.slots()) == after, "a frozen weight moved");
    let trained = collect_weights(&policy.model, policy.trained_slots());
    let second = trained.iter().filter(|(path, _)| path.contains(".up."));
    assert!(second.clone().count() > 0 && second.flat_map(|(_, values)| values).any(|value| *value != 0.0));
}

#[test]
fn a_mixture_of_experts_behind_latent_attention_goes_on_with_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, resumed_after: Option<u64>| {
        let (dir, mut source) = (folder.path().join(name), tiny::source());
        let mut trainer = GrpoTrainer::new(config(), tiny::mixture(1)).unwrap();
        let mut sampled = Vec::new();
        for update in 1..=4 {
            let report = trainer.step(&mut source, &letter()).unwrap();
            // Law 5: what the engine and the trainer say of a token is the same number.
            assert_eq!(report.sampling_difference_max, Some(0.0));
            sampled.push(report.reward);
            if resumed_after == Some(update) {
                trainer.save(&dir, &source).unwrap();
                source = tiny::source();
                trainer = GrpoTrainer::load(&dir, None, &Device::flex(), &mut source).unwrap();
            }
        }
        trainer.save(&dir, &source).unwrap();
        (sampled, files(&dir))
    };
    assert!(run("unbroken", None) == run("broken", Some(2)));
}
