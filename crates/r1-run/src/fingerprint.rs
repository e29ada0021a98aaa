//! What a result was made of, so that it is gone on with only by the same.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Digest, RunError, atomic, error::reading};

/// What a run is made of: a command, inputs by their digests, and settings.
///
/// It is written when the run begins, beside its results, and compared when the same place is given again.
///
/// # Examples
/// ```
/// use r1_run::{Begun, Digest, Fingerprint};
/// use serde_json::json;
///
/// # let folder = tempfile::tempdir()?;
/// # let run = folder.path().join("run.json");
/// let with = |rate: f64| -> Result<Fingerprint, r1_run::RunError> {
///     let data = Digest::of_rows(["2 + 2?", "3 + 3?"])?;
///     Ok(Fingerprint::new("sft").with_input("data", "traces.jsonl", data).with_settings(&json!({"rate": rate})))
/// };
/// assert_eq!(with(0.1)?.begin(&run)?, Begun::New);
/// assert_eq!(with(0.1)?.begin(&run)?, Begun::Unfinished);
/// let error = with(0.2)?.begin(&run).unwrap_err().to_string();
/// assert!(error.ends_with("begun with different `rate`: 0.1, and now 0.2; choose another --out"), "{error}");
/// with(0.1)?.finish(&run)?;
/// assert_eq!(with(0.1)?.begin(&run)?, Begun::Finished);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fingerprint {
    /// The command that runs, for example `eval`.
    command: String,
    /// The inputs by name: `model`, `data` and the like.
    inputs: BTreeMap<String, Input>,
    /// Everything else that decides about the results.
    settings: Map<String, Value>,
    finished: bool,
}

/// Something that was read, and what its contents were.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Where it was; may change.
    path: PathBuf,
    sha256: Digest,
}

/// What stood in the place of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// Nothing.
    New,
    /// The same run, not finished.
    Unfinished,
    /// The same run, finished.
    Finished,
}

impl Fingerprint {
    /// A run of this command, without inputs and settings.
    pub fn new(command: impl Into<String>) -> Self {
        Self { command: command.into(), inputs: BTreeMap::new(), settings: Map::new(), finished: false }
    }

    /// The same with one more input: what it is called, where it was, and the digest of its contents, which alone
    /// decides.
    pub fn with_input(mut self, name: &str, path: impl Into<PathBuf>, sha256: Digest) -> Self {
        self.inputs.insert(name.to_owned(), Input { path: path.into(), sha256 });
        self
    }

    /// The same with more settings. What does not serialise to an object is one setting named `settings`.
    pub fn with_settings(mut self, settings: &impl Serialize) -> Self {
        match serde_json::to_value(settings) {
            Ok(Value::Object(fields)) => self.settings.extend(fields),
            Ok(value) => drop(self.settings.insert("settings".into(), value)),
            Err(error) => drop(self.settings.insert("settings".into(), error.to_string().into())),
        }
        self
    }

    /// The same with one more setting.
    pub fn with_setting(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.settings.insert(name.to_owned(), value.into());
        self
    }

    /// Describes a new run in the file `path`, or compares with what it says of the run that stands there.
    ///
    /// # Errors
    /// [`RunError::OtherRun`] with the first thing that differs; [`RunError::Description`] when the file describes no
    /// run; [`RunError::Read`] and [`RunError::Write`].
    pub fn begin(&self, path: impl AsRef<Path>) -> Result<Begun, RunError> {
        let begun = self.compare(path.as_ref())?;
        if begun == Begun::New {
            self.write(path.as_ref())?;
        }
        Ok(begun)
    }

    /// [`begin`](Self::begin) that writes nothing.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub fn compare(&self, path: impl AsRef<Path>) -> Result<Begun, RunError> {
        let path = path.as_ref();
        let Some(there) = Self::read(path)? else { return Ok(Begun::New) };
        match there.differences(self).into_iter().next() {
            Some(difference) => Err(RunError::OtherRun { path: path.to_owned(), difference }),
            None if there.finished => Ok(Begun::Finished),
            None => Ok(Begun::Unfinished),
        }
    }

    /// Notes in the file `path` that the run is done.
    ///
    /// # Errors
    /// [`RunError::Write`] when it cannot be written.
    pub fn finish(&self, path: impl AsRef<Path>) -> Result<(), RunError> {
        Self { finished: true, ..self.clone() }.write(path.as_ref())
    }

    /// What the file `path` says; `None` when it is not there.
    ///
    /// # Errors
    /// [`RunError::Description`] when the file describes no run, [`RunError::Read`] when it cannot be read.
    pub fn read(path: impl AsRef<Path>) -> Result<Option<Self>, RunError> {
        let path = path.as_ref();
        let text = match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(reading(path))?,
        };
        let read = serde_json::from_slice(&text);
        read.map(Some)
            .map_err(|error| RunError::Description { path: path.to_owned(), reason: error.to_string() })
    }

    /// Describes the run in the file `path`, whatever the file says; for a run that takes more data than it was begun
    /// with.
    ///
    /// # Errors
    /// [`RunError::Write`] when it cannot be written.
    pub fn replace(&self, path: impl AsRef<Path>) -> Result<(), RunError> {
        self.write(path.as_ref())
    }

    /// A setting by name.
    pub fn setting(&self, name: &str) -> Option<&Value> {
        self.settings.get(name)
    }

    fn write(&self, path: &Path) -> Result<(), RunError> {
        let mut text = serde_json::to_vec_pretty(self)
            .map_err(|source| RunError::Serialise { path: path.to_owned(), source })?;
        text.push(b'\n');
        atomic::write_file(path, &text)
    }

    /// Everything in which a run now differs from this one: the command, then inputs, then settings, a clause for each.
    ///
    /// ```
    /// use r1_run::Fingerprint;
    ///
    /// let then = Fingerprint::new("train").with_setting("seed", 1);
    /// let now = Fingerprint::new("train").with_setting("seed", 2);
    /// assert_eq!(then.differences(&now), ["`seed`: 1, and now 2"]);
    /// ```
    pub fn differences(&self, now: &Self) -> Vec<String> {
        let mut found = Vec::new();
        if self.command != now.command {
            found.push(format!("command: `r1 {}`, and now `r1 {}`", self.command, now.command));
        }
        for (name, then) in &self.inputs {
            match now.inputs.get(name) {
                None => found.push(format!("{name}: `{}`, and now none", then.path.display())),
                Some(now) if now.sha256 != then.sha256 => {
                    let (a, b) = (then.sha256.short(), now.sha256.short());
                    let path = now.path.display();
                    found.push(format!("{name}: its SHA-256 was {a}.., and that of `{path}` is {b}.."));
                }
                Some(_) => {}
            }
        }
        for (name, input) in now.inputs.iter().filter(|(name, _)| !self.inputs.contains_key(*name)) {
            found.push(format!("{name}: none, and now `{}`", input.path.display()));
        }
        let (then, now) = (Value::Object(self.settings.clone()), Value::Object(now.settings.clone()));
        different_settings("", &then, &now, &mut found);
        found
    }
}

fn different_settings(name: &str, then: &Value, now: &Value, found: &mut Vec<String>) {
    match (then, now) {
        (Value::Object(then), Value::Object(now)) => {
            let value = |map: &Map<String, Value>, field: &str| map.get(field).cloned().unwrap_or_default();
            for field in then.keys().chain(now.keys().filter(|field| !then.contains_key(*field))) {
                let dot = if name.is_empty() { "" } else { "." };
                let name = format!("{name}{dot}{field}");
                different_settings(&name, &value(then, field), &value(now, field), found);
            }
        }
        _ if then == now => {}
        _ => found.push(format!("`{name}`: {then}, and now {now}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn print() -> Fingerprint {
        let input = |text: &str| Digest::of_rows([text]).unwrap();
        Fingerprint::new("eval")
            .with_input("model", "models/a", input("a"))
            .with_input("data", "a.jsonl", input("rows"))
            .with_settings(&json!({"seed": 1, "sampling": {"temperature": 0.6, "stop": ["x"]}}))
    }

    #[test]
    fn everything_that_differs_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.json");
        let other = Digest::of_rows(["other"]).unwrap();
        assert_eq!(print().begin(&path).unwrap(), Begun::New);
        let check = |now: Fingerprint, part: &str| {
            let error = now.begin(&path).unwrap_err().to_string();
            assert!(error.contains(part) && error.ends_with("; choose another --out"), "{error}");
        };
        let command = Fingerprint { command: "reject".into(), ..print() };
        check(command, "different command: `r1 eval`, and now `r1 reject`");
        check(print().with_input("model", "b", other.clone()), "different model: its SHA-256 was");
        check(print().with_input("golds", "b", other), "different golds: none, and now `b`");
        let mut without = print();
        without.inputs.remove("data");
        check(without, "different data: `a.jsonl`, and now none");
        check(print().with_setting("seed", 2), "different `seed`: 1, and now 2");
        check(print().with_setting("mode", "strict"), "different `mode`: null, and now \"strict\"");
        let sampling = json!({"sampling": {"temperature": 1.0, "stop": ["x"]}});
        check(print().with_settings(&sampling), "different `sampling.temperature`: 0.6, and now 1.0");
    }

    #[test]
    fn the_same_contents_elsewhere_are_the_same_run() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.json");
        print().begin(&path).unwrap();
        let moved = print().with_input("model", "elsewhere", Digest::of_rows(["a"]).unwrap());
        assert_eq!(moved.begin(&path).unwrap(), Begun::Unfinished);
        moved.finish(&path).unwrap();
        assert_eq!(print().begin(&path).unwrap(), Begun::Finished);
        assert_eq!(Fingerprint::read(&path).unwrap().unwrap().command, "eval");
    }

    #[test]
    fn a_file_of_somebody_else_is_no_description_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.json");
        for text in ["", "{}", "my notes", "{\"command\": 1}"] {
            fs::write(&path, text).unwrap();
            assert!(matches!(print().begin(&path), Err(RunError::Description { .. })), "{text}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }
}
