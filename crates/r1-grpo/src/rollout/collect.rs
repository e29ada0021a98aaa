//! From problems to groups with advantages.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use r1_core::{
    Completion, Generate, GenerateError, GroupScores, Key, Problem, ProblemSource, Prompt, Reward,
    RewardError, Sampling, Score, score_with_retries,
};
use r1_model::{CausalLm, LanguageModel};

use crate::{Group, GrpoConfig, GrpoError, Rollout};

/// What was collected, and what it took.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    pub(crate) groups: Vec<Group>,
    /// Ids of the problems whose reference cannot be graded.
    pub(crate) ungradable: Vec<String>,
    /// Tokens of all completions and their prompts, those of dropped groups included.
    pub(crate) tokens: u64,
    pub(crate) sampled_tokens: u64,
    pub(crate) sampling_time: Duration,
    pub(crate) reward_time: Duration,
}

/// What is asked of the policy.
pub(crate) struct RolloutOrder<'a> {
    pub(crate) problems: usize,
    pub(crate) sampling: &'a Sampling,
    /// Number of the rollout, part of its keys.
    pub(crate) rollout: u64,
}

/// Draws problems, samples a group for each and scores the groups.
pub(crate) fn collect<M: CausalLm>(
    policy: &mut LanguageModel<M>,
    config: &GrpoConfig,
    order: &RolloutOrder<'_>,
    source: &mut (impl ProblemSource + ?Sized),
    reward: &(impl Reward + ?Sized),
) -> Result<Collected, GrpoError> {
    let problems: Vec<Problem> = (0..order.problems).map(|_| source.next()).collect::<Result<_, _>>()?;
    let prompts = prompts(&problems, config, order.rollout);

    let started = Instant::now();
    let completions = policy.generate(&prompts, config.group_size, order.sampling);
    let completions = completions.map_err(|error| with_problem(error, &problems))?;
    let sampling_time = started.elapsed();

    let started = Instant::now();
    let asked: Vec<(&Problem, &[Completion])> =
        problems.iter().zip(completions.iter().map(Vec::as_slice)).collect();
    let scores = score_with_retries(reward, &asked);
    let reward_time = started.elapsed();

    let mut collected = Collected { sampling_time, reward_time, ..Collected::default() };
    for (((problem, prompt), completions), scores) in
        problems.into_iter().zip(prompts).zip(completions).zip(scores)
    {
        let (prompt_ids, _) = policy.encode(&prompt.content)?;
        let sampled: usize = completions.iter().map(|completion| completion.ids.len()).sum();
        collected.sampled_tokens += sampled as u64;
        collected.tokens += (sampled + prompt_ids.len() * completions.len()) as u64;
        match graded(&problem, scores)? {
            None => collected.ungradable.push(problem.id),
            Some(scores) => {
                let rollouts = completions
                    .into_iter()
                    .zip(scores)
                    .map(|(completion, score)| Rollout::new(completion, score))
                    .collect();
                collected.groups.push(Group { problem, prompt_ids, rollouts });
            }
        }
    }
    Ok(collected)
}

/// Prompts with their keys. A problem that comes again within a rollout gets other random numbers.
fn prompts(problems: &[Problem], config: &GrpoConfig, rollout: u64) -> Vec<Prompt> {
    let key = Key::new(config.seed).at_step(rollout);
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let prompt = |problem: &'_ Problem, time: usize| {
        let key = match time {
            0 => key.for_problem(&problem.id),
            _ => key.for_problem(&format!("{}#{time}", problem.id)),
        };
        Prompt { content: config.template.render(problem), key }
    };
    problems
        .iter()
        .map(|problem| {
            let times = seen.entry(&problem.id).or_default();
            *times += 1;
            prompt(problem, *times - 1)
        })
        .collect()
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
