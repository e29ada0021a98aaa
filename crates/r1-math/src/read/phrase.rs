//! Words around mathematics: "about 12", "3 to 5", "all real numbers except 0", "for all x".

use super::{Answer, Reader, label::rendered, split};
use crate::{
    answer::Interval,
    arena::Id,
    parse, region, text,
    token::{Kind, Token},
};

/// Words before a number that say that it is rounded.
const ROUNDED: [&str; 7] = ["about", "approximately", "approx", "roughly", "around", "circa", "约"];

impl Reader<'_> {
    /// A phrase that holds the answer, where there is one.
    pub(super) fn phrase(&mut self, tokens: &[Token]) -> Option<Option<Answer>> {
        if !tokens.iter().any(|token| matches!(token.kind, Kind::Word(_) | Kind::Text(_))) {
            return None;
        }
        if let [first, rest @ ..] = tokens
            && word(first).is_some_and(|word| ROUNDED.contains(&&*word.trim_matches('.').to_lowercase()))
            && !super::trim(rest).is_empty()
        {
            self.leave_out(&tokens[..1]);
            return Some(self.structure(rest));
        }
        if let Some(region) = self.exception(tokens) {
            return Some(Some(region));
        }
        if let Some(answer) = self.condition(tokens) {
            return Some(answer);
        }
        self.ordinal(tokens).or_else(|| self.proportion(tokens)).or_else(|| self.restated(tokens)).map(Some)
    }

    /// "all real numbers except 0".
    fn exception(&mut self, tokens: &[Token]) -> Option<Answer> {
        let mut said = String::new();
        let mut at = 0;
        for token in tokens {
            match &token.kind {
                Kind::Letter(letter) => said.push(*letter),
                _ => said.push_str(word(token)?),
            }
            said.push(' ');
            at += 1;
            if said.trim_end().ends_with("except") || said.trim_end().ends_with("other than") || at > 12 {
                break;
            }
        }
        let said = said.to_lowercase();
        let (set, _) = said.split_once("except").or_else(|| said.split_once("other than"))?;
        let words: Vec<&str> = set.split_whitespace().filter(|word| word.len() > 1).collect();
        let reals = matches!(
            words[..],
            ["all", "real", "numbers"] | ["all", "reals"] | ["all", "real"] | ["every", "real", "number"]
        );
        let mut rest = &tokens[at..];
        while let [first, after @ ..] = rest
            && word(first).is_some_and(|word| matches!(word, "for" | "when" | "where" | "if"))
        {
            rest = after;
        }
        if !reals || rest.is_empty() {
            return None;
        }
        let excluded = self.structure(rest)?;
        let points: Vec<Interval> = points(&excluded)?
            .into_iter()
            .map(|id| Interval { low: Some(id), high: Some(id), low_closed: true, high_closed: true })
            .collect();
        region::difference(self.arena, &[region::EVERYTHING], &points).map(Answer::Region)
    }

    /// What stands before "where k is an integer", "where C is a constant", "for all x".
    fn condition(&mut self, tokens: &[Token]) -> Option<Option<Answer>> {
        let starts = |at: usize| {
            let said = word(tokens.get(at)?)?.trim_start_matches([' ', ',']);
            let next = tokens.get(at + 1).and_then(word);
            let all = |word: &str| matches!(word, "all" | "every" | "any" | "each");
            let first = said.split(' ').next()?;
            let second = said.split(' ').nth(1).or(next);
            let parameter = || {
                tokens[at..].iter().any(|token| {
                    token.is_command("in") || word(token).is_some_and(|word| word.contains("integer"))
                })
            };
            Some(
                first == "where"
                    || (first == "for" && second.is_some_and(all))
                    || (matches!(first, "for" | "with") && parameter()),
            )
        };
        let mut depth = 0;
        let at = (0..tokens.len()).find(|at| {
            depth += split::depth_change(&tokens[*at]);
            depth == 0 && *at > 0 && starts(*at) == Some(true)
        })?;
        let (before, after) = (super::trim(&tokens[..at]), &tokens[at..]);
        if let Some((parameters, domain)) = self.parameter(after) {
            let items = match self.structure(before)? {
                Answer::List(items) | Answer::Either(items) => items,
                item => vec![item],
            };
            return Some(self.family(items, parameters, domain));
        }
        let function = matches!(
            tokens.first().map(|token| &token.kind),
            Some(Kind::Letter(_)) if self.is_call_of_a_function(before)
        );
        let set_at = after.iter().position(|token| token.is_command("in"));
        if let Some(at) = set_at
            && function
            && matches!(after.get(at + 1).map(|token| &token.kind), Some(Kind::Blackboard(_)))
        {
            // The domain of a function, which its formula does not depend on.
            let marks = |token: &Token| {
                matches!(&token.kind, Kind::Symbol('^' | '_' | '{' | '}' | '*' | '+' | '>'))
                    || matches!(&token.kind, Kind::Number(literal) if literal.value.is_zero())
            };
            let plain = after[..at].iter().all(says_nothing) && after[at + 2..].iter().all(marks);
            if plain {
                self.leave_out(after);
            }
            return plain.then(|| self.structure(before));
        }
        // Nothing that bounds the answer: names and the words between.
        let nothing = after.iter().all(says_nothing);
        if nothing {
            self.leave_out(after);
        }
        nothing.then(|| self.structure(before))
    }

    /// Notes tokens that say nothing of the value.
    pub(super) fn leave_out(&mut self, tokens: &[Token]) {
        let words: Vec<String> = tokens.iter().map(|token| rendered(std::slice::from_ref(token))).collect();
        self.arena.leave_out(words.join(" "));
    }

    /// Whether an equation begins with `f(x)`.
    fn is_call_of_a_function(&mut self, tokens: &[Token]) -> bool {
        let at = tokens.iter().position(|token| token.is('='));
        at.and_then(|at| parse::expression(self.arena, &tokens[..at]))
            .is_some_and(|id| matches!(self.arena.node(id), crate::arena::Node::Call(..)))
    }

    /// `21st`, `45^{\text{th}}`.
    fn ordinal(&mut self, tokens: &[Token]) -> Option<Answer> {
        let [Token { kind: Kind::Number(literal), .. }, rest @ ..] = tokens else { return None };
        let rest = match rest {
            [caret, rest @ ..] if caret.is('^') => split::without_group(rest),
            other => other,
        };
        let [suffix] = rest else { return None };
        let fits = !suffix.space && matches!(word(suffix)?.trim(), "st" | "nd" | "rd" | "th");
        fits.then(|| Answer::Expression { id: self.arena.number(literal.value.clone()), decimal: None })
    }

    /// `\frac{1}{12} (one twelfth)`: a number, and the same in words.
    fn restated(&mut self, tokens: &[Token]) -> Option<Answer> {
        let at = tokens
            .iter()
            .position(|token| token.is('(') || word(token).is_some_and(|word| word.starts_with('(')))?;
        let mut said = String::new();
        for token in &tokens[at..] {
            match &token.kind {
                Kind::Symbol('(' | ')' | '-') => said.push(' '),
                _ => {
                    said.push_str(word(token)?);
                    said.push(' ');
                }
            }
        }
        let said = said.replace(['(', ')'], " ").to_lowercase();
        let value = text::fraction_word(&said.split_whitespace().collect::<Vec<_>>().join(" "))?;
        let answer = self.structure(&tokens[..at])?;
        let Answer::Expression { id, .. } = answer else { return None };
        (*self.arena.as_number(id)? == value).then_some(answer)
    }

    /// "5 to 3", "3 out of 8".
    fn proportion(&mut self, tokens: &[Token]) -> Option<Answer> {
        let is = |token: &Token, wanted: &str| word(token).is_some_and(|word| word.trim() == wanted);
        let parts = split::top(tokens, |token| is(token, "to"));
        let starts = |part: &&[Token]| matches!(part.first().map(|token| &token.kind), Some(Kind::Number(_)));
        if (2..=3).contains(&parts.len()) && parts.iter().all(starts) && !is_range(&parts) {
            let parts: Option<Vec<Id>> =
                parts.into_iter().map(|part| parse::expression(self.arena, part)).collect();
            return parts.map(Answer::Ratio);
        }
        let at = tokens.iter().position(|token| is(token, "out") || is(token, "out of"))?;
        let after = if is(&tokens[at], "out") {
            tokens.get(at + 1).filter(|token| is(token, "of"))?;
            at + 2
        } else {
            at + 1
        };
        let [Token { kind: Kind::Number(part), .. }] = &tokens[..at] else { return None };
        let [Token { kind: Kind::Number(whole), .. }] = &tokens[after..] else { return None };
        if whole.value.is_zero() {
            return None;
        }
        Some(Answer::expression(self.arena.number(&part.value / &whole.value)))
    }
}

/// Whether "a to b" tells where something begins and ends: "60° to 120°", "10 to 20", which no ratio in its lowest
/// terms is.
fn is_range(parts: &[&[Token]]) -> bool {
    let whole = |part: &&[Token]| match part {
        [Token { kind: Kind::Number(literal), .. }] if literal.value.denominator().is_one() => {
            u64::try_from(literal.value.numerator().clone()).ok()
        }
        _ => None,
    };
    let angle = |token: &Token| matches!(token.command(), Some("circ" | "degree"));
    let numbers: Option<Vec<u64>> = parts.iter().map(whole).collect();
    let common = numbers.is_some_and(|numbers| numbers.into_iter().fold(0, gcd) > 1);
    common || parts.iter().any(|part| part.iter().any(angle))
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// `12 R 3`, `12 \text{ remainder } 3`: a quotient and what is left, as a text.
pub(super) fn division(tokens: &[Token]) -> Option<Answer> {
    let [Token { kind: Kind::Number(quotient), .. }, middle, Token { kind: Kind::Number(left), .. }] = tokens
    else {
        return None;
    };
    let says = match &middle.kind {
        Kind::Letter(letter) => matches!(letter, 'R' | 'r'),
        _ => word(middle).is_some_and(|word| {
            matches!(word.trim().trim_matches('.').to_lowercase().as_str(), "r" | "rem" | "remainder")
        }),
    };
    says.then(|| Answer::Text(format!("{} remainder {}", quotient.digits, left.digits)))
}

/// Whether a token of a condition says nothing of the values: "for all real x", "where C is a constant".
fn says_nothing(token: &Token) -> bool {
    let plain = |word: &str| {
        matches!(
            word.trim_matches('.'),
            "" | "where"
                | "for"
                | "all"
                | "any"
                | "every"
                | "each"
                | "is"
                | "are"
                | "a"
                | "an"
                | "the"
                | "and"
                | "real"
                | "reals"
                | "number"
                | "numbers"
                | "value"
                | "values"
                | "of"
                | "constant"
                | "constants"
                | "arbitrary"
                | "some"
                | "complex"
                | "integration"
                | "in"
                | "its"
                | "domain"
        )
    };
    match &token.kind {
        Kind::Word(words) | Kind::Text(words) => words.split([' ', ',']).all(plain),
        Kind::Letter(_) | Kind::Symbol(',' | '_' | '.') => true,
        Kind::Number(_) => !token.space,
        _ => false,
    }
}

/// The words of a token.
pub(super) fn word(token: &Token) -> Option<&str> {
    match &token.kind {
        Kind::Word(word) | Kind::Text(word) => Some(word),
        _ => None,
    }
}

/// Single values, alone or in a list.
fn points(answer: &Answer) -> Option<Vec<Id>> {
    match answer {
        Answer::Expression { id, .. } => Some(vec![*id]),
        Answer::Assignment { value, .. } => points(value),
        Answer::List(items) | Answer::Either(items) | Answer::Set(items) | Answer::Tuple(items) => {
            items.iter().map(points).collect::<Option<Vec<_>>>().map(|points| points.concat())
        }
        _ => None,
    }
}
