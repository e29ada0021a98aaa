//! Documents that say nearly the same, and which of them to keep.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash},
};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{Xxh3DefaultBuilder, xxh3_64};

use super::{Document, minhash::MinHash, words};
use crate::DataError;
use r1_core::Trace;

/// Finds documents whose questions are nearly the same.
///
/// A question is the set of its shingles, runs of five words; two are near-duplicates when the Jaccard
/// similarity of the sets, common shingles over all shingles, reaches the threshold. Candidates are found
/// by MinHash with 16 bands of 8 rows and then compared exactly, so what is dropped is alike beyond doubt,
/// while a pair just at the threshold may be missed: it becomes a candidate with probability
/// `1 − (1 − s^8)^16`, 0.61 at `s` = 0.7 and 0.99 at 0.85. Near-duplicates of near-duplicates fall into one group.
///
/// The result depends on the documents, their order and the seed alone.
#[derive(Debug, Clone)]
pub(crate) struct NearDuplicates {
    shingle: usize,
    threshold: f64,
    seed: u64,
}

/// One document that was removed because a better one is nearly the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NearDuplicate {
    /// Its id.
    pub id: String,
    /// The document of its group that was kept.
    pub kept: String,
    /// The Jaccard similarity of the two; below the threshold when others of the group stand between them.
    pub similarity: f64,
}

/// The result of removing near-duplicates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NearDuplicateReport {
    /// The number of documents that were looked at.
    pub documents: usize,
    /// The number that was kept.
    pub kept: usize,
    /// Those that were not, in order.
    pub removed: Vec<NearDuplicate>,
}

impl Default for NearDuplicates {
    fn default() -> Self {
        Self { shingle: 5, threshold: 0.7, seed: 0 }
    }
}

impl NearDuplicates {
    /// Shingles of five words, threshold 0.7, seed 0.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The same search with another similarity from which documents are near-duplicates.
    ///
    /// # Errors
    /// [`DataError::Setting`] outside of `[0.5, 1]`: below, the bands find next to nothing.
    pub(crate) fn with_threshold(self, threshold: f64) -> Result<Self, DataError> {
        if !(0.5..=1.0).contains(&threshold) {
            let reason = format!("is {threshold}; expected 0.5 to 1");
            return Err(DataError::Setting { name: "threshold", reason });
        }
        Ok(Self { threshold, ..self })
    }

    /// The same search with other hash functions.
    #[cfg(test)]
    fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The groups of two and more near-duplicates by their places in `documents`, in order.
    #[cfg(test)]
    fn groups<D: Document>(&self, documents: &[D]) -> Vec<Vec<usize>> {
        let sets: Vec<Vec<u64>> = documents.iter().map(|document| self.shingles(document)).collect();
        self.groups_of(&sets)
    }

    /// Keeps one document of each group, that of the lowest rank, of equal ones the first; the order stays.
    pub(crate) fn remove_from<D: Document, R: Ord>(
        &self,
        documents: Vec<D>,
        rank: impl Fn(&D) -> R,
    ) -> (Vec<D>, NearDuplicateReport) {
        let sets: Vec<Vec<u64>> = documents.iter().map(|document| self.shingles(document)).collect();
        let mut instead: Vec<Option<usize>> = vec![None; documents.len()];
        for group in self.groups_of(&sets) {
            let best = group.iter().copied().min_by_key(|&place| (rank(&documents[place]), place));
            for place in group.into_iter().filter(|&place| Some(place) != best) {
                instead[place] = best;
            }
        }
        let removed = |(place, &kept): (usize, &Option<usize>)| {
            let kept = kept?;
            let similarity = jaccard(&sets[place], &sets[kept]);
            let id = |place: usize| documents[place].id().to_owned();
            Some(NearDuplicate { id: id(place), kept: id(kept), similarity })
        };
        let removed: Vec<_> = instead.iter().enumerate().filter_map(removed).collect();
        let total = documents.len();
        let kept: Vec<D> = documents
            .into_iter()
            .zip(&instead)
            .filter_map(|(one, other)| other.is_none().then_some(one))
            .collect();
        let report = NearDuplicateReport { documents: total, kept: kept.len(), removed };
        (kept, report)
    }

    /// The hashes of a document's shingles, sorted, each once. A shorter question is one shingle.
    fn shingles(&self, document: &impl Document) -> Vec<u64> {
        let texts = document.texts();
        let Some((_, question)) = texts.first() else { return Vec::new() };
        let words = words(question);
        let hash = |shingle: &[super::Word]| {
            let text: Vec<&str> = shingle.iter().map(|word| word.spelling.as_str()).collect();
            xxh3_64(text.join(" ").as_bytes())
        };
        let mut hashes: Vec<u64> = words.windows(self.shingle.min(words.len()).max(1)).map(hash).collect();
        hashes.sort_unstable();
        hashes.dedup();
        hashes
    }

    fn groups_of(&self, sets: &[Vec<u64>]) -> Vec<Vec<usize>> {
        let mut forest = Forest::new(sets.len());
        // Equal sets first, so that a thousand copies are one member of their buckets.
        let mut firsts: HashMap<&[u64], usize, Xxh3DefaultBuilder> = HashMap::default();
        let family = MinHash::new(16, 8, self.seed);
        let mut buckets: HashMap<(usize, u64), Vec<usize>> = HashMap::new();
        for (place, set) in sets.iter().enumerate().filter(|(_, set)| !set.is_empty()) {
            if let Some(&first) = firsts.get(set.as_slice()) {
                forest.unite(first, place);
                continue;
            }
            firsts.insert(set, place);
            for (band, values) in family.bands(&family.signature(set)).enumerate() {
                let bucket = buckets.entry((band, hash(values))).or_default();
                for &other in bucket.iter() {
                    if forest.root(other) != forest.root(place)
                        && jaccard(&sets[other], set) >= self.threshold
                    {
                        forest.unite(other, place);
                    }
                }
                bucket.push(place);
            }
        }
        forest.groups()
    }
}

/// For [`NearDuplicates::remove_from`]: traces whose provenance says `"verified": true` before the others,
/// then the shorter completion.
pub(crate) fn verified_then_shorter(trace: &Trace) -> (bool, usize) {
    let verified = trace.provenance.get("verified").and_then(|verified| verified.as_bool());
    (verified != Some(true), trace.completion.chars().count())
}

fn hash(values: impl Hash) -> u64 {
    Xxh3DefaultBuilder::new().hash_one(values)
}

/// The share of common members of two sorted sets, in `[0, 1]`.
fn jaccard(one: &[u64], other: &[u64]) -> f64 {
    let (mut i, mut j, mut common) = (0, 0, 0);
    while i < one.len() && j < other.len() {
        match one[i].cmp(&other[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                common += 1;
                i += 1;
                j += 1;
            }
        }
    }
    common as f64 / (one.len() + other.len() - common).max(1) as f64
}

/// Disjoint groups that can be united; each is named by its first member.
#[derive(Debug)]
struct Forest {
    parents: Vec<usize>,
}

impl Forest {
    fn new(members: usize) -> Self {
        Self { parents: (0..members).collect() }
    }

    fn root(&mut self, mut member: usize) -> usize {
        while self.parents[member] != member {
            self.parents[member] = self.parents[self.parents[member]];
            member = self.parents[member];
        }
        member
    }

    fn unite(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.parents[one.max(other)] = one.min(other);
    }

    /// The groups of at least two.
    fn groups(mut self) -> Vec<Vec<usize>> {
        let mut groups = vec![Vec::new(); self.parents.len()];
        for member in 0..self.parents.len() {
            groups[self.root(member)].push(member);
        }
        groups.retain(|group| group.len() > 1);
        groups
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use r1_core::{Content, Key, Problem, Reference};

    fn problem(id: usize, question: &str) -> Problem {
        Problem::new(id.to_string(), question, Reference::number("1"))
    }

    /// A question of forty random words, and the same with some words at its end replaced.
    fn question(key: Key, replaced: usize) -> String {
        let word = |place: usize, key: Key| format!("w{}", key.bits(place as u64) % 5_000);
        let words =
            (0..40).map(|place| word(place, if place < 40 - replaced { key } else { key.for_sample(9) }));
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn planted_duplicates_are_found_and_nothing_clean_is_dropped() {
        // 300 different questions, 100 of them once more with two words replaced (34 of 38 shingles in
        // common, s = 0.89) and 100 with twenty (16 of 56, s = 0.29).
        let key = |i: usize| Key::new(1).at_step(i as u64);
        let mut problems: Vec<Problem> = (0..300).map(|i| problem(i, &question(key(i), 0))).collect();
        problems.extend((0..100).map(|i| problem(300 + i, &question(key(i), 2))));
        problems.extend((100..200).map(|i| problem(300 + i, &question(key(i), 20))));
        let (kept, report) = NearDuplicates::new().remove_from(problems, |_| 0);
        let removed: Vec<usize> = report.removed.iter().map(|one| one.id.parse().unwrap()).collect();
        assert_eq!(removed, (300..400).collect::<Vec<_>>());
        assert!(report.removed.iter().all(|one| one.similarity == 34.0 / 38.0), "{:?}", report.removed[0]);
        assert!(report.removed.iter().all(|one| one.id == format!("3{:0>2}", one.kept)));
        assert_eq!((kept.len(), report.kept, report.documents), (400, 400, 500));
    }

    #[test]
    fn the_best_of_a_group_is_kept() {
        let trace = |id: &str, completion: &str, verified: bool| {
            Trace::new(id, Content::Text("Add the first ten primes, then halve it.".into()), completion)
                .with("verified", verified)
        };
        let traces = vec![
            trace("short", "6", false),
            trace("long", "64.5, and that is all", true),
            trace("right", "64.5", true),
            trace("also", "129/2", true),
        ];
        let (kept, report) = NearDuplicates::new().remove_from(traces, verified_then_shorter);
        assert_eq!(kept.iter().map(|trace| trace.id.as_str()).collect::<Vec<_>>(), ["right"]);
        assert!(report.removed.iter().all(|one| one.kept == "right" && one.similarity == 1.0));
    }

    #[test]
    fn a_chain_is_one_group() {
        // Each differs from the next by two words; the ends have little in common.
        let word = |i: usize| format!("w{i}");
        let question = |start: usize| (start..start + 40).map(word).collect::<Vec<_>>().join(" ");
        let problems: Vec<Problem> = (0..8).map(|i| problem(i, &question(2 * i))).collect();
        assert_eq!(NearDuplicates::new().groups(&problems), [(0..8).collect::<Vec<_>>()]);
    }

    #[test]
    fn short_and_empty_questions_are_compared_as_they_are() {
        let problems: Vec<Problem> = ["2 + 2?", "2+2", "2 + 3?", "", "", "?"]
            .iter()
            .enumerate()
            .map(|(i, text)| problem(i, text))
            .collect();
        assert_eq!(NearDuplicates::new().groups(&problems), [[0, 1]]);
        assert_eq!(NearDuplicates::new().groups::<Problem>(&[]), Vec::<Vec<usize>>::new());
    }

    #[test]
    fn thresholds_that_the_bands_cannot_serve_are_refused() {
        for threshold in [0.4, 1.1, f64::NAN] {
            assert!(NearDuplicates::new().with_threshold(threshold).is_err());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn groups_are_connected_by_pairs_above_the_threshold(
            texts in prop::collection::vec("[ab]( [abc]){6,9}", 0..12), seed in 0u64..4,
        ) {
            let search = NearDuplicates::new().with_seed(seed);
            let problems: Vec<Problem> = texts.iter().enumerate().map(|(i, text)| problem(i, text)).collect();
            let set = |text: &str| {
                let words: Vec<&str> = text.split(' ').collect();
                words.windows(5).map(|run| run.join(" ")).collect::<std::collections::BTreeSet<_>>()
            };
            let alike = |i: usize, j: usize| {
                let (one, other) = (set(&texts[i]), set(&texts[j]));
                one.intersection(&other).count() as f64 / one.union(&other).count() as f64
            };
            for group in search.groups(&problems) {
                for &member in &group {
                    prop_assert!(group.iter().any(|&other| other != member && alike(member, other) >= 0.7));
                }
            }
        }
    }
}
