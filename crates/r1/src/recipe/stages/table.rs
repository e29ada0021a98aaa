//! The models of a pipeline beside each other.

use std::{
    collections::{BTreeSet, HashSet},
    fmt::Write as _,
    path::Path,
};

use super::StageScore;

/// Leaves each model once, the one that a stage made before the same one as the start of another.
pub(super) fn without_repeats(scores: &mut Vec<StageScore>) {
    let mut seen = HashSet::new();
    scores.retain(|score| {
        let path = Path::new(&score.path);
        seen.insert(path.canonicalize().unwrap_or_else(|_| path.to_owned()))
    });
}

/// The table as Markdown: shares in percent, the standard error of the first behind it.
pub(super) fn markdown(scores: &[StageScore]) -> String {
    let tasks: BTreeSet<&String> = scores.iter().flat_map(|score| score.by_task.keys()).collect();
    let tasks: Vec<&String> = if tasks.len() > 1 { tasks.into_iter().collect() } else { Vec::new() };
    let columns: BTreeSet<&String> = scores.iter().flat_map(|score| score.columns.keys()).collect();
    let mut heads = vec!["model".to_owned(), "pass@1".into()];
    heads.extend(tasks.iter().map(|task| (*task).clone()));
    heads.push("format".into());
    heads.extend(columns.iter().map(|column| (*column).clone()));
    heads.extend(["tokens".to_owned(), "training, s".into()]);
    let percent = |value: f64| format!("{:.1} %", 100.0 * value);
    let mut rows = vec![heads];
    for score in scores {
        let error = score.pass_at_1_stderr.map_or(String::new(), |error| format!(" ± {:.1}", 100.0 * error));
        let mut row = vec![score.model.clone(), format!("{:.1}{error} %", 100.0 * score.pass_at_1)];
        row.extend(
            tasks.iter().map(|task| score.by_task.get(*task).map_or("-".into(), |share| percent(*share))),
        );
        row.push(percent(score.format));
        row.extend(
            columns
                .iter()
                .map(|column| score.columns.get(*column).copied().flatten().map_or("-".into(), percent)),
        );
        row.extend([format!("{:.1}", score.tokens), format!("{:.0}", score.train_seconds)]);
        rows.push(row);
    }
    aligned(&rows)
}

/// Rows of cells with bars between them, each column as wide as its widest cell.
fn aligned(rows: &[Vec<String>]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(text, "| {cell:<width$} ");
        }
        text += "|\n";
        if index == 0 {
            for width in &widths {
                let _ = write!(text, "|{}", "-".repeat(width + 2));
            }
            text += "|\n";
        }
    }
    text
}
