//! Whether an answer is right, found out from the question alone and in another way than the tasks do:
//! by counting, by trying everything, by rewriting texts.

use std::collections::{BTreeSet, HashMap, HashSet};

/// True when `answer` is a right answer to a question of this task.
pub(super) fn right(task: &str, question: &str, answer: &str) -> bool {
    let answer = answer.trim();
    match task {
        "echo" => answer == after(question, "copy "),
        "chained_arithmetic" => is_number(answer, value(question)),
        "products" => is_number(answer, value(question)),
        "spoken_arithmetic" => is_number(answer, value(&in_digits(question))),
        "courtesy" => {
            let (name, gift) = after(question, "thank ").split_once(" for ").unwrap();
            let polite = [format!("{name}, thank you for {gift}"), format!("thank you for {gift}, {name}")];
            polite.iter().any(|polite| answer == polite || answer == polite.replace(',', ""))
        }
        "gcd" => {
            let (a, b) = after(question, "gcd ").split_once(' ').unwrap();
            let (a, b): (u64, u64) = (a.parse().unwrap(), b.parse().unwrap());
            let largest = (1..=b).rev().find(|d| a % d == 0 && b % d == 0).unwrap();
            is_number(answer, Some(largest as f64))
        }
        "base_conversion" => {
            let (number, base) = question.split_once(" in base ").unwrap();
            let base: u32 = base.parse().unwrap();
            let digits: Option<Vec<u32>> = answer.chars().map(|digit| digit.to_digit(base)).collect();
            let value =
                |digits: Vec<u32>| digits.iter().fold(0u64, |v, d| v * u64::from(base) + u64::from(*d));
            digits.is_some_and(|digits| !digits.is_empty() && value(digits) == number.parse::<u64>().unwrap())
        }
        "fraction_simplification" => {
            let read = |text: &str| -> Option<(u64, u64)> {
                let (above, below) = text.split_once('/')?;
                Some((above.parse().ok()?, below.parse().ok()?))
            };
            let (above, below) = read(after(question, "simplify ")).unwrap();
            read(answer).is_some_and(|(p, q)| {
                p > 0 && q > 0 && p * below == q * above && (2..=p.min(q)).all(|d| p % d > 0 || q % d > 0)
            })
        }
        "simple_equations" => answer.parse::<i64>().is_ok_and(|x| {
            let side = |text: &str| value(&text.replace('x', &format!("(0+0-{})", -x)).replace("--", "+"));
            let (left, right) = question.split_once('=').unwrap();
            let negative = |text: &str| value(&format!("0{text}")).filter(|_| text.starts_with('-'));
            side(left) == negative(right).or_else(|| side(right))
        }),
        "modular_arithmetic" => {
            let (sum, modulus) = question.split_once(" mod ").unwrap();
            is_number(answer, value(sum).map(|sum| sum % modulus.parse::<f64>().unwrap()))
        }
        "letter_counting" => {
            let (letter, word) = after(question, "count ").split_once(" in ").unwrap();
            is_number(answer, Some(word.matches(letter).count() as f64))
        }
        "number_sorting" => {
            let numbers = |text: &str| text.split(' ').map(|word| word.parse::<i64>().ok()).collect();
            let given: Option<Vec<i64>> = numbers(after(question, "sort "));
            let answer: Option<Vec<i64>> = numbers(answer);
            answer.is_some_and(|answer| {
                answer.is_sorted()
                    && answer.len() == given.as_ref().unwrap().len()
                    && given.unwrap().iter().all(|number| answer.contains(number))
            })
        }
        "number_filtering" => {
            let (rule, list) = after(question, "keep ").split_once(" of ").unwrap();
            let bound: i64 = rule[2..].parse().unwrap();
            let mut kept: Vec<&str> = list.split(' ').collect();
            kept.retain(|word| {
                let number: i64 = word.parse().unwrap();
                if rule.starts_with('>') { number > bound } else { number < bound }
            });
            answer == if kept.is_empty() { "none".to_owned() } else { kept.join(" ") }
        }
        "spell_backward" => {
            let word = after(question, "reverse ").as_bytes();
            word.len() == answer.len() && word.iter().eq(answer.as_bytes().iter().rev())
        }
        "word_sorting" => {
            let given: BTreeSet<&str> = after(question, "order ").split(' ').collect();
            given.into_iter().eq(answer.split(' '))
        }
        "coin_flip" => {
            let turns = question.matches(" flips.").count() + usize::from(question.starts_with("tails"));
            answer == ["heads", "tails"][turns % 2]
        }
        "leg_counting" => {
            let legs = HashMap::from([
                ("hens", 2),
                ("ducks", 2),
                ("crows", 2),
                ("cows", 4),
                ("dogs", 4),
                ("goats", 4),
                ("ants", 6),
                ("bees", 6),
                ("spiders", 8),
                ("crabs", 10),
            ]);
            let words: Vec<&str> =
                after(question, "legs of ").split([',', ' ']).filter(|w| !w.is_empty()).collect();
            let sum: u64 = words.chunks(2).map(|pair| pair[0].parse::<u64>().unwrap() * legs[pair[1]]).sum();
            is_number(answer, Some(sum as f64))
        }
        "needle_haystack" => {
            let (_, wanted) = question.rsplit_once("who has ").unwrap();
            let sentence = format!("{answer} has {}. ", wanted.trim_end_matches('?'));
            !answer.contains(' ') && format!(". {question}").contains(&format!(". {sentence}"))
        }
        "countdown" => countdown(question, answer),
        "mini_sudoku" => sudoku(after(question, "sudoku "), answer),
        "maze" => maze(after(question, "maze "), answer),
        "tower_of_hanoi" => hanoi(after(question, "hanoi "), answer),
        "knights_knaves" => knights(question, answer),
        "propositional_logic" => answer == truth(question),
        "syllogism" => answer == conclusion(question),
        _ => panic!("there is no oracle for {task}"),
    }
}

fn after<'a>(question: &'a str, start: &str) -> &'a str {
    question.strip_prefix(start).unwrap()
}

fn is_number(answer: &str, value: Option<f64>) -> bool {
    answer.parse::<i64>().is_ok_and(|answer| Some(answer as f64) == value)
}

/// The value of an expression by cutting it at its last weakest sign; `None` when it is none.
fn value(text: &str) -> Option<f64> {
    let mut depth = 0;
    let mut cuts = [None, None];
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            '+' | '-' if depth == 0 => cuts[0] = Some(at),
            '*' | '/' if depth == 0 => cuts[1] = Some(at),
            _ => {}
        }
    }
    if let Some(at) = cuts[0].or(cuts[1]) {
        let (left, right) = (value(&text[..at])?, value(&text[at + 1..])?);
        return Some(match text.as_bytes()[at] {
            b'+' => left + right,
            b'-' => left - right,
            b'*' => left * right,
            _ => left / right,
        });
    }
    match text.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => value(inner),
        None => text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten(),
    }
}

fn countdown(question: &str, answer: &str) -> bool {
    let (numbers, target) = after(question, "use ").split_once(" to make ").unwrap();
    let mut left: Vec<&str> = numbers.split(' ').collect();
    let given = answer
        .split(|character: char| !character.is_ascii_digit())
        .filter(|word| !word.is_empty())
        .all(|word| {
            left.iter().position(|number| *number == word).map(|place| left.swap_remove(place)).is_some()
        });
    let target: f64 = target.parse().unwrap();
    // There are no signs before numbers.
    given && !answer.starts_with('-') && value(answer).is_some_and(|value| (value - target).abs() < 1e-9)
}

fn sudoku(given: &str, answer: &str) -> bool {
    let rows: Vec<Vec<char>> = answer.split(' ').map(|row| row.chars().collect()).collect();
    if rows.len() != 4 || rows.iter().any(|row| row.len() != 4) {
        return false;
    }
    let full = |cells: [(usize, usize); 4]| {
        cells.iter().map(|&(r, c)| rows[r][c]).collect::<HashSet<_>>().len() == 4
    };
    let all = (0..4).all(|i| {
        let (r, c) = (i / 2 * 2, i % 2 * 2);
        full([(i, 0), (i, 1), (i, 2), (i, 3)])
            && full([(0, i), (1, i), (2, i), (3, i)])
            && full([(r, c), (r, c + 1), (r + 1, c), (r + 1, c + 1)])
    });
    all && rows.iter().flatten().all(|cell| "1234".contains(*cell))
        && given.chars().zip(answer.chars()).all(|(given, cell)| given == '.' || given == cell)
}

fn maze(plan: &str, answer: &str) -> bool {
    let width = plan.find('/').unwrap() as i64 + 1;
    // The slashes are walls at the right of each row; left of the first cell there is nothing.
    let mut at = plan.find('s').unwrap() as i64;
    for letter in answer.chars() {
        at += match letter {
            'r' => 1,
            'l' => -1,
            'd' => width,
            'u' => -width,
            _ => return false,
        };
        if !usize::try_from(at).is_ok_and(|at| matches!(plan.as_bytes().get(at), Some(b's' | b'o' | b'e'))) {
            return false;
        }
    }
    plan.as_bytes()[at as usize] == b'e'
}

fn hanoi(question: &str, answer: &str) -> bool {
    let (pegs, goal) = question.split_once(", to ").unwrap();
    let mut pegs: HashMap<&str, String> =
        pegs.split(", ").map(|peg| (&peg[..1], peg[2..].replace('-', ""))).collect();
    for step in answer.split(' ') {
        if step.len() != 2 || step[..1] == step[1..] || !pegs.contains_key(&step[1..]) {
            return false;
        }
        let Some(disk) = pegs.get_mut(&step[..1]).and_then(String::pop) else { return false };
        let onto = pegs.get_mut(&step[1..]).unwrap();
        if onto.chars().any(|lower| lower < disk) {
            return false;
        }
        onto.push(disk);
    }
    pegs.iter().all(|(peg, disks)| *peg == goal || disks.is_empty())
}

fn knights(question: &str, answer: &str) -> bool {
    let spoken: Vec<(&str, &str)> = question
        .strip_suffix(". who is what?")
        .unwrap()
        .split(". ")
        .map(|sentence| sentence.split_once(" says ").unwrap())
        .collect();
    let mut solutions = Vec::new();
    for case in 0..1 << spoken.len() {
        let role: HashMap<&str, &str> = (0..spoken.len())
            .map(|index| (spoken[index].0, if case >> index & 1 == 0 { "knave" } else { "knight" }))
            .collect();
        let fits = spoken.iter().all(|(speaker, claim)| {
            let words: Vec<&str> = claim.split(' ').collect();
            let kind = words.last().unwrap().trim_end_matches('s');
            let first = role[words[0]];
            let holds = match (words[1], *words.last().unwrap()) {
                ("is", _) => first == kind,
                ("or", _) => first == kind || role[words[2]] == kind,
                (_, "alike") => first == role[words[2]],
                (_, "differ") => first != role[words[2]],
                _ => first == kind && role[words[2]] == kind,
            };
            holds == (role[speaker] == "knight")
        });
        if fits {
            solutions.push(role.iter().map(|(name, role)| format!("{name} {role}")).collect::<BTreeSet<_>>());
        }
    }
    assert_eq!(solutions.len(), 1, "{question}");
    let pieces: Vec<String> = answer.split(',').map(|piece| piece.trim().to_owned()).collect();
    pieces.len() == spoken.len() && solutions[0] == pieces.into_iter().collect()
}

/// Rewrites the formula until one word is left.
fn truth(question: &str) -> String {
    let (values, formula) = question.trim_end_matches('?').split_once(". ").unwrap();
    let mut text = format!(" {} ", formula.replace('(', "( ").replace(')', " )"));
    for value in values.split(", ") {
        let (variable, value) = value.split_once(' ').unwrap();
        text = text.replace(&format!(" {variable} "), &format!(" {value} "));
        text = text.replace(&format!(" {variable} "), &format!(" {value} "));
    }
    // `not` first; then what stands alone between two brackets or ends.
    let rules = [
        ("not true", "false"),
        ("not false", "true"),
        ("( true )", "true"),
        ("( false )", "false"),
        ("true and true", "true"),
        ("true and false", "false"),
        ("false and true", "false"),
        ("false and false", "false"),
        ("true or true", "true"),
        ("true or false", "true"),
        ("false or true", "true"),
        ("false or false", "false"),
    ];
    while let Some((from, to)) = rules.iter().find(|(from, _)| text.contains(from)) {
        text = text.replacen(from, to, 1);
    }
    text.trim().to_owned()
}

/// Tries everything that the person could be.
fn conclusion(question: &str) -> &'static str {
    let (facts, asked) = question.rsplit_once(". is ").unwrap();
    let sentences: Vec<Vec<&str>> = facts.split(". ").map(|sentence| sentence.split(' ').collect()).collect();
    let asked = asked.trim_end_matches("? yes, no or unknown?").split(' ').next_back().unwrap();
    let mut kinds: Vec<&str> = sentences[1..].iter().flat_map(|words| [words[1], words[3]]).collect();
    kinds.push(asked);
    kinds.sort_unstable();
    kinds.dedup();
    let place = |kind: &str| kinds.iter().position(|known| *known == kind).unwrap();
    let possible: HashSet<bool> = (0..1u32 << kinds.len())
        .filter(|world| {
            let is = |kind: &str| world >> place(kind) & 1 == 1;
            is(sentences[0][3])
                && sentences[1..].iter().all(|words| !is(words[1]) || is(words[3]) == (words[0] == "all"))
        })
        .map(|world| world >> place(asked) & 1 == 1)
        .collect();
    match (possible.contains(&true), possible.contains(&false)) {
        (true, false) => "yes",
        (false, true) => "no",
        (true, true) => "unknown",
        (false, false) => panic!("the rules contradict each other: {question}"),
    }
}

/// A chain in words as a chain of digits.
fn in_digits(question: &str) -> String {
    let english = "one two three four five six seven eight nine".split(' ').zip(1..);
    let chinese = "一 二 三 四 五 六 七 八 九".split(' ').zip(1..);
    let mut text = question.trim_end_matches(['?', '？']).replace(' ', "");
    for (word, digit) in english.chain(chinese) {
        text = text.replace(word, &digit.to_string());
    }
    text.replace("plus", "+").replace("minus", "-").replace('加', "+").replace('减', "-")
}
