//! Reads the file of a source in its layout.

use std::path::Path;

use r1_core::{Content, Problem, Role, Trace};

use super::SourceRecipe;
use crate::{
    DataError,
    dataset::{Format, TraceFormat, messages, prompt_completion, question_answer},
};

/// Names of containers, which a file tells by itself, stand for no layout.
const CONTAINERS: [&str; 8] = ["auto", "jsonl", "json", "csv", "tsv", "parquet", "gzip", "gz"];

impl SourceRecipe {
    /// The problems of the file, and the layout they had.
    pub(super) fn problems(&self, path: &Path) -> Result<(Vec<Problem>, &'static str), DataError> {
        let format = match self.layout() {
            Some(name) => name.parse()?,
            None if !self.columns.is_default() || self.kind.is_some() => Format::QuestionAnswer,
            None => Format::detect(path)?,
        };
        let is_own = format == Format::QuestionAnswer;
        self.refuse_names(format.name(), is_own, is_own)?;
        let mut problems = if is_own {
            question_answer::load_with(path, &self.columns, self.kind)?
        } else {
            format.load(path)?
        };
        problems.retain(|problem| self.split.is_none_or(|split| split.has(&problem.question)));
        self.cut(problems).map(|problems| (problems, format.name()))
    }

    /// The traces of the file, and the layout they had.
    pub(super) fn traces_of(&self, path: &Path) -> Result<(Vec<Trace>, &'static str), DataError> {
        let columns = &self.columns;
        let format = match self.layout() {
            Some(name) => name.parse()?,
            None if columns.messages.is_some() => TraceFormat::Messages,
            None if columns.prompt.is_some() => TraceFormat::PromptCompletion,
            None if columns.question.is_some() || columns.answer.is_some() => TraceFormat::QuestionAnswer,
            None => TraceFormat::detect(path)?,
        };
        let is_own = matches!(
            format,
            TraceFormat::Messages | TraceFormat::PromptCompletion | TraceFormat::QuestionAnswer
        );
        self.refuse_names(format.name(), is_own, false)?;
        let mut traces = match format {
            TraceFormat::Messages => messages::load_with(path, columns)?,
            TraceFormat::PromptCompletion => prompt_completion::load_with(path, columns)?,
            TraceFormat::QuestionAnswer => question_answer::load_traces(path, columns)?,
            format => format.load(path)?,
        };
        traces.retain(|trace| self.split.is_none_or(|split| split.has(question(trace))));
        self.cut(traces).map(|traces| (traces, format.name()))
    }

    pub(super) fn layout(&self) -> Option<&str> {
        self.format.as_deref().filter(|name| !CONTAINERS.contains(name))
    }

    /// A known set has columns and answers of its own.
    pub(super) fn refuse_names(
        &self,
        format: &str,
        takes_columns: bool,
        takes_kind: bool,
    ) -> Result<(), DataError> {
        let refused = |name| {
            let reason = format!("cannot be set for the layout `{format}`, which fixes it");
            Err(DataError::Setting { name, reason })
        };
        if !self.columns.is_default() && !takes_columns {
            return refused("columns");
        }
        if self.kind.is_some() && !takes_kind {
            return refused("kind");
        }
        Ok(())
    }

    pub(super) fn cut<T>(&self, mut items: Vec<T>) -> Result<Vec<T>, DataError> {
        items.truncate(self.limit.unwrap_or(usize::MAX));
        if items.is_empty() { Err(DataError::Empty) } else { Ok(items) }
    }
}

/// The text that a trace answers: of its problem, or of its prompt.
fn question(trace: &Trace) -> &str {
    match &trace.problem {
        Some(problem) => &problem.question,
        None => asked(&trace.prompt).unwrap_or(&trace.id),
    }
}

/// The text of a prompt, of a conversation its last turn of the user.
pub(super) fn asked(prompt: &Content) -> Option<&str> {
    match prompt {
        Content::Text(text) => Some(text),
        Content::Messages(turns) => {
            turns.iter().rfind(|turn| turn.role == Role::User).map(|turn| turn.content.as_str())
        }
        Content::Ids(_) => None,
    }
}
