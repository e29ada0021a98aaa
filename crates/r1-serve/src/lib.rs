//! A server with the API of OpenAI over any [`Session`](r1_core::session::Session) that writes tokens.
//!
//! A [`Worker`] owns the session on a thread of its own, and what the session does not know: text. It finds stop texts, tells
//! thoughts from the answer, closes thoughts that grow too long, and lets go of requests whose reader has gone. [`serve`]
//! puts HTTP in front of it, and [`Chat`] a terminal. Nothing here knows a tensor: the model is whatever implements [`Served`].

mod model;
mod reader;
mod tools;
mod worker;
mod http;
mod server;
mod chat;

pub use chat::{Chat, ChatOptions};
pub use model::{Served, ServedModel};
pub use reader::{Piece, Reader, Reading};
pub use server::{ServeError, ServeOptions, Server, serve};
pub use tools::{ToolCall, ToolReader};
pub use worker::{Ended, Job, Update, Worker};
