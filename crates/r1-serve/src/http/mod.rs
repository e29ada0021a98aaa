//! The HTTP side: who may ask, what is asked, and in which form it is answered.

mod access;
mod answer;
mod chat;
mod completions;
mod envelope;
mod error;
mod logprobs;
mod metrics;
mod parameters;
mod response_format;
mod stream;
mod tools;

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract,
    http::{HeaderMap, Request, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use r1_core::session;
use r1_data::{DataError, tokenizer::Tokenizer};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::{Job, ServeOptions, ServedModel, Thoughts, Update, Worker, grammar::Grammars};
use answer::json_answer;
use error::ApiError;
use parameters::Fields;

/// What every request can see.
#[derive(Debug, Clone)]
pub(crate) struct State(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    worker: Worker,
    grammars: Arc<Grammars>,
    options: ServeOptions,
    created: u64,
}

impl State {
    pub(crate) fn new(worker: Worker, options: ServeOptions) -> Self {
        let grammars = Arc::new(Grammars::new(worker.shared_model()));
        Self(Arc::new(Inner { worker, grammars, options, created: now() }))
    }
}

type Answer = Result<Response, ApiError>;

pub(crate) fn router(state: State) -> Router {
    let nothing = "there is nothing here; see /, /v1/models, /v1/completions, /v1/chat/completions, /health and /metrics";
    Router::new()
        .route("/", get(page))
        .route("/v1/models", get(models))
        .route("/v1/models/{model}", get(model))
        .route("/v1/completions", post(completions::answer))
        .route("/v1/chat/completions", post(chat::answer))
        .route("/health", get(health))
        .route("/metrics", get(metrics::answer))
        .route("/admin/weights", post(weights))
        .fallback(async move || ApiError::not_found(nothing))
        .method_not_allowed_fallback(async || ApiError::method())
        .with_state(state)
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A number that nobody can guess, for ids and for seeds that a request does not give.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

impl Inner {
    fn model(&self) -> &ServedModel {
        self.worker.model()
    }

    /// Whether the request may be answered.
    fn admit(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        access::check(headers, self.options.api_key.as_deref())
    }

    /// The fields of a request that may be answered.
    async fn fields(&self, request: Request<Body>) -> Result<Fields, ApiError> {
        self.admit(request.headers())?;
        let limit = self.options.max_body_bytes;
        let read = tokio::time::timeout(self.options.body_timeout, to_bytes(request.into_body(), limit));
        let bytes = read.await.map_err(|_| ApiError::slow(self.options.body_timeout))?;
        let bytes = bytes.map_err(|_| ApiError::too_large(limit))?;
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(object)) => Ok(Fields::new(object)),
            Ok(_) => Err(ApiError::bad("the body is JSON, but no object", None)),
            Err(error) => Err(ApiError::bad(format!("the body is not JSON: {error}"), None)),
        }
    }

    /// Whether a request means this model.
    fn check_model(&self, name: &str) -> Result<(), ApiError> {
        if name == self.model().name {
            return Ok(());
        }
        Err(ApiError::no_model(name, &self.model().name))
    }

    /// The ids of a text. No token stands for more than some hundred bytes, so what can never fit is not divided.
    fn encode(
        &self,
        text: &str,
        param: &str,
        encode: impl FnOnce(&Tokenizer, &str) -> Result<Vec<u32>, DataError>,
    ) -> Result<Vec<u32>, ApiError> {
        const MOST_BYTES_OF_A_TOKEN: usize = 256;
        let context = self.model().context;
        if text.len() / MOST_BYTES_OF_A_TOKEN > context {
            let bytes = text.len();
            let message =
                format!("the prompt has {bytes} bytes, more than a context of {context} tokens holds");
            return Err(ApiError::bad(message, Some(param)));
        }
        // A long text takes a while, in which others are answered.
        let ids = tokio::task::block_in_place(|| encode(&self.model().tokenizer, text));
        ids.map_err(|error| ApiError::internal(error.to_string()))
    }

    /// Hands a request to the model.
    fn ask(
        &self,
        request: session::Request,
        thoughts: Thoughts,
        max_thinking_tokens: Option<usize>,
    ) -> Result<UnboundedReceiver<Update>, ApiError> {
        let (updates, received) = unbounded_channel();
        let taken = self.worker.add(Job { request, thoughts, max_thinking_tokens, updates });
        if taken { Ok(received) } else { Err(ApiError::ended()) }
    }

    fn about_model(&self) -> Value {
        json!({
            "id": self.model().name, "object": "model", "created": self.created, "owned_by": "r1",
            "max_model_len": self.model().context,
        })
    }
}

/// A chat in the browser. It asks for the key itself, so anybody may have it.
async fn page() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        // Nothing from elsewhere, and in nobody's frame.
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
             frame-ancestors 'none'",
        ),
    ];
    (headers, include_str!("page.html")).into_response()
}

async fn models(extract::State(State(inner)): extract::State<State>, headers: HeaderMap) -> Answer {
    inner.admit(&headers)?;
    Ok(json_answer(&json!({"object": "list", "data": [inner.about_model()]})))
}

async fn model(
    extract::State(State(inner)): extract::State<State>,
    extract::Path(name): extract::Path<String>,
    headers: HeaderMap,
) -> Answer {
    inner.admit(&headers)?;
    inner.check_model(&name)?;
    Ok(json_answer(&inner.about_model()))
}

async fn health(extract::State(State(inner)): extract::State<State>) -> Answer {
    if !inner.worker.is_alive() {
        return Err(ApiError::ended());
    }
    let status = inner.worker.status();
    Ok(json_answer(&json!({
        "status": "ok", "running": status.load.running, "waiting": status.load.waiting,
        "weights_version": status.weights_version,
    })))
}

/// `{"folder": DIR}`: goes on with the weights of a folder of this machine.
async fn weights(extract::State(State(inner)): extract::State<State>, request: Request<Body>) -> Answer {
    let mut fields = inner.fields(request).await?;
    let folder = fields.text("folder")?;
    fields.finish()?;
    let folder = folder.ok_or_else(|| ApiError::bad("expected {\"folder\": DIR}", Some("folder")))?;
    let version = inner.worker.load_weights(folder.into()).await;
    let version = version.map_err(|reason| ApiError::bad(reason, Some("folder")))?;
    Ok(json_answer(&json!({"weights_version": version})))
}
