//! Errors in the form of OpenAI's.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use r1_core::{GenerateError, session::Refused};
use serde_json::json;

/// A refusal with its status.
#[derive(Debug, Clone)]
pub(super) struct ApiError {
    status: StatusCode,
    kind: &'static str,
    message: String,
    param: Option<String>,
    code: Option<&'static str>,
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl ApiError {
    fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into(), param: None, code: None }
    }

    /// A request that cannot be answered as it is, and the field that is to blame.
    pub(super) fn bad(message: impl Into<String>, param: Option<&str>) -> Self {
        let error = Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", message);
        Self { param: param.map(str::to_owned), ..error }
    }

    pub(super) fn not_found(message: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "invalid_request_error", message)
    }

    pub(super) fn no_model(name: &str, served: &str) -> Self {
        let error =
            Self::not_found(&format!("the model `{name}` does not exist; this server has `{served}`"));
        Self { param: Some("model".into()), code: Some("model_not_found"), ..error }
    }

    pub(super) fn method() -> Self {
        let message =
            "this address is asked by another method: GET for what is read, POST for what is written";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "invalid_request_error", message)
    }

    pub(super) fn unauthorized() -> Self {
        let message = "the API key is missing or wrong; send it as `Authorization: Bearer KEY`";
        let error = Self::new(StatusCode::UNAUTHORIZED, "authentication_error", message);
        Self { code: Some("invalid_api_key"), ..error }
    }

    pub(super) fn too_large(limit: usize) -> Self {
        let message = format!("the body cannot be read, or has more than the {limit} bytes that are allowed");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "invalid_request_error", message)
    }

    pub(super) fn slow(limit: std::time::Duration) -> Self {
        let message = format!("the body did not come within {} s", limit.as_secs_f32());
        Self::new(StatusCode::REQUEST_TIMEOUT, "invalid_request_error", message)
    }

    pub(super) fn forbidden(message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "invalid_request_error", message)
    }

    /// The thread of the model is gone, and no answer will come any more.
    pub(super) fn ended() -> Self {
        let message = "the model's thread has ended; start the server again";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "server_error", message)
    }

    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", message)
    }

    /// A setting of sampling that is out of range.
    pub(super) fn sampling(error: &GenerateError) -> Self {
        let field = match error {
            GenerateError::Sampling { field, .. } => Some(*field),
            _ => None,
        };
        Self::bad(error.to_string(), field)
    }

    /// What a session refused.
    pub(super) fn refused(refused: &Refused) -> Self {
        match refused {
            Refused::Full { .. } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limit_error", refused.to_string())
            }
            Refused::PromptTooLong { .. } => Self {
                code: Some("context_length_exceeded"),
                ..Self::bad(refused.to_string(), Some("prompt"))
            },
            Refused::Sampling(error) => Self::sampling(error),
            _ => Self::bad(refused.to_string(), Some("prompt")),
        }
    }

    pub(super) fn value(&self) -> serde_json::Value {
        let Self { kind, message, param, code, .. } = self;
        json!({"error": {"message": message, "type": kind, "param": param, "code": code}})
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response =
            (self.status, [(header::CONTENT_TYPE, "application/json")], self.value().to_string())
                .into_response();
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
        }
        response
    }
}
