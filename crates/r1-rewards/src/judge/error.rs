//! What can be wrong with a judge before it is asked.

use std::{io, path::PathBuf};

use crate::ExternalError;

/// Why a judge cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JudgeError {
    /// The address or a setting is out of range.
    #[error(transparent)]
    Setting(#[from] ExternalError),
    /// The key is not in the environment.
    #[error("the environment variable `{variable}` holds no key; set it, or leave out `api_key_variable`")]
    Key {
        /// The variable's name.
        variable: String,
    },
    /// The cache cannot be opened, or is none.
    #[error("cache `{}`: {source}", path.display())]
    Cache {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}
