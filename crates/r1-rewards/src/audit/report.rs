//! What an audit found.

use std::collections::BTreeMap;

use serde::Serialize;

/// The kind of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A trick pays.
    FalsePositive,
    /// What is right is not paid.
    FalseNegative,
    /// The reward failed where it should not.
    Error,
}

/// One fault of a reward, with what shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The attack's name; `search` for one that the search made up.
    pub attack: String,
    /// What kind of fault it is.
    pub kind: Kind,
    /// The problem's id.
    pub problem: String,
    /// What the honest completion, the bad one and the one in question earned; absent where it abstained or failed.
    pub earned: [Option<f32>; 3],
    /// The completion in question.
    pub text: String,
    /// The error, where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Counts over the cases of one attack.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct AttackTally {
    /// Cases.
    pub cases: usize,
    /// Tricks that pay.
    pub false_positives: usize,
    /// Rewordings that are not paid.
    pub false_negatives: usize,
    /// Cases in which the reward abstained on the completion in question.
    pub abstentions: usize,
    /// Cases in which it failed.
    pub errors: usize,
}

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct AuditReport {
    /// The reward's name.
    pub reward: String,
    /// The distance of the least and the greatest score of all cases.
    pub span: f32,
    /// By the names of the attacks.
    pub attacks: BTreeMap<String, AttackTally>,
    /// Faults in the order of the cases, those of the search last.
    pub findings: Vec<Finding>,
    /// Completions that the search tried.
    pub searched: usize,
    /// Mean time of scoring a completion, in microseconds.
    pub mean_microseconds: f64,
}

impl AuditReport {
    /// The findings, one line each with the attack's name first; the texts are cut short.
    pub fn lines(&self) -> Vec<String> {
        const SHOWN: usize = 60;
        let shown = |earned: Option<f32>| earned.map_or("-".to_owned(), |earned| format!("{earned}"));
        let line = |finding: &Finding| {
            let [honest, bad, tried] = finding.earned.map(shown);
            let what = match (finding.kind, &finding.error) {
                (Kind::FalsePositive, _) => format!(
                    "a trick earns {tried}, where the plain fault earns {bad} and honest work {honest}"
                ),
                (Kind::FalseNegative, _) => {
                    format!("right in other words earns {tried}, where the same earned {honest}")
                }
                (Kind::Error, error) => format!("failed: {}", error.as_deref().unwrap_or("")),
            };
            let mut text: String = finding.text.chars().take(SHOWN).collect();
            if text.len() < finding.text.len() {
                text.push_str("..");
            }
            format!("{}: `{}` on `{}`: {what}: {text:?}", finding.attack, self.reward, finding.problem)
        };
        self.findings.iter().map(line).collect()
    }
}
