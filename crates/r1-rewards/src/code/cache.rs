//! Compiled programs by the content of their source, so that a submission is compiled once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use sha2::{Digest, Sha256};

use super::Language;

/// A compiled program, or what the compiler said.
pub(crate) type Compiled = Result<Arc<[u8]>, String>;

/// How much is kept; when more comes, everything older goes.
const MAX_BYTES: usize = 256 << 20;

/// The programs of a sandbox. They are in memory, and so is their trust: no file can be exchanged.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    programs: HashMap<[u8; 32], Compiled>,
    bytes: usize,
}

/// The name of a source: a hash of the language, its version and the text.
pub(crate) fn key(language: Language, standard: &str, source: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(language.name());
    hash.update([0]);
    hash.update(standard);
    hash.update([0]);
    hash.update(source);
    hash.finalize().into()
}

impl Cache {
    pub(crate) fn get(&self, key: &[u8; 32]) -> Option<Compiled> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).programs.get(key).cloned()
    }

    pub(crate) fn insert(&self, key: [u8; 32], compiled: Compiled) {
        let bytes = compiled.as_ref().map_or_else(String::len, |program| program.len());
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.bytes + bytes > MAX_BYTES {
            *entries = Entries::default();
        }
        entries.bytes += bytes;
        entries.programs.insert(key, compiled);
    }
}
