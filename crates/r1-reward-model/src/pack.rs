//! Prompts with their responses, packed into batches of bounded size.

use std::ops::Range;

use r1_model::PackedBatch;

use crate::encode::Responses;

/// A batch that fits into memory.
#[derive(Debug, Clone)]
pub(crate) struct ScoreBatch {
    /// Each prompt once, with its responses behind it, or with the steps of one in a chain.
    pub(crate) batch: PackedBatch,
    /// The last token of each response, in order.
    pub(crate) rows: Vec<u32>,
    /// Which of the prompts these are.
    pub(crate) items: Range<usize>,
}

/// Packs prompts with their responses, in order, into batches of at most `max_tokens` tokens. A prompt and its
/// responses are never divided, for a loss compares them; more of them than fit are a batch of their own.
///
/// # Panics
/// When a prompt is empty.
pub(crate) fn pack<'a>(texts: impl IntoIterator<Item = &'a Responses>, max_tokens: usize) -> Vec<ScoreBatch> {
    let mut batches: Vec<ScoreBatch> = Vec::new();
    for (item, texts) in texts.into_iter().enumerate() {
        let fits = batches.last().is_some_and(|open| open.batch.len() + texts.tokens() <= max_tokens);
        if !fits {
            batches.push(ScoreBatch { batch: PackedBatch::new(), rows: Vec::new(), items: item..item });
        }
        let open = batches.last_mut().expect("one was pushed");
        assert!(!texts.prompt.is_empty(), "a prompt has no token");
        let mut parent = open.batch.push(&texts.prompt, None);
        let mut end_of_parent = open.batch.len() - 1;
        for response in &texts.responses {
            let mut row = end_of_parent;
            if !response.is_empty() {
                let pushed = open.batch.push(response, Some(parent));
                row = open.batch.len() - 1;
                if texts.chained {
                    (parent, end_of_parent) = (pushed, row);
                }
            }
            open.rows.push(row as u32);
        }
        open.items.end = item + 1;
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_stands_once_and_its_responses_stay_together() {
        let texts = |prompt: &[u32], responses: &[&[u32]]| Responses {
            prompt: prompt.to_vec(),
            responses: responses.iter().map(|ids| ids.to_vec()).collect(),
            chained: false,
        };
        let all = [texts(&[1, 2], &[&[3], &[4, 5]]), texts(&[6], &[&[7], &[]]), texts(&[8], &[&[9]])];
        let batches = pack(&all, 7);
        assert_eq!(batches.iter().map(|batch| batch.items.clone()).collect::<Vec<_>>(), [0..2, 2..3]);
        assert_eq!(batches[0].batch.ids(), [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(batches[0].batch.positions(), [0, 1, 2, 2, 3, 0, 1]);
        // The response without a token is scored at the prompt's end.
        assert_eq!(batches[0].rows, [2, 4, 6, 5]);
        assert_eq!(pack(&all, 1).len(), 3);
        // Steps go on where the one before ends.
        let chain = Responses { chained: true, ..texts(&[1, 2], &[&[3], &[], &[4, 5]]) };
        let batches = pack(&[chain], 7);
        assert_eq!(batches[0].batch.positions(), [0, 1, 2, 3, 4]);
        assert_eq!(batches[0].rows, [2, 2, 4]);
    }
}
