//! A task of software engineering: a repository, its tests, and which of them a patch has to turn.

use std::{collections::BTreeMap, path::Path, time::Duration};

use r1_sandbox::Limits;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Image, ReportFormat};
use crate::code::{CodeError, Language};

/// A command that runs tests, and how it reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestCommand {
    /// A line for `sh`, run in the repository's folder. `{python}` and the names of the task's other languages stand
    /// for their interpreters and compilers.
    pub run: String,
    /// How its output, standard error included, names the tests.
    pub report: ReportFormat,
}

/// A repository as it was before a change, and the tests that tell whether a patch makes the change.
///
/// Written as data, with a folder in the place of the image:
/// ```
/// use r1_rewards::code::RepositoryTask;
///
/// let folder = tempfile::tempdir()?;
/// std::fs::write(folder.path().join("sum.py"), "def total(xs): return sum(xs[1:])\n")?;
/// let task = RepositoryTask::load(&serde_json::json!({
///     "folder": folder.path(),
///     "languages": ["python"],
///     "commands": [{"run": "{python} -m unittest -v", "report": "unittest"}],
///     "overlay": {"test_sum.py": "import sum, unittest\n"},
///     "fail_to_pass": ["test_total (test_sum.Case)"],
/// }), std::path::Path::new("."))?;
/// assert_eq!(task.image.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RepositoryTask {
    /// The repository.
    pub image: Image,
    /// The languages whose tools its commands need.
    pub languages: Vec<Language>,
    /// The commands that run its tests.
    pub commands: Vec<TestCommand>,
    /// Files that are put over the patched ones: the tests of the change, and what must not be changed.
    pub overlay: BTreeMap<String, String>,
    /// Tests that fail before a right patch and pass after it.
    pub fail_to_pass: Vec<String>,
    /// Tests that pass before and after.
    pub pass_to_pass: Vec<String>,
    /// What each command may use.
    pub limits: Limits,
}

/// The same as data.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    folder: std::path::PathBuf,
    languages: Vec<Language>,
    commands: Vec<TestCommand>,
    #[serde(default)]
    overlay: BTreeMap<String, String>,
    fail_to_pass: Vec<String>,
    #[serde(default)]
    pass_to_pass: Vec<String>,
    #[serde(default)]
    cpu_seconds: Option<f64>,
    #[serde(default)]
    memory_mb: Option<u64>,
}

impl RepositoryTask {
    /// A task without commands and tests, under the limits of a compiler.
    pub fn new(image: Image) -> Self {
        Self {
            image,
            languages: Vec::new(),
            commands: Vec::new(),
            overlay: BTreeMap::new(),
            fail_to_pass: Vec::new(),
            pass_to_pass: Vec::new(),
            limits: Limits::compiler(),
        }
    }

    /// Reads a task: `folder` (below `root`), `languages`, `commands`, `fail_to_pass`, and, if it likes, `overlay`,
    /// `pass_to_pass`, `cpu_seconds` and `memory_mb`.
    ///
    /// # Errors
    /// [`CodeError::Tests`] when a field is missing, unknown or of no use, or the folder cannot be read.
    pub fn load(spec: &Value, root: &Path) -> Result<Self, CodeError> {
        let spec: Spec = serde_json::from_value(spec.clone())
            .map_err(|error| CodeError::tests(format!("the repository's task: {error}")))?;
        let mut task = Self::new(Image::read(&root.join(&spec.folder))?);
        if let Some(seconds) = spec.cpu_seconds {
            let cpu = Duration::try_from_secs_f64(seconds)
                .map_err(|error| CodeError::tests(format!("cpu_seconds: {error}")))?;
            task.limits = task.limits.with_cpu(cpu);
        }
        if let Some(megabytes) = spec.memory_mb {
            task.limits.memory_bytes = megabytes.saturating_mul(1 << 20);
        }
        let Spec { languages, commands, overlay, fail_to_pass, pass_to_pass, .. } = spec;
        let task = Self { languages, commands, overlay, fail_to_pass, pass_to_pass, ..task };
        task.usable().map(|()| task)
    }

    /// Whether it can tell anything.
    pub(super) fn usable(&self) -> Result<(), CodeError> {
        let reason = if self.commands.is_empty() {
            "the repository's task has no command that runs tests"
        } else if self.fail_to_pass.is_empty() && self.pass_to_pass.is_empty() {
            "the repository's task names no test"
        } else {
            return Ok(());
        };
        Err(CodeError::tests(reason))
    }

    /// The names of the tests that must pass after a patch.
    pub fn tests(&self) -> impl Iterator<Item = &String> {
        self.fail_to_pass.iter().chain(&self.pass_to_pass)
    }
}
