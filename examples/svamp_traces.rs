//! Traces for SVAMP from its own equations, and a split into what is learnt and what is held out.
//!
//! ```text
//! cargo run --release --example svamp_traces -- svamp.jsonl runs/svamp
//! r1 sft --model checkpoints/smollm2-135m --data runs/svamp/traces.jsonl --out runs/svamp/sft
//! r1 eval --model runs/svamp/sft/model --data runs/svamp/held_out.jsonl --format problems --out runs/svamp/after.json
//! ```
//!
//! SVAMP has no worked solutions; the thoughts of a trace are the row's equation and nothing else. For traces of the
//! model itself, give `r1 reject` the file `train.jsonl`. The last line is the number of traces.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};
use r1::core::{Completion, Content, FinishReason, Message, Problem, Trace};
use r1::data::dataset::{jsonl, svamp};
use r1::rewards::{AccuracyReward, Outcome, Reward};
use r1::tasks::is_held_out;

/// The equation as a person writes it: `( 290.0 / 2.0 )` is `290 / 2`.
fn equation(problem: &Problem) -> Option<String> {
    let text = problem.metadata.get("equation")?.as_str()?.replace(".0 ", " ");
    let inner = text.trim().strip_prefix('(')?.strip_suffix(')')?.trim();
    Some(inner.replace("( ", "(").replace(" )", ")"))
}

/// The trace of a problem whose equation gives its answer.
fn worked(problem: &Problem) -> Result<Option<Trace>> {
    let Some(equation) = equation(problem) else { return Ok(None) };
    let check = format!("<think>?</think><answer>{equation}</answer>");
    let value = AccuracyReward::new().score(problem, &Completion::from_text(check, FinishReason::Stop))?;
    let text =
        format!("<think>\n{equation} = {0}\n</think>\n<answer>{0}</answer>", problem.reference.to_string());
    let prompt = Content::Messages(vec![Message::user(&problem.question)]);
    let trace =
        Trace::new(&problem.id, prompt, text).of(problem.clone()).with("teacher", "equation of SVAMP");
    Ok((value == Outcome::Score(1.0)).then_some(trace))
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |what: &str| arguments.next().with_context(|| format!("give {what}"));
    let (data, out) = (next("a file of SVAMP")?, PathBuf::from(next("a folder")?));
    let (held_out, train): (Vec<_>, Vec<_>) =
        svamp::load(data)?.into_iter().partition(|problem| is_held_out(&problem.question));
    let worked = train.iter().map(worked).collect::<Result<Vec<_>>>()?;
    let traces: Vec<Trace> = worked.into_iter().flatten().collect();
    fs::create_dir_all(&out)?;
    fs::write(out.join("train.jsonl"), jsonl::to_lines(&train))?;
    fs::write(out.join("held_out.jsonl"), jsonl::to_lines(&held_out))?;
    fs::write(out.join("traces.jsonl"), jsonl::to_lines(&traces))?;
    println!("{} problems to learn from, {} held out", train.len(), held_out.len());
    println!("{} of the equations do not give their answer", train.len() - traces.len());
    println!("{}", traces.len());
    Ok(())
}
