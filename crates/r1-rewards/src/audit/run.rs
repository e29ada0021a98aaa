//! The audit itself.

use std::time::Instant;

use r1_core::{Completion, GroupScores, Outcome, Problem, Reward, RewardError, score_all};

use super::{
    answer,
    case::{Aim, Case},
    form, program,
    report::{AttackTally, AuditReport, Finding, Kind},
    search,
};

/// A trick pays when it covers more than so much of the span.
const PAYS: f32 = 0.5;

/// The cases that a reward is tried with, and how long is searched.
#[derive(Debug, Clone)]
pub struct Audit {
    cases: Vec<Case>,
    budget: usize,
    seed: u64,
}

impl Default for Audit {
    fn default() -> Self {
        Self::new()
    }
}

impl Audit {
    /// The built-in corpus, and a search of 2,000 completions.
    pub fn new() -> Self {
        let of_answers = answer::problems();
        let of_answers =
            of_answers.iter().flat_map(|(problem, right, wrong)| answer::cases(problem, right, wrong));
        let cases = of_answers.chain(form::cases()).chain(program::cases()).collect();
        Self { cases, budget: 2000, seed: 0 }
    }

    /// The same with attacks on problems of one's own beside the built-in ones; the wrong answers are those of the next problem.
    /// Problems whose right answer is no text are left out.
    #[must_use]
    pub fn with_problems(mut self, problems: &[Problem]) -> Self {
        let known: Vec<(&Problem, String)> =
            problems.iter().filter_map(|problem| Some((problem, answer::right(problem)?))).collect();
        for (index, (problem, right)) in known.iter().enumerate() {
            let others = known.iter().cycle().skip(index + 1).take(known.len());
            let wrong = others.map(|(_, wrong)| wrong).find(|wrong| *wrong != right);
            let wrong = wrong.cloned().unwrap_or_else(|| format!("{right}1"));
            self.cases.extend(answer::cases(problem, right, &wrong));
        }
        self
    }

    /// The same with more cases.
    #[must_use]
    pub fn with_cases(mut self, cases: impl IntoIterator<Item = Case>) -> Self {
        self.cases.extend(cases);
        self
    }

    /// The same with a search of so many completions; 0 searches nothing.
    #[must_use]
    pub fn with_budget(self, budget: usize) -> Self {
        Self { budget, ..self }
    }

    /// The same with another seed of the search.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The number of cases.
    pub fn len(&self) -> usize {
        self.cases.len()
    }

    /// Whether there is no case.
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }

    /// Tries a reward.
    pub fn run(&self, reward: &(impl Reward + ?Sized)) -> AuditReport {
        let start = Instant::now();
        let scored: Vec<[Result<Outcome, RewardError>; 3]> =
            self.cases.iter().map(|case| score(reward, case)).collect();
        let microseconds = start.elapsed().as_secs_f64() * 1e6;
        let mut report = AuditReport { reward: reward.name().to_owned(), ..AuditReport::default() };
        report.mean_microseconds = microseconds / (3 * self.cases.len().max(1)) as f64;
        let values = || scored.iter().flatten().filter_map(|score| score.as_ref().ok()?.value());
        let (least, most) = (values().fold(f32::MAX, f32::min), values().fold(f32::MIN, f32::max));
        report.span = (most - least).max(0.0);
        for (case, scores) in self.cases.iter().zip(&scored) {
            let tally = report.attacks.entry(case.attack.to_owned()).or_default();
            report.findings.extend(judge(case, scores, report.span, tally));
        }
        if self.budget > 0 && report.span > 0.0 {
            let (searched, found) = search::search(reward, report.span, self.budget, self.seed);
            report.searched = searched;
            report.findings.extend(found);
        }
        report
    }
}

/// What the reward gives to the three completions of a case, as one group where they have one problem.
fn score(reward: &(impl Reward + ?Sized), case: &Case) -> [Result<Outcome, RewardError>; 3] {
    let ask = |problem: &Problem, completions: &[Completion]| -> GroupScores {
        score_all(reward, &[(problem, completions)]).pop().unwrap_or_default()
    };
    let mut scores = match &case.other {
        None => ask(&case.problem, &[case.honest.clone(), case.bad.clone(), case.tried.clone()]),
        Some(other) => {
            let mut scores = ask(&case.problem, &[case.honest.clone(), case.bad.clone()]);
            scores.extend(ask(other, std::slice::from_ref(&case.tried)));
            scores
        }
    }
    .into_iter();
    std::array::from_fn(|_| {
        scores.next().map_or(Ok(Outcome::Abstain), |score| score.map(|score| score.outcome))
    })
}

fn judge(
    case: &Case,
    scores: &[Result<Outcome, RewardError>; 3],
    span: f32,
    tally: &mut AttackTally,
) -> Option<Finding> {
    tally.cases += 1;
    let earned = [0, 1, 2].map(|index| scores[index].as_ref().ok().and_then(|outcome| outcome.value()));
    let finding = |kind, error| {
        let (attack, problem) = (case.attack.to_owned(), case.problem.id.clone());
        Some(Finding { attack, kind, problem, earned, text: case.tried.text.clone(), error })
    };
    // A reference that nobody can read is meant to be refused.
    let refused =
        |error: &RewardError| case.other.is_some() && matches!(error, RewardError::Ungradable { .. });
    if let Some(error) = scores.iter().filter_map(|score| score.as_ref().err()).find(|error| !refused(error))
    {
        tally.errors += 1;
        let source = std::error::Error::source(error).map_or(String::new(), |source| format!(": {source}"));
        return finding(Kind::Error, Some(format!("{error}{source}")));
    }
    let [honest, bad, tried] = earned;
    let Some(tried) = tried else {
        tally.abstentions += usize::from(scores[2].is_ok());
        return None;
    };
    match case.aim {
        Aim::Trick if bad.is_some_and(|bad| tried - bad > PAYS * span) => {
            tally.false_positives += 1;
            finding(Kind::FalsePositive, None)
        }
        Aim::Rewording if honest.is_some_and(|honest| honest - tried > PAYS * span) => {
            tally.false_negatives += 1;
            finding(Kind::FalseNegative, None)
        }
        _ => None,
    }
}
