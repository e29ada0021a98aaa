//! From problems to groups with scores.

use std::collections::HashMap;

use r1_core::{
    Completion, GenerateError, GroupScores, Key, Problem, ProblemSource, Reward, RewardError, Score,
    StepScore,
};
use r1_model::{CausalLm, EncodedPrompt, LanguageModel};

use super::{
    Group, Rollout, RolloutRequest, RolloutSource,
    scoring::{Times, write_and_score},
};
use crate::{GrpoConfig, GrpoError, LongPrompts, StepReward};

/// Problems in a row whose prompts do not fit, after which the data set is refused.
const MAX_LONG_PROMPTS: usize = 1000;

/// What was collected, and what it took.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    pub(crate) groups: Vec<Group>,
    /// Ids of the problems whose reference cannot be graded.
    pub(crate) ungradable: Vec<String>,
    /// Problems whose prompts do not fit.
    pub(crate) long_prompts: usize,
    /// Tokens of all completions and their prompts, those of dropped groups included.
    pub(crate) tokens: u64,
    pub(crate) sampled_tokens: u64,
    pub(crate) times: Times,
}

/// What is to be collected.
pub(crate) struct Collection<'a> {
    pub(crate) problems: usize,
    pub(crate) sampling: &'a r1_core::Sampling,
    /// Number of the rollout, part of its keys.
    pub(crate) rollout: u64,
    pub(crate) weights_version: u64,
}

/// Draws problems, has a group written for each and scores the groups. Advantages are given later.
pub(crate) fn collect<M: CausalLm>(
    policy: &mut LanguageModel<M>,
    rollouts: &mut (impl RolloutSource<M> + ?Sized),
    config: &GrpoConfig,
    wanted: &Collection<'_>,
    source: &mut (impl ProblemSource + ?Sized),
    reward: &(impl Reward + ?Sized),
) -> Result<Collected, GrpoError> {
    let (problems, prompts, long_prompts) = draw(policy, config, wanted, source)?;
    let request = RolloutRequest {
        prompts: &prompts,
        samples: config.group_size,
        sampling: wanted.sampling,
        weights_version: wanted.weights_version,
    };
    let written = write_and_score(rollouts, policy, &request, &problems, reward);
    let (groups, times) = written.map_err(|error| with_problem(error, &problems))?;
    let mut collected = Collected { times, long_prompts, ..Collected::default() };
    for ((problem, prompt), scored) in problems.into_iter().zip(prompts).zip(groups) {
        let unusable = |reason: String| GrpoError::Rollouts { problem: problem.id.clone(), reason };
        let scored = scored.ok_or_else(|| unusable("has no completions".into()))?;
        let completions =
            accepted(scored.completions, config.group_size, wanted.weights_version).map_err(unusable)?;
        let sampled: usize = completions.iter().map(|completion| completion.ids.len()).sum();
        collected.sampled_tokens += sampled as u64;
        collected.tokens += (sampled + prompt.ids.len() * completions.len()) as u64;
        match graded(&problem, scored.scores)? {
            None => collected.ungradable.push(problem.id),
            Some(scores) => {
                let rollouts = completions.into_iter().zip(scores);
                let rollouts = rollouts.map(|(completion, score)| rollout(policy, completion, score));
                collected.groups.push(Group {
                    rollouts: rollouts.collect(),
                    problem,
                    prompt_ids: prompt.ids,
                });
            }
        }
    }
    Ok(collected)
}

/// Draws problems whose prompts fit, each prompt with its key. A problem that comes again within a rollout gets other
/// random numbers.
fn draw<M: CausalLm>(
    policy: &LanguageModel<M>,
    config: &GrpoConfig,
    wanted: &Collection<'_>,
    source: &mut (impl ProblemSource + ?Sized),
) -> Result<(Vec<Problem>, Vec<EncodedPrompt>, usize), GrpoError> {
    let key = Key::new(config.seed).at_step(wanted.rollout);
    let (mut problems, mut prompts): (Vec<Problem>, Vec<EncodedPrompt>) = (Vec::new(), Vec::new());
    let mut seen: HashMap<String, usize> = HashMap::new();
    let (mut long_prompts, mut in_a_row) = (0, 0);
    let context = policy.config.context;
    while problems.len() < wanted.problems {
        let problem = source.next()?;
        let index = problems.len();
        let refused = |source| GrpoError::Prompt { problem: problem.id.clone(), source };
        let encoded = policy.encode(&config.template.render(&problem));
        let (ids, think_prefilled) =
            encoded.map_err(|error| refused(GenerateError::Encode { index, source: error.into() }))?;
        if ids.is_empty() {
            return Err(refused(GenerateError::EmptyPrompt { index }));
        }
        if ids.len() >= context {
            (long_prompts, in_a_row) = (long_prompts + 1, in_a_row + 1);
            if config.long_prompts == LongPrompts::Refuse || in_a_row == MAX_LONG_PROMPTS {
                return Err(refused(GenerateError::PromptTooLong { index, tokens: ids.len(), context }));
            }
            continue;
        }
        in_a_row = 0;
        let times = seen.entry(problem.id.clone()).or_default();
        let key = match *times {
            0 => key.for_problem(&problem.id),
            times => key.for_problem(&format!("{}#{times}", problem.id)),
        };
        *times += 1;
        prompts.push(EncodedPrompt { ids, think_prefilled, key });
        problems.push(problem);
    }
    Ok((problems, prompts, long_prompts))
}

/// The completions of a prompt, as many as were asked for and each fit to be trained on.
fn accepted(completions: Vec<Completion>, samples: usize, version: u64) -> Result<Vec<Completion>, String> {
    if completions.len() != samples {
        return Err(format!("has {} completions instead of {samples}", completions.len()));
    }
    for (index, completion) in completions.iter().enumerate() {
        completion.check().map_err(|reason| format!("completion {index} {reason}"))?;
    }
    let known = |completion: Completion| Completion {
        weights_version: completion.weights_version.or(Some(version)),
        ..completion
    };
    Ok(completions.into_iter().map(known).collect())
}

/// The same error with the id of the problem that it is about, if it is about one.
fn with_problem(error: GenerateError, problems: &[Problem]) -> GrpoError {
    let index = match &error {
        GenerateError::PromptTooLong { index, .. }
        | GenerateError::EmptyPrompt { index }
        | GenerateError::Encode { index, .. } => Some(*index),
        _ => None,
    };
    match index.and_then(|index| problems.get(index)) {
        Some(problem) => GrpoError::Prompt { problem: problem.id.clone(), source: error },
        None => error.into(),
    }
}

/// The scores of a group; `None` if its reference cannot be graded.
fn graded(problem: &Problem, scores: GroupScores) -> Result<Option<Vec<Score>>, GrpoError> {
    let mut ungradable = false;
    let mut graded = Vec::with_capacity(scores.len());
    for score in scores {
        match score {
            Ok(score) => graded.push(score),
            Err(RewardError::Ungradable { .. }) => ungradable = true,
            Err(source) => return Err(GrpoError::Reward { problem: problem.id.clone(), source }),
        }
    }
    Ok((!ungradable).then_some(graded))
}

/// A rollout whose steps end at tokens.
fn rollout<M: CausalLm>(policy: &LanguageModel<M>, completion: Completion, mut score: Score) -> Rollout {
    let steps = std::mem::take(&mut score.steps);
    let steps = steps.into_iter().filter_map(|step| at_token(policy, &completion, step)).collect();
    Rollout { steps, ..Rollout::new(completion, score) }
}

/// The step with the token that its last byte belongs to; `None` for a completion without tokens.
fn at_token<M: CausalLm>(
    policy: &LanguageModel<M>,
    completion: &Completion,
    step: StepScore,
) -> Option<StepReward> {
    let tokens = policy.tokens_reaching(&completion.ids, step.end);
    (tokens > 0).then(|| StepReward { end: tokens - 1, reward: step.reward })
}
