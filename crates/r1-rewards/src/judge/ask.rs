//! Many verdicts at a time, in order.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use r1_core::{Completion, GroupScores, Outcome, Problem, RewardError};

/// What `score` says about each completion of each group, by so many threads of its own.
pub(super) fn score_batch(
    parallel: usize,
    groups: &[(&Problem, &[Completion])],
    score: impl Fn(&Problem, &Completion) -> Result<Outcome, RewardError> + Sync,
) -> Vec<GroupScores> {
    let samples: Vec<_> =
        groups.iter().flat_map(|(problem, group)| group.iter().map(move |c| (*problem, c))).collect();
    let next = AtomicUsize::new(0);
    let scores: Vec<Mutex<Option<Result<Outcome, RewardError>>>> =
        samples.iter().map(|_| Mutex::new(None)).collect();
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let (Some((problem, completion)), Some(place)) = (samples.get(index), scores.get(index)) else {
                break;
            };
            let score = score(problem, completion);
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(score);
        }
    };
    thread::scope(|scope| {
        for _ in 1..parallel.min(samples.len()) {
            // Without another thread the work takes longer and comes out the same.
            let _ = thread::Builder::new().name("r1-judge".into()).spawn_scoped(scope, work);
        }
        work();
    });
    let mut scores = scores.into_iter().map(|score| {
        // Every index was taken by somebody who fills its place.
        let score = score.into_inner().unwrap_or_else(PoisonError::into_inner);
        score.unwrap_or(Ok(Outcome::Abstain)).map(Into::into)
    });
    groups.iter().map(|(_, group)| scores.by_ref().take(group.len()).collect()).collect()
}
