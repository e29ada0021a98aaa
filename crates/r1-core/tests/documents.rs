//! The documents of the repository name files that are there.

use std::{fs, path::Path};

/// The words in backticks that look like a file or folder of a crate, with `{a,b}` written out.
fn places(text: &str) -> Vec<String> {
    let quoted = text.split("```").step_by(2).flat_map(|prose| prose.split('`').skip(1).step_by(2));
    let of_a_crate = quoted.filter(|word| {
        let path = word.strip_prefix("crates/").unwrap_or(word);
        path.starts_with("r1") && path.contains("/") && !path.contains([' ', '<', '*'])
    });
    of_a_crate
        .flat_map(|word| match word.split_once('{').and_then(|(a, rest)| Some((a, rest.split_once('}')?))) {
            Some((before, (choices, after))) => {
                choices.split(',').map(|choice| format!("{before}{choice}{after}")).collect()
            }
            None => vec![word.to_owned()],
        })
        .collect()
}

#[test]
fn every_file_that_a_document_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    if !root.join("docs").is_dir() {
        // The crate stands alone.
        return;
    }
    let (mut named, mut missing) = (0, Vec::new());
    for document in ["README.md", "docs/architecture.md", "docs/paper.md"] {
        for place in places(&fs::read_to_string(root.join(document)).unwrap()) {
            named += 1;
            let crates = root.join("crates").join(place.strip_prefix("crates/").unwrap_or(&place));
            if !crates.exists() && !crates.with_extension("rs").exists() {
                missing.push(format!("{document}: {place}"));
            }
        }
    }
    assert!(named > 40, "only {named} are named");
    assert!(missing.is_empty(), "{missing:#?}");
}
