//! The examples of `docs/data.md` are read as it says.
#![cfg(feature = "recipe")]

use std::fs;

use r1_data::{
    dataset::{Format, TraceFormat, load_reward_rows},
    recipe::DataRecipe,
};

const DOC: &str = include_str!("../../../docs/data.md");

/// The rows of the table of layouts that show a row of a file: the layout, what it gives, and the row.
fn rows() -> Vec<(String, String, String)> {
    let row = |line: &str| {
        let cells: Vec<&str> = line.strip_prefix("| `")?.split(" | ").collect();
        let [layout, gives, row] = cells.as_slice() else { return None };
        let row = row.strip_suffix(" |")?.strip_prefix('`')?.strip_suffix('`')?;
        Some((layout.strip_suffix('`')?.to_owned(), (*gives).to_owned(), row.to_owned()))
    };
    DOC.lines().filter_map(row).filter(|(.., row)| row.starts_with('{')).collect()
}

#[test]
fn every_example_is_read_in_its_layout_and_told_by_its_columns() {
    let rows = rows();
    assert_eq!(rows.len(), 10, "{rows:?}");
    let folder = tempfile::tempdir().unwrap();
    for (layout, gives, row) in rows {
        for (name, content) in [("a.jsonl", row.clone()), ("a.json", format!("[\n{row}\n]"))] {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            if gives.contains("reward model") {
                let (rows, format) = load_reward_rows(&path).unwrap();
                assert_eq!((rows.len(), format), (1, layout.as_str()));
            }
            if gives.starts_with("problems") {
                let format: Format = layout.parse().unwrap();
                assert_eq!(format.load(&path).unwrap().len(), 1, "{layout}");
                assert_eq!(Format::detect(&path).unwrap(), format, "{layout}");
            } else if !gives.contains("reward model") {
                let format: TraceFormat = layout.parse().unwrap();
                assert_eq!(format.load(&path).unwrap().len(), 1, "{layout}");
                assert_eq!(TraceFormat::detect(&path).unwrap(), format, "{layout}");
            }
        }
    }
}

#[test]
fn the_recipe_is_one() {
    let toml = DOC.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let recipe: DataRecipe = toml::from_str(toml).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let question = |i: usize| {
        format!("Question {i}, which asks what number {i} and {} have in common, please", i * i + 7)
    };
    let table: String = (0..40).map(|i| format!("\"{}\",{i}\n", question(i))).collect();
    fs::write(folder.path().join("train.csv"), format!("query,gold\n{table}")).unwrap();
    fs::write(
        folder.path().join("test.jsonl"),
        format!("{{\"question\": \"{}\", \"answer\": 1}}\n", question(99)),
    )
    .unwrap();
    let rates: String = (0..40)
        .map(|i| format!("{{\"id\": \"train-{}\", \"passed\": 1, \"samples\": 2}}\n", i + 1))
        .collect();
    fs::write(folder.path().join("base.samples.jsonl"), rates).unwrap();
    let (mut source, report) = recipe.training(folder.path(), 0).unwrap();
    assert!(report.sources[1].kept.unwrap() > 0, "{report:?}");
    assert!((0..50).any(|_| source.next().unwrap().id.starts_with("train-")));
}
