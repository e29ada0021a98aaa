//! Replies of a judge by what it was asked.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Replies in memory, and in a file of JSON lines that is only ever added to.
#[derive(Debug, Default)]
pub(super) struct Cache {
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    replies: HashMap<String, String>,
    file: Option<File>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    key: String,
    reply: String,
}

impl Cache {
    /// A cache that goes on from a file, which is made if it is not there. A last line that was cut off is dropped.
    ///
    /// # Errors
    /// When the file cannot be read or written, and when it holds something else.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let whole = text.rfind('\n').map_or(0, |place| place + 1);
        let mut replies = HashMap::new();
        for (number, line) in text[..whole].lines().enumerate() {
            let line: Line = serde_json::from_str(line).map_err(|error| {
                let reason =
                    format!("{}, line {}: {error}; is it the cache of a judge?", path.display(), number + 1);
                io::Error::new(io::ErrorKind::InvalidData, reason)
            })?;
            replies.insert(line.key, line.reply);
        }
        if whole < text.len() {
            let starts_a_line =
                text[whole..].starts_with("{\"key\":") || "{\"key\":".starts_with(&text[whole..]);
            if !starts_a_line {
                let reason = "it is no cache of a judge";
                return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
            }
            file.set_len(whole as u64)?;
            file.seek(SeekFrom::End(0))?;
        }
        Ok(Self { inside: Mutex::new(Inside { replies, file: Some(file) }) })
    }

    /// The key of a request's content.
    pub(super) fn key(body: &[u8]) -> String {
        Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    pub(super) fn get(&self, key: &str) -> Option<String> {
        self.lock().replies.get(key).cloned()
    }

    /// Keeps a reply.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn put(&self, key: String, reply: &str) -> io::Result<()> {
        let mut inside = self.lock();
        if let Some(file) = &mut inside.file {
            let line = Line { key: key.clone(), reply: reply.to_owned() };
            let line = serde_json::to_string(&line)? + "\n";
            file.write_all(line.as_bytes())?;
        }
        inside.replies.insert(key, reply.to_owned());
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
