//! `r1 problems`: problems of the procedural tasks as a file.

use std::sync::Arc;

use clap::Args;

use crate::{
    command::{failure::Failure, lines::answer},
    core::{Problem, distinct},
    data::or_nearest,
    tasks::{self as task, Task, TaskSource, held_out},
};

/// Writes problems of the procedural tasks, for eval, reject and training
///
/// One problem a line on standard output. No question is both a training problem and held out: the question's text
/// alone decides, whatever the seed. The tasks take turns; where a level has fewer problems than asked for, there are
/// fewer lines, and standard error says so.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  r1 problems --task chained_arithmetic --task number_sorting --count 300 > train.jsonl
  r1 problems --task chained_arithmetic --level 2 --count 200 --held-out > test.jsonl
  r1 problems --list")]
pub(crate) struct Arguments {
    /// Task, by name; give it again for several
    #[arg(long = "task", value_name = "NAME", required_unless_present = "list")]
    tasks: Vec<String>,
    /// Level of all of them, from 1
    #[arg(long, value_name = "N", default_value_t = 1)]
    level: usize,
    /// How many problems in all
    #[arg(long, value_name = "N", default_value_t = 100)]
    count: usize,
    /// Problems that training never sees
    #[arg(long)]
    held_out: bool,
    /// Names the selection
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
    /// Lists the tasks and their levels instead
    #[arg(long)]
    list: bool,
}

/// Prints the problems, or the tasks.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.list {
        for task in task::all() {
            answer(&serde_json::json!({"task": task.name(), "levels": task.levels()}))?;
        }
        return Ok(());
    }
    let tasks =
        arguments.tasks.iter().map(|name| named(name, arguments.level)).collect::<Result<Vec<_>, _>>()?;
    let problems =
        if arguments.held_out { evaluation(arguments, &tasks) } else { training(arguments, tasks)? };
    for problem in &problems {
        answer(problem)?;
    }
    if problems.len() < arguments.count {
        eprintln!("warning: there are only {} such problems, not {}", problems.len(), arguments.count);
    }
    Ok(())
}

fn named(name: &str, level: usize) -> Result<Arc<dyn Task>, Failure> {
    let task = task::by_name(name).ok_or_else(|| {
        let tasks = task::all();
        let names: Vec<&str> = tasks.iter().map(|task| task.name()).collect();
        Failure::Usage(format!("there is no task `{name}`{}", or_nearest(name, &names)))
    })?;
    if !(1..=task.levels()).contains(&level) {
        let levels = task.levels();
        return Err(Failure::Usage(format!("{name} has the levels 1 to {levels}, not {level}")));
    }
    Ok(task)
}

/// The tasks' held-out problems, taking turns.
fn evaluation(arguments: &Arguments, tasks: &[Arc<dyn Task>]) -> Vec<Problem> {
    let share = arguments.count.div_ceil(tasks.len());
    let of = |task: &Arc<dyn Task>| held_out(task.as_ref(), arguments.level, share, arguments.seed);
    let lists: Vec<Vec<Problem>> = tasks.iter().map(of).collect();
    let turns = (0..share).flat_map(|turn| lists.iter().filter_map(move |list| list.get(turn)));
    turns.take(arguments.count).cloned().collect()
}

/// Training problems without repetition.
fn training(arguments: &Arguments, tasks: Vec<Arc<dyn Task>>) -> Result<Vec<Problem>, Failure> {
    let mut source = TaskSource::new(tasks.into_iter().map(|task| (task, arguments.level)), arguments.seed)?;
    Ok(distinct(&mut source, arguments.count)?)
}
