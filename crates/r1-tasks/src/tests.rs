mod mutation;
mod oracle;
mod pinned;

use std::collections::HashSet;

use super::*;
use r1_core::{Key, ProblemSource, SourceError};

/// Every task at every level.
fn exercises() -> Vec<(Arc<dyn Task>, usize)> {
    all().into_iter().flat_map(|task| (1..=task.levels()).map(move |level| (task.clone(), level))).collect()
}

fn problems(task: &dyn Task, level: usize) -> impl Iterator<Item = Problem> {
    (0..10_000).map(move |step| task.generate(&mut Key::new(11).at_step(step).stream(), level))
}

#[test]
fn solutions_verify_and_wrong_answers_do_not() {
    for (task, level) in exercises() {
        for problem in problems(task.as_ref(), level).take(10_000 / task.levels() + 1) {
            let Solution { reasoning, answer } = task.solve(&problem);
            assert!(task.verify(&problem, &answer), "{problem:?} {answer}");
            assert!(task.verify(&problem, &format!(" {answer}\n")), "{problem:?} {answer}");
            assert!(
                !reasoning.is_empty() && (reasoning.is_ascii() || task.name() == BILINGUAL),
                "{problem:?} {reasoning}"
            );
            for wrong in
                ["", "x", &format!("{answer}1"), &format!("1{answer}"), &format!("{answer}+1"), &reasoning]
            {
                assert!(!task.verify(&problem, wrong), "{problem:?} {wrong}");
            }
        }
    }
}

#[test]
fn answers_off_by_one_are_wrong() {
    for (task, level) in exercises() {
        for problem in problems(task.as_ref(), level).take(1_000) {
            let answer = task.solve(&problem).answer;
            if let Ok(number) = answer.parse::<i64>() {
                assert!(!task.verify(&problem, &(number + 1).to_string()));
                assert!(!task.verify(&problem, &(number - 1).to_string()));
            }
            if task.name() == "number_sorting" {
                let reversed: Vec<&str> = answer.split(' ').rev().collect();
                assert!(!task.verify(&problem, &reversed.join(" ")));
                assert!(!task.verify(&problem, answer.split_once(' ').unwrap().1));
            }
        }
    }
}

#[test]
fn the_same_key_sets_the_same_problem() {
    for (task, level) in exercises() {
        let first: Vec<Problem> = problems(task.as_ref(), level).collect();
        assert!(problems(task.as_ref(), level).take(1_000).eq(first[..1_000].iter().cloned()));
        let distinct: HashSet<&str> = first.iter().map(|problem| problem.question.as_str()).collect();
        assert!(distinct.len() > 5_000, "{} {level}: {}", task.name(), distinct.len());
    }
}

#[test]
fn held_out_and_training_questions_never_coincide() {
    for (task, level) in exercises() {
        let held_out: HashSet<String> =
            held_out(task.as_ref(), level, 500, 3).into_iter().map(|problem| problem.question).collect();
        assert_eq!(held_out.len(), 500, "{} {level}", task.name());
        let mut source = TaskSource::new([(task.clone(), level)], 3).unwrap();
        for _ in 0..2_000 {
            let problem = source.next().unwrap();
            assert!(!is_held_out(&problem.question) && !held_out.contains(&problem.question));
        }
    }
}

#[test]
fn one_question_in_ten_is_held_out() {
    for (task, level) in exercises() {
        let count = problems(task.as_ref(), level).filter(|problem| is_held_out(&problem.question)).count();
        // The standard error of the count is 30, more where questions repeat.
        assert!((850..1_150).contains(&count), "{} {level}: {count}", task.name());
    }
}

#[test]
fn held_out_problems_end_with_the_level() {
    let problems = held_out(&Countdown, 1, 100_000, 5);
    assert!((500..5_000).contains(&problems.len()), "{}", problems.len());
}

#[test]
fn a_source_goes_anywhere_at_once() {
    let mut straight = TaskSource::new(exercises(), 9).unwrap();
    let problems: Vec<Problem> = (0..200).map(|_| straight.next().unwrap()).collect();
    assert_eq!(straight.position(), 200);
    let mut resumed = TaskSource::new(exercises(), 9).unwrap();
    resumed.seek(150).unwrap();
    assert!(problems[150..].iter().all(|problem| resumed.next().unwrap() == *problem));
    let names: HashSet<&str> =
        problems.iter().map(|problem| problem.metadata["task"].as_str().unwrap()).collect();
    assert_eq!(names.len(), all().len());
    assert!(matches!(TaskSource::new([], 9), Err(SourceError::Empty)));
}

#[test]
fn values_on_the_way_stay_small() {
    for level in 1..=4 {
        for problem in problems(&ChainedArithmetic, level) {
            let reasoning = ChainedArithmetic.solve(&problem).reasoning;
            // The question, then what is left after each of the operations.
            assert_eq!(reasoning.split('=').count(), 3 + level);
            for step in reasoning.split('=') {
                let value: i64 = step.split(['+', '-']).next().unwrap().parse().unwrap();
                assert!((0..=99).contains(&value), "{reasoning}");
            }
        }
    }
}

/// The task that is asked in two languages.
const BILINGUAL: &str = "spoken_arithmetic";

/// The tasks that the smallest models of a million parameters learn.
const NANO: [&str; 4] = ["chained_arithmetic", "letter_counting", "number_sorting", "countdown"];

#[test]
fn higher_levels_have_longer_texts() {
    for task in all() {
        let mut shorter = (0, 0);
        for level in 1..=task.levels() {
            let sum =
                problems(task.as_ref(), level).take(2_000).fold((0, 0), |(questions, thoughts), problem| {
                    let solution = task.solve(&problem);
                    (questions + problem.question.len(), thoughts + solution.reasoning.len())
                });
            assert!(sum.0 >= shorter.0 && sum.1 > shorter.1, "{} {level}: {shorter:?} {sum:?}", task.name());
            shorter = sum;
        }
    }
}

#[test]
fn texts_have_the_characters_of_the_embedded_model() {
    let known = |character: char| {
        character.is_ascii_lowercase() || character.is_ascii_digit() || " +-*/=()<>,.:?".contains(character)
    };
    for (task, level) in exercises().into_iter().filter(|(task, _)| task.name() != BILINGUAL) {
        for problem in problems(task.as_ref(), level).take(1_000) {
            let Solution { reasoning, answer } = task.solve(&problem);
            for text in [&problem.question, &reasoning, &answer] {
                assert!(text.chars().all(known), "{text}");
            }
        }
    }
}

#[test]
fn no_single_answer_is_right_too_often() {
    for (task, level) in exercises() {
        let mut counts = std::collections::HashMap::new();
        for problem in problems(task.as_ref(), level).take(2_000) {
            *counts.entry(task.solve(&problem).answer).or_insert(0) += 1;
        }
        let most = counts.values().max().unwrap();
        // A coin has two sides; one standard error of its share is 22.
        assert!(*most <= 1_080, "{} {level}: {most} of 2000", task.name());
    }
}

#[test]
fn every_sudoku_of_four_rows_can_be_set() {
    let grids: HashSet<String> =
        problems(&MiniSudoku, 1).map(|problem| MiniSudoku.solve(&problem).answer).collect();
    assert_eq!(grids.len(), 288);
}

#[test]
fn texts_are_short() {
    for (task, level) in exercises() {
        let longest = problems(task.as_ref(), level)
            .map(|problem| problem.question.len() + task.solve(&problem).reasoning.len())
            .max()
            .unwrap();
        let limit = if NANO.contains(&task.name()) { 140 } else { 600 };
        assert!(longest <= limit, "{} {level}: {longest}", task.name());
    }
}

#[test]
fn a_foreign_problem_is_never_right() {
    let problem = Problem::new("p", "What is 2 + 2?", Reference::expression("4"));
    assert!(all().iter().all(|task| !task.verify(&problem, "4")));
    assert!(by_name("countdown").is_some() && by_name("chess").is_none());
}

#[test]
#[should_panic(expected = "countdown has the levels 1 to 3, not 4")]
fn a_level_that_is_not_there_is_refused() {
    Countdown.generate(&mut Key::new(1).stream(), 4);
}
