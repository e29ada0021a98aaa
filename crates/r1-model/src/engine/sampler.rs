//! From logits to a token, by the inverse of the cumulative distribution in vocabulary order.

use r1_core::{Key, Sampling, session::Allowed};

use crate::kernels::{
    simd::{sum, vectorized},
    token_logprobs::row::normalize,
};

/// A drawn token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Draw {
    /// The token.
    pub id: u32,
    /// `log softmax(logits / temperature)[id]` over the whole vocabulary, in nats. At temperature 0,
    /// where the draw is the most probable token, the logits are taken as they are.
    pub logprob: f32,
    /// Its log-probability among the kept tokens, when some were cut off or forbidden.
    pub sampled_logprob: Option<f32>,
}

/// What may be drawn.
#[derive(Debug, Clone, Copy, Default)]
pub struct Choice<'a> {
    /// Ids that are never drawn.
    pub forbidden: &'a [u32],
    /// The ids that a rule allows now, if there is one.
    pub allowed: Option<Allowed<'a>>,
}

impl Choice<'_> {
    fn is_free(&self) -> bool {
        self.forbidden.is_empty() && self.allowed.is_none_or(|allowed| allowed == Allowed::All)
    }

    fn allows(&self, id: usize) -> bool {
        let id = id as u32;
        self.allowed.is_none_or(|allowed| allowed.allows(id)) && !self.forbidden.contains(&id)
    }
}

/// The part of [`Sampling`] that draws tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampler {
    /// Divides the logits; 0 takes the most probable token.
    pub temperature: f32,
    /// Most tokens kept.
    pub top_k: Option<usize>,
    /// Mass of the most probable tokens kept, out of those that `top_k` leaves.
    pub top_p: f32,
    /// Least share of the largest probability kept.
    pub min_p: f32,
}

impl From<&Sampling> for Sampler {
    fn from(sampling: &Sampling) -> Self {
        let Sampling { temperature, top_k, top_p, min_p, .. } = *sampling;
        Self { temperature, top_k, top_p, min_p }
    }
}

impl Sampler {
    /// Draws the token at `position` of the completion named by `key` from what may be drawn, and names the `top` most
    /// probable ids of the whole vocabulary.
    ///
    /// Cuts apply in the order top-k, top-p, min-p; the probability of
    /// top-p is that among the tokens top-k leaves, as in transformers.
    ///
    /// # Panics
    /// When `logits` is empty, or a forbidden id lies outside of it.
    pub fn draw(
        &self,
        logits: &[f32],
        choice: &Choice<'_>,
        key: &Key,
        position: u64,
        top: usize,
    ) -> (Draw, Vec<(u32, f32)>) {
        let greedy = self.temperature == 0.0;
        let inverse = if greedy { 1.0 } else { 1.0 / self.temperature };
        let mut weights = logits.to_vec();
        let row = normalize(&mut weights, inverse);
        let logprob = |id: usize| row.logprob(logits[id] * inverse);
        let top = most_probable(logits, top).map(|id| (id as u32, logprob(id))).collect();
        if greedy {
            let best = best(logits, choice);
            return (Draw { id: best as u32, logprob: logprob(best), sampled_logprob: None }, top);
        }
        let free = choice.is_free();
        if !free {
            restrict(&mut weights, logits, choice);
        }
        let uniform = key.uniform(position);
        let sum = |ids: &mut dyn Iterator<Item = usize>| ids.map(|id| f64::from(weights[id])).sum::<f64>();
        let draw = match self.kept(&weights) {
            None => {
                let id = invert_all(&weights, uniform);
                let sampled = (!free).then(|| {
                    let total = sum(&mut (0..weights.len()));
                    (f64::from(weights[id]).ln() - total.ln()) as f32
                });
                Draw { id: id as u32, logprob: logprob(id), sampled_logprob: sampled }
            }
            Some(kept) => {
                let total = sum(&mut kept.iter().copied());
                let id = invert(kept.iter().map(|id| (*id, weights[*id])), uniform * total);
                let sampled = (f64::from(weights[id]).ln() - total.ln()) as f32;
                Draw { id: id as u32, logprob: logprob(id), sampled_logprob: Some(sampled) }
            }
        };
        (draw, top)
    }

    /// Whether improbable tokens are cut off.
    pub(super) fn cuts(&self) -> bool {
        self.top_k.is_some() || self.top_p < 1.0 || self.min_p > 0.0
    }

    /// The ids that may be drawn, ascending; `None` for all.
    fn kept(&self, weights: &[f32]) -> Option<Vec<usize>> {
        if !self.cuts() {
            return None;
        }
        let mut ids: Vec<usize> = (0..weights.len()).collect();
        if self.top_k.is_some() || self.top_p < 1.0 {
            ids.sort_by(|a, b| weights[*b].total_cmp(&weights[*a]).then(a.cmp(b)));
        }
        if let Some(k) = self.top_k {
            ids.truncate(k.max(1));
        }
        if self.top_p < 1.0 {
            let total: f64 = ids.iter().map(|id| f64::from(weights[*id])).sum();
            let mut mass = 0.0;
            let count = ids.iter().take_while(|id| {
                let wanted = mass < f64::from(self.top_p) * total;
                mass += f64::from(weights[**id]);
                wanted
            });
            let count = count.count();
            ids.truncate(count.max(1));
        }
        // The largest weight is exp(0) = 1, unless it is that of a forbidden id.
        let largest = weights.iter().fold(0.0f32, |most, weight| most.max(*weight));
        ids.retain(|id| weights[*id] >= self.min_p * largest);
        ids.sort_unstable();
        Some(ids)
    }
}

/// The most probable id that may be drawn, the smallest of equals.
fn best(logits: &[f32], choice: &Choice<'_>) -> usize {
    let mut best = None;
    for (id, logit) in logits.iter().enumerate() {
        if best.is_none_or(|best| *logit > logits[best]) && choice.allows(id) {
            best = Some(id);
        }
    }
    best.unwrap_or(0)
}

/// Takes the weight from what may not be drawn. Should nothing be left, because all that may be drawn is too improbable to
/// have a weight, the most probable of it has all.
fn restrict(weights: &mut [f32], logits: &[f32], choice: &Choice<'_>) {
    match choice.allowed {
        None | Some(Allowed::All) => {}
        Some(allowed) => {
            for (id, weight) in weights.iter_mut().enumerate() {
                if !allowed.allows(id as u32) {
                    *weight = 0.0;
                }
            }
        }
    }
    for id in choice.forbidden {
        weights[*id as usize] = 0.0;
    }
    if choice.allowed.is_some() && weights.iter().all(|weight| *weight == 0.0) {
        weights[best(logits, choice)] = 1.0;
    }
}

/// The `count` most probable ids, the most probable first, the smaller of equals first.
fn most_probable(logits: &[f32], count: usize) -> impl Iterator<Item = usize> {
    let mut top: Vec<usize> = Vec::with_capacity(count + 1);
    for id in 0..if count == 0 { 0 } else { logits.len() } {
        if top.len() < count || logits[id] > logits[top[top.len() - 1]] {
            let place = top.partition_point(|other| logits[*other] >= logits[id]);
            top.insert(place, id);
            top.truncate(count);
        }
    }
    top.into_iter()
}

/// The id at this share of the total weight, in vocabulary order: first the block in which it lies, then its
/// place there.
fn invert_all(weights: &[f32], uniform: f64) -> usize {
    const BLOCK: usize = 1024;
    let sums: Vec<f64> = weights.chunks(BLOCK).map(|block| f64::from(block_sum(block))).collect();
    let threshold = uniform * sums.iter().sum::<f64>();
    // Should rounding leave no answer, it is the last id with any weight.
    let (mut before, mut chosen, mut rest) = (0.0, 0, f64::INFINITY);
    for (block, sum) in sums.iter().enumerate().filter(|(_, sum)| **sum > 0.0) {
        chosen = block;
        if before + sum > threshold {
            rest = threshold - before;
            break;
        }
        before += sum;
    }
    let first = chosen * BLOCK;
    let block = &weights[first..weights.len().min(first + BLOCK)];
    first + invert(block.iter().copied().enumerate(), rest)
}

vectorized! {
    fn block_sum(weights: &[f32]) -> f32 {
        sum(weights)
    }
}

/// The first id whose cumulative weight exceeds `threshold`; the last one with any weight if
/// rounding leaves none.
fn invert(weights: impl Iterator<Item = (usize, f32)>, threshold: f64) -> usize {
    let (mut sum, mut last) = (0.0, 0);
    for (id, weight) in weights {
        if weight > 0.0 {
            sum += f64::from(weight);
            last = id;
            if sum > threshold {
                break;
            }
        }
    }
    last
}

#[cfg(test)]
mod tests;
