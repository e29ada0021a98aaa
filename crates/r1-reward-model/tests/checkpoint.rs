//! A killed and resumed run ends with the same bits.

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
use r1_reward_model::RewardModelTrainer;
use r1_run::{Checkpoint, CheckpointNote, Checkpoints, Run};

/// Trains to the end in `dir`, from its newest checkpoint if there is one.
fn run_to_the_end(dir: &Path) {
    let checkpoints = Checkpoints::new(dir.join("checkpoints"));
    let (mut source, config) = (tiny::source(), tiny::config());
    let (mut trainer, mut run) = match checkpoints.latest().unwrap() {
        Some(checkpoint) => {
            let positions = Checkpoint::open(&checkpoint).unwrap().positions().unwrap();
            let trainer =
                RewardModelTrainer::load(checkpoint, Some(config), &Device::flex(), &mut source).unwrap();
            (trainer, Run::resume(dir, positions).unwrap())
        }
        None => (RewardModelTrainer::new(config, tiny::model(1)).unwrap(), Run::replace(dir).unwrap()),
    };
    while trainer.updates() < trainer.config().updates() {
        run.log(&trainer.step(&mut source).unwrap()).unwrap();
        if trainer.updates() % 5 == 0 {
            let note = CheckpointNote { positions: Some(run.positions().unwrap()), metric: None };
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
        } else {
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
    assert!(expected.contains_key("checkpoints/step-000110/optimizer.safetensors"), "{:?}", expected.keys());
    let mut kills = 0;
    for seed in 0..3 {
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
        for (name, bytes) in expected.iter().filter(|(name, _)| !name.contains("step-000105")) {
            assert!(found[name] == *bytes, "{name} differs after the run of seed {seed}");
        }
    }
    assert!(kills >= 3, "only {kills} processes were killed");
}

#[test]
fn what_is_loaded_is_what_was_saved() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let mut source = tiny::source();
    let mut trainer = RewardModelTrainer::new(tiny::config(), tiny::model(1)).unwrap();
    for _ in 0..3 {
        trainer.step(&mut source).unwrap();
    }
    trainer.save(&first, &source).unwrap();
    let mut source = tiny::source();
    let loaded = RewardModelTrainer::load(&first, None, &Device::flex(), &mut source).unwrap();
    assert_eq!((loaded.updates(), source.position()), (3, 12));
    loaded.save(&second, &source).unwrap();
    assert_eq!(files(&first), files(&second));
    // Another seed, so other weights.
    let mut source = tiny::source();
    let third =
        RewardModelTrainer::load_into(tiny::model(9), &first, Some(tiny::config()), &mut source).unwrap();
    third.save(&second, &source).unwrap();
    assert_eq!(files(&first), files(&second));
}

#[test]
fn damage_and_other_settings_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("checkpoint");
    RewardModelTrainer::new(tiny::config(), tiny::model(1)).unwrap().save(&dir, &tiny::source()).unwrap();
    let load = |config| {
        let loaded = RewardModelTrainer::load(&dir, config, &Device::flex(), &mut tiny::source());
        loaded.err().map(|error| error.to_string())
    };
    assert_eq!(load(None), None);
    let error = load(Some(tiny::config().with_batch_size(5))).unwrap();
    assert!(error.starts_with("setting `batch_size` is 5, and 4 in the checkpoint; go on"), "{error}");
    let path = dir.join("optimizer.safetensors");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[1..]).unwrap();
    let error = load(None).unwrap();
    assert!(error.contains("optimizer.safetensors` has ") && error.contains("use an earlier"), "{error}");
}
