//! `r1 grade-code`: the score of a file of completions on a data set of programs.

use std::{
    collections::{BTreeMap, HashSet},
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use clap::{Args, ValueEnum};
use r1_data::dataset::Format;
use r1_eval::pass_at_k;
use r1_rewards::code::{
    Candidate, Grade, Isolation, Judge, Language, Layers, Limits, ProblemIndex, Verdict, grade_candidate,
    in_order,
};
use serde_json::{Value, json};

use crate::command::{
    failure::Failure,
    lines::answer,
    run_code::{language, positive},
};

/// Grades completions of a data set of programs in the cage
///
/// Reads rows {"task_id":"..","completion":".."} (also id, problem_id, question_id; code, solution, text; or a list
/// of texts), whose programs stand in fenced blocks or alone, and writes one line {"id":..,"sample":..,"verdict":..}
/// for each to FILE.grades.jsonl beside the completions, or where --out says. Lines that are there already are not
/// graded again, so that a run that was cut off goes on. Standard output gets one line with the verdicts counted and
/// pass@k with its standard error over the problems.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  r1 grade-code --data HumanEval.jsonl --format humaneval completions.jsonl --k 1 --k 10"
)]
pub(crate) struct Arguments {
    /// File of completions, one JSON object a line
    completions: PathBuf,
    /// File of problems, one JSON object a line
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// Layout of the problems
    #[arg(long, value_enum)]
    format: FormatArgument,
    /// Language, where the problem does not name one
    #[arg(long, default_value = "python", value_parser = language)]
    language: Language,
    /// Processor time of a test, where the problem names none, in seconds
    #[arg(long, value_name = "S", default_value_t = 4.0, value_parser = positive)]
    cpu_seconds: f64,
    /// A k of pass@k; give it again for several
    #[arg(long = "k", value_name = "K", default_values_t = [1])]
    ks: Vec<usize>,
    /// How many completions are graded at a time [default: one a core]
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Where the grades go
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FormatArgument {
    Humaneval,
    Mbpp,
    Livecodebench,
    Apps,
    Taco,
    #[value(name = "code_contests", alias = "code-contests")]
    CodeContests,
    /// Problems as r1 writes them
    #[value(alias = "problems")]
    Jsonl,
}

impl From<FormatArgument> for Format {
    fn from(format: FormatArgument) -> Self {
        match format {
            FormatArgument::Humaneval => Self::HumanEval,
            FormatArgument::Mbpp => Self::Mbpp,
            FormatArgument::Livecodebench => Self::LiveCodeBench,
            FormatArgument::Apps | FormatArgument::Taco => Self::Apps,
            FormatArgument::CodeContests => Self::CodeContests,
            FormatArgument::Jsonl => Self::Problems,
        }
    }
}

/// Grades what is not graded yet and counts.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.ks.contains(&0) {
        return Err(Failure::Usage("--k must be at least 1".into()));
    }
    let problems = Format::from(arguments.format).load(&arguments.data)?;
    let index = ProblemIndex::new(&problems);
    let candidates = read(&arguments.completions, &index)?;
    let out = arguments.out.clone().unwrap_or_else(|| arguments.completions.with_extension("grades.jsonl"));
    let mut grades = graded(&out)?;
    let done: HashSet<(String, usize)> =
        grades.iter().map(|grade| (grade.id.clone(), grade.sample)).collect();
    let rest: Vec<&(String, usize, String)> =
        candidates.iter().filter(|(id, sample, _)| !done.contains(&(id.clone(), *sample))).collect();
    let mut judge = Judge::with(Isolation::Strict, Layers::ALL)?;
    if let Some(jobs) = arguments.jobs {
        judge = judge.with_workers(jobs);
    }
    eprintln!("{}", judge.report());
    eprintln!(
        "{} completions, of which {} are graded already",
        candidates.len(),
        candidates.len() - rest.len()
    );
    let open = OpenOptions::new().create(true).append(true).open(&out);
    let cannot = |error| Failure::Job(format!("cannot write `{}`: {error}", out.display()));
    let mut file = open.map_err(cannot)?;
    let limits = Limits::default().with_cpu(Duration::from_secs_f64(arguments.cpu_seconds));
    let work = |(id, sample, text): &&(String, usize, String)| {
        let problem = index.get(id).ok_or_else(|| Failure::Job(format!("there is no problem `{id}`")))?;
        let (verdict, accepted, detail) =
            grade_candidate(&judge, problem, text, arguments.language, &limits)?;
        Ok::<_, Failure>(Grade { id: id.clone(), sample: *sample, verdict, accepted, detail })
    };
    let (mut shown, total) = (Instant::now(), rest.len());
    let mut count = 0;
    in_order(&rest, judge.workers(), work, |_, grade| {
        let mut line = serde_json::to_vec(&grade)?;
        line.push(b'\n');
        file.write_all(&line).map_err(cannot)?;
        grades.push(grade);
        count += 1;
        if shown.elapsed() > Duration::from_secs(10) {
            shown = Instant::now();
            eprintln!("{count} of {total}");
        }
        Ok(())
    })?;
    // Grades of completions that are not in the file any more are no part of its score.
    let asked: HashSet<(&str, usize)> =
        candidates.iter().map(|(id, sample, _)| (id.as_str(), *sample)).collect();
    grades.retain(|grade| asked.contains(&(grade.id.as_str(), grade.sample)));
    answer(&summary(&grades, &arguments.ks)?)
}

/// The completions, each with the whole id of its problem and its number among that problem's.
fn read(path: &Path, index: &ProblemIndex<'_>) -> Result<Vec<(String, usize, String)>, Failure> {
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::Job(format!("cannot read `{}`: {error}", path.display())))?;
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut candidates = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let fail =
            |reason: String| Failure::Job(format!("line {} of `{}`: {reason}", number + 1, path.display()));
        let row: Value = serde_json::from_str(line).map_err(|error| fail(error.to_string()))?;
        for Candidate { problem, text } in Candidate::of_row(&row).map_err(fail)? {
            let problem =
                index.get(&problem).ok_or_else(|| fail(format!("there is no problem `{problem}`")))?;
            let sample = counts.entry(problem.id.clone()).or_default();
            candidates.push((problem.id.clone(), *sample, text));
            *sample += 1;
        }
    }
    if candidates.is_empty() {
        return Err(Failure::Job(format!("`{}` holds no completions", path.display())));
    }
    Ok(candidates)
}

/// The grades of an earlier run. A line that was cut off is left out and its completion graded again.
fn graded(path: &Path) -> Result<Vec<Grade>, Failure> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Failure::Job(format!("cannot read `{}`: {error}", path.display()))),
    };
    let complete = text.rfind('\n').map_or("", |end| &text[..=end]);
    if complete.len() < text.len() {
        let file = OpenOptions::new().write(true).open(path);
        let cut = file.and_then(|file| file.set_len(complete.len() as u64));
        cut.map_err(|error| Failure::Job(format!("cannot write `{}`: {error}", path.display())))?;
    }
    let grade = |(number, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|error| {
            Failure::Job(format!(
                "line {} of `{}` is no grade: {error}; name another --out",
                number + 1,
                path.display()
            ))
        })
    };
    complete.lines().enumerate().map(grade).collect()
}

/// Verdicts counted, and pass@k over the problems that could be graded.
fn summary(grades: &[Grade], ks: &[usize]) -> Result<Value, Failure> {
    let mut verdicts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut problems: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut ungradable: HashSet<&str> = HashSet::new();
    for grade in grades {
        let Some(verdict) = grade.verdict else {
            ungradable.insert(&grade.id);
            continue;
        };
        *verdicts.entry(verdict.code()).or_default() += 1;
        let (samples, right) = problems.entry(&grade.id).or_default();
        *samples += 1;
        *right += usize::from(verdict == Verdict::Accepted);
    }
    let mut scores = serde_json::Map::new();
    for &k in ks {
        let values = problems.values().filter(|(samples, _)| *samples >= k);
        let values: Vec<f64> =
            values.map(|&(samples, right)| pass_at_k(samples, right, k)).collect::<Result<_, _>>()?;
        if values.is_empty() {
            eprintln!("warning: no problem has {k} completions, so that there is no pass@{k}");
            continue;
        }
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let spread = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
        let error = (spread / count).sqrt();
        scores.insert(
            format!("pass@{k}"),
            json!({"mean": mean, "standard_error": error, "problems": values.len()}),
        );
    }
    let mut ungradable: Vec<&str> = ungradable.into_iter().collect();
    ungradable.sort_unstable();
    Ok(json!({"completions": grades.len(), "problems": problems.len(), "verdicts": verdicts,
        "ungradable": ungradable, "scores": scores}))
}
