//! `r1 decontaminate`: training data without what evaluation sets ask.

use std::path::{Path, PathBuf};

use clap::Args;
use r1_core::{Problem, Trace};
use r1_data::{
    curate::{Contaminants, ContaminationReport, ContaminationRule, Document},
    dataset::{Format, TraceFormat, jsonl},
};
use r1_run::atomic::write_file;
use serde::Serialize;
use serde_json::json;

use crate::command::{failure::Failure, lines::answer, writable::check_out};

/// Drops what shares a run of words with an evaluation set
///
/// Compares every text of the data, questions, solutions, prompts and completions, with every question and
/// worked solution of the evaluation sets, word by word and without regard to case, punctuation and variants
/// of LaTeX. Writes what is left to --out, one JSON object a line in the format `problems` or `traces`, and
/// prints the counts as one line; the report names everything that was dropped, with the text in common.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  r1 decontaminate --data train.jsonl --format gsm8k --against test.jsonl --out clean.jsonl --report report.json
  r1 decontaminate --data traces.jsonl --format traces --against svamp.jsonl math500.jsonl --out clean.jsonl")]
pub(crate) struct Arguments {
    /// File of problems or traces
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// Its layout: one of problems (gsm8k, math, problems, ..) or of traces (openr1, messages, traces, ..)
    /// [default: by its first line]
    #[arg(long, value_parser = layout)]
    format: Option<Layout>,
    /// Files of evaluation problems
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    against: Vec<PathBuf>,
    /// The layout of all of them [default: by their first lines]
    #[arg(long, value_name = "FORMAT")]
    against_format: Option<Format>,
    /// How many words a run has
    #[arg(long, value_name = "N", default_value_t = ContaminationRule::new().ngram)]
    ngram: usize,
    /// How many different runs of one evaluation text make a copy
    #[arg(long, value_name = "N", default_value_t = ContaminationRule::new().min_ngrams)]
    min_ngrams: usize,
    /// Which share of an evaluation text makes a copy, too
    #[arg(long, value_name = "SHARE")]
    min_coverage: Option<f64>,
    /// Leave out runs that stand in more evaluation problems than this; 0 leaves out none
    #[arg(long, value_name = "N", default_value_t = 10)]
    max_items: usize,
    /// Leave out the runs of this phrase, too
    #[arg(long, value_name = "TEXT")]
    stop_phrase: Vec<String>,
    /// Where the rest is written
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Where the report is written
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// What stands in the file.
#[derive(Debug, Clone, Copy)]
enum Layout {
    Problems(Format),
    Traces(TraceFormat),
}

fn layout(name: &str) -> Result<Layout, String> {
    let problems = name.parse().map(Layout::Problems);
    problems.or_else(|error| name.parse().map(Layout::Traces).map_err(|other| format!("{error}; {other}")))
}

/// Reads, drops, writes and prints.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    for out in [Some(&arguments.out), arguments.report.as_ref()].into_iter().flatten() {
        check_out(out)?;
    }
    let contaminants = contaminants(arguments)?;
    let layout = match arguments.format {
        Some(layout) => layout,
        None => detect(&arguments.data)?,
    };
    let report = match layout {
        Layout::Problems(format) => {
            clean::<Problem>(&contaminants, format.load(&arguments.data)?, &arguments.out)?
        }
        Layout::Traces(format) => {
            clean::<Trace>(&contaminants, format.load(&arguments.data)?, &arguments.out)?
        }
    };
    if let Some(path) = &arguments.report {
        let mut text = serde_json::to_vec_pretty(&report)?;
        text.push(b'\n');
        write_file(path, &text)?;
    }
    answer(&json!({
        "documents": report.documents,
        "kept": report.kept,
        "removed": report.removed.len(),
        "sets": report.sets,
    }))
}

/// The layout by the first row's columns. What has generations of a model is a file of traces, though its
/// problems have answers, too.
fn detect(path: &Path) -> Result<Layout, Failure> {
    match (TraceFormat::detect(path), Format::detect(path)) {
        (Ok(format @ (TraceFormat::OpenR1 | TraceFormat::OpenThoughts)), _) => Ok(Layout::Traces(format)),
        (_, Ok(format)) => Ok(Layout::Problems(format)),
        (Ok(format), Err(_)) => Ok(Layout::Traces(format)),
        (Err(_), Err(error)) => Err(error.into()),
    }
}

fn contaminants(arguments: &Arguments) -> Result<Contaminants, Failure> {
    let mut rule = ContaminationRule::new()
        .with_ngram(arguments.ngram)
        .with_min_ngrams(arguments.min_ngrams)
        .with_max_items(Some(arguments.max_items).filter(|max| *max > 0));
    rule.min_coverage = arguments.min_coverage;
    rule.stop_phrases = arguments.stop_phrase.clone();
    let mut contaminants = Contaminants::new(rule).map_err(|error| Failure::Usage(error.to_string()))?;
    for path in &arguments.against {
        let format = arguments.against_format.map_or_else(|| Format::detect(path), Ok)?;
        contaminants.add(&path.display().to_string(), &format.load(path)?);
    }
    Ok(contaminants)
}

fn clean<D: Document + Serialize>(
    contaminants: &Contaminants,
    documents: Vec<D>,
    out: &Path,
) -> Result<ContaminationReport, Failure> {
    let (kept, report) = contaminants.remove_from(documents);
    write_file(out, jsonl::to_lines(&kept).as_bytes())?;
    Ok(report)
}
