//! Asks, grades and counts.

use std::collections::HashSet;

use r1_core::{Completion, Content, FinishReason, Generate, Key, Problem, Prompt};
use r1_rewards::{GroupScores, Outcome, Reward, RewardError, score_with_retries};
use serde_json::{Map, Value, json};

use crate::{
    EvalConfig, EvalError, EvalReport, ProblemResult, SampleRow, consensus_at_k, majority,
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
    mut on_progress: impl FnMut(EvalProgress),
) -> Result<EvalReport, EvalError> {
    config.validate()?;
    check_problems(problems)?;
    let mut tally = Tally {
        config,
        grader: reward.name(),
        results: Vec::new(),
        rows: Vec::new(),
        out: LeftOut::default(),
    };
    let mut done = 0;
    for chunk in problems.chunks(config.chunk) {
        let prompts: Vec<Prompt> = chunk.iter().map(|problem| prompt(problem, config)).collect();
        let groups = generator.generate(&prompts, config.samples, &config.sampling)?;
        check_groups(&groups, chunk.len(), config.samples)?;
        let pairs: Vec<(&Problem, &[Completion])> =
            chunk.iter().zip(&groups).map(|(problem, group)| (problem, group.as_slice())).collect();
        let scores = score_with_retries(reward, &pairs);
        for (((problem, prompt), group), scores) in chunk.iter().zip(prompts).zip(groups).zip(scores) {
            tally.add(problem, prompt, group, scores)?;
        }
        done += chunk.len();
        on_progress(tally.progress(done, problems.len()));
    }
    tally.finish(problems.len())
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

/// The result of a group's scores.
enum Graded {
    Scores(Vec<f32>),
    Ungradable,
    Abstained,
}

fn graded(scores: GroupScores) -> Result<Graded, RewardError> {
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
        (true, _) => Graded::Ungradable,
        (false, true) => Graded::Abstained,
        (false, false) => Graded::Scores(values),
    })
}

/// The results so far.
struct Tally<'a> {
    config: &'a EvalConfig,
    grader: &'a str,
    results: Vec<ProblemResult>,
    rows: Vec<SampleRow>,
    out: LeftOut,
}

impl Tally<'_> {
    fn add(
        &mut self,
        problem: &Problem,
        prompt: Prompt,
        group: Vec<Completion>,
        scores: GroupScores,
    ) -> Result<(), EvalError> {
        let scores = match graded(scores)? {
            Graded::Scores(scores) => {
                self.results.push(self.result(problem, &group, &scores, prompt.key)?);
                Some(scores)
            }
            Graded::Ungradable => {
                self.out.ungradable += 1;
                None
            }
            Graded::Abstained => {
                self.out.abstained += 1;
                None
            }
        };
        let prompt = written(prompt.content);
        for (sample, completion) in group.into_iter().enumerate() {
            let score = scores.as_ref().map(|scores| scores[sample]);
            self.rows.push(SampleRow {
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
            truncated: share(|completion| completion.finish == FinishReason::Length),
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

    fn progress(&self, done: usize, total: usize) -> EvalProgress {
        let correct: usize = self.results.iter().map(|result| result.correct).sum();
        let graded = self.results.len() * self.config.samples;
        EvalProgress {
            done,
            total,
            pass_at_1: (graded > 0).then(|| correct as f64 / graded as f64),
            tokens: self.rows.iter().map(|row| row.tokens).sum(),
        }
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

fn written(content: Content) -> Value {
    match content {
        Content::Text(text) => text.into(),
        Content::Ids(ids) => ids.into(),
        Content::Messages(messages) => json!(messages),
    }
}

#[cfg(test)]
mod tests;
