//! Samples of an evaluation that are on the disk before it is finished.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use r1_core::{Completion, Problem};
use r1_run::{Lines, RunError, read_lines};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    EvalError,
    evaluate::{Grade, GradedGroup},
};

/// A file with the graded completions of every problem that was asked, one line a problem, from which a killed
/// evaluation goes on with [`evaluate_into`](crate::evaluate_into).
///
/// # Examples
/// ```
/// use r1_core::{Problem, Reference, ScriptedGenerator};
/// use r1_eval::{EvalConfig, Journal, evaluate_into};
/// use r1_rewards::AccuracyReward;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("report.json.journal.jsonl");
/// let problems = [Problem::new("sum-1", "What is 2 + 2?", Reference::number("4"))];
/// let config = EvalConfig::new();
/// let mut evaluate = |texts: &[&str]| {
///     let mut writer = ScriptedGenerator::replay(texts.iter().copied());
///     evaluate_into(&mut Journal::open(&path)?, &mut writer, &problems, &AccuracyReward::new(), &config, |_| {})
/// };
/// let report = evaluate(&["<think>2 + 2</think> <answer>4</answer>"])?;
/// // Called again, nothing is asked.
/// assert_eq!(evaluate(&[])?, report);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    lines: Lines,
    done: HashMap<String, GradedGroup>,
}

/// One line, for one problem.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    problem: String,
    completions: Vec<Completion>,
    grade: Grade,
}

impl Journal {
    /// Opens the file, which need not be there, and reads what was done. A line that a killed process left torn is cut
    /// away.
    ///
    /// # Errors
    /// [`RunError`] when it cannot be read or written, or a line is no problem's.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, EvalError> {
        let path = path.into();
        let mut lines = Lines::open(&path)?;
        lines.cut_torn_line()?;
        let mut done = HashMap::new();
        for (index, line) in read_lines(&path)?.into_iter().enumerate() {
            let entry: Entry = serde_json::from_value(Value::Object(line))
                .map_err(|source| RunError::Line { path: path.clone(), line: index + 1, source })?;
            let Entry { problem, completions, grade } = entry;
            done.insert(problem, GradedGroup { completions, grade });
        }
        Ok(Self { path, lines, done })
    }

    /// The completions of a problem, by its id; none of one that was not asked.
    pub fn completions(&self, problem: &str) -> &[Completion] {
        self.done.get(problem).map_or(&[], |group| &group.completions)
    }

    /// The scores of a problem's completions, by its id; none of one that was not asked or could not be graded.
    pub fn scores(&self, problem: &str) -> &[f32] {
        match self.done.get(problem).map(|group| &group.grade) {
            Some(Grade::Scores(scores)) => scores,
            _ => &[],
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many problems were done when it was opened and are not yet taken into a report.
    pub fn len(&self) -> usize {
        self.done.len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.done.is_empty()
    }

    /// What was noted of a problem, if it has so many samples.
    pub(crate) fn take(&mut self, id: &str, samples: usize) -> Option<GradedGroup> {
        self.done.remove(id).filter(|group| group.completions.len() == samples)
    }

    /// Notes some problems and forces them to the disk.
    pub(crate) fn append(&mut self, problems: &[&Problem], groups: &[GradedGroup]) -> Result<(), EvalError> {
        let entry = |(problem, group): (&&Problem, &GradedGroup)| {
            // No figure needs the log-probabilities, and they are most of a line.
            let lean = |completion: &Completion| Completion {
                logprobs: Vec::new(),
                sampled_logprobs: None,
                ..completion.clone()
            };
            let completions = group.completions.iter().map(lean).collect();
            Entry { problem: problem.id.clone(), completions, grade: group.grade.clone() }
        };
        let entries: Vec<Entry> = problems.iter().zip(groups).map(entry).collect();
        self.lines.append_all(&entries)?;
        Ok(self.lines.sync()?)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use r1_core::{Generate, GenerateError, Prompt, Reference, Sampling, ScriptedGenerator};
    use r1_rewards::AccuracyReward;

    use super::*;
    use crate::{EvalConfig, evaluate, evaluate_into};

    /// A writer that fails after some calls, as a killed process does.
    struct Mortal {
        writer: ScriptedGenerator,
        calls: usize,
    }

    impl Generate for Mortal {
        fn generate(
            &mut self,
            prompts: &[Prompt],
            samples: usize,
            sampling: &Sampling,
        ) -> Result<Vec<Vec<Completion>>, GenerateError> {
            if self.calls == 0 {
                return Err(GenerateError::EmptyPrompt { index: 0 });
            }
            self.calls -= 1;
            self.writer.generate(prompts, samples, sampling)
        }
    }

    fn problems() -> Vec<Problem> {
        let reference = |n: usize| if n == 3 { Reference::number("not one") } else { Reference::number("7") };
        (0..7).map(|n| Problem::new(n.to_string(), format!("{n}?"), reference(n))).collect()
    }

    fn text(number: usize) -> String {
        format!("<think>{number}</think> <answer>{}</answer>", 7 + number % 3)
    }

    #[test]
    fn a_killed_evaluation_goes_on_and_reports_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.jsonl");
        let config = EvalConfig::new().with_samples(2).with_chunk(2);
        let reward = AccuracyReward::new();
        let mut whole = ScriptedGenerator::replay((0..14).map(text));
        let expected = evaluate(&mut whole, &problems(), &reward, &config).unwrap();
        let mut asked = 0;
        let mut last = None;
        for calls in [1, 0, 2, 9] {
            let mut journal = Journal::open(&path).unwrap();
            assert_eq!((journal.len(), journal.is_empty()), (asked, asked == 0));
            let mut writer = Mortal { writer: ScriptedGenerator::replay((2 * asked..14).map(text)), calls };
            let mut seen = Vec::new();
            let on_progress = |progress: crate::EvalProgress| seen.push(progress.done);
            let report = evaluate_into(&mut journal, &mut writer, &problems(), &reward, &config, on_progress);
            asked = seen.last().copied().unwrap_or(asked);
            last = report.ok();
            // And the last line is torn.
            let mut torn = fs::read(&path).unwrap();
            torn.extend(b"{\"problem\": \"6\"");
            fs::write(&path, torn).unwrap();
        }
        assert_eq!(last.unwrap(), expected);
        assert_eq!(expected.ungradable, 1);
    }

    #[test]
    fn a_line_that_is_no_problem_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.jsonl");
        fs::write(&path, "{\"mine\": 1}\n").unwrap();
        let error = Journal::open(&path).unwrap_err().to_string();
        assert!(error.contains("journal.jsonl` line 1"), "{error}");
    }
}
