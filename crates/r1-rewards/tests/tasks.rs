//! The answers to procedural tasks, graded by their own verifiers and by the general rewards.

use std::sync::Arc;

use r1_core::{Completion, FinishReason, Key, Problem, Reference, template::PromptTemplate};
use r1_rewards::{AccuracyReward, FormatReward, Mode, Outcome, Reward, RewardError, TaskReward, countdown};
use r1_tasks::{self as task, Countdown, Task};

fn answered(answer: &str) -> Completion {
    Completion::from_text(format!("<think>..</think> <answer>{answer}</answer>"), FinishReason::Stop)
}

fn problems(task: &dyn Task) -> Vec<Problem> {
    let level = |step: u64| 1 + step as usize % task.levels();
    (0..400).map(|step| task.generate(&mut Key::new(5).at_step(step).stream(), level(step))).collect()
}

/// Changed answers, most of them wrong.
fn mutants(answer: &str, other: &str) -> Vec<String> {
    let reversed: String = answer.chars().rev().collect();
    let mut words: Vec<&str> = answer.split(' ').collect();
    words.rotate_left(1);
    vec![
        other.to_owned(),
        reversed,
        words.join(" "),
        words[1..].join(" "),
        format!("{answer} {answer}"),
        format!("{answer}1"),
        format!("{answer} or {other}"),
        format!("{answer}, {other}"),
        answer.chars().skip(1).collect(),
        answer.parse::<i64>().map_or_else(|_| "x".to_owned(), |number| (number - 1).to_string()),
    ]
}

#[test]
fn worked_answers_are_right_and_changed_ones_are_as_the_verifier_says() {
    let (by_task, accuracy) = (TaskReward::new(), AccuracyReward::new());
    for task in task::all() {
        let mut abstained = 0;
        let mut other = "0".to_owned();
        for problem in problems(task.as_ref()) {
            let answer = task.solve(&problem).answer;
            let right = answered(&answer);
            assert_eq!(by_task.score(&problem, &right).unwrap(), Outcome::Score(1.0), "{problem:?}");
            let general = accuracy.score(&problem, &right).unwrap();
            match general {
                Outcome::Abstain => abstained += 1,
                Outcome::Score(score) => assert_eq!(score, 1.0, "{problem:?} {answer}"),
            }
            for mutant in mutants(&answer, &other) {
                let completion = answered(&mutant);
                let verified = task.verify(&problem, &mutant);
                let context = format!("{}: {} `{mutant}`", problem.question, task.name());
                assert_eq!(by_task.score(&problem, &completion).unwrap(), Outcome::of(verified), "{context}");
                // A list of one number twice is still one number.
                let repeats = mutant.contains([',', 'r'])
                    && mutant.split([' ', ',']).all(|word| ["", "or", &answer].contains(&word));
                if !verified && !repeats && general != Outcome::Abstain {
                    assert_eq!(
                        accuracy.score(&problem, &completion).unwrap(),
                        Outcome::Score(0.0),
                        "{context}"
                    );
                }
            }
            other = answer;
        }
        // Those with many right answers, or a demand on the form, are left to their verifiers.
        let own = ["fraction_simplification", "mini_sudoku", "maze", "tower_of_hanoi", "knights_knaves"];
        assert_eq!(abstained > 0, own.contains(&task.name()), "{}", task.name());
    }
}

#[test]
fn worked_traces_keep_the_format_and_are_right() {
    for task in task::all() {
        for problem in problems(task.as_ref()) {
            let trace = task::worked_trace(task.as_ref(), problem.clone(), &PromptTemplate::R1Zero);
            let completion = Completion::from_text(&trace.completion, FinishReason::Stop);
            for reward in [&FormatReward::r1_zero() as &dyn Reward, &TaskReward::new()] {
                assert_eq!(reward.score(&problem, &completion).unwrap(), Outcome::Score(1.0), "{trace:?}");
            }
        }
    }
}

#[test]
fn a_number_written_twice_is_no_answer() {
    let problem = Problem::new("p", "?", Reference::number("16"));
    for (answer, reward) in [
        ("16", 1.0),
        ("16 apples", 1.0),
        ("She has 16, so 16.", 1.0),
        ("16 16", 0.0),
        ("16  16 apples", 0.0),
        ("$16$ $16$", 0.0),
        ("16\n16", 0.0),
        ("16 17", 0.0),
    ] {
        let outcome = AccuracyReward::new().score(&problem, &answered(answer)).unwrap();
        assert_eq!(outcome, Outcome::Score(reward), "{answer}");
    }
}

#[test]
fn the_task_and_the_reward_of_countdown_agree() {
    let numbers = [3, 5, 8, -2];
    let pieces = ["3", "5", "8", "-2", "2", "+", "-", "*", "/", "(", ")", " ", "−", "×", "35"];
    let mut solved = 0;
    for step in 0..200_000 {
        let mut stream = Key::new(11).at_step(step).stream();
        let count = stream.between(1, 8);
        let text: String = (0..count).map(|_| *stream.choose(&pieces)).collect();
        for target in [3, 6, 8, 15] {
            let by_task = task::solves_countdown(&text, &numbers, target);
            assert_eq!(countdown::check(&text, &numbers, target).is_ok(), by_task, "{text} = {target}");
            solved += usize::from(by_task);
        }
    }
    assert!(solved > 1000, "{solved}");
    for (text, target) in [("-3+8", 5), ("3*-(5-8)", 9), ("--3", 3), ("- 2 + 5", 3)] {
        assert!(!task::solves_countdown(text, &numbers, target), "{text}");
        assert!(countdown::check(text, &numbers, target).is_err(), "{text}");
    }
}

#[test]
fn words_are_compared_as_words() {
    let score = |text: &str, answer: &str| {
        let problem = Problem::new("p", "?", Reference::text(text));
        AccuracyReward::new().score(&problem, &answered(answer)).unwrap()
    };
    for (text, answer) in [("ab", "ab"), ("ab", "AB"), ("bee cat", " Bee  cat. "), ("heads", "\\text{heads}")]
    {
        assert_eq!(score(text, answer), Outcome::Score(1.0), "{text} {answer}");
    }
    // As products these would be equal.
    for (text, answer) in
        [("ab", "ba"), ("bee cat", "cat bee"), ("qxz", "q x z"), ("xy", "1*x*y"), ("e", "e^1")]
    {
        assert_eq!(score(text, answer), Outcome::Score(0.0), "{text} {answer}");
    }
}

#[test]
fn problems_of_no_known_task_are_abstained_on() {
    let reward = TaskReward::new();
    let problem = Problem::new("p", "copy wug", Reference::text("wug"));
    assert_eq!(reward.score(&problem, &answered("wug")).unwrap(), Outcome::Abstain);
    let chess = problem.clone().with("task", "chess");
    assert_eq!(reward.score(&chess, &answered("wug")).unwrap(), Outcome::Abstain);
    assert_eq!(reward.score(&problem.with("task", "echo"), &answered("wug")).unwrap(), Outcome::Score(1.0));
}

#[test]
fn a_damaged_problem_is_ungradable_not_wrong() {
    let damaged = Problem::new("p", "cpoy wug", Reference::text("wug")).with("task", "echo");
    let error = TaskReward::new().score(&damaged, &answered("wug")).unwrap_err();
    assert!(matches!(&error, RewardError::Ungradable { problem, .. } if problem == "p"), "{error}");
}

#[test]
fn the_answer_stands_where_the_mode_says() {
    let problem = Problem::new("p", "copy wug", Reference::text("wug")).with("task", "echo");
    let score = |mode, text: &str| {
        let completion = Completion::from_text(text, FinishReason::Stop);
        TaskReward::new().with_mode(mode).score(&problem, &completion).unwrap()
    };
    assert_eq!(score(Mode::Strict, "<think>wug</think>It is \\boxed{wug}."), Outcome::Score(1.0));
    assert_eq!(score(Mode::Strict, "<think><answer>wug</answer></think>"), Outcome::Score(0.0));
    assert_eq!(score(Mode::Strict, "wug"), Outcome::Score(0.0));
    assert_eq!(score(Mode::Lenient, "wug"), Outcome::Score(1.0));
}

#[test]
fn a_task_of_ones_own_goes_first() {
    /// Accepts everything.
    struct Kind;
    impl Task for Kind {
        fn name(&self) -> &'static str {
            "countdown"
        }
        fn levels(&self) -> usize {
            1
        }
        fn generate(&self, random: &mut r1_core::KeyedStream, level: usize) -> Problem {
            Countdown.generate(random, level)
        }
        fn verify(&self, _: &Problem, _: &str) -> bool {
            true
        }
        fn solve(&self, problem: &Problem) -> task::Solution {
            Countdown.solve(problem)
        }
    }
    let problem = Countdown.generate(&mut Key::new(1).stream(), 1);
    assert_eq!(TaskReward::new().score(&problem, &answered("0")).unwrap(), Outcome::Score(0.0));
    let reward = TaskReward::new().with_task(Arc::new(Kind));
    assert_eq!(reward.score(&problem, &answered("0")).unwrap(), Outcome::Score(1.0));
}
