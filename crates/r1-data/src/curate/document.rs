//! Anything with text that could have been copied from somewhere.

use std::borrow::Cow;

use r1_core::{Content, Problem, Trace};

/// **A type that implements `Document` has a name and texts that can be compared with other documents.**
pub trait Document {
    /// Its id, for reports.
    fn id(&self) -> &str;

    /// Its texts with the name of each, the question first.
    fn texts(&self) -> Vec<(&'static str, Cow<'_, str>)>;
}

/// The `question`, and the `solution` of the metadata where there is one. The bare answer is left out:
/// a number says nothing about where it was copied from.
impl Document for Problem {
    fn id(&self) -> &str {
        &self.id
    }

    fn texts(&self) -> Vec<(&'static str, Cow<'_, str>)> {
        let solution = self.metadata.get("solution").and_then(|solution| solution.as_str());
        let solution = solution.map(|solution| ("solution", solution.into()));
        [("question", self.question.as_str().into())].into_iter().chain(solution).collect()
    }
}

/// The `prompt`, each turn of a conversation by itself, the `completion`, and the texts of its problem.
/// A prompt of token ids has no text.
impl Document for Trace {
    fn id(&self) -> &str {
        &self.id
    }

    fn texts(&self) -> Vec<(&'static str, Cow<'_, str>)> {
        let mut texts: Vec<(_, Cow<'_, str>)> = match &self.prompt {
            Content::Text(text) => vec![("prompt", text.into())],
            Content::Messages(turns) => {
                turns.iter().map(|turn| ("prompt", turn.content.as_str().into())).collect()
            }
            Content::Ids(_) => vec![("prompt", "".into())],
        };
        texts.push(("completion", self.completion.as_str().into()));
        texts.extend(self.problem.iter().flat_map(Document::texts));
        texts
    }
}
