//! Asks, grades and counts.

use std::collections::HashSet;

use r1_core::{Completion, Content, Generate, Key, Problem, Prompt};
use r1_rewards::{GroupScores, Outcome, Reward, RewardError, score_with_retries};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    EvalConfig, EvalError, EvalReport, GradedSample, Journal, ProblemResult, consensus_at_k, majority,
    report::{LeftOut, powers_of_two},
};

/// Progress of an evaluation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EvalProgress {
    /// Problems done, those left out included.
    pub done: usize,
    /// All problems.
    pub total: usize,
    /// Share of correct completions so far, when there are any.
    pub pass_at_1: Option<f64>,
    /// Tokens sampled so far.
    pub tokens: usize,
}

/// Samples every problem, grades the completions and takes the means.
///
/// A problem's completions come from `Key::new(config.seed).for_problem(id)`, so the same seed gives
/// the same samples whatever else is evaluated.
///
/// # Errors
/// [`EvalError::Empty`] and [`EvalError::Setting`] before anything is sampled; errors of the writer;
/// [`RewardError::World`] when scoring failed three times; [`EvalError::NothingGraded`] when no problem
/// could be graded.
pub fn evaluate(
    generator: &mut (impl Generate + ?Sized),
    problems: &[Problem],
    reward: &(impl Reward + ?Sized),
    config: &EvalConfig,
) -> Result<EvalReport, EvalError> {
    evaluate_with(generator, problems, reward, config, |_| {})
}

/// [`evaluate`] that tells how far it is after every chunk of problems.
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_with(
    generator: &mut (impl Generate + ?Sized),
    problems: &[Problem],
    reward: &(impl Reward + ?Sized),
    config: &EvalConfig,
    on_progress: impl FnMut(EvalProgress),
) -> Result<EvalReport, EvalError> {
    evaluate_through(None, generator, problems, reward, config, on_progress)
}

/// [`evaluate_with`] that notes every chunk of problems in a [`Journal`], and does not ask again what stands there.
///
/// However often the process is killed, the report is the same. The caller sees to it that the journal was begun with
/// the same model, problems, reward and settings; see [`Fingerprint`](r1_run::Fingerprint).
///
/// # Errors
/// As [`evaluate`], and errors of the journal's file. What was noted before stays.
pub fn evaluate_into(
    journal: &mut Journal,
    generator: &mut (impl Generate + ?Sized),
    problems: &[Problem],
    reward: &(impl Reward + ?Sized),
    config: &EvalConfig,
    on_progress: impl FnMut(EvalProgress),
) -> Result<EvalReport, EvalError> {
    evaluate_through(Some(journal), generator, problems, reward, config, on_progress)
}

fn evaluate_through(
    mut journal: Option<&mut Journal>,
    generator: &mut (impl Generate + ?Sized),
    problems: &[Problem],
    reward: &(impl Reward + ?Sized),
    config: &EvalConfig,
    mut on_progress: impl FnMut(EvalProgress),
) -> Result<EvalReport, EvalError> {
    config.validate()?;
    check_problems(problems)?;
    let mut noted = |problem: &Problem| journal.as_mut().and_then(|it| it.take(&problem.id, config.samples));
    let mut groups: Vec<Option<GradedGroup>> = problems.iter().map(&mut noted).collect();
    let open: Vec<usize> = (0..problems.len()).filter(|&index| groups[index].is_none()).collect();
    let mut running = Running::new(problems.len(), config);
    groups.iter().flatten().for_each(|group| running.add(group));
    for chunk in open.chunks(config.chunk) {
        let asked: Vec<&Problem> = chunk.iter().map(|&index| &problems[index]).collect();
        let graded = sample(generator, &asked, reward, config)?;
        if let Some(journal) = &mut journal {
            journal.append(&asked, &graded)?;
        }
        for (&index, group) in chunk.iter().zip(graded) {
            running.add(&group);
            groups[index] = Some(group);
        }
        on_progress(running.progress());
    }
    let mut tally = Tally {
        config,
        grader: reward.name(),
        results: Vec::new(),
        rows: Vec::new(),
        out: LeftOut::default(),
    };
    for (problem, group) in problems.iter().zip(groups.into_iter().flatten()) {
        tally.add(problem, group)?;
    }
    tally.finish(problems.len())
}

/// Asks some problems and grades their completions.
fn sample(
    generator: &mut (impl Generate + ?Sized),
    problems: &[&Problem],
    reward: &(impl Reward + ?Sized),
    config: &EvalConfig,
) -> Result<Vec<GradedGroup>, EvalError> {
    let prompts: Vec<Prompt> = problems.iter().map(|problem| prompt(problem, config)).collect();
    let groups = generator.generate(&prompts, config.samples, &config.sampling)?;
    check_groups(&groups, problems.len(), config.samples)?;
    let pairs: Vec<(&Problem, &[Completion])> =
        problems.iter().zip(&groups).map(|(problem, group)| (*problem, group.as_slice())).collect();
    let scores = score_with_retries(reward, &pairs);
    groups
        .into_iter()
        .zip(scores)
        .map(|(completions, scores)| Ok(GradedGroup { completions, grade: grade(scores)? }))
        .collect()
}

fn check_problems(problems: &[Problem]) -> Result<(), EvalError> {
    if problems.is_empty() {
        return Err(EvalError::Empty);
    }
    let mut ids = HashSet::new();
    match problems.iter().find(|problem| !ids.insert(problem.id.as_str())) {
        Some(problem) => Err(EvalError::DuplicateId { id: problem.id.clone() }),
        None => Ok(()),
    }
}

fn check_groups(groups: &[Vec<Completion>], problems: usize, samples: usize) -> Result<(), EvalError> {
    if groups.len() != problems {
        return Err(EvalError::Count { what: "groups", expected: problems, got: groups.len() });
    }
    match groups.iter().find(|group| group.len() != samples) {
        Some(group) => Err(EvalError::Count { what: "completions", expected: samples, got: group.len() }),
        None => Ok(()),
    }
}

fn prompt(problem: &Problem, config: &EvalConfig) -> Prompt {
    Prompt { content: config.template.render(problem), key: Key::new(config.seed).for_problem(&problem.id) }
}

/// A problem's completions and what their scores come to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GradedGroup {
    pub(crate) completions: Vec<Completion>,
    pub(crate) grade: Grade,
}

/// What a group's scores come to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Grade {
    Scores(Vec<f32>),
    Ungradable,
    Abstained,
}

fn grade(scores: GroupScores) -> Result<Grade, RewardError> {
    let mut values = Vec::with_capacity(scores.len());
    let (mut ungradable, mut abstained) = (false, false);
    for score in scores {
        match score.map(|score| score.outcome) {
            Ok(Outcome::Score(value)) => values.push(value),
            Ok(Outcome::Abstain) => abstained = true,
            Err(RewardError::Ungradable { .. }) => ungradable = true,
            Err(error) => return Err(error),
        }
    }
    Ok(match (ungradable, abstained) {
        (true, _) => Grade::Ungradable,
        (false, true) => Grade::Abstained,
        (false, false) => Grade::Scores(values),
    })
}

/// The results so far.
struct Tally<'a> {
    config: &'a EvalConfig,
    grader: &'a str,
    results: Vec<ProblemResult>,
    rows: Vec<GradedSample>,
    out: LeftOut,
}

impl Tally<'_> {
    fn add(&mut self, problem: &Problem, group: GradedGroup) -> Result<(), EvalError> {
        let GradedGroup { completions, grade } = group;
        let prompt = prompt(problem, self.config);
        let scores = match grade {
            Grade::Scores(scores) => {
                self.results.push(self.result(problem, &completions, &scores, prompt.key)?);
                Some(scores)
            }
            Grade::Ungradable => {
                self.out.ungradable += 1;
                None
            }
            Grade::Abstained => {
                self.out.abstained += 1;
                None
            }
        };
        let prompt = written(prompt.content);
        for (sample, completion) in completions.into_iter().enumerate() {
            let score = scores.as_ref().map(|scores| scores[sample]);
            self.rows.push(GradedSample {
                id: problem.id.clone(),
                sample,
                question: problem.question.clone(),
                metadata: self.metadata(problem),
                template: self.config.template.clone(),
                prompt: prompt.clone(),
                reference: problem.reference.clone(),
                tokens: completion.ids.len(),
                finish: completion.finish,
                answer: completion.response().answer.to_owned(),
                think_prefilled: completion.think_prefilled,
                completion: completion.text,
                score,
                correct: score.map(|score| score >= self.config.correct_at),
                grader: self.grader.to_owned(),
                sampling: self.config.sampling.clone(),
                seed: self.config.seed,
                provenance: self.config.provenance.clone(),
            });
        }
        Ok(())
    }

    fn result(
        &self,
        problem: &Problem,
        group: &[Completion],
        scores: &[f32],
        key: Key,
    ) -> Result<ProblemResult, EvalError> {
        let correct: Vec<bool> = scores.iter().map(|&score| score >= self.config.correct_at).collect();
        let answers: Vec<&str> = group.iter().map(|completion| completion.response().answer).collect();
        let same = |a: &str, b: &str| self.config.same_answer.holds(a, b);
        let vote = majority(&answers, same);
        let at_k = |k| Ok((k, consensus_at_k(&answers, &correct, k, same, key)?));
        let consensus_at_k = powers_of_two(group.len()).map(at_k).collect::<Result<_, EvalError>>()?;
        let share = |holds: fn(&Completion) -> bool| {
            group.iter().filter(|completion| holds(completion)).count() as f64 / group.len() as f64
        };
        Ok(ProblemResult {
            id: problem.id.clone(),
            metadata: self.metadata(problem),
            correct: correct.iter().filter(|&&correct| correct).count(),
            consensus_at_k,
            consensus: vote.is_some_and(|vote| correct[vote.winner]),
            format: share(|completion| completion.response().strict().is_ok()),
            truncated: share(|completion| completion.finish.is_cut()),
            tokens: group.iter().map(|completion| completion.ids.len()).sum::<usize>() as f64
                / group.len() as f64,
        })
    }

    /// The entries of a problem's metadata that the tables need.
    fn metadata(&self, problem: &Problem) -> Map<String, Value> {
        let needed = |name: &str| {
            self.config.group_by.iter().any(|by| by == name || by.split('/').any(|part| part == name))
        };
        let entries = problem.metadata.iter().filter(|(name, _)| needed(name));
        entries.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    fn finish(self, problems: usize) -> Result<EvalReport, EvalError> {
        let LeftOut { ungradable, abstained } = self.out;
        if self.results.is_empty() {
            let reward = self.grader.to_owned();
            return Err(EvalError::NothingGraded { problems, ungradable, abstained, reward });
        }
        Ok(EvalReport::new(self.config, self.grader, self.results, self.rows, self.out))
    }
}

/// What is known while problems are still asked.
struct Running<'a> {
    config: &'a EvalConfig,
    progress: EvalProgress,
    correct: usize,
    graded: usize,
}

impl<'a> Running<'a> {
    fn new(total: usize, config: &'a EvalConfig) -> Self {
        let progress = EvalProgress { done: 0, total, pass_at_1: None, tokens: 0 };
        Self { config, progress, correct: 0, graded: 0 }
    }

    fn add(&mut self, group: &GradedGroup) {
        self.progress.done += 1;
        self.progress.tokens +=
            group.completions.iter().map(|completion| completion.ids.len()).sum::<usize>();
        if let Grade::Scores(scores) = &group.grade {
            self.correct += scores.iter().filter(|&&score| score >= self.config.correct_at).count();
            self.graded += scores.len();
        }
    }

    fn progress(&self) -> EvalProgress {
        let pass_at_1 = (self.graded > 0).then(|| self.correct as f64 / self.graded as f64);
        EvalProgress { pass_at_1, ..self.progress }
    }
}

fn written(content: Content) -> Value {
    match content {
        Content::Text(text) => text.into(),
        Content::Ids(ids) => ids.into(),
        Content::Messages(messages) => json!(messages),
    }
}

#[cfg(test)]
mod tests;
