//! Listening, and an end that lets answers finish.

use std::{net::SocketAddr, pin::pin, time::Duration};

use futures_util::future::select;
use r1_core::{LoopGuard, session::Session};
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
};

use crate::{
    Served, Worker, http,
    listen::{self, Limits},
};

/// Where and for whom a server works.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// The address to listen on.
    pub address: SocketAddr,
    /// What requests must bring as `Authorization: Bearer KEY`, if anything.
    pub api_key: Option<String>,
    /// Most bytes of a request's body.
    pub max_body_bytes: usize,
    /// Most connections at a time; those that come then wait until one is closed.
    pub max_connections: usize,
    /// Time for the head of a request, and between two requests of a connection; it is closed then.
    pub head_timeout: Duration,
    /// Time for the body of a request; status 408 then.
    pub body_timeout: Duration,
    /// Time in which a client takes nothing of its answer; the connection is closed then.
    pub reader_timeout: Duration,
    /// Tokens of a completion for which a request names no limit; the rest of the context when it is `None`.
    pub default_max_tokens: Option<usize>,
    /// Most completions that a request may ask for.
    pub max_samples: usize,
    /// Tokens of thoughts after which they are closed, for chats that name no limit.
    pub max_thinking_tokens: Option<usize>,
    /// Ends completions that are caught in a loop, unless a request says otherwise.
    pub loop_guard: Option<LoopGuard>,
    /// How long answers may go on when the server is told to end.
    pub grace: Duration,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 8000)),
            api_key: None,
            max_body_bytes: 8 << 20,
            max_connections: 1024,
            head_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(60),
            reader_timeout: Duration::from_secs(60),
            default_max_tokens: None,
            max_samples: 128,
            max_thinking_tokens: None,
            loop_guard: None,
            grace: Duration::from_secs(30),
        }
    }
}

/// Why a server cannot work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}; is another server there? Choose another port")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// An address that others can reach, and no key.
    #[error("{address} can be reached from other machines; set an API key, or listen on 127.0.0.1")]
    Open {
        /// The address.
        address: SocketAddr,
    },
    /// The system gives no threads, sockets or signals.
    #[error("the server cannot work")]
    System(#[from] std::io::Error),
}

/// A server that listens and has not begun to answer.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    state: http::State,
    limits: Limits,
    grace: Duration,
}

impl Server {
    /// Listens on the address that the options name; port 0 takes a free one.
    ///
    /// # Errors
    /// [`ServeError::Listen`], and [`ServeError::Open`] for an address that is not the machine's own without an API key.
    pub async fn bind(worker: Worker, options: ServeOptions) -> Result<Self, ServeError> {
        let (address, grace) = (options.address, options.grace);
        if !address.ip().is_loopback() && options.api_key.is_none() {
            return Err(ServeError::Open { address });
        }
        let listener =
            TcpListener::bind(address).await.map_err(|source| ServeError::Listen { address, source })?;
        let limits = Limits {
            connections: options.max_connections,
            head: options.head_timeout,
            reader: options.reader_timeout,
        };
        Ok(Self { listener, state: http::State::new(worker, options), limits, grace })
    }

    /// The address, with the port that was taken.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until `end` comes, takes no more connections then, and waits for the answers under way, within limits.
    ///
    /// # Errors
    /// None now; a listener that fails for a while is asked again.
    pub async fn run(self, end: impl Future<Output = ()> + Send + 'static) -> Result<(), ServeError> {
        let (ending, mut ended) = watch::channel(false);
        let told = async move {
            end.await;
            // The other side waits below.
            let _ = ending.send(true);
        };
        let router = http::router(self.state);
        tokio::spawn(told);
        let answering = listen::answer(self.listener, router, self.limits, ended.clone());
        let late = async {
            if ended.wait_for(|ended| *ended).await.is_err() {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(self.grace).await;
        };
        select(pin!(answering), pin!(late)).await;
        Ok(())
    }
}

/// Serves a session until Ctrl-C or SIGTERM; `ready` is told the address. A second signal ends the process at once.
///
/// The model's work is done on the calling thread, which may be one of the model's workers; requests have threads of
/// their own.
///
/// # Errors
/// [`ServeError`] when the server cannot begin or its listener fails.
pub fn serve(
    served: Served<impl Session + 'static>,
    options: ServeOptions,
    ready: impl FnOnce(SocketAddr) + Send,
) -> Result<(), ServeError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (worker, work) = Worker::pair(served);
    std::thread::scope(|scope| {
        let answering = scope.spawn(move || runtime.block_on(answer(worker, options, ready)));
        // After a panic of the model requests are still answered: with status 503.
        let model = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        let answered = answering.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        model.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        answered
    })
}

/// Answers requests until a signal comes.
async fn answer(
    worker: Worker,
    options: ServeOptions,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), ServeError> {
    let server = Server::bind(worker, options).await?;
    let mut signals = Signals::listen()?;
    ready(server.address()?);
    let (ending, ended) = oneshot::channel();
    tokio::spawn(async move {
        signals.next().await;
        // The server may have ended by itself.
        let _ = ending.send(());
        signals.next().await;
        std::process::exit(130);
    });
    server
        .run(async {
            let _ = ended.await;
        })
        .await
}

/// The signals that end a server.
#[cfg(unix)]
struct Signals([tokio::signal::unix::Signal; 2]);

#[cfg(unix)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?]))
    }

    async fn next(&mut self) {
        let [interrupt, terminate] = &mut self.0;
        select(pin!(interrupt.recv()), pin!(terminate.recv())).await;
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        // One that cannot be listened to never comes.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
