//! Scoring of groups while others are still written.

use std::{
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use r1_core::{Completion, GenerateError, GroupScores, Problem, Reward, RewardKind, score_with_retries};
use r1_model::{CausalLm, LanguageModel};

use super::{RolloutRequest, RolloutSource};

/// Threads of a reward that waits for something outside.
const BLOCKING_THREADS: usize = 8;

/// A group as it was written and scored.
pub(crate) struct Scored {
    pub(crate) completions: Vec<Completion>,
    pub(crate) scores: GroupScores,
}

/// What writing and scoring took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Times {
    pub(crate) writing: Duration,
    /// After everything was written.
    pub(crate) scoring: Duration,
}

/// Has `source` write the groups of the problems and scores each as soon as it is whole, in threads of its own. The
/// result is in the order of the problems, and does not depend on which group was whole first.
pub(crate) fn write_and_score<M: CausalLm>(
    source: &mut (impl RolloutSource<M> + ?Sized),
    policy: &mut LanguageModel<M>,
    request: &RolloutRequest<'_>,
    problems: &[Problem],
    reward: &(impl Reward + ?Sized),
) -> Result<(Vec<Option<Scored>>, Times), GenerateError> {
    let threads = match reward.kind() {
        RewardKind::Pure => 1,
        RewardKind::Blocking => BLOCKING_THREADS.min(problems.len()).max(1),
    };
    let (to_score, waiting) = channel::<(usize, Vec<Completion>)>();
    let (scored, results) = channel::<(usize, Scored)>();
    let waiting = Mutex::new(waiting);
    let started = Instant::now();
    let writing = thread::scope(|scope| {
        for _ in 0..threads {
            let (scored, waiting) = (scored.clone(), &waiting);
            scope.spawn(move || score_waiting(waiting, &scored, problems, reward, threads));
        }
        drop(scored);
        let written = source.write(policy, request, &mut |index, completions| {
            // Rewards with a schedule ask which update they are at.
            let known = |completion: Completion| Completion {
                weights_version: completion.weights_version.or(Some(request.weights_version)),
                ..completion
            };
            let completions = completions.into_iter().map(known).collect();
            // It only fails when a scorer has panicked, which the scope then tells.
            let _ = to_score.send((index, completions));
        });
        let writing = started.elapsed();
        drop(to_score);
        written.map(|()| writing)
    })?;
    let times = Times { writing, scoring: started.elapsed() - writing };
    let mut groups: Vec<Option<Scored>> = problems.iter().map(|_| None).collect();
    for (index, group) in results {
        groups[index] = Some(group);
    }
    Ok((groups, times))
}

/// Scores what waits until nothing more comes: all of it at once with one thread, else one group at a time.
fn score_waiting(
    waiting: &Mutex<Receiver<(usize, Vec<Completion>)>>,
    scored: &Sender<(usize, Scored)>,
    problems: &[Problem],
    reward: &(impl Reward + ?Sized),
    threads: usize,
) {
    loop {
        let groups: Vec<(usize, Vec<Completion>)> = {
            let waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let Ok(first) = waiting.recv() else { return };
            let more = if threads == 1 { usize::MAX } else { 0 };
            [first].into_iter().chain(waiting.try_iter().take(more)).collect()
        };
        let asked: Vec<(&Problem, &[Completion])> =
            groups.iter().map(|(index, group)| (&problems[*index], group.as_slice())).collect();
        let scores = score_with_retries(reward, &asked);
        for ((index, completions), scores) in groups.into_iter().zip(scores) {
            let _ = scored.send((index, Scored { completions, scores }));
        }
    }
}
