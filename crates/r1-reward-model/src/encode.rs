//! From rows to the tokens that are scored.

use r1_core::Content;
use r1_data::dataset::RewardRow;
use r1_model::{CausalLm, LanguageModel, ModelError};

use crate::{RewardModel, RewardModelError, Scope, load::pad_id};

/// A prompt and responses to it, as token ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Responses {
    pub(crate) prompt: Vec<u32>,
    pub(crate) responses: Vec<Vec<u32>>,
}

impl Responses {
    /// Tokens of the prompt and of the longest response.
    pub(crate) fn longest(&self) -> usize {
        self.prompt.len() + self.responses.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// Tokens of the prompt and of all responses.
    pub(crate) fn tokens(&self) -> usize {
        self.prompt.len() + self.responses.iter().map(Vec::len).sum::<usize>()
    }
}

/// A row of training as token ids.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EncodedRow {
    pub(crate) id: String,
    /// Of a pair the chosen and the rejected one, in this order.
    pub(crate) texts: Responses,
    pub(crate) target: Target,
}

/// What is learnt of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Target {
    /// The first response is to be scored higher than the second, by this at least.
    Pair { margin: f64 },
    /// The response is to be scored above 0 with this probability.
    Label(f64),
}

/// What makes tokens of prompts and responses.
pub(crate) struct Encoder<'a, M: CausalLm> {
    pub(crate) model: &'a LanguageModel<RewardModel<M>>,
    pub(crate) scope: Scope,
}

impl<M: CausalLm> Encoder<'_, M> {
    /// The ids of a prompt and of texts that answer it, each with its prompt having opened the thoughts or not. A
    /// response ends with the token that ends a turn; tokens of padding at the end are left out, for transformers
    /// scores the last token before them.
    pub(crate) fn responses<'t>(
        &self,
        prompt: &Content,
        texts: impl IntoIterator<Item = (&'t str, bool)>,
    ) -> Result<Responses, ModelError> {
        let (ids, opened) = self.model.encode(prompt)?;
        let (end, pad) = (self.model.end_of_turn(prompt)?, pad_id(self.model));
        let encode = |(text, prefilled): (&str, bool)| {
            let mut ids = self.model.tokenizer.encode(&self.scope.text(text, prefilled, opened))?;
            ids.extend(end);
            while ids.last().is_some_and(|last| Some(*last) == pad) {
                ids.pop();
            }
            Ok(ids)
        };
        let responses: Result<_, ModelError> = texts.into_iter().map(encode).collect();
        Ok(Responses { prompt: ids, responses: responses? })
    }

    /// The ids of a row; margins count where `row_margins` says so.
    pub(crate) fn row(&self, row: &RewardRow, row_margins: bool) -> Result<EncodedRow, RewardModelError> {
        let id = row.id().to_owned();
        let texts = match row {
            RewardRow::Pair(pair) => vec![pair.chosen.as_str(), &pair.rejected],
            RewardRow::Labelled(labelled) => vec![labelled.response.as_str()],
        };
        if texts.iter().any(|text| self.scope.text(text, false, false).trim().is_empty()) {
            return Err(RewardModelError::NothingToJudge { row: id });
        }
        let target = match row {
            RewardRow::Pair(pair) if row_margins => match pair.margin {
                Some(margin) if margin.is_finite() => Target::Pair { margin },
                _ => return Err(RewardModelError::NoMargin { row: id }),
            },
            RewardRow::Pair(_) => Target::Pair { margin: 0.0 },
            RewardRow::Labelled(labelled) => Target::Label(labelled.label),
        };
        let texts = self
            .responses(row.prompt(), texts.into_iter().map(|text| (text, false)))
            .map_err(|source| RewardModelError::Encode { row: id.clone(), source: Box::new(source) })?;
        if texts.prompt.is_empty() {
            return Err(RewardModelError::NoPrompt { row: id });
        }
        Ok(EncodedRow { id, texts, target })
    }
}
