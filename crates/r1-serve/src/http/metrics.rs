//! `/metrics`, in the text form of Prometheus.

use axum::{
    extract,
    http::header,
    response::{IntoResponse, Response},
};

use super::State;
use crate::worker::Status;

pub(super) async fn answer(extract::State(State(inner)): extract::State<State>) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    (kind, text(&inner.worker.status())).into_response()
}

fn text(status: &Status) -> String {
    let load = &status.load;
    let rows: [(&str, &str, &str, u64); 12] = [
        ("requests_total", "counter", "Requests handed to the model.", status.requests),
        ("requests_cancelled_total", "counter", "Requests whose reader left.", status.cancelled),
        ("prompt_tokens_total", "counter", "Tokens of prompts.", status.prompt_tokens),
        (
            "prompt_tokens_reused_total",
            "counter",
            "Tokens of prompts found in the cache.",
            load.reused_tokens,
        ),
        ("written_tokens_total", "counter", "Tokens written.", status.written_tokens),
        ("preemptions_total", "counter", "Sequences that were preempted.", load.preemptions),
        ("sequences_running", "gauge", "Sequences being written.", load.running as u64),
        ("sequences_waiting", "gauge", "Sequences that wait.", load.waiting as u64),
        ("cache_used_tokens", "gauge", "Tokens of the cache in use.", load.used_tokens as u64),
        ("cache_kept_tokens", "gauge", "Tokens of the cache kept for later.", load.kept_tokens as u64),
        ("cache_capacity_tokens", "gauge", "Tokens that the cache holds.", load.capacity_tokens as u64),
        ("weights_version", "gauge", "How often the weights were replaced.", status.weights_version),
    ];
    let row = |(name, kind, help, value)| {
        format!("# HELP r1_{name} {help}\n# TYPE r1_{name} {kind}\nr1_{name} {value}\n")
    };
    rows.map(row).concat()
}
