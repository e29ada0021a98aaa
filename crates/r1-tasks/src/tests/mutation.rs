//! Answers that were changed are refused, unless they happen to be right.

use super::*;

/// The answer changed in many ways; `other` is the answer to another problem.
fn mutants(answer: &str, reasoning: &str, other: &str) -> Vec<(&'static str, String)> {
    let characters: Vec<char> = answer.chars().collect();
    let words: Vec<&str> = answer.split(' ').collect();
    let mut swapped = characters.clone();
    if let Some(place) = (1..swapped.len()).find(|&place| swapped[place] != swapped[place - 1]) {
        swapped.swap(place - 1, place);
    }
    let mut raised = characters.clone();
    if let Some(last) = raised.last_mut() {
        *last = match *last {
            '9' => '0',
            'z' => 'a',
            other => char::from(other as u8 + 1),
        };
    }
    vec![
        ("nothing", String::new()),
        ("a digit behind", format!("{answer}1")),
        ("a digit before", format!("1{answer}")),
        ("without the last character", characters[..characters.len() - 1].iter().collect()),
        ("without the first character", characters[1..].iter().collect()),
        ("from back to front", characters.iter().rev().collect()),
        ("two characters swapped", swapped.iter().collect()),
        ("the last character changed", raised.iter().collect()),
        ("twice", format!("{answer} {answer}")),
        ("one of two", format!("{answer} or {other}")),
        ("a list", format!("{answer}, {other}")),
        ("another problem's", other.to_owned()),
        ("words from back to front", words.iter().rev().copied().collect::<Vec<_>>().join(" ")),
        ("without the first word", words[1..].join(" ")),
        ("the thoughts", reasoning.to_owned()),
        ("a sentence", format!("the answer is {answer}")),
        ("negative", format!("-{answer}")),
        ("one more", answer.parse::<i64>().map_or_else(|_| format!("{answer} x"), |n| (n + 1).to_string())),
    ]
}

#[test]
fn the_verifier_agrees_with_brute_force_on_changed_answers() {
    for task in all() {
        let mut refused: HashSet<&str> = HashSet::new();
        let count = 10_000 / task.levels();
        for level in 1..=task.levels() {
            let mut other = task.solve(&problems(task.as_ref(), level).next().unwrap()).answer;
            for problem in problems(task.as_ref(), level).take(count) {
                let Solution { reasoning, answer } = task.solve(&problem);
                assert!(oracle::right(task.name(), &problem.question, &answer), "{problem:?} {answer}");
                for (kind, mutant) in mutants(&answer, &reasoning, &other) {
                    let right = oracle::right(task.name(), &problem.question, &mutant);
                    let context = format!("{}: `{}`, {kind}: `{mutant}`", task.name(), problem.question);
                    assert_eq!(task.verify(&problem, &mutant), right, "{context}");
                    if !right {
                        refused.insert(kind);
                    }
                }
                other = answer;
            }
        }
        // Some ways, such as turning a digit round, never make a wrong answer of a very short one.
        assert!(refused.len() >= 14, "{}: {refused:?}", task.name());
    }
}

#[test]
fn other_right_answers_are_right() {
    let check = |task: &dyn Task, question: &str, answers: &[&str]| {
        let problem = Problem::new("p", question, Reference::Other { value: serde_json::Value::Null });
        for answer in answers {
            assert!(task.verify(&problem, answer), "{question} {answer}");
        }
    };
    check(&MiniSudoku, "sudoku 1234 3412 2143 432.", &["1234341221434321", "1234\n3412\n2143\n4321"]);
    // There and back, and the other way round.
    check(&Maze, "maze soo/oxo/ooe", &["rrdd", "ddrr", "dudd rr", "r l r r d d"]);
    check(&TowerOfHanoi, "hanoi a 21, b -, c -, to c", &["ab ac bc", "ac cb ac bc"]);
    check(
        &KnightsKnaves,
        "ann says bob is a knave. bob says ann and bob differ. who is what?",
        &["ann knave, bob knight", "bob knight, ann knave", "Ann is a knave and Bob is a knight."],
    );
    check(&SimpleEquations, "3*x+5=26", &["7", "x=7", "x = 7"]);
    check(&BaseConversion, "45 in base 6", &["113", "0113"]);
    check(&FractionSimplification, "simplify 84/126", &["2/3", "2 / 3"]);
}

#[test]
fn partial_and_listed_answers_are_wrong() {
    let refuse = |task: &dyn Task, question: &str, answers: &[&str]| {
        let problem = Problem::new("p", question, Reference::Other { value: serde_json::Value::Null });
        for answer in answers {
            assert!(!task.verify(&problem, answer), "{question} {answer}");
        }
    };
    refuse(&MiniSudoku, "sudoku 1.34 3412 2143 4321", &["1.34 3412 2143 4321", "1334 3412 2143 4321", ""]);
    // Into the wall, over the rim, past the end, around it, and a step too few.
    refuse(&Maze, "maze soo/oxo/ooe", &["drrd", "urrdd", "rrddd", "rrddl", "rrd", "rrdx", ""]);
    // Larger onto smaller, from an empty peg, an unknown peg, onto itself, not done.
    refuse(&TowerOfHanoi, "hanoi a 21, b -, c -, to c", &["ac ac", "ba ac", "az zc", "aa", "ab ac", ""]);
    refuse(
        &KnightsKnaves,
        "ann says bob is a knave. bob says ann and bob differ. who is what?",
        &[
            "ann knave",
            "ann knave, ann knave",
            "ann knave, bob knight, ann knight",
            "ann knight, bob knave",
            "",
        ],
    );
    refuse(&SimpleEquations, "3*x+5=26", &["7 or 8", "y=7", "x=", "x=x=7", "21/3"]);
    refuse(&BaseConversion, "45 in base 6", &["113 in base 6", "45", "+113", ""]);
    refuse(&FractionSimplification, "simplify 84/126", &["14/21", "-2/-3", "2/3/1", "0.667", "4/6"]);
    refuse(&CoinFlip, "heads. ann flips. heads or tails?", &["heads", "heads or tails", "tails tails"]);
    refuse(&NumberFiltering, "keep > 90 of 1 2 3", &["", "0", "none none", "1"]);
}

#[test]
fn damaged_questions_are_no_problems_of_the_task() {
    for task in all().into_iter().filter(|task| task.name() != "countdown") {
        for level in 1..=task.levels() {
            for mut problem in problems(task.as_ref(), level).take(200) {
                assert!(task.sets(&problem), "{problem:?}");
                let answer = task.solve(&problem).answer;
                problem.question += " :";
                assert!(!task.sets(&problem), "{problem:?}");
                assert!(!task.verify(&problem, &answer) || TAKEN_FROM_REFERENCE.contains(&task.name()));
            }
        }
    }
    let foreign = Problem::new("p", "What is 2 + 2?", Reference::number("4"));
    assert!(all().iter().all(|task| !task.sets(&foreign)));
}

/// The tasks that compare an answer with the reference, not with the question.
const TAKEN_FROM_REFERENCE: [&str; 3] = ["chained_arithmetic", "letter_counting", "number_sorting"];

/// The text with some characters changed, left out or put in; most are ones that questions have.
fn edited(text: &str, random: &mut KeyedStream) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..random.between(1, 3) {
        let pool: Vec<char> = "0123456789abexsop +-*/=<>,.:?()\u{e9}\u{2003}-".chars().collect();
        let character = if random.chance(0.5) && !characters.is_empty() {
            *random.choose(&characters)
        } else {
            *random.choose(&pool)
        };
        let place = random.below(characters.len() + 1);
        match random.below(3) {
            0 => characters.insert(place, character),
            1 if place < characters.len() => characters[place] = character,
            _ if place < characters.len() => drop(characters.remove(place)),
            _ => {}
        }
    }
    characters.into_iter().collect()
}

#[test]
fn what_a_task_takes_for_its_own_it_solves() {
    for task in all().into_iter().filter(|task| task.name() != "countdown") {
        let mut taken = 0;
        for (step, mut problem) in (0..).zip(problems(task.as_ref(), 1).take(5_000)) {
            let mut random = Key::new(12).at_step(step).stream();
            let answer = task.solve(&problem).answer;
            problem.question = edited(&problem.question, &mut random);
            // Neither question nor answer may panic, however odd.
            task.verify(&problem, &edited(&answer, &mut random));
            if !task.sets(&problem) {
                continue;
            }
            taken += 1;
            let answer = task.solve(&problem).answer;
            if !TAKEN_FROM_REFERENCE.contains(&task.name()) {
                assert!(task.verify(&problem, &answer), "{} `{answer}`", problem.question);
            }
        }
        assert!(taken > 0, "{}", task.name());
    }
}

#[test]
fn long_numbers_and_deep_brackets_are_refused_or_solved() {
    let nines = "9".repeat(18);
    let more = "9".repeat(40);
    for question in [
        format!("{nines}*{nines}"),
        format!("gcd {nines} {nines}"),
        format!("gcd {more} 3"),
        format!("{nines} in base 2"),
        format!("simplify {nines}/{nines}"),
        format!("simplify {nines}0/10"),
        format!("{nines}*x+{nines}={nines}"),
        format!("{nines}*{nines}*{nines} mod {nines}"),
        format!("keep > {more} of 1 2"),
        format!("legs of {nines} crabs, {nines} crabs"),
        format!("p true. {}p{}?", "(".repeat(5_000), ")".repeat(5_000)),
        format!("p true. {}p?", "not ".repeat(5_000)),
        format!("maze s{}/e", "o".repeat(5_000)),
        format!("hanoi a {nines}, b -, c -, to c"),
        format!("ann is a bim. {}is ann a dax? yes, no or unknown?", "all bim are dax. ".repeat(5_000)),
        format!("{}who is what?", "ann says bob is a knave. ".repeat(5_000)),
    ] {
        for task in all().into_iter().filter(|task| task.name() != "countdown") {
            let problem = Problem::new("p", question.clone(), Reference::number("1"));
            task.verify(&problem, &nines);
            if task.sets(&problem) {
                let answer = task.solve(&problem).answer;
                assert!(task.verify(&problem, &answer), "{question} `{answer}`");
            }
        }
    }
}
