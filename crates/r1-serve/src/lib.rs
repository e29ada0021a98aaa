//! A server with the API of OpenAI over any [`Session`](r1_core::session::Session) that writes tokens.
//!
//! A session knows no text. An [`OutputProcessor`] does: it finds stop texts, tells thoughts from the answer, and closes
//! thoughts that grow too long. A [`Worker`] owns a session on a thread of its own and lets go of requests whose reader has
//! gone; [`serve`] puts HTTP in front of it, and [`Chat`] a terminal in front of a session. Nothing here knows a tensor.

mod model;
mod reader;
mod output;
mod tools;
mod grammar;
mod tool_form;
mod worker;
mod http;
mod listen;
mod server;
mod chat;

pub use chat::{Chat, ChatOptions};
pub use model::{Served, ServedModel};
pub use output::{Ended, OutputProcessor};
pub use reader::{Piece, Reader, Reading, Thoughts};
pub use server::{ServeError, ServeOptions, Server, serve};
pub use tools::{ToolCall, ToolReader};
pub use worker::{Job, Update, Worker};
