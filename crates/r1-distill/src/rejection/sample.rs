//! Asking, scoring and keeping.

use std::collections::{BTreeMap, HashSet};

use r1_core::{Completion, FinishReason, Generate, GenerateError, Key, Problem, Prompt, Trace};
use r1_rewards::{GroupScores, Outcome, Reward, RewardError, score_with_retries};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::RejectionConfig;
use crate::{DistillError, Unreadable};

/// Asks a teacher every problem several times and keeps the completions that are right, ended by themselves, readable,
/// and not the same as one kept before.
///
/// A problem's completions come from `Key::new(config.seed).for_problem(id)`, so the same seed gives the same traces
/// whatever else is asked. Provenance says teacher, sampling, key, sample, reward and score. To write the traces to a
/// file that a killed run goes on with, use [`rejection_sample_into`](crate::rejection_sample_into).
///
/// # Errors
/// [`DistillError::Setting`] and [`DistillError::DuplicateId`] before anything is sampled; [`DistillError::Prompt`] with
/// the problem that cannot be asked; errors of the teacher; [`DistillError::Reward`] when scoring failed three times.
///
/// # Examples
/// ```
/// use r1_core::{Problem, Reference, ScriptedGenerator};
/// use r1_distill::{RejectionConfig, rejection_sample};
/// use r1_rewards::AccuracyReward;
///
/// let problems = [Problem::new("sum-1", "What is 2 + 2?", Reference::number("4"))];
/// let mut teacher = ScriptedGenerator::replay([
///     "<think>2 + 2 = 4</think> <answer>4</answer>",
///     "<think>a guess</think> <answer>5</answer>",
/// ]);
/// let config = RejectionConfig::new().with_teacher("scripted").with_samples(2);
/// let traces = rejection_sample(&mut teacher, &problems, &AccuracyReward::new(), &config)?;
/// assert_eq!(traces.len(), 1);
/// assert_eq!(traces[0].completion, "<think>2 + 2 = 4</think> <answer>4</answer>");
/// assert_eq!(traces[0].provenance["teacher"], "scripted");
/// # Ok::<(), r1_distill::DistillError>(())
/// ```
pub fn rejection_sample(
    teacher: &mut (impl Generate + ?Sized),
    problems: &[Problem],
    reward: &(impl Reward + ?Sized),
    config: &RejectionConfig,
) -> Result<Vec<Trace>, DistillError> {
    config.validate()?;
    check_ids(problems)?;
    let mut traces = Vec::new();
    for chunk in problems.chunks(config.chunk) {
        for (kept, _) in sample_chunk(teacher, chunk, reward, config)? {
            traces.extend(kept);
        }
    }
    Ok(traces)
}

/// What became of one problem's completions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Counts {
    /// Completions with a score that is high enough.
    pub(super) correct: usize,
    /// Correct ones that the limit of tokens cut off.
    pub(super) truncated: usize,
    /// Correct ones that are not readable.
    pub(super) unreadable: BTreeMap<Unreadable, usize>,
    /// Correct ones with the text of another.
    pub(super) repeated: usize,
    /// Good ones beyond the number that is kept of a problem.
    pub(super) surplus: usize,
    /// Traces.
    pub(super) kept: usize,
    /// Whether the reference cannot be graded.
    pub(super) ungradable: bool,
    /// Tokens of all completions, where the teacher tells them.
    pub(super) tokens: usize,
}

/// Two problems with one id would be sampled with the same random numbers.
pub(crate) fn check_ids(problems: &[Problem]) -> Result<(), DistillError> {
    let mut ids = HashSet::new();
    match problems.iter().find(|problem| !ids.insert(problem.id.as_str())) {
        Some(problem) => Err(DistillError::DuplicateId { id: problem.id.clone() }),
        None => Ok(()),
    }
}

/// The traces of each problem, and what became of its completions.
pub(super) fn sample_chunk(
    teacher: &mut (impl Generate + ?Sized),
    problems: &[Problem],
    reward: &(impl Reward + ?Sized),
    config: &RejectionConfig,
) -> Result<Vec<(Vec<Trace>, Counts)>, DistillError> {
    let key = |problem: &Problem| Key::new(config.seed).for_problem(&problem.id);
    let prompts: Vec<Prompt> = problems
        .iter()
        .map(|problem| Prompt { content: config.template.render(problem), key: key(problem) })
        .collect();
    let groups = teacher
        .generate(&prompts, config.samples, &config.sampling)
        .map_err(|error| with_problem(error, problems))?;
    check_groups(&groups, problems.len(), config.samples)?;
    let pairs: Vec<(&Problem, &[Completion])> =
        problems.iter().zip(groups.iter().map(Vec::as_slice)).collect();
    let scores = score_with_retries(reward, &pairs);
    let results = problems.iter().zip(prompts).zip(&groups).zip(scores);
    results
        .map(|(((problem, prompt), group), scores)| {
            let asked = Asked { problem, prompt, reward: reward.name(), config };
            asked.keep(group, scores)
        })
        .collect()
}

struct Asked<'a> {
    problem: &'a Problem,
    prompt: Prompt,
    reward: &'a str,
    config: &'a RejectionConfig,
}

impl Asked<'_> {
    fn keep(&self, group: &[Completion], scores: GroupScores) -> Result<(Vec<Trace>, Counts), DistillError> {
        let mut counts =
            Counts { tokens: group.iter().map(|completion| completion.ids.len()).sum(), ..Counts::default() };
        let mut traces: Vec<Trace> = Vec::new();
        for (sample, (completion, score)) in group.iter().zip(scores).enumerate() {
            let score = match score.map(|score| score.outcome) {
                Ok(Outcome::Score(score)) if score >= self.config.keep_at => score,
                Ok(_) => continue,
                Err(RewardError::Ungradable { .. }) => {
                    counts.ungradable = true;
                    continue;
                }
                Err(source) => {
                    return Err(DistillError::Reward { problem: self.problem.id.clone(), source });
                }
            };
            counts.correct += 1;
            let text = whole_text(completion);
            if completion.finish != FinishReason::Stop {
                counts.truncated += 1;
            } else if let Err(reason) = self.config.readability.check(completion) {
                *counts.unreadable.entry(reason).or_default() += 1;
            } else if traces.iter().any(|trace| trace.completion == text) {
                counts.repeated += 1;
            } else if traces.len() == self.config.max_per_problem {
                counts.surplus += 1;
            } else {
                traces.push(self.trace(sample, text, score));
            }
        }
        counts.kept = traces.len();
        Ok((traces, counts))
    }

    fn trace(&self, sample: usize, text: String, score: f32) -> Trace {
        Trace::new(format!("{}/{sample}", self.problem.id), self.prompt.content.clone(), text)
            .of(self.problem.clone())
            .with("teacher", self.config.teacher.as_str())
            .with("sampling", json!(self.config.sampling))
            .with("key", json!(self.prompt.key.for_sample(sample as u64)))
            .with("reward", self.reward)
            .with("score", score)
    }
}

/// The completion with the `<think>` that its prompt may have held.
fn whole_text(completion: &Completion) -> String {
    let opening = if completion.think_prefilled { "<think>\n" } else { "" };
    format!("{opening}{}", completion.text)
}

pub(crate) fn check_groups(
    groups: &[Vec<Completion>],
    problems: usize,
    samples: usize,
) -> Result<(), DistillError> {
    if groups.len() != problems {
        return Err(DistillError::Count { what: "groups", expected: problems, got: groups.len() });
    }
    match groups.iter().find(|group| group.len() != samples) {
        Some(group) => Err(DistillError::Count { what: "completions", expected: samples, got: group.len() }),
        None => Ok(()),
    }
}

/// Names the problem, where the teacher names a prompt of the chunk.
pub(crate) fn with_problem(error: GenerateError, problems: &[Problem]) -> DistillError {
    let index = match &error {
        GenerateError::PromptTooLong { index, .. }
        | GenerateError::EmptyPrompt { index }
        | GenerateError::Encode { index, .. } => Some(*index),
        _ => None,
    };
    match index.and_then(|index| problems.get(index)) {
        Some(problem) => DistillError::Prompt { problem: problem.id.clone(), source: error },
        None => error.into(),
    }
}
