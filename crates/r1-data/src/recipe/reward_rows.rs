//! The rows that a reward model learns from.

use std::path::Path;

use super::{
    DataRecipe, DataReport, SourceRecipe,
    build::{PROBLEMS_OF_A_TASK, setting},
    ids::Named,
    read::asked,
    resolve,
    source::Checked,
    task_pairs::{Part, pairs},
};
use crate::{
    DataError,
    dataset::{RewardRow, load_reward_rows},
};

impl Named for RewardRow {
    fn id(&mut self) -> &mut String {
        match self {
            Self::Pair(row) => &mut row.id,
            Self::Labelled(row) => &mut row.id,
            Self::Stepwise(row) => &mut row.id,
        }
    }
}

impl DataRecipe {
    /// The pairs and labelled answers that a reward model learns: of each file all that `split` and `limit` leave, of a
    /// task worked solutions of training problems, each preferred to that of another problem.
    ///
    /// # Errors
    /// As [`training`](Self::training).
    pub fn reward_rows(&self, base: &Path, seed: u64) -> Result<(Vec<RewardRow>, DataReport), DataError> {
        self.rows_of(base, seed, Part::Training)
    }

    /// The same that a reward model is judged by: of a task, those of held-out problems.
    ///
    /// # Errors
    /// As [`training`](Self::training).
    pub fn held_out_reward_rows(
        &self,
        base: &Path,
        seed: u64,
    ) -> Result<(Vec<RewardRow>, DataReport), DataError> {
        self.rows_of(base, seed, Part::HeldOut)
    }

    fn rows_of(&self, base: &Path, seed: u64, part: Part) -> Result<(Vec<RewardRow>, DataReport), DataError> {
        let seed = self.seed.unwrap_or(seed);
        if !self.filters.is_empty() {
            return Err(setting("filters", "are for problems and traces; a reward model has `min_margin`"));
        }
        let mut report = DataReport::default();
        let read = |source: &SourceRecipe| match source.check()? {
            Checked::Task(task, level) => {
                let count = source.limit.unwrap_or(PROBLEMS_OF_A_TASK);
                let rows = pairs(&task, level, count, seed, part)?;
                Ok((rows.into_iter().map(RewardRow::Pair).collect(), "task"))
            }
            Checked::File(file) => source.reward_rows_of(&resolve(base, file)),
        };
        let parts = self.finite(read, &mut report)?;
        let joined = self.filtered(parts, &mut report, |rows, _| Ok(rows))?;
        Ok((joined.into_iter().flatten().collect(), report))
    }
}

impl SourceRecipe {
    fn reward_rows_of(&self, path: &Path) -> Result<(Vec<RewardRow>, &'static str), DataError> {
        self.refuse_names("preference", false, false)?;
        let (mut rows, format) = load_reward_rows(path)?;
        if let Some(name) = self.layout().filter(|name| *name != format) {
            let reason = format!("is `{name}`, and the file has rows of the layout `{format}`");
            return Err(DataError::Setting { name: "format", reason });
        }
        rows.retain(|row| self.split.is_none_or(|split| split.has(asked(row.prompt()).unwrap_or(row.id()))));
        self.cut(rows).map(|rows| (rows, format))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(text: &str) -> DataRecipe {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn files_of_both_kinds_are_read_and_divided() {
        let folder = tempfile::tempdir().unwrap();
        let pairs: String = (0..50)
            .map(|n| format!("{{\"prompt\": \"{n}?\", \"chosen\": \"a\", \"rejected\": \"b\"}}\n"))
            .collect();
        std::fs::write(folder.path().join("pairs.jsonl"), pairs).unwrap();
        let labelled = "{\"prompt\": \"?\", \"response\": \"a\", \"label\": true}";
        std::fs::write(folder.path().join("labelled.jsonl"), labelled).unwrap();
        let read = |text: &str| recipe(text).reward_rows(folder.path(), 0);
        let both = r#"{"sources": [{"file": "pairs.jsonl", "limit": 3}, {"file": "labelled.jsonl"}]}"#;
        let (rows, report) = read(both).unwrap();
        assert_eq!(
            rows.iter().map(RewardRow::id).collect::<Vec<_>>(),
            ["preference-1", "preference-2", "preference-3", "labelled-1"]
        );
        assert_eq!(
            report.sources.iter().map(|source| source.format.as_str()).collect::<Vec<_>>(),
            ["preference", "labelled"]
        );
        let part = |split: &str| {
            read(&format!(r#"{{"sources": [{{"file": "pairs.jsonl", "split": "{split}"}}]}}"#)).unwrap().0
        };
        let (train, held_out) = (part("train"), part("held-out"));
        assert_eq!(train.len() + held_out.len(), 50);
        assert!(!held_out.is_empty() && held_out.iter().all(|row| !train.contains(row)));
    }

    #[test]
    fn what_reward_models_have_no_use_for_is_refused() {
        for (text, reason) in [
            (r#"{"sources": [{"task": "gcd", "limit": 1}]}"#, "has too few problems"),
            (
                r#"{"sources": [{"file": "x"}], "filters": {"near_duplicates": {}}}"#,
                "a reward model has `min_margin`",
            ),
            (
                r#"{"sources": [{"file": "x", "columns": {"prompt": "q"}}]}"#,
                "`columns` cannot be set for the layout",
            ),
        ] {
            let error = recipe(text).reward_rows(Path::new("."), 0).unwrap_err();
            let cause = match &error {
                DataError::Source { error, .. } => error.to_string(),
                error => error.to_string(),
            };
            assert!(cause.contains(reason), "{cause}");
        }
    }
}
