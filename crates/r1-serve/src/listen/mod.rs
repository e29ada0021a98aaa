//! Connections within limits: so many at a time, each within a time for what it asks and what it reads.

mod patience;

use std::{pin::pin, sync::Arc, time::Duration};

use axum::Router;
use futures_util::future::{Either, select};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
};

use patience::Patience;

/// Most bytes of a request's head.
const MOST_BYTES_OF_A_HEAD: usize = 64 << 10;
/// How long nothing is accepted when the system has no more sockets.
const PAUSE: Duration = Duration::from_millis(50);

/// What connections may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Connections at a time; those that come then wait in the system's queue.
    pub(crate) connections: usize,
    /// Time for a request's head, and between two requests of a connection.
    pub(crate) head: Duration,
    /// Time in which nothing of an answer is taken.
    pub(crate) reader: Duration,
}

/// Answers connections until `ended` is true, and then waits for the answers under way.
pub(crate) async fn answer(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    mut ended: watch::Receiver<bool>,
) {
    let most = limits.connections.clamp(1, Semaphore::MAX_PERMITS.min(u32::MAX as usize));
    let places = Arc::new(Semaphore::new(most));
    loop {
        let next = async {
            // The semaphore is never closed.
            let place = Arc::clone(&places).acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        let over = ended.clone();
        let accepted = match select(pin!(next), pin!(is_over(&mut ended))).await {
            Either::Left((accepted, _)) => accepted,
            Either::Right(_) => break,
        };
        match accepted {
            (place, Ok((stream, _))) => {
                let router = router.clone();
                tokio::spawn(async move {
                    converse(stream, router, limits, over).await;
                    drop(place);
                });
            }
            (_, Err(_)) => tokio::time::sleep(PAUSE).await,
        }
    }
    drop(listener);
    // All places are free when the last connection is gone.
    let _ = places.acquire_many(most as u32).await;
}

async fn is_over(ended: &mut watch::Receiver<bool>) {
    if ended.wait_for(|ended| *ended).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Answers the requests of a connection, one after the other.
async fn converse(stream: TcpStream, router: Router, limits: Limits, mut ended: watch::Receiver<bool>) {
    // Parts of a stream are small, and each is wanted at once.
    let _ = stream.set_nodelay(true);
    let stream = TokioIo::new(Patience::new(stream, limits.reader));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(MOST_BYTES_OF_A_HEAD)
        .serve_connection(stream, TowerToHyperService::new(router));
    // An error is the client's: it left, was slow, or spoke no HTTP. There is nobody to tell.
    match select(pin!(connection), pin!(is_over(&mut ended))).await {
        Either::Left(_) => {}
        Either::Right((_, mut connection)) => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}
