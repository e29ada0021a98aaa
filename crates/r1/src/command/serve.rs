//! `r1 serve`: a model behind HTTP.

use std::net::{IpAddr, SocketAddr};

use clap::{Args, value_parser};
use r1_serve::{ServeOptions, serve};

use crate::command::{failure::Failure, session::SessionArguments};

/// Serves a model with the API of OpenAI
///
/// /v1/chat/completions, /v1/completions and /v1/models answer as OpenAI's do, whole or as a stream; docs/serving.md lists
/// the fields that are honoured. /health and /metrics tell how it is doing. Requests of any number are written together, and
/// each gets what it would get alone. Fields beyond OpenAI's: top_k, min_p, stop_token_ids, return_token_ids,
/// max_thinking_tokens, loop_guard, chat_template_kwargs. An address that other machines can reach needs an API key.
///
/// POST /admin/weights {"folder": DIR} goes on with other weights of the same shape; every answer names their version.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  r1 serve --model DIR
  curl http://127.0.0.1:8000/v1/chat/completions -H 'Content-Type: application/json' \\
    -d '{\"model\":\"NAME\",\"messages\":[{\"role\":\"user\",\"content\":\"Why is the sky blue?\"}],\"stream\":true}'
  R1_API_KEY=secret r1 serve --model DIR --host 0.0.0.0 --port 9000 --max-thinking-tokens 2000 --loop-guard")]
pub(crate) struct Arguments {
    #[command(flatten)]
    session: SessionArguments,
    /// Address to listen on
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    host: IpAddr,
    /// Port to listen on; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 8000)]
    port: u16,
    /// What requests must bring as `Authorization: Bearer KEY`; the environment variable keeps it out of the process list
    #[arg(long, value_name = "KEY", env = "R1_API_KEY", hide_env_values = true)]
    api_key: Option<String>,
    /// Completions written at a time
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = value_parser!(u32).range(1..=65536))]
    slots: u32,
    /// Completions that may wait; more are refused with status 429
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = value_parser!(u32).range(0..=1_000_000))]
    max_waiting: u32,
    /// Tokens of an answer for which a request names no limit [default: the rest of the context]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    max_tokens: Option<u32>,
    /// Most bytes of a request
    #[arg(long, value_name = "BYTES", default_value_t = 8 << 20, value_parser = value_parser!(u32).range(1..))]
    max_body_bytes: u32,
}

/// Serves until Ctrl-C or SIGTERM.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let served = arguments.session.open(arguments.slots as usize, arguments.max_waiting as usize)?;
    let name = served.model.name.clone();
    let options = ServeOptions {
        address: SocketAddr::from((arguments.host, arguments.port)),
        api_key: arguments.api_key.clone().filter(|key| !key.is_empty()),
        max_body_bytes: arguments.max_body_bytes as usize,
        default_max_tokens: arguments.max_tokens.map(|tokens| tokens as usize),
        max_thinking_tokens: arguments.session.max_thinking_tokens(),
        loop_guard: arguments.session.loop_guard(),
        ..ServeOptions::default()
    };
    serve(served, options, |address| {
        eprintln!("{name} is served at http://{address}/v1; Ctrl-C ends");
    })?;
    Ok(())
}
