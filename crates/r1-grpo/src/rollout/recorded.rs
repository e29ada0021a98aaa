//! Rollouts on the disk: written once, trained on again.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use r1_core::{Completion, GenerateError, Key};
use r1_model::{CausalLm, LanguageModel};
use r1_run::Lines;
use serde::{Deserialize, Serialize};

use super::{RolloutRequest, RolloutSource};

/// The completions of one prompt, as a line of a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    key: Key,
    weights_version: u64,
    prompt_ids: Vec<u32>,
    completions: Vec<Completion>,
}

/// Another source whose rollouts are kept: each group is a line of a file, in the order in which they are written.
#[derive(Debug)]
pub struct RecordingRollouts<S> {
    source: S,
    file: Lines,
}

impl<S> RecordingRollouts<S> {
    /// Appends what `source` writes to a file.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn append(path: impl Into<PathBuf>, source: S) -> Result<Self, r1_run::RunError> {
        Ok(Self { source, file: Lines::open(path)? })
    }
}

impl<M: CausalLm, S: RolloutSource<M>> RolloutSource<M> for RecordingRollouts<S> {
    fn write(
        &mut self,
        policy: &mut LanguageModel<M>,
        request: &RolloutRequest<'_>,
        deliver: &mut dyn FnMut(usize, Vec<Completion>),
    ) -> Result<(), GenerateError> {
        let mut failed = None;
        let file = &mut self.file;
        self.source.write(policy, request, &mut |index, completions| {
            let prompt = &request.prompts[index];
            let row = Row {
                key: prompt.key,
                weights_version: request.weights_version,
                prompt_ids: prompt.ids.clone(),
                completions,
            };
            failed = file.append(&row).err().or(failed.take());
            deliver(index, row.completions);
        })?;
        failed.map_or(Ok(()), |error| Err(GenerateError::Failed { source: Box::new(error) }))
    }
}

/// A file of rollouts that were written before, by [`RecordingRollouts`] or by another program.
///
/// A group is found by its prompt and its [`Key`], so the same run with the same seed asks for what is there, in any
/// order. With the same rollouts an update has the same bits.
///
/// A line is `{"key": {..}, "weights_version": 0, "prompt_ids": [..], "completions": [..]}`.
#[derive(Debug)]
pub struct RecordedRollouts {
    path: PathBuf,
    groups: HashMap<Key, Row>,
}

impl RecordedRollouts {
    /// Reads the whole file.
    ///
    /// # Errors
    /// When it cannot be read, or a line is none of a file of rollouts.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, r1_run::RunError> {
        let path = path.as_ref();
        let mut groups = HashMap::new();
        for (index, line) in r1_run::read_lines(path)?.into_iter().enumerate() {
            let row: Row = serde_json::from_value(line.into()).map_err(|error| {
                let reason = format!("line {} holds no rollouts ({error})", index + 1);
                r1_run::checkpoint::damaged(path, reason)
            })?;
            groups.insert(row.key, row);
        }
        Ok(Self { path: path.to_owned(), groups })
    }
}

impl<M: CausalLm> RolloutSource<M> for RecordedRollouts {
    fn write(
        &mut self,
        _: &mut LanguageModel<M>,
        request: &RolloutRequest<'_>,
        deliver: &mut dyn FnMut(usize, Vec<Completion>),
    ) -> Result<(), GenerateError> {
        for (index, prompt) in request.prompts.iter().enumerate() {
            let row = self
                .groups
                .get(&prompt.key)
                .filter(|row| row.prompt_ids == prompt.ids && row.completions.len() == request.samples);
            let row = row.ok_or_else(|| {
                let path = self.path.display();
                let reason = format!(
                    "`{path}` has no {} completions of prompt {index} with this seed and step; record it with the \
                     same recipe",
                    request.samples
                );
                GenerateError::Failed { source: reason.into() }
            })?;
            let written = row.completions.iter().cloned().map(|completion| Completion {
                weights_version: completion.weights_version.or(Some(row.weights_version)),
                ..completion
            });
            deliver(index, written.collect());
        }
        Ok(())
    }
}
