//! Errors of remote writers.

/// Errors of a remote writer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// The environment variable that should hold the key is not there. Set it.
    #[error("the environment has no `{variable}`; set it to the key of the endpoint")]
    Key {
        /// The variable.
        variable: String,
    },
    /// The server refused the call, or kept failing.
    #[error("`{url}` answered {status} after {tries} tries: {message}")]
    Status {
        /// The address of the call.
        url: String,
        /// The HTTP status.
        status: u16,
        /// Number of calls made.
        tries: u32,
        /// The server's answer, in short.
        message: String,
    },
    /// The server could not be reached, or did not answer in time.
    #[error("`{url}` could not be reached in {tries} tries: {reason}; check the address and the network")]
    Unreachable {
        /// The address of the call.
        url: String,
        /// Number of calls made.
        tries: u32,
        /// The network's error.
        reason: String,
    },
    /// The server's reply is not that of a chat endpoint.
    #[error("`{url}` sent no completion in {tries} tries: {reason}; is it an OpenAI-compatible endpoint?")]
    Reply {
        /// The address of the call.
        url: String,
        /// Number of calls made.
        tries: u32,
        /// The fault.
        reason: String,
    },
    /// The endpoint takes conversations and texts, and ends a completion at texts.
    #[error("{what} mean nothing to a remote writer; give {instead}")]
    TokenIds {
        /// The content that was given.
        what: &'static str,
        /// The content that it takes.
        instead: &'static str,
    },
    /// A setting is out of range, or missing.
    #[error("the setting `{field}` is {value}; expected {expected}")]
    Setting {
        /// The setting's name.
        field: &'static str,
        /// Its value.
        value: String,
        /// Its allowed values.
        expected: String,
    },
    /// The server answered, and the answer is of no use for training. `hint` says what would help.
    #[error("`{url}` was asked for {asked}; {problem}: {hint}")]
    Answer {
        /// The address of the call.
        url: String,
        /// The content that was asked for.
        asked: String,
        /// The fault: something is missing or wrong.
        problem: String,
        /// The way out.
        hint: &'static str,
    },
}
