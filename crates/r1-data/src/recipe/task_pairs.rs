//! Pairs for a reward model that a procedural task makes.

use std::sync::Arc;

use r1_core::{Problem, distinct, template::PromptTemplate};
use r1_tasks::{Task, TaskSource, held_out};

use super::build::{of_core, setting};
use crate::{DataError, dataset::PreferenceRow};

/// Which problems of a task are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Training,
    HeldOut,
}

/// The worked solution of each problem, preferred to that of the next problem which does not answer it.
///
/// Both read the same and only one fits the question, so that a model which learns them must read both.
pub(super) fn pairs(
    task: &Arc<dyn Task>,
    level: usize,
    count: usize,
    seed: u64,
    part: Part,
) -> Result<Vec<PreferenceRow>, DataError> {
    let problems = match part {
        Part::HeldOut => held_out(task.as_ref(), level, count, seed),
        Part::Training => {
            let mut source = TaskSource::new([(Arc::clone(task), level)], seed).map_err(of_core)?;
            distinct(&mut source, count).map_err(of_core)?
        }
    };
    let solutions: Vec<_> = problems.iter().map(|problem| task.solve(problem)).collect();
    let pair = |(index, problem): (usize, &Problem)| {
        let others = solutions[index + 1..].iter().chain(&solutions[..index]);
        let rejected = others.into_iter().find(|other| !task.verify(problem, &other.answer));
        let rejected = rejected.ok_or_else(|| {
            setting("task", "has too few problems: of one of them, the others' answers are all right, too")
        })?;
        Ok(PreferenceRow {
            id: format!("{}/pair", problem.id),
            prompt: PromptTemplate::Chat { system: None }.render(problem),
            chosen: solutions[index].completion(),
            rejected: rejected.completion(),
            margin: None,
        })
    };
    problems.iter().enumerate().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use r1_core::Response;
    use r1_tasks::{SpokenArithmetic, by_name, is_held_out};

    use super::*;

    #[test]
    fn the_chosen_answer_is_right_and_the_rejected_one_is_of_another_question() {
        let task: Arc<dyn Task> = Arc::new(SpokenArithmetic);
        for part in [Part::Training, Part::HeldOut] {
            let problems = match part {
                Part::HeldOut => held_out(task.as_ref(), 1, 40, 3),
                Part::Training => {
                    distinct(&mut TaskSource::new([(Arc::clone(&task), 1)], 3).unwrap(), 40).unwrap()
                }
            };
            let rows = pairs(&task, 1, 40, 3, part).unwrap();
            assert_eq!(rows.len(), problems.len());
            for (row, problem) in rows.iter().zip(&problems) {
                assert_eq!(is_held_out(&problem.question), part == Part::HeldOut);
                assert_eq!(row.prompt, PromptTemplate::Chat { system: None }.render(problem));
                let answer = |text: &str| Response::parse(text, false).answer.to_owned();
                assert!(task.verify(problem, &answer(&row.chosen)), "{row:?}");
                assert!(!task.verify(problem, &answer(&row.rejected)), "{row:?}");
            }
        }
    }

    #[test]
    fn one_problem_makes_no_pair() {
        let error = pairs(&by_name("gcd").unwrap(), 1, 1, 0, Part::Training).unwrap_err().to_string();
        assert!(error.contains("too few problems"), "{error}");
    }
}
