//! Grades completions of a data set of programs, as `r1 grade-code` does, without the rest of r1.
//!
//! `cargo run --release -p r1-rewards --features code --example grade_code -- FORMAT PROBLEMS COMPLETIONS`

use std::{env, fs};

use r1_data::dataset::Format;
use r1_rewards::code::{
    Candidate, CodeError, Judge, Language, Limits, ProblemIndex, grade_candidate, in_order,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = env::args().collect();
    let [_, format, data, completions] = &arguments[..] else { return Err("three arguments, please".into()) };
    let problems = format.parse::<Format>()?.load(data)?;
    let index = ProblemIndex::new(&problems);
    let mut candidates = Vec::new();
    for line in fs::read_to_string(completions)?.lines() {
        candidates.extend(Candidate::of_row(&serde_json::from_str(line)?)?);
    }
    candidates.retain(|candidate| index.get(&candidate.problem).is_some());
    let judge = Judge::new()?;
    let (limits, mut right) = (Limits::default(), 0);
    let work = |candidate: &Candidate| match index.get(&candidate.problem) {
        Some(problem) => grade_candidate(&judge, problem, &candidate.text, Language::PYTHON, &limits),
        None => Err(CodeError::Tests { reason: "no such problem".into() }),
    };
    in_order(&candidates, judge.workers(), work, |candidate, (verdict, _, detail)| {
        let code = verdict.map_or("refused", |verdict| verdict.code());
        right += usize::from(code == "AC");
        println!("{} {code} {detail}", candidate.problem);
        Ok(())
    })?;
    println!("{right} of {} accepted", candidates.len());
    Ok(())
}
