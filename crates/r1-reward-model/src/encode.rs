//! From rows to the tokens that are scored.

use r1_core::Content;
use r1_data::dataset::{RewardRow, StepwiseRow};
use r1_model::{CausalLm, LanguageModel, ModelError};

use crate::{RewardModel, RewardModelError, Scope, load::pad_id};

/// A prompt and responses to it, as token ids: what is scored, each at its last token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Responses {
    pub(crate) prompt: Vec<u32>,
    pub(crate) responses: Vec<Vec<u32>>,
    /// Whether they are the steps of one response, each of which goes on where the one before it ends.
    pub(crate) chained: bool,
}

impl Responses {
    /// Tokens of the prompt and of the longest response.
    pub(crate) fn longest(&self) -> usize {
        if self.chained {
            return self.tokens();
        }
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
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Target {
    /// The first response is to be scored higher than the second, by this at least.
    Pair { margin: f64 },
    /// The response is to be scored above 0 with this probability.
    Label(f64),
    /// The same of each step.
    Steps(Vec<f64>),
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
        Ok(Responses { prompt: ids, responses: responses?, chained: false })
    }

    /// The ids of a prompt and of the steps that answer it, each encoded by itself.
    pub(crate) fn steps<S: AsRef<str>>(
        &self,
        prompt: &Content,
        steps: &[S],
    ) -> Result<Responses, ModelError> {
        let (ids, _) = self.model.encode(prompt)?;
        let encode = |step: &S| self.model.tokenizer.encode(step.as_ref()).map_err(ModelError::from);
        let responses = steps.iter().map(encode).collect::<Result<_, _>>()?;
        Ok(Responses { prompt: ids, responses, chained: true })
    }

    /// The ids of a row; margins count where `row_margins` says so.
    pub(crate) fn row(&self, row: &RewardRow, row_margins: bool) -> Result<EncodedRow, RewardModelError> {
        let id = row.id().to_owned();
        let (texts, target) = match row {
            RewardRow::Pair(pair) if row_margins && !pair.margin.is_some_and(f64::is_finite) => {
                return Err(RewardModelError::NoMargin { row: id });
            }
            RewardRow::Pair(pair) => {
                let margin = pair.margin.filter(|_| row_margins).unwrap_or_default();
                (vec![pair.chosen.as_str(), &pair.rejected], Target::Pair { margin })
            }
            RewardRow::Labelled(labelled) => {
                (vec![labelled.response.as_str()], Target::Label(labelled.label))
            }
            RewardRow::Stepwise(stepwise) => return self.stepwise(stepwise),
        };
        if texts.iter().any(|text| self.scope.text(text, false, false).trim().is_empty()) {
            return Err(RewardModelError::NothingToJudge { row: id });
        }
        let texts = self
            .responses(row.prompt(), texts.into_iter().map(|text| (text, false)))
            .map_err(|source| RewardModelError::Encode { row: id.clone(), source: Box::new(source) })?;
        if texts.prompt.is_empty() {
            return Err(RewardModelError::NoPrompt { row: id });
        }
        Ok(EncodedRow { id, texts, target })
    }

    fn stepwise(&self, row: &StepwiseRow) -> Result<EncodedRow, RewardModelError> {
        let id = row.id.clone();
        let texts = self
            .steps(&row.prompt, &row.steps)
            .map_err(|source| RewardModelError::Encode { row: id.clone(), source: Box::new(source) })?;
        if texts.prompt.is_empty() {
            return Err(RewardModelError::NoPrompt { row: id });
        }
        if texts.responses.iter().any(Vec::is_empty) {
            return Err(RewardModelError::NothingToJudge { row: id });
        }
        Ok(EncodedRow { id, texts, target: Target::Steps(row.labels.clone()) })
    }
}
