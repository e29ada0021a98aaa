//! What a checkpoint says about itself.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    Positions, RunError, atomic,
    error::{reading, writing},
    manifest,
};

/// Version of the layout; others are refused.
const FORMAT: u32 = 3;
const STATE: &str = "state.json";

/// A checkpoint on the disk, checked for completeness.
///
/// It is a folder with the files of a trainer and `state.json`, which names all of them and their lengths.
///
/// # Examples
/// ```
/// use r1_run::checkpoint::{Checkpoint, CheckpointNote, write_state};
///
/// # let folder = tempfile::tempdir()?;
/// # let dir = folder.path().join("step-000100");
/// r1_run::atomic::write_folder(&dir, |dir| {
///     r1_run::atomic::write_file(&dir.join("weights"), b"0123")?;
///     write_state(dir, 100, CheckpointNote { metric: Some(0.5), ..CheckpointNote::default() }, &"anything")
/// })?;
/// let checkpoint = Checkpoint::open(&dir)?;
/// assert_eq!((checkpoint.updates(), checkpoint.metric()), (100, Some(0.5)));
/// assert_eq!(checkpoint.state::<String>()?, "anything");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Checkpoint {
    dir: PathBuf,
    document: Document<Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<S> {
    format: u32,
    updates: u64,
    note: CheckpointNote,
    state: S,
    /// Every other file and its length in bytes.
    files: BTreeMap<String, u64>,
}

/// What the caller wants a checkpoint to remember.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointNote {
    /// How far the files of the run had grown: [`Run::positions`](crate::Run::positions). Resuming cuts them back to
    /// it.
    pub positions: Option<Positions>,
    /// How good the model is, by a measure of the caller's choice; the best checkpoint is kept by it.
    pub metric: Option<f64>,
}

/// Writes `state.json` after everything else, with the lengths of all files that are in the folder by then.
///
/// A metric that is not finite is left out.
///
/// # Errors
/// [`RunError::Read`], [`RunError::Write`] and [`RunError::Serialise`] with the path that failed.
pub fn write_state(
    dir: &Path,
    updates: u64,
    note: CheckpointNote,
    state: &impl Serialize,
) -> Result<(), RunError> {
    let note = CheckpointNote { metric: note.metric.filter(|metric| metric.is_finite()), ..note };
    // Written now and the same at the end, so that its length is known.
    manifest::complete(dir, Some(STATE))?;
    let mut files = BTreeMap::new();
    list_files(dir, "", &mut files)?;
    let path = dir.join(STATE);
    let mut text = serde_json::to_string_pretty(&Document { format: FORMAT, updates, note, state, files })
        .map_err(|source| RunError::Serialise { path: path.clone(), source })?;
    text.push('\n');
    fs::write(&path, text).map_err(writing(path))
}

impl Checkpoint {
    /// Reads what a checkpoint says about itself, and checks that every file is there in full length.
    ///
    /// If a process was killed while it replaced this folder, the replacement is finished first.
    ///
    /// # Errors
    /// [`RunError::NoCheckpoint`] when there is none, [`RunError::Checkpoint`] with the file that is missing, truncated
    /// or not what it should be.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, RunError> {
        let dir = dir.as_ref();
        atomic::recover_folder(dir)?;
        let path = dir.join(STATE);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(RunError::NoCheckpoint { dir: dir.to_owned() });
            }
            text => text.map_err(|error| damaged(&path, error.to_string()))?,
        };
        let unreadable = |error: serde_json::Error| damaged(&path, format!("is not readable ({error})"));
        let value: Value = serde_json::from_str(&text).map_err(unreadable)?;
        let format = value.get("format").and_then(Value::as_u64);
        if format != Some(u64::from(FORMAT)) {
            let format = format.map_or("no format".into(), |format| format!("format {format}"));
            return Err(damaged(&path, format!("has {format}; this build reads {FORMAT}")));
        }
        let document: Document<Value> = serde_json::from_value(value).map_err(unreadable)?;
        for (name, &bytes) in &document.files {
            let path = dir.join(name);
            match fs::metadata(&path) {
                Err(_) => return Err(damaged(&path, "is missing")),
                Ok(found) if found.len() != bytes => {
                    return Err(damaged(&path, format!("has {} bytes instead of {bytes}", found.len())));
                }
                Ok(_) => {}
            }
        }
        Ok(Self { dir: dir.to_owned(), document })
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// How many updates had been made.
    pub fn updates(&self) -> u64 {
        self.document.updates
    }

    /// How far the files of the run had grown, if that was noted.
    pub fn positions(&self) -> Option<Positions> {
        self.document.note.positions
    }

    /// How good the model is, if that was noted.
    pub fn metric(&self) -> Option<f64> {
        self.document.note.metric
    }

    /// What the trainer wrote about itself.
    ///
    /// # Errors
    /// [`RunError::Checkpoint`] when it is the state of another kind of trainer.
    pub fn state<S: DeserializeOwned>(&self) -> Result<S, RunError> {
        S::deserialize(&self.document.state)
            .map_err(|error| damaged(&self.dir.join(STATE), format!("is not of this kind of run ({error})")))
    }
}

/// The settings to go on with: the checkpoint's own, or `given` when they agree. Fields in `free` have no effect on
/// training and may differ.
///
/// # Errors
/// [`RunError::Setting`] with the first setting that differs.
pub fn agreed<C: Serialize>(then: C, given: Option<C>, free: &[&str]) -> Result<C, RunError> {
    let Some(given) = given else { return Ok(then) };
    let fields = |config: &C| serde_json::to_value(config).unwrap_or_default();
    let (before, now) = (fields(&then), fields(&given));
    for (field, value) in now.as_object().into_iter().flatten() {
        if !free.contains(&field.as_str()) && before[field] != *value {
            let checkpoint = before[field].to_string();
            return Err(RunError::Setting { field: field.clone(), given: value.to_string(), checkpoint });
        }
    }
    Ok(given)
}

/// The error for a file of a checkpoint that is not what it should be.
pub fn damaged(path: &Path, reason: impl Into<String>) -> RunError {
    RunError::Checkpoint { path: path.to_owned(), reason: reason.into() }
}

fn list_files(dir: &Path, prefix: &str, files: &mut BTreeMap<String, u64>) -> Result<(), RunError> {
    for entry in fs::read_dir(dir).map_err(reading(dir))? {
        let entry = entry.map_err(reading(dir))?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let about = entry.metadata().map_err(reading(dir))?;
        if about.is_dir() {
            list_files(&entry.path(), &format!("{name}/"), files)?;
        } else {
            files.insert(name, about.len());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(dir: &Path) -> PathBuf {
        let dir = dir.join("step-000007");
        atomic::write_folder(&dir, |dir| {
            fs::create_dir(dir.join("policy")).unwrap();
            fs::write(dir.join("policy/weights"), "0123").unwrap();
            write_state(dir, 7, CheckpointNote::default(), &json!({"seed": 3}))
        })
        .unwrap();
        dir
    }

    #[test]
    fn damage_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let dir = written(folder.path());
        let refusal = || Checkpoint::open(&dir).unwrap_err().to_string();
        fs::write(dir.join("policy/weights"), "012").unwrap();
        assert!(
            refusal().ends_with("policy/weights` has 3 bytes instead of 4; use an earlier checkpoint"),
            "{}",
            refusal()
        );
        fs::remove_file(dir.join("policy/weights")).unwrap();
        assert!(
            refusal().ends_with("policy/weights` is missing; use an earlier checkpoint"),
            "{}",
            refusal()
        );
        fs::write(dir.join(STATE), "{\"format\": 1}").unwrap();
        assert!(refusal().contains("state.json` has format 1; this build reads 3"), "{}", refusal());
        fs::write(dir.join(STATE), "{").unwrap();
        assert!(refusal().contains("state.json` is not readable (EOF"), "{}", refusal());
        fs::remove_file(dir.join(STATE)).unwrap();
        assert!(matches!(Checkpoint::open(&dir), Err(RunError::NoCheckpoint { .. })));
    }

    #[test]
    fn the_state_of_another_trainer_is_refused() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Other {
            #[serde(rename = "traces")]
            _traces: u64,
        }
        let folder = tempfile::tempdir().unwrap();
        let checkpoint = Checkpoint::open(written(folder.path())).unwrap();
        assert_eq!(checkpoint.state::<BTreeMap<String, u64>>().unwrap()["seed"], 3);
        let error = checkpoint.state::<Other>().unwrap_err().to_string();
        assert!(error.contains("state.json` is not of this kind of run (unknown field `seed`"), "{error}");
    }

    #[test]
    fn settings_that_differ_are_named_unless_they_are_free() {
        let (then, now) = (json!({"rate": 0.1, "dump": "a"}), json!({"rate": 0.1, "dump": "b"}));
        assert_eq!(agreed(then.clone(), Some(now.clone()), &["dump"]).unwrap(), now);
        assert_eq!(agreed(then.clone(), None, &[]).unwrap(), then);
        let error = agreed(then, Some(now), &[]).unwrap_err().to_string();
        assert!(error.starts_with("setting `dump` is \"b\", and \"a\" in the checkpoint; go on"), "{error}");
    }
}
