//! The folder of one run.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    RunError, atomic,
    error::{reading, writing},
    finite::{self, Trouble},
    lines::{Lines, read_lines},
};

const METRICS: &str = "metrics.jsonl";
const TIMINGS: &str = "timings.jsonl";
const SAMPLES: &str = "samples.jsonl";
const SUMMARY: &str = "summary.json";
const REPORT: &str = "report.html";

/// How far a run's files had grown when a checkpoint was written; stored inside the checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Positions {
    /// Length of `metrics.jsonl` in bytes.
    pub metrics: u64,
    /// Length of `samples.jsonl` in bytes.
    pub samples: u64,
}

/// The folder of one run, open for writing.
///
/// - `metrics.jsonl`: one line a step; equal runs have equal bytes
/// - `timings.jsonl`: seconds and rates, which no two runs share
/// - `samples.jsonl`: completions worth keeping
/// - `summary.json`: what the run came to
#[derive(Debug)]
pub struct Run {
    dir: PathBuf,
    metrics: Lines,
    timings: Lines,
    samples: Lines,
}

impl Run {
    /// Starts a run in a new or empty folder; other files in it are left alone.
    ///
    /// # Errors
    /// [`RunError::Exists`] when the folder already holds a run, [`RunError::Write`] when it cannot be
    /// created.
    pub fn create(dir: impl AsRef<Path>) -> Result<Self, RunError> {
        let dir = dir.as_ref();
        for name in [METRICS, TIMINGS, SAMPLES, SUMMARY] {
            let path = dir.join(name);
            if path.try_exists().map_err(reading(&path))? {
                return Err(RunError::Exists { dir: dir.to_owned() });
            }
        }
        fs::create_dir_all(dir).map_err(writing(dir))?;
        Self::open(dir)
    }

    /// Starts a run in a folder and deletes the files of the run that was there.
    ///
    /// Only the files that a run itself writes are deleted; checkpoints beside them stay.
    ///
    /// # Errors
    /// [`RunError::Write`] with the path that could not be deleted or created.
    pub fn replace(dir: impl AsRef<Path>) -> Result<Self, RunError> {
        let dir = dir.as_ref();
        for name in [METRICS, TIMINGS, SAMPLES, SUMMARY, REPORT] {
            let path = dir.join(name);
            if path.try_exists().map_err(reading(&path))? {
                fs::remove_file(&path).map_err(writing(&path))?;
            }
        }
        Self::create(dir)
    }

    /// Goes on with a run from a checkpoint: metrics and samples are cut back to where they were
    /// when it was written, so that the steps after it are not there twice. Timings are kept.
    ///
    /// # Errors
    /// [`RunError::Missing`] when the folder holds no run, [`RunError::Position`] when a file does
    /// not have the checkpoint's position; no file has then been changed.
    pub fn resume(dir: impl AsRef<Path>, positions: Positions) -> Result<Self, RunError> {
        let dir = dir.as_ref();
        let metrics = dir.join(METRICS);
        if !metrics.try_exists().map_err(reading(&metrics))? {
            return Err(RunError::Missing { dir: dir.to_owned() });
        }
        let mut run = Self::open(dir)?;
        run.samples.check(positions.samples)?;
        run.metrics.cut(positions.metrics)?;
        run.samples.cut(positions.samples)?;
        run.timings.cut_torn_line()?;
        Ok(run)
    }

    fn open(dir: &Path) -> Result<Self, RunError> {
        Ok(Self {
            dir: dir.to_owned(),
            metrics: Lines::open(dir.join(METRICS))?,
            timings: Lines::open(dir.join(TIMINGS))?,
            samples: Lines::open(dir.join(SAMPLES))?,
        })
    }

    /// The run's folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Appends one line to `metrics.jsonl`. The value may nest; it must be an object.
    ///
    /// # Errors
    /// [`RunError::NonFinite`] with the field's name when a number is NaN or infinite; nothing is
    /// written then.
    pub fn log(&mut self, metrics: &impl Serialize) -> Result<(), RunError> {
        self.metrics.append(metrics)
    }

    /// Appends one line to `timings.jsonl`: everything that was read off a clock.
    ///
    /// # Errors
    /// As [`Run::log`].
    pub fn time(&mut self, timings: &impl Serialize) -> Result<(), RunError> {
        self.timings.append(timings)
    }

    /// Appends one line for each sample to `samples.jsonl`, all or none.
    ///
    /// # Errors
    /// As [`Run::log`].
    pub fn samples(&mut self, samples: &[impl Serialize]) -> Result<(), RunError> {
        self.samples.append_all(samples)
    }

    /// Writes `summary.json` in one step, replacing an earlier one.
    ///
    /// # Errors
    /// As [`Run::log`].
    pub fn summary(&self, summary: &impl Serialize) -> Result<(), RunError> {
        let path = self.dir.join(SUMMARY);
        if let Err(Trouble::NonFinite { field, value }) = finite::check(summary) {
            return Err(RunError::NonFinite { path, field, value });
        }
        let mut text = serde_json::to_vec_pretty(summary)
            .map_err(|source| RunError::Serialise { path: path.clone(), source })?;
        text.push(b'\n');
        atomic::write_file(&path, &text)
    }

    /// Forces metrics and samples to the disk and says how long they are, for a checkpoint.
    ///
    /// # Errors
    /// [`RunError::Write`] when the disk refuses.
    pub fn positions(&self) -> Result<Positions, RunError> {
        self.metrics.sync()?;
        self.samples.sync()?;
        Ok(Positions { metrics: self.metrics.length(), samples: self.samples.length() })
    }

    /// Reads back every line of `metrics.jsonl`.
    ///
    /// # Errors
    /// As [`read_lines`].
    pub fn metrics(&self) -> Result<Vec<Map<String, Value>>, RunError> {
        read_lines(&self.dir.join(METRICS))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(dir: &Path, name: &str) -> String {
        fs::read_to_string(dir.join(name)).unwrap()
    }

    #[test]
    fn each_value_is_one_line() {
        let dir = tempfile::tempdir().unwrap();
        let mut run = Run::create(dir.path().join("deep/zero")).unwrap();
        run.log(&json!({"step": 1, "rewards": {"accuracy": {"mean": 0.5}}})).unwrap();
        run.log(&json!({"step": 2, "question": "two\nlines"})).unwrap();
        run.time(&json!({"step": 1, "seconds": 0.1})).unwrap();
        run.samples(&[json!({"id": "a"}), json!({"id": "b"})]).unwrap();
        run.summary(&json!({"steps": 2})).unwrap();
        let metrics = read(run.dir(), METRICS);
        assert_eq!(metrics.lines().count(), 2);
        assert_eq!(read(run.dir(), SAMPLES), "{\"id\":\"a\"}\n{\"id\":\"b\"}\n");
        assert_eq!(read(run.dir(), TIMINGS).lines().count(), 1);
        assert_eq!(read(run.dir(), SUMMARY), "{\n  \"steps\": 2\n}\n");
        assert_eq!(run.metrics().unwrap()[1]["step"], json!(2));
    }

    #[test]
    fn a_number_that_is_not_finite_is_refused_by_name() {
        #[derive(Serialize)]
        struct Step {
            step: u64,
            loss: f32,
        }
        let dir = tempfile::tempdir().unwrap();
        let mut run = Run::create(dir.path()).unwrap();
        let error = run.log(&Step { step: 1, loss: f32::NAN }).unwrap_err().to_string();
        assert!(error.starts_with("`loss` is NaN"), "{error}");
        assert!(run.samples(&[Step { step: 1, loss: 0.0 }, Step { step: 1, loss: f32::INFINITY }]).is_err());
        assert!(run.summary(&Step { step: 1, loss: f32::NAN }).is_err());
        assert_eq!(run.positions().unwrap(), Positions::default());
        assert!(!dir.path().join(SUMMARY).exists());
    }

    #[test]
    fn an_existing_run_is_kept_unless_told_otherwise() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("notes.txt"), "mine").unwrap();
        Run::create(dir.path()).unwrap().log(&json!({"step": 1})).unwrap();
        let error = Run::create(dir.path()).unwrap_err();
        assert!(matches!(error, RunError::Exists { .. }));
        assert!(error.to_string().contains("resume it"), "{error}");
        assert_eq!(read(dir.path(), METRICS).lines().count(), 1);

        Run::replace(dir.path()).unwrap();
        assert_eq!(read(dir.path(), METRICS), "");
        assert_eq!(read(dir.path(), "notes.txt"), "mine");
    }

    #[test]
    fn a_resumed_run_ends_with_the_same_bytes() {
        let step = |run: &mut Run, step: u64| {
            run.log(&json!({"step": step, "reward": step as f64 / 7.0})).unwrap();
            run.samples(&[json!({"step": step, "text": "x".repeat(step as usize)})]).unwrap();
        };
        let (straight, killed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut run = Run::create(straight.path()).unwrap();
        (1..=6).for_each(|n| step(&mut run, n));

        let mut run = Run::create(killed.path()).unwrap();
        (1..=3).for_each(|n| step(&mut run, n));
        let positions = run.positions().unwrap();
        (4..=5).for_each(|n| step(&mut run, n));
        drop(run);
        // The process died in the middle of a line.
        for name in [METRICS, TIMINGS] {
            let path = killed.path().join(name);
            fs::write(&path, [fs::read(&path).unwrap(), b"{\"st".to_vec()].concat()).unwrap();
        }
        let mut run = Run::resume(killed.path(), positions).unwrap();
        assert_eq!(run.positions().unwrap(), positions);
        (4..=6).for_each(|n| step(&mut run, n));
        for name in [METRICS, TIMINGS, SAMPLES] {
            assert_eq!(read(straight.path(), name), read(killed.path(), name));
        }
    }

    #[test]
    fn a_checkpoint_of_another_run_is_refused_and_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut run = Run::create(dir.path()).unwrap();
        run.log(&json!({"step": 1})).unwrap();
        run.samples(&[json!({"id": "a"})]).unwrap();
        let here = run.positions().unwrap();
        for positions in [
            Positions { metrics: 500, ..here },
            Positions { metrics: 3, ..here },
            Positions { metrics: 0, samples: 500 },
        ] {
            assert!(matches!(Run::resume(dir.path(), positions), Err(RunError::Position { .. })));
            assert_eq!(Run::open(dir.path()).unwrap().positions().unwrap(), here);
        }
        assert!(matches!(Run::resume(dir.path().join("no"), here), Err(RunError::Missing { .. })));
    }
}
