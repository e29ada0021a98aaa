//! What can go wrong with a server.

/// Why a remote writer gave no completion.
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
        /// Where the call went.
        url: String,
        /// The HTTP status.
        status: u16,
        /// How often the call was made.
        tries: u32,
        /// What the server said, in short.
        message: String,
    },
    /// The server could not be reached, or did not answer in time.
    #[error("`{url}` could not be reached in {tries} tries: {reason}; check the address and the network")]
    Unreachable {
        /// Where the call went.
        url: String,
        /// How often the call was made.
        tries: u32,
        /// What the network said.
        reason: String,
    },
    /// The server's reply is not that of a chat endpoint.
    #[error("`{url}` sent no completion in {tries} tries: {reason}; is it an OpenAI-compatible endpoint?")]
    Reply {
        /// Where the call went.
        url: String,
        /// How often the call was made.
        tries: u32,
        /// What is wrong with it.
        reason: String,
    },
    /// The endpoint takes conversations and texts, and ends a completion at texts.
    #[error("{what} mean nothing to a remote writer; give {instead}")]
    TokenIds {
        /// What was given.
        what: &'static str,
        /// What it takes.
        instead: &'static str,
    },
    /// A setting is out of range, or missing.
    #[error("the setting `{field}` is {value}; expected {expected}")]
    Setting {
        /// The setting's name.
        field: &'static str,
        /// What it was set to.
        value: String,
        /// What it may be.
        expected: String,
    },
    /// The server answered, and the answer is of no use for training. `hint` says what would help.
    #[error("`{url}` was asked for {asked}; {problem}: {hint}")]
    Answer {
        /// Where the call went.
        url: String,
        /// What it was asked for.
        asked: String,
        /// What is missing or wrong.
        problem: String,
        /// The way out.
        hint: &'static str,
    },
}
