//! The texts of evaluation sets, and the search for copies of them.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use xxhash_rust::xxh3::Xxh3DefaultBuilder;

use super::{Contamination, ContaminationReport, ContaminationRule, Document, EvaluationSet, Word, words};
use crate::DataError;

/// The evaluation texts that no training document may copy.
///
/// Words are compared by their even spelling, and runs of words by all their words: a hash
/// only finds the place, so nothing clean is dropped by chance. Where no blanks stand between words a run is
/// longer: ten words of English weigh as much as seventeen characters of Chinese. A text with fewer words than a run is
/// found when a whole text of a document is the same. Paraphrases and translations are not found.
#[derive(Debug, Clone)]
pub struct Contaminants {
    rule: ContaminationRule,
    vocabulary: HashMap<String, u32, Xxh3DefaultBuilder>,
    sets: Vec<(String, usize)>,
    texts: Vec<Text>,
    runs: HashMap<Box<[u32]>, Occurrences, Xxh3DefaultBuilder>,
    questions: HashMap<Vec<u32>, usize, Xxh3DefaultBuilder>,
    stopped: HashSet<Box<[u32]>>,
}

/// A text's words by number, what each weighs in tenths of a word, and where it stands.
#[derive(Debug, Clone, Default)]
struct Numbered {
    words: Vec<u32>,
    tenths: Vec<usize>,
    ranges: Vec<Range<usize>>,
}

impl Numbered {
    fn new(text: &str, mut number: impl FnMut(&Word) -> u32) -> Self {
        let mut numbered = Self::default();
        for word in words(text) {
            numbered.words.push(number(&word));
            numbered.tenths.push(word.tenths());
            numbered.ranges.push(word.range);
        }
        numbered
    }

    /// The runs: from each word on, as few words as weigh `ngram` words together. Equal words weigh the
    /// same, so the runs of a copy are those of its original.
    fn runs(&self, ngram: usize) -> impl Iterator<Item = (usize, &[u32])> {
        let (mut end, mut weight) = (0, 0);
        (0..self.words.len()).map_while(move |start| {
            while weight < 10 * ngram {
                weight += self.tenths.get(end)?;
                end += 1;
            }
            weight -= self.tenths[start];
            Some((start, &self.words[start..end]))
        })
    }
}

/// One text of one evaluation item.
#[derive(Debug, Clone)]
struct Text {
    set: usize,
    item: usize,
    id: String,
    name: &'static str,
    text: String,
    numbered: Numbered,
}

/// The texts that have a run of words.
#[derive(Debug, Clone, Default)]
struct Occurrences {
    texts: Vec<usize>,
    items: usize,
}

/// A word that no evaluation text has.
const UNKNOWN: u32 = u32::MAX;

impl Contaminants {
    /// No texts yet.
    ///
    /// # Errors
    /// [`DataError::Setting`] when the rule asks for the impossible, or a phrase to leave out has fewer
    /// words than a run.
    pub fn new(rule: ContaminationRule) -> Result<Self, DataError> {
        rule.validate()?;
        let mut contaminants = Self {
            vocabulary: HashMap::default(),
            sets: Vec::new(),
            texts: Vec::new(),
            runs: HashMap::default(),
            questions: HashMap::default(),
            stopped: HashSet::new(),
            rule,
        };
        for phrase in contaminants.rule.stop_phrases.clone() {
            let ngram = contaminants.rule.ngram;
            let numbered = Numbered::new(&phrase, |word| contaminants.intern(word));
            if numbered.runs(ngram).next().is_none() {
                let count = numbered.words.len();
                let reason =
                    format!("has `{phrase}` with {count} words, but only runs of {ngram} words are compared");
                return Err(DataError::Setting { name: "stop_phrases", reason });
            }
            contaminants.stopped.extend(numbered.runs(ngram).map(|(_, run)| Box::from(run)));
        }
        Ok(contaminants)
    }

    /// Adds the items of an evaluation set.
    pub fn add<D: Document>(&mut self, set: &str, items: &[D]) {
        let first = self.texts.last().map_or(0, |text| text.item + 1);
        for (item, document) in (first..).zip(items) {
            let mut seen = HashSet::new();
            for (place, (name, text)) in document.texts().into_iter().enumerate() {
                let numbered = Numbered::new(&text, |word| self.intern(word));
                let index = self.texts.len();
                let runs = numbered.runs(self.rule.ngram).map(|(_, run)| run);
                for run in runs.filter(|run| !self.stopped.contains(*run)) {
                    let entry = self.runs.entry(Box::from(run)).or_default();
                    entry.items += usize::from(seen.insert(Box::<[u32]>::from(run)));
                    if entry.texts.last() != Some(&index) {
                        entry.texts.push(index);
                    }
                }
                if place == 0 && !numbered.words.is_empty() {
                    self.questions.entry(numbered.words.clone()).or_insert(index);
                }
                let (id, text) = (document.id().to_owned(), text.into_owned());
                self.texts.push(Text { set: self.sets.len(), item, id, name, text, numbered });
            }
        }
        self.sets.push((set.to_owned(), items.len()));
    }

    /// The text in common with an evaluation text, if the rule counts it as a copy.
    pub fn find(&self, document: &impl Document) -> Option<Contamination> {
        let mut found: Vec<(Hit, &'static str, usize)> = Vec::new();
        let texts = document.texts();
        let mut spelled = Vec::with_capacity(texts.len());
        for (place, (name, text)) in texts.iter().enumerate() {
            let numbered = Numbered::new(text, |word| self.lookup(word));
            found.extend(self.hits(&numbered).into_iter().map(|hit| (hit, *name, place)));
            spelled.push(numbered);
        }
        let others = found.len().saturating_sub(1);
        // The first of the best, so that the report does not depend on a map's order.
        let best = |(hit, _, place): &(Hit, &str, usize)| {
            (hit.whole, hit.ngrams, std::cmp::Reverse((*place, hit.text)))
        };
        let (hit, name, place) = found.into_iter().max_by_key(best)?;
        let item = &self.texts[hit.text];
        let spelled = &spelled[place];
        let (ours, theirs) = longest_common(&spelled.words, &item.numbered.words);
        let slice = |text: &str, ranges: &[Range<usize>], stretch: Range<usize>| {
            text[ranges[stretch.start].start..ranges[stretch.end - 1].end].to_owned()
        };
        Some(Contamination {
            id: document.id().to_owned(),
            text: name.to_owned(),
            set: self.sets[item.set].0.clone(),
            item: item.id.clone(),
            item_text: item.name.to_owned(),
            ngrams: hit.ngrams,
            coverage: hit.coverage,
            whole: hit.whole,
            matched: slice(&texts[place].1, &spelled.ranges, ours),
            original: slice(&item.text, &item.numbered.ranges, theirs),
            others,
        })
    }

    /// Takes out the copies and says which they were; the order stays.
    pub fn remove_from<D: Document>(&self, documents: Vec<D>) -> (Vec<D>, ContaminationReport) {
        let total = documents.len();
        let (mut kept, mut removed) = (Vec::new(), Vec::new());
        for document in documents {
            match self.find(&document) {
                Some(contamination) => removed.push(contamination),
                None => kept.push(document),
            }
        }
        let report = ContaminationReport {
            rule: self.rule.clone(),
            sets: self.describe(&removed),
            documents: total,
            kept: kept.len(),
            removed,
        };
        (kept, report)
    }

    fn describe(&self, removed: &[Contamination]) -> Vec<EvaluationSet> {
        let mut comparable = HashSet::new();
        for run in self.runs.values().filter(|run| self.counts(run)) {
            comparable.extend(run.texts.iter().map(|&text| (self.texts[text].set, self.texts[text].item)));
        }
        let set = |(index, (name, items)): (usize, &(String, usize))| EvaluationSet {
            name: name.clone(),
            items: *items,
            whole_only: items - comparable.iter().filter(|(set, _)| *set == index).count(),
            removed: removed.iter().filter(|one| one.set == *name).count(),
        };
        self.sets.iter().enumerate().map(set).collect()
    }

    /// The evaluation texts of which these words are a copy.
    fn hits(&self, document: &Numbered) -> Vec<Hit> {
        let mut shared: HashMap<usize, HashSet<&[u32]>> = HashMap::new();
        let runs = document.runs(self.rule.ngram).map(|(_, run)| run);
        for run in runs.filter(|run| !run.contains(&UNKNOWN)) {
            if let Some(entry) = self.runs.get(run).filter(|entry| self.counts(entry)) {
                for &text in &entry.texts {
                    shared.entry(text).or_default().insert(run);
                }
            }
        }
        let whole = self.questions.get(&document.words).copied();
        if let Some(text) = whole {
            shared.entry(text).or_default();
        }
        let hit = |(text, runs): (usize, HashSet<&[u32]>)| {
            let whole = whole == Some(text);
            let coverage = if whole { 1.0 } else { self.coverage(text, &runs) };
            Hit { text, ngrams: runs.len(), coverage, whole }
        };
        let copied = |hit: &Hit| {
            hit.whole
                || hit.ngrams >= self.rule.min_ngrams
                || self.rule.min_coverage.is_some_and(|share| hit.coverage >= share)
        };
        shared.into_iter().map(hit).filter(copied).collect()
    }

    fn coverage(&self, text: usize, runs: &HashSet<&[u32]>) -> f64 {
        let text = &self.texts[text].numbered;
        let (mut covered, mut end) = (0, 0);
        for (start, run) in text.runs(self.rule.ngram) {
            if runs.contains(run) {
                covered += start + run.len() - end.max(start);
                end = start + run.len();
            }
        }
        covered as f64 / text.words.len() as f64
    }

    fn counts(&self, run: &Occurrences) -> bool {
        self.rule.max_items.is_none_or(|max| run.items <= max)
    }

    fn intern(&mut self, word: &Word) -> u32 {
        let next = self.vocabulary.len() as u32;
        *self.vocabulary.entry(word.spelling.clone()).or_insert(next)
    }

    fn lookup(&self, word: &Word) -> u32 {
        self.vocabulary.get(&word.spelling).copied().unwrap_or(UNKNOWN)
    }
}

/// A pair of texts that meets the rule.
#[derive(Debug)]
struct Hit {
    text: usize,
    ngrams: usize,
    coverage: f64,
    whole: bool,
}

/// The first of the longest stretches of words that stand in both.
fn longest_common(ours: &[u32], theirs: &[u32]) -> (Range<usize>, Range<usize>) {
    // `lengths[j + 1]`: how long the stretch is that ends with the current word and with `theirs[j]`.
    let mut lengths = vec![0usize; theirs.len() + 1];
    let mut best = (0, 0, 0);
    for (i, word) in ours.iter().enumerate() {
        for j in (0..theirs.len()).rev() {
            lengths[j + 1] = if theirs[j] == *word { lengths[j] + 1 } else { 0 };
            if lengths[j + 1] > best.0 {
                best = (lengths[j + 1], i + 1, j + 1);
            }
        }
    }
    let (length, i, j) = best;
    (i - length..i, j - length..j)
}
