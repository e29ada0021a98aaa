//! The thread that owns a session, and gives text to those who asked.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak, mpsc},
    thread::JoinHandle,
};

use r1_core::{
    FinishReason,
    session::{Event, Load, Refused, Request, RequestId, SequenceId, Session, Token},
};
use tokio::sync::{mpsc::UnboundedSender, oneshot};

use crate::{Ended, OutputProcessor, Piece, Served, ServedModel, Thoughts};

/// A request with its text.
#[derive(Debug)]
pub struct Job {
    /// What the session is asked; stop texts are left out of the text.
    pub request: Request,
    /// Where the completions' thoughts are.
    pub thoughts: Thoughts,
    /// Tokens of thoughts after which they are closed.
    pub max_thinking_tokens: Option<usize>,
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
    model: Arc<ServedModel>,
    /// Held by the thread while it works.
    alive: Weak<()>,
}

impl Worker {
    /// Starts a thread that does the model's work.
    pub fn start<S: Session + 'static>(served: Served<S>) -> (Self, JoinHandle<()>) {
        let (worker, work) = Self::pair(served);
        (worker, std::thread::spawn(work))
    }

    /// The handle, and the model's work, which goes on until the last handle is dropped.
    pub(crate) fn pair<S: Session + 'static>(served: Served<S>) -> (Self, impl FnOnce()) {
        let Served { session, load_weights, model } = served;
        let (commands, received) = mpsc::channel();
        let (status, model, working) = (Arc::default(), Arc::new(model), Arc::new(()));
        let worker = Self {
            commands,
            status: Arc::clone(&status),
            model: model.clone(),
            alive: Arc::downgrade(&working),
        };
        let work = move || {
            // Let go of however the work ends, by a panic, too.
            let _working = working;
            let (jobs, count) = (HashMap::new(), Status::default());
            WorkerThread { session, load_weights, model: &model, status, jobs, count }.work(&received);
        };
        (worker, work)
    }

    /// Hands in a job; false when the thread has ended.
    pub fn add(&self, job: Job) -> bool {
        self.commands.send(Command::Add(Box::new(job))).is_ok()
    }

    /// Has the weights of a folder take the place of those there; the answer is how often that was done. Nothing is written
    /// while they load.
    ///
    /// # Errors
    /// A sentence that says why the weights stay as they are.
    pub async fn load_weights(&self, folder: PathBuf) -> Result<u64, String> {
        let (answer, answered) = oneshot::channel();
        // When the thread has ended, the answer's sender is dropped with the command.
        let _ = self.commands.send(Command::Weights(folder, answer));
        answered.await.unwrap_or_else(|_| Err("the model's thread has ended".into()))
    }

    /// The model's text.
    pub fn model(&self) -> &ServedModel {
        &self.model
    }

    pub(crate) fn shared_model(&self) -> Arc<ServedModel> {
        Arc::clone(&self.model)
    }

    /// Whether the thread works.
    pub fn is_alive(&self) -> bool {
        self.alive.strong_count() > 0
    }

    pub(crate) fn status(&self) -> Status {
        *self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A job that is being answered.
struct Open<'a> {
    updates: UnboundedSender<Update>,
    samples: Vec<Option<OutputProcessor<'a>>>,
}

struct WorkerThread<'a, S> {
    session: S,
    load_weights: fn(&mut S, &Path) -> Result<(), String>,
    model: &'a ServedModel,
    status: Arc<Mutex<Status>>,
    jobs: HashMap<RequestId, Open<'a>>,
    count: Status,
}

impl<S: Session> WorkerThread<'_, S> {
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
                let loaded = (self.load_weights)(&mut self.session, &folder).map(|()| {
                    self.count.weights_version += 1;
                    self.count.weights_version
                });
                // Nobody may wait for it any more.
                let _ = answer.send(loaded);
            }
        }
    }

    fn add(&mut self, job: Job) {
        let Job { request, thoughts, max_thinking_tokens, updates } = job;
        let (stops, samples, tokens) = (request.sampling.stop.clone(), request.samples, request.prompt.len());
        self.count.requests += 1;
        match self.session.add(request) {
            Err(refused) => {
                // Nobody may listen any more.
                let _ = updates.send(Update::Refused(refused));
            }
            Ok(request) => {
                self.count.prompt_tokens += tokens as u64;
                let tokenizer = &self.model.tokenizer;
                let output = |sample| {
                    let sequence = SequenceId { request, sample };
                    OutputProcessor::new(tokenizer, sequence, stops.clone(), thoughts, max_thinking_tokens)
                };
                let samples = (0..samples).map(output).map(Some).collect();
                self.jobs.insert(request, Open { updates, samples });
            }
        }
    }

    fn tell(&mut self, events: Vec<Event>) {
        for event in events {
            match event {
                Event::Prompted { request, reused } => {
                    if let Some(job) = self.jobs.get(&request) {
                        let weights_version = self.count.weights_version;
                        let _ = job.updates.send(Update::Begun { reused, weights_version });
                    }
                }
                Event::Token { sequence, token } => self.token(sequence, token),
                Event::Finished { sequence, finish } => self.finished(sequence, finish),
                _ => {}
            }
        }
    }

    fn token(&mut self, sequence: SequenceId, token: Token) {
        let sample = sequence.sample;
        if let Some(job) = self.jobs.get_mut(&sequence.request)
            && let Some(output) = job.samples[sample].as_mut()
            && let Some(pieces) = output.push(&token, &mut self.session)
        {
            self.count.written_tokens += 1;
            let _ = job.updates.send(Update::Token { sample, token, pieces });
        }
    }

    fn finished(&mut self, sequence: SequenceId, finish: FinishReason) {
        let Some(job) = self.jobs.get_mut(&sequence.request) else { return };
        let Some(output) = job.samples[sequence.sample].take() else { return };
        let (pieces, ended) = output.finish(finish);
        let _ = job.updates.send(Update::Ended { sample: sequence.sample, pieces, ended });
        if job.samples.iter().all(Option::is_none) {
            self.jobs.remove(&sequence.request);
        }
    }
}
