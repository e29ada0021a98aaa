//! A session that writes what a script says, a tokenizer of characters, and a client of a few lines.
#![allow(dead_code, unreachable_pub)]

pub mod dice;

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use r1_core::{
    FinishReason,
    session::{Event, Load, Refused, Request, RequestId, SequenceId, Session, Token},
};
use r1_data::{template::ChatTemplate, tokenizer::Tokenizer};
use r1_serve::{ServeOptions, Served, ServedModel, Server, Worker};
use serde_json::Value;
use tokio::sync::oneshot;

pub const ALPHABET: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,:;?!<>/|_{}\"\n";

/// A sequence of the script.
struct Running {
    id: SequenceId,
    script: VecDeque<u32>,
    written: usize,
    most: usize,
    top: usize,
}

/// Answers every prompt with the text behind the last `|` of it, and then ends.
pub struct Script {
    running: Vec<Running>,
    pending: Vec<Event>,
    next: u64,
    context: usize,
    max_waiting: usize,
    bar: u32,
    pub pause: Duration,
    /// Sequences that are running, for the test to see.
    pub busy: Arc<AtomicUsize>,
}

impl Script {
    fn finish(&mut self, id: SequenceId, finish: FinishReason) {
        if let Some(at) = self.running.iter().position(|running| running.id == id) {
            self.running.remove(at);
            self.pending.push(Event::Finished { sequence: id, finish });
        }
    }
}

impl Session for Script {
    fn add(&mut self, request: Request) -> Result<RequestId, Refused> {
        assert_ne!(request.top_logprobs, 13, "a panic, for a test");
        if request.prompt.is_empty() {
            return Err(Refused::EmptyPrompt);
        }
        if request.prompt.len() >= self.context {
            return Err(Refused::PromptTooLong { tokens: request.prompt.len(), room: self.context });
        }
        if self.running.len() + request.samples > self.max_waiting {
            return Err(Refused::Full { waiting: self.running.len() });
        }
        let id = RequestId(self.next);
        self.next += 1;
        self.pending.push(Event::Prompted { request: id, reused: 0 });
        let start = request.prompt.iter().rposition(|id| *id == self.bar).map_or(0, |place| place + 1);
        for sample in 0..request.samples {
            self.running.push(Running {
                id: SequenceId { request: id, sample },
                script: request.prompt[start..].iter().copied().collect(),
                written: 0,
                most: request.sampling.max_tokens,
                top: request.top_logprobs,
            });
        }
        Ok(id)
    }

    fn step(&mut self) -> Vec<Event> {
        std::thread::sleep(self.pause);
        let mut ended = Vec::new();
        for running in &mut self.running {
            let Some(id) = running.script.pop_front() else {
                ended.push((running.id, FinishReason::Stop));
                continue;
            };
            running.written += 1;
            let top = (0..running.top as u32).map(|place| (id + place, -0.5 - place as f32)).collect();
            let token = Token { id, logprob: -0.5, sampled_logprob: None, top, forced: false };
            self.pending.push(Event::Token { sequence: running.id, token });
            if running.written >= running.most {
                ended.push((running.id, FinishReason::Length));
            }
        }
        for (id, finish) in ended {
            self.finish(id, finish);
        }
        self.busy.store(self.running.len(), Ordering::SeqCst);
        std::mem::take(&mut self.pending)
    }

    fn end(&mut self, sequence: SequenceId, _: usize, finish: FinishReason) {
        self.finish(sequence, finish);
    }

    fn force(&mut self, sequence: SequenceId, _: usize, ids: &[u32]) {
        if self.running.iter().any(|running| running.id == sequence) {
            for id in ids {
                let token =
                    Token { id: *id, logprob: 0.0, sampled_logprob: None, top: Vec::new(), forced: true };
                self.pending.push(Event::Token { sequence, token });
            }
        }
    }

    fn cancel(&mut self, request: RequestId) {
        let ids: Vec<SequenceId> =
            self.running.iter().map(|running| running.id).filter(|id| id.request == request).collect();
        for id in ids {
            self.finish(id, FinishReason::Cancelled);
        }
        self.busy.store(self.running.len(), Ordering::SeqCst);
    }

    fn load(&self) -> Load {
        Load { running: self.running.len(), ..Load::default() }
    }
}

fn load_weights(_: &mut Script, folder: &Path) -> Result<(), String> {
    if folder.is_dir() { Ok(()) } else { Err(format!("`{}` is no folder", folder.display())) }
}

/// A server that ends with this value.
pub struct ScriptServer {
    pub address: SocketAddr,
    pub busy: Arc<AtomicUsize>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

impl Drop for ScriptServer {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// A script with its model.
pub fn script(pause: Duration) -> (Script, ServedModel, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let tokenizer = Tokenizer::characters(ALPHABET, &["<|end|>"], folder.path()).unwrap();
    let bar = tokenizer.encode("|").unwrap()[0];
    let template = "{% for m in messages %}{{ m.role }} says|{{ m.content }}{% endfor %}\
                    {% if thinking %}<think>{% endif %}";
    let script = Script {
        running: Vec::new(),
        pending: Vec::new(),
        next: 0,
        context: 2000,
        max_waiting: 64,
        bar,
        pause,
        busy: Arc::default(),
    };
    let model = ServedModel {
        name: "script".into(),
        tokenizer,
        template: Some(ChatTemplate::new(template, None, None).unwrap()),
        stop_ids: Vec::new(),
        context: 2000,
    };
    (script, model, folder)
}

pub fn start(options: ServeOptions, pause: Duration) -> ScriptServer {
    let (script, model, folder) = script(pause);
    let busy = script.busy.clone();
    let options = ServeOptions { address: SocketAddr::from(([127, 0, 0, 1], 0)), ..options };
    let mut server = listen(script, load_weights, model, folder, options);
    server.busy = busy;
    server
}

/// Serves a session on a free port.
pub fn listen<S: Session + 'static>(
    session: S,
    load_weights: fn(&mut S, &Path) -> Result<(), String>,
    model: ServedModel,
    folder: tempfile::TempDir,
    options: ServeOptions,
) -> ScriptServer {
    let (end, ended) = oneshot::channel::<()>();
    let (tell, told) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (worker, _) = Worker::start(Served { session, load_weights, model });
        runtime.block_on(async {
            let server = Server::bind(worker, options).await.unwrap();
            tell.send(server.address().unwrap()).unwrap();
            server
                .run(async {
                    let _ = ended.await;
                })
                .await
                .unwrap();
        });
    });
    let address = told.recv().unwrap();
    ScriptServer { address, busy: Arc::default(), end: Some(end), thread: Some(thread), _folder: folder }
}

/// A status, the head, and the body.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The events of a stream, without the last mark.
    pub fn events(&self) -> Vec<Value> {
        let lines: Vec<&str> = self.body.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
        assert_eq!(lines.last(), Some(&"[DONE]"), "{}", self.body);
        lines[..lines.len() - 1].iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

pub fn ask(address: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    // A server that refuses a body may close before it has read all of it.
    let _ = stream.write_all(body.as_bytes());
    read(stream)
}

pub fn post(address: SocketAddr, path: &str, body: &Value) -> Answer {
    ask(address, "POST", path, "", &body.to_string())
}

pub fn get(address: SocketAddr, path: &str) -> Answer {
    ask(address, "GET", path, "", "")
}

fn read(stream: TcpStream) -> Answer {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while reader.read_line(&mut head).unwrap_or(0) > 2 {}
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let mut bytes = Vec::new();
    let _ = reader.read_to_end(&mut bytes);
    let chunked = head.to_lowercase().contains("transfer-encoding: chunked");
    let body = if chunked { whole(&bytes) } else { bytes };
    Answer { status, head, body: String::from_utf8(body).unwrap() }
}

/// A body in chunks, put together.
fn whole(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = bytes.windows(2).position(|pair| pair == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap().trim(), 16).unwrap();
        if size == 0 {
            break;
        }
        body.extend_from_slice(&bytes[end + 2..end + 2 + size]);
        bytes = &bytes[end + 4 + size..];
    }
    body
}
