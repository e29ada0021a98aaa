//! The thread that owns a session, and gives text to those who asked.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::JoinHandle,
};

use r1_core::{
    FinishReason, Key, LoopGuard, Sampling,
    session::{Constraint, Event, Load, Refused, Request, RequestId, SequenceId, Token},
};
use tokio::sync::{mpsc::UnboundedSender, oneshot};

use crate::{Piece, Reader, Served, ServedModel};

/// A request with its text.
#[derive(Debug)]
pub struct Job {
    /// The prompt's token ids.
    pub prompt: Vec<u32>,
    /// Whether it opened the thoughts.
    pub think_prefilled: bool,
    /// Completions to write.
    pub samples: usize,
    /// Sample `i` draws with `key.for_sample(i)`.
    pub key: Key,
    /// How tokens are drawn; its stop texts are left out of the text.
    pub sampling: Sampling,
    /// How many of the most probable tokens are named.
    pub top_logprobs: usize,
    /// Tokens of thoughts after which they are closed.
    pub max_thinking_tokens: Option<usize>,
    /// Ends completions that are caught in a loop.
    pub loop_guard: Option<LoopGuard>,
    /// What may be written.
    pub constraint: Option<Box<dyn Constraint>>,
    /// Where the answer goes; the request is cancelled when nobody listens any more.
    pub updates: UnboundedSender<Update>,
}

/// News of a job.
#[derive(Debug)]
pub enum Update {
    /// It was refused; nothing else follows.
    Refused(Refused),
    /// Work has begun; so many tokens of the prompt were known already, and this many updates the weights had.
    Begun {
        /// Tokens of the prompt that were in the cache.
        reused: usize,
        /// How often the weights were replaced before.
        weights_version: u64,
    },
    /// A completion has a token more, and perhaps text.
    Token {
        /// The completion.
        sample: usize,
        /// The token.
        token: Token,
        /// Text that became certain.
        pieces: Vec<Piece>,
    },
    /// A completion has ended.
    Ended {
        /// The completion.
        sample: usize,
        /// Text that became certain by the end.
        pieces: Vec<Piece>,
        /// How it ended.
        ended: Ended,
    },
}

/// The end of a completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// The reason.
    pub finish: FinishReason,
    /// Whether its thoughts were closed by the limit.
    pub thoughts_cut: bool,
}

enum Command {
    Add(Box<Job>),
    Weights(PathBuf, oneshot::Sender<Result<u64, String>>),
}

/// Counts that only grow, and what the session is busy with.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Status {
    pub(crate) load: Load,
    pub(crate) requests: u64,
    pub(crate) cancelled: u64,
    pub(crate) prompt_tokens: u64,
    pub(crate) written_tokens: u64,
    pub(crate) weights_version: u64,
}

/// Asks a session that works on a thread of its own; clones ask the same one.
///
/// The thread ends, and what is being written with it, when the last clone is gone.
#[derive(Debug, Clone)]
pub struct Worker {
    commands: mpsc::Sender<Command>,
    status: Arc<Mutex<Status>>,
}

impl Worker {
    /// Starts the thread.
    pub fn start(session: impl Served + 'static, model: ServedModel) -> (Self, JoinHandle<()>) {
        let (commands, received) = mpsc::channel();
        let status = Arc::new(Mutex::new(Status::default()));
        let shared = status.clone();
        let thread = std::thread::spawn(move || {
            Desk { session, model: &model, status: shared, jobs: HashMap::new(), count: Status::default() }
                .work(&received);
        });
        (Self { commands, status }, thread)
    }

    /// Hands in a job; false when the thread has ended.
    pub fn add(&self, job: Job) -> bool {
        self.commands.send(Command::Add(Box::new(job))).is_ok()
    }

    /// Has the weights of a folder take the place of those there; the answer is how often that was done.
    ///
    /// # Errors
    /// A sentence that says why the weights stay as they are.
    pub async fn load_weights(&self, folder: PathBuf) -> Result<u64, String> {
        let gone = |_| "the model's thread has ended".to_owned();
        let (answer, answered) = oneshot::channel();
        self.commands.send(Command::Weights(folder, answer)).map_err(|_| gone(()))?;
        answered.await.map_err(|_| gone(()))?
    }

    pub(crate) fn status(&self) -> Status {
        *self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A job that is being answered.
struct Open<'a> {
    updates: UnboundedSender<Update>,
    max_thinking_tokens: Option<usize>,
    samples: Vec<Option<Sample<'a>>>,
}

struct Sample<'a> {
    reader: Reader<'a>,
    written: usize,
    thoughts_cut: bool,
}

/// What becomes of a sequence after a token.
enum Next {
    GoesOn,
    /// Tokens were put behind this one; what the session wrote in their place does not count.
    Forced,
    /// A stop text is complete; what the session wrote behind it does not count.
    Stopped,
}

struct Desk<'a, S> {
    session: S,
    model: &'a ServedModel,
    status: Arc<Mutex<Status>>,
    jobs: HashMap<RequestId, Open<'a>>,
    count: Status,
}

impl<S: Served> Desk<'_, S> {
    fn work(mut self, commands: &mpsc::Receiver<Command>) {
        loop {
            if self.jobs.is_empty() {
                self.publish();
                // Nothing to do: wait.
                match commands.recv() {
                    Ok(command) => self.take(command),
                    Err(_) => return,
                }
            }
            loop {
                match commands.try_recv() {
                    Ok(command) => self.take(command),
                    Err(mpsc::TryRecvError::Empty) => break,
                    Err(mpsc::TryRecvError::Disconnected) => return,
                }
            }
            let left: Vec<RequestId> =
                self.jobs.iter().filter(|(_, job)| job.updates.is_closed()).map(|(id, _)| *id).collect();
            for request in left {
                self.session.cancel(request);
                self.jobs.remove(&request);
                self.count.cancelled += 1;
            }
            let events = self.session.step();
            self.tell(events);
            self.publish();
        }
    }

    fn publish(&mut self) {
        self.count.load = self.session.load();
        *self.status.lock().unwrap_or_else(PoisonError::into_inner) = self.count;
    }

    fn take(&mut self, command: Command) {
        match command {
            Command::Add(job) => self.add(*job),
            Command::Weights(folder, answer) => {
                let loaded = self.session.load_weights(&folder).map(|()| {
                    self.count.weights_version += 1;
                    self.count.weights_version
                });
                // Nobody may wait for it any more.
                let _ = answer.send(loaded);
            }
        }
    }

    fn add(&mut self, job: Job) {
        let Job {
            prompt, think_prefilled, samples, key, sampling, top_logprobs, max_thinking_tokens, ..
        } = job;
        let stops = sampling.stop.clone();
        self.count.requests += 1;
        let tokens = prompt.len() as u64;
        let request = Request {
            prompt,
            samples,
            key,
            sampling,
            top_logprobs,
            priority: 0,
            loop_guard: job.loop_guard,
            constraint: job.constraint,
        };
        match self.session.add(request) {
            Err(refused) => {
                // Nobody may listen any more.
                let _ = job.updates.send(Update::Refused(refused));
            }
            Ok(id) => {
                self.count.prompt_tokens += tokens;
                let sample = |_| {
                    let reader = Reader::new(&self.model.tokenizer, stops.clone(), think_prefilled);
                    Some(Sample { reader, written: 0, thoughts_cut: false })
                };
                let samples = (0..samples).map(sample).collect();
                self.jobs.insert(id, Open { updates: job.updates, max_thinking_tokens, samples });
            }
        }
    }

    fn tell(&mut self, events: Vec<Event>) {
        // Sequences whose further tokens of this step do not count, and those of them that a stop text ended.
        let (mut passed, mut stopped): (Vec<SequenceId>, Vec<SequenceId>) = (Vec::new(), Vec::new());
        for event in events {
            match event {
                Event::Prompted { request, reused } => {
                    if let Some(job) = self.jobs.get(&request) {
                        let weights_version = self.count.weights_version;
                        let _ = job.updates.send(Update::Begun { reused, weights_version });
                    }
                }
                Event::Token { sequence, token } if !passed.contains(&sequence) => {
                    match self.token(sequence, token) {
                        Next::GoesOn => {}
                        Next::Forced => passed.push(sequence),
                        Next::Stopped => {
                            passed.push(sequence);
                            stopped.push(sequence);
                        }
                    }
                }
                Event::Finished { sequence, finish } => {
                    let stopped = stopped.contains(&sequence);
                    self.ended(sequence, if stopped { FinishReason::Stop } else { finish });
                }
                _ => {}
            }
        }
    }

    /// Passes a token on.
    fn token(&mut self, sequence: SequenceId, token: Token) -> Next {
        let Some(job) = self.jobs.get_mut(&sequence.request) else { return Next::GoesOn };
        let Some(sample) = job.samples[sequence.sample].as_mut() else { return Next::GoesOn };
        self.count.written_tokens += 1;
        sample.written += 1;
        let written = sample.written;
        // A token without text is better than an answer without end.
        let reading = sample.reader.push(token.id).unwrap_or_default();
        let too_long = job.max_thinking_tokens.is_some_and(|most| sample.reader.open_thoughts() >= most);
        let forced = token.forced;
        let _ = job.updates.send(Update::Token { sample: sequence.sample, token, pieces: reading.pieces });
        if reading.stopped {
            self.session.end(sequence, written, FinishReason::Stop);
            return Next::Stopped;
        }
        if too_long && !sample.thoughts_cut && !forced {
            sample.thoughts_cut = true;
            if let Ok(close) = self.model.tokenizer.encode("\n</think>\n\n") {
                self.session.force(sequence, written, &close);
                return Next::Forced;
            }
        }
        Next::GoesOn
    }

    fn ended(&mut self, sequence: SequenceId, finish: FinishReason) {
        let Some(job) = self.jobs.get_mut(&sequence.request) else { return };
        let Some(mut sample) = job.samples[sequence.sample].take() else { return };
        let pieces = sample.reader.finish().unwrap_or_default().pieces;
        let ended = Ended { finish, thoughts_cut: sample.thoughts_cut };
        let _ = job.updates.send(Update::Ended { sample: sequence.sample, pieces, ended });
        if job.samples.iter().all(Option::is_none) {
            self.jobs.remove(&sequence.request);
        }
    }
}
