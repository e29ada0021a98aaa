//! A data set's completions, graded: what a command or a script needs to score a file.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use r1_core::{Completion, FinishReason, Problem, Reference};
use r1_sandbox::Limits;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{CodeError, Judge, Language, Suite, Verdict, fence::extract};

/// A program to be graded, for a problem of a data set.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The problem's id, as the completions name it.
    pub problem: String,
    /// The text: a completion with fenced code, or code alone.
    pub text: String,
}

/// The fields under which data sets name the problem, and under which they keep the text.
const IDS: [&str; 4] = ["id", "problem_id", "task_id", "question_id"];
const TEXTS: [&str; 7] = ["completion", "completions", "code", "solution", "text", "answer", "output"];

impl Candidate {
    /// The candidates of a row: `{"task_id": .., "completion": ".."}` or the like, a text or a list of them.
    ///
    /// # Errors
    /// A sentence that says what the row lacks.
    pub fn of_row(row: &Value) -> Result<Vec<Self>, String> {
        let id = IDS
            .iter()
            .find_map(|name| row.get(name))
            .ok_or_else(|| format!("it names no problem; expected one of the fields {}", IDS.join(", ")))?;
        let problem = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        let text = TEXTS.iter().find_map(|name| row.get(name)).ok_or_else(|| {
            format!("it holds no completion; expected one of the fields {}", TEXTS.join(", "))
        })?;
        let texts = match text {
            Value::Array(texts) => texts.iter().collect(),
            text => vec![text],
        };
        let candidate = |text: &Value| match text.as_str() {
            Some(text) => Ok(Self { problem: problem.clone(), text: text.to_owned() }),
            None => Err("a completion is no text".to_owned()),
        };
        texts.into_iter().map(candidate).collect()
    }
}

/// What became of a candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grade {
    /// The problem's id.
    pub id: String,
    /// Which of the problem's candidates it is, from 0.
    pub sample: usize,
    /// The verdict; none where the problem cannot be graded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// How many tests were accepted before the first that was not.
    #[serde(default)]
    pub accepted: usize,
    /// Why, in one line.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// Problems by their ids, which completions may shorten: `2` for `mbpp-2`.
#[derive(Debug)]
pub struct ProblemIndex<'a> {
    by_id: HashMap<&'a str, &'a Problem>,
}

impl<'a> ProblemIndex<'a> {
    /// An index of these problems.
    pub fn new(problems: &'a [Problem]) -> Self {
        let mut by_id = HashMap::new();
        for problem in problems {
            // A short id is as good as the whole one as long as it names one problem.
            if let Some((_, short)) = problem.id.rsplit_once(['-', '/']) {
                by_id.entry(short).or_insert(problem);
            }
        }
        for problem in problems {
            by_id.insert(problem.id.as_str(), problem);
        }
        Self { by_id }
    }

    /// The problem of this id.
    pub fn get(&self, id: &str) -> Option<&'a Problem> {
        self.by_id.get(id).copied()
    }
}

/// Judges one candidate: verdict, tests accepted, and why. A text without fences is code as it stands; in one
/// with fences the program is looked for after the thoughts.
///
/// # Errors
/// The world's: see [`CodeError`]. Tests that cannot be used give a grade without a verdict.
pub fn grade_candidate(
    judge: &Judge,
    problem: &Problem,
    text: &str,
    language: Language,
    limits: &Limits,
) -> Result<(Option<Verdict>, usize, String), CodeError> {
    let Reference::Tests { tests } = &problem.reference else {
        return Ok((None, 0, "the problem has no tests".into()));
    };
    let outcome = Suite::parse(tests).and_then(|suite| {
        let language = suite.language.unwrap_or(language);
        let completion = Completion::from_text(text, FinishReason::Stop);
        let has_fence = text.contains("```") || text.contains("~~~");
        let code = if has_fence {
            extract(completion.response().answer, language, &suite.tests)
        } else {
            Some(text.to_owned())
        };
        let Some(code) = code else {
            return Ok((Some(Verdict::CompileError), 0, "it holds no program".into()));
        };
        let submission = suite.submission(language, &code, limits).stopping_at_failure();
        let judgement = judge.judge(&submission, &suite.tests)?;
        let accepted = judgement.tests.iter().filter(|test| test.verdict == Verdict::Accepted).count();
        let detail = judgement.tests.last().map(|test| test.detail.clone()).filter(|text| !text.is_empty());
        let message = judgement.message.lines().next().unwrap_or_default().to_owned();
        Ok((Some(judgement.verdict), accepted, detail.unwrap_or(message)))
    });
    match outcome {
        Err(CodeError::Tests { reason } | CodeError::Checker { reason }) => Ok((None, 0, reason)),
        outcome => outcome,
    }
}

/// Does `work` for every item, `jobs` at a time, and hands the results to `sink` in the items' order, each as
/// soon as it and those before it are there. The first error of either ends it.
///
/// # Errors
/// The first error.
pub fn in_order<T: Sync, R: Send, E: Send>(
    items: &[T],
    jobs: usize,
    work: impl Fn(&T) -> Result<R, E> + Sync,
    mut sink: impl FnMut(&T, R) -> Result<(), E>,
) -> Result<(), E> {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (sender, receiver) = mpsc::channel();
    let sender = Mutex::new(sender);
    thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, items.len().max(1)) {
            scope.spawn(|| {
                let sender = sender.lock().unwrap_or_else(PoisonError::into_inner).clone();
                while !stop.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    // Who waits may have given up.
                    let _ = sender.send((index, work(item)));
                }
            });
        }
        let (mut waiting, mut due) = (HashMap::new(), 0);
        let mut deliver = || {
            while due < items.len() {
                let Ok((index, result)) = receiver.recv() else { break };
                waiting.insert(index, result);
                while let Some(result) = waiting.remove(&due) {
                    sink(&items[due], result?)?;
                    due += 1;
                }
            }
            Ok(())
        };
        let outcome = deliver();
        stop.store(true, Ordering::Relaxed);
        outcome
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_are_read_by_any_of_their_names() {
        let row = json!({"task_id": "HumanEval/3", "completion": "    return 1\n"});
        let candidate = Candidate { problem: "HumanEval/3".into(), text: "    return 1\n".into() };
        assert_eq!(Candidate::of_row(&row), Ok(vec![candidate]));
        let many = Candidate::of_row(&json!({"id": 7, "completions": ["a", "b"]})).unwrap();
        assert_eq!(
            many.iter().map(|c| (&*c.problem, &*c.text)).collect::<Vec<_>>(),
            [("7", "a"), ("7", "b")]
        );
        assert!(Candidate::of_row(&json!({"id": 7})).unwrap_err().contains("no completion"));
        assert!(Candidate::of_row(&json!({"text": "x"})).unwrap_err().contains("names no problem"));
        assert!(Candidate::of_row(&json!({"id": 7, "text": 8})).is_err());
    }

    #[test]
    fn results_come_in_order_and_an_error_ends_it() {
        let items: Vec<u64> = (0..200).collect();
        let mut seen = Vec::new();
        let work = |item: &u64| {
            thread::sleep(std::time::Duration::from_micros(item * 7919 % 300));
            Ok::<_, String>(item * 2)
        };
        in_order(&items, 8, work, |item, double| {
            seen.push((*item, double));
            Ok(())
        })
        .unwrap();
        assert_eq!(seen, items.iter().map(|&item| (item, item * 2)).collect::<Vec<_>>());
        let fails = |item: &u64| if *item == 50 { Err("fifty") } else { Ok(()) };
        assert_eq!(in_order(&items, 4, fails, |_, ()| Ok(())), Err("fifty"));
        assert_eq!(
            in_order(&items, 4, |_| Ok(()), |item, ()| if *item == 3 { Err("full") } else { Ok(()) }),
            Err("full")
        );
    }

    #[test]
    fn short_ids_find_their_problem() {
        let problem = |id: &str| Problem::new(id, "", Reference::Tests { tests: json!([]) });
        let problems = [problem("mbpp-2"), problem("mbpp-12"), problem("2")];
        let index = ProblemIndex::new(&problems);
        assert_eq!(index.get("12").unwrap().id, "mbpp-12");
        assert_eq!(index.get("2").unwrap().id, "2");
        assert_eq!(index.get("mbpp-2").unwrap().id, "mbpp-2");
        assert!(index.get("bpp-2").is_none());
    }
}
