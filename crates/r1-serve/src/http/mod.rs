//! The HTTP side: who may ask, what is asked, and in which form it is answered.

mod answer;
mod chat;
mod completions;
mod error;
mod logprobs;
mod metrics;
mod parameters;
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
    http::{Request, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Map, Value, json};

use crate::{ServeOptions, ServedModel, Worker};
use answer::json_answer;
use error::ApiError;

/// What every request can see.
#[derive(Debug, Clone)]
pub(crate) struct State(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    worker: Worker,
    model: ServedModel,
    options: ServeOptions,
    created: u64,
}

impl State {
    pub(crate) fn new(worker: Worker, model: ServedModel, options: ServeOptions) -> Self {
        Self(Arc::new(Inner { worker, model, options, created: now() }))
    }
}

pub(crate) fn router(state: State) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/v1/models", get(models))
        .route("/v1/models/{model}", get(model))
        .route("/v1/completions", post(completions::answer))
        .route("/v1/chat/completions", post(chat::answer))
        .route("/health", get(health))
        .route("/metrics", get(metrics::answer))
        .route("/admin/weights", post(weights))
        .fallback(|| async { error(ApiError::not_found("there is nothing here; see /, /v1/models, /v1/completions, /v1/chat/completions, /health and /metrics")) })
        .method_not_allowed_fallback(|| async { error(ApiError::method()) })
        .with_state(state)
}

fn error(error: ApiError) -> Response {
    error.response()
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
    /// Whether the request may be answered.
    fn admit(&self, headers: &axum::http::HeaderMap) -> Result<(), ApiError> {
        let Some(key) = &self.options.api_key else { return Ok(()) };
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default().trim();
        // Every byte is looked at, so that the time tells nothing.
        let differ = key.len() != given.len()
            || key.bytes().zip(given.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b)) != 0;
        if differ { Err(ApiError::unauthorized()) } else { Ok(()) }
    }

    /// The JSON object of a request that may be answered.
    async fn object(&self, request: Request<Body>) -> Result<Map<String, Value>, ApiError> {
        self.admit(request.headers())?;
        let limit = self.options.max_body_bytes;
        let bytes = to_bytes(request.into_body(), limit).await.map_err(|_| ApiError::too_large(limit))?;
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(ApiError::bad("the body is JSON, but no object", None)),
            Err(error) => Err(ApiError::bad(format!("the body is not JSON: {error}"), None)),
        }
    }

    /// Whether a request means this model.
    fn check_model(&self, name: &str) -> Result<(), ApiError> {
        if name == self.model.name {
            return Ok(());
        }
        Err(ApiError::no_model(name, &self.model.name))
    }

    fn about_model(&self) -> Value {
        json!({
            "id": self.model.name, "object": "model", "created": self.created, "owned_by": "r1",
            "max_model_len": self.model.context,
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

async fn models(extract::State(State(inner)): extract::State<State>, request: Request<Body>) -> Response {
    match inner.admit(request.headers()) {
        Ok(()) => json_answer(&json!({"object": "list", "data": [inner.about_model()]})),
        Err(error) => error.response(),
    }
}

async fn model(
    extract::State(State(inner)): extract::State<State>,
    extract::Path(name): extract::Path<String>,
    request: Request<Body>,
) -> Response {
    match inner.admit(request.headers()).and_then(|()| inner.check_model(&name)) {
        Ok(()) => json_answer(&inner.about_model()),
        Err(error) => error.response(),
    }
}

async fn health(extract::State(State(inner)): extract::State<State>) -> Response {
    let status = inner.worker.status();
    json_answer(&json!({
        "status": "ok", "running": status.load.running, "waiting": status.load.waiting,
        "weights_version": status.weights_version,
    }))
}

/// `{"folder": DIR}`: goes on with the weights of a folder of this machine.
async fn weights(extract::State(State(inner)): extract::State<State>, request: Request<Body>) -> Response {
    let answer = async {
        let object = inner.object(request).await?;
        let folder = match object.get("folder") {
            Some(Value::String(folder)) if object.len() == 1 => folder.into(),
            _ => return Err(ApiError::bad("expected {\"folder\": DIR} and nothing else", Some("folder"))),
        };
        let version = inner.worker.load_weights(folder).await;
        let version = version.map_err(|reason| ApiError::bad(reason, Some("folder")))?;
        Ok(json_answer(&json!({"weights_version": version})))
    };
    answer.await.unwrap_or_else(|error: ApiError| error.response())
}
