//! Token ids for texts without a tokenizer.

use r1_core::Completion;

/// The completion with an id for each word and each mark, and a stop id, so that rewards of length have something to count.
pub(super) fn with_ids(completion: Completion) -> Completion {
    let text = completion.text.as_str();
    let mut ids = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let word =
            rest.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(rest.len()).max(first.len_utf8());
        ids.push(
            rest[..word]
                .bytes()
                .fold(2_166_136_261_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(16_777_619))
                | 1,
        );
        rest = rest[word..].trim_start();
    }
    ids.push(0);
    let logprobs = vec![-1.0; ids.len()];
    Completion { ids, logprobs, ..completion }
}
