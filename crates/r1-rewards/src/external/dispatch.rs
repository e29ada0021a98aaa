//! Many samples over a few connections, answered in order.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use r1_core::{Completion, GroupScores, Outcome, Problem, RewardError};

use super::{ExternalError, ExternalSettings, answer::Answer, request::Sample};

/// So many requests in a row that fail, and nothing else is asked in this call: what is broken for all
/// would otherwise wait out its time limit for each sample.
const FAILURES_IN_A_ROW: usize = 3;

/// Something that answers requests.
pub(super) trait Connection: Sync {
    /// The command or URL, for messages.
    fn shown(&self) -> &str;

    /// Answers for the samples of one request, in order.
    fn ask(&self, samples: &[Sample<'_>]) -> Result<Vec<Answer>, ExternalError>;
}

/// The score of one completion.
pub(super) fn score(
    connection: &impl Connection,
    name: &str,
    problem: &Problem,
    completion: &Completion,
) -> Result<Outcome, RewardError> {
    let mut answers =
        connection.ask(&[(problem, completion)]).map_err(|error| RewardError::world(name, error))?;
    let lost = || RewardError::Count { reward: name.to_owned(), expected: 1, got: 0 };
    answers
        .pop()
        .ok_or_else(lost)?
        .into_score(name, connection.shown(), problem, completion)
        .map(|score| score.outcome)
}

/// The scores of all groups, in order, over as many requests at a time as the settings say.
pub(super) fn score_batch(
    connection: &impl Connection,
    name: &str,
    settings: &ExternalSettings,
    groups: &[(&Problem, &[Completion])],
) -> Vec<GroupScores> {
    let samples: Vec<Sample<'_>> =
        groups.iter().flat_map(|(problem, group)| group.iter().map(move |c| (*problem, c))).collect();
    let requests: Vec<&[Sample<'_>]> = samples.chunks(settings.batch.max(1)).collect();
    let replies = ask_all(connection, settings.processes, &requests);

    let mut scores = requests.iter().zip(replies).flat_map(|(request, reply)| {
        let mut answers = reply.map(Vec::into_iter);
        request.iter().map(move |(problem, completion)| match &mut answers {
            Ok(answers) => match answers.next() {
                Some(answer) => answer.into_score(name, connection.shown(), problem, completion),
                None => Err(RewardError::Count { reward: name.to_owned(), expected: request.len(), got: 0 }),
            },
            Err(error) => Err(RewardError::world(name, error.clone())),
        })
    });
    groups.iter().map(|(_, group)| scores.by_ref().take(group.len()).collect()).collect()
}

type Reply = Result<Vec<Answer>, ExternalError>;

fn ask_all(connection: &impl Connection, parallel: usize, requests: &[&[Sample<'_>]]) -> Vec<Reply> {
    let next = AtomicUsize::new(0);
    let failures: Mutex<(usize, Option<ExternalError>)> = Mutex::new((0, None));
    let replies: Vec<Mutex<Option<Reply>>> = requests.iter().map(|_| Mutex::new(None)).collect();
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let (Some(request), Some(place)) = (requests.get(index), replies.get(index)) else { break };
            let broken = match &*failures.lock().unwrap_or_else(PoisonError::into_inner) {
                (FAILURES_IN_A_ROW.., error) => error.clone(),
                _ => None,
            };
            let reply = match broken {
                Some(error) => Err(error),
                None => {
                    let reply = connection.ask(request);
                    let mut failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
                    match &reply {
                        Ok(_) => failures.0 = 0,
                        Err(error) => *failures = (failures.0 + 1, Some(error.clone())),
                    }
                    reply
                }
            };
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(reply);
        }
    };
    thread::scope(|scope| {
        for _ in 1..parallel.min(requests.len()) {
            // Without another thread the work takes longer and comes out the same.
            let _ = thread::Builder::new().name("r1-reward".into()).spawn_scoped(scope, work);
        }
        work();
    });
    let replies = replies.into_iter().map(|reply| reply.into_inner().unwrap_or_else(PoisonError::into_inner));
    // Every index was taken by somebody who fills its place.
    replies.map(|reply| reply.unwrap_or_else(|| Ok(Vec::new()))).collect()
}
