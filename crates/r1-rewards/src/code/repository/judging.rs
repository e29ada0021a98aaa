//! From a patch to a verdict by test.

use std::{collections::BTreeMap, sync::Arc};

use r1_sandbox::{Breach, Command};
use serde::{Deserialize, Serialize};

use super::{Image, RepositoryTask, TestStatus, patch};
use crate::code::{CodeError, Judge, Verdict};

/// What became of a patch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatchJudgement {
    /// AC when every test that must pass does; CE when the patch does not apply; TLE, MLE or OLE when a command broke
    /// that limit and a test is missing; else WA.
    pub verdict: Verdict,
    /// The status of each test that must pass.
    pub tests: BTreeMap<String, TestStatus>,
    /// Why the patch does not apply, or the end of what the commands said.
    pub message: String,
}

impl Judge {
    /// Applies a patch to a copy of the repository, puts the task's own files over it, and runs the tests in the cage.
    /// The commands may start processes. Waits while all workers are busy.
    ///
    /// # Errors
    /// [`CodeError`] when nothing is known about the patch: the cage, a toolchain or the task failed.
    pub fn judge_patch(&self, task: &RepositoryTask, patch: &str) -> Result<PatchJudgement, CodeError> {
        task.usable()?;
        match patch::apply(&task.image, patch) {
            Ok(patched) => self.judge_image(task, patched),
            Err(reason) => {
                let tests = task.tests().map(|name| (name.clone(), TestStatus::Missing)).collect();
                Ok(PatchJudgement { verdict: Verdict::CompileError, tests, message: reason })
            }
        }
    }

    /// Checks a task with a patch that is known to be right: without it every test of `fail_to_pass` must not pass, and
    /// every one of `pass_to_pass` must; with it all must.
    ///
    /// # Errors
    /// [`CodeError::Tests`] that names the tests which do not do so; as [`judge_patch`](Self::judge_patch).
    pub fn check_repository(&self, task: &RepositoryTask, patch: &str) -> Result<(), CodeError> {
        task.usable()?;
        let before = self.judge_image(task, task.image.clone())?;
        let passed = |name: &&String| before.tests.get(*name) == Some(&TestStatus::Passed);
        let not = |names: Vec<&String>, what: &str| match &names[..] {
            [] => Ok(()),
            names => Err(CodeError::tests(format!("without a patch {what}: {names:?}"))),
        };
        not(task.fail_to_pass.iter().filter(passed).collect(), "these tests pass already")?;
        not(task.pass_to_pass.iter().filter(|name| !passed(name)).collect(), "these tests do not pass")?;
        let after = self.judge_patch(task, patch)?;
        if after.verdict == Verdict::Accepted {
            return Ok(());
        }
        let PatchJudgement { verdict, tests, message } = after;
        let failed: Vec<_> = tests.iter().filter(|(_, status)| **status != TestStatus::Passed).collect();
        Err(CodeError::tests(format!("with the right patch it is {verdict}: {failed:?}: {message}")))
    }

    fn judge_image(&self, task: &RepositoryTask, mut image: Image) -> Result<PatchJudgement, CodeError> {
        let _permit = self.permit();
        for (name, content) in &task.overlay {
            image.insert(name, content.as_bytes())?;
        }
        let (mut reported, mut broken, mut message) = (BTreeMap::new(), None, String::new());
        for line in &task.commands {
            let run = self.sandbox().run(&command(task, &image, &line.run)?)?;
            let text = String::from_utf8_lossy(&run.stdout);
            for (name, status) in line.report.read(&text) {
                let known = reported.entry(name).or_insert(status);
                *known = status.max(*known);
            }
            broken = broken.or(run.broken);
            message = tail(&text);
        }
        let status = |name: &String| reported.get(name).copied().unwrap_or(TestStatus::Missing);
        let tests: BTreeMap<_, _> = task.tests().map(|name| (name.clone(), status(name))).collect();
        let verdict = if tests.values().all(|status| *status == TestStatus::Passed) {
            Verdict::Accepted
        } else {
            broken.map_or(Verdict::WrongAnswer, |breach: Breach| breach.into())
        };
        Ok(PatchJudgement { verdict, tests, message })
    }
}

/// A shell in the repository's folder.
fn command(task: &RepositoryTask, image: &Image, line: &str) -> Result<Command, CodeError> {
    let mut line = line.to_owned();
    let mut exposed = Vec::new();
    let mut environment = BTreeMap::new();
    let mut limit_address_space = true;
    for language in &task.languages {
        let toolchain = language.toolchain()?;
        line = line.replace(&format!("{{{language}}}"), &toolchain.program.display().to_string());
        exposed.extend(toolchain.exposed.iter().cloned());
        environment.extend(language.spec().environment.clone());
        limit_address_space &= language.spec().limit_address_space;
    }
    let mut command = Command::new("/bin/sh").arg("-c").arg(format!("exec 2>&1\n{line}")).forking();
    command.exposed = exposed;
    command.environment = environment.into_iter().collect();
    command.limits = task.limits.clone();
    command.limit_address_space = limit_address_space;
    command.files = image.files.iter().map(|(name, content)| (name.clone(), Arc::clone(content))).collect();
    Ok(command)
}

/// The last lines of a text.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let last = lines[lines.len().saturating_sub(10)..].join("\n");
    last.chars().rev().take(2000).collect::<Vec<_>>().into_iter().rev().collect()
}
