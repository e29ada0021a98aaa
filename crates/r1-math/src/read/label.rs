//! Left sides that name what stands on the right.

use super::{Answer, Reader, phrase::word, split};
use crate::{
    arena::{Id, Node},
    lexicon, parse,
    token::{Kind, Token},
};

/// A name longer than this explains instead of naming.
const MAX_NAME: usize = 40;

impl Reader<'_> {
    pub(super) fn is_name(&mut self, tokens: &[Token]) -> bool {
        self.label(tokens).is_some()
    }

    pub(super) fn is_symbol(&mut self, tokens: &[Token]) -> bool {
        let Some(id) = parse::expression(self.arena, tokens) else { return false };
        matches!(self.arena.node(id), Node::Symbol(_))
    }

    /// What a left side names: a symbol, `f(x)`, `(x, y)`, `|AB|`, `\angle ABC`, a few words.
    pub(super) fn label(&mut self, tokens: &[Token]) -> Option<(Option<Id>, String)> {
        let name = rendered(tokens);
        // A bar that never closes, or an index of nothing, is no name.
        let hangs = |c: char| matches!(c, '_' | '^');
        if name.len() > MAX_NAME
            || name.matches('|').count() % 2 == 1
            || name.starts_with(hangs)
            || name.ends_with(hangs)
        {
            return None;
        }
        if let Some(id) = parse::expression(self.arena, tokens) {
            let named = matches!(self.arena.node(id), Node::Symbol(_) | Node::Call(..));
            let called = is_call(tokens) || is_derivative(&name);
            if is_of_an_angle(tokens) {
                return Some((Some(id), name));
            }
            return if named || called {
                Some((named.then_some(id).filter(|_| !called || named), name))
            } else {
                is_geometric(tokens).then_some((None, name))
            };
        }
        if let Some(Answer::Tuple(items)) = self.structure(tokens) {
            let symbols = items.iter().all(|item| {
                matches!(item, Answer::Expression { id, .. } if matches!(self.arena.node(*id), Node::Symbol(_)))
            });
            return symbols.then_some((None, name));
        }
        let negated = tokens
            .iter()
            .filter_map(word)
            .any(|words| words.split([' ', '-', ',']).any(|word| lexicon::negates(&word.to_lowercase())));
        if negated {
            return None;
        }
        let named = is_call(tokens) || is_composed(tokens) || is_of_an_angle(tokens) || is_words(tokens);
        named.then_some((None, name))
    }
}

/// Whether words make something else of a symbol beside them, as in "double x" and "the square of x", or a number does.
fn turns(words: &str, tokens: &[Token]) -> bool {
    let symbol = tokens.iter().any(|token| matches!(token.kind, Kind::Letter(_)));
    let lower = words.to_lowercase();
    let turning = |word: &str| lexicon::changes_a_number(word) || lexicon::is_made(word) || word == "un";
    let first = ["minus ", "double ", "twice ", "triple ", "half of "];
    words.contains('\\')
        || words.starts_with(|c: char| c.is_ascii_digit())
        || first.iter().any(|word| lower.starts_with(word))
        || symbol && lower.split([' ', '-', ',']).any(|word| word.len() > 1 && turning(word))
}

/// Words and letters without operations, as "Domain" or "the slope m"; capitals with an index.
fn is_words(tokens: &[Token]) -> bool {
    let named = tokens.iter().any(|token| {
        matches!(token.kind, Kind::Text(_) | Kind::Word(_) | Kind::Letter(_) | Kind::Command(_))
    });
    let fraction = tokens.iter().any(|token| token.is_command("frac"));
    if fraction && !tokens.iter().any(|token| token.is_command("partial")) {
        return false;
    }
    let mut index = 0;
    named
        && tokens.iter().all(|token| {
            match token.kind {
                Kind::Symbol('_') => index = 1,
                Kind::Symbol('{') if index > 0 => index += 1,
                Kind::Symbol('}') => index -= 1,
                _ => {}
            }
            match &token.kind {
                Kind::Text(text) => !text.contains(['=', '<', '>', '+', '*']) && !turns(text, tokens),
                Kind::Word(_) | Kind::Letter(_) | Kind::Blackboard(_) => true,
                Kind::Symbol(c) => matches!(c, '_' | '{' | '}' | '\'' | '|' | '^' | '.' | '~' | ':'),
                Kind::Number(_) => index > 0,
                Kind::Command(name) => matches!(
                    name.as_str(),
                    "angle"
                        | "triangle"
                        | "measuredangle"
                        | "overline"
                        | "overrightarrow"
                        | "vec"
                        | "max"
                        | "min"
                        | "nabla"
                        | "hat"
                        | "widehat"
                        | "overset"
                        | "frown"
                        | "odot"
                        | "Delta"
                        | "lim"
                        | "Re"
                        | "Im"
                        | "circ"
                        | "prime"
                        | "partial"
                        | "frac"
                        | "lvert"
                        | "rvert"
                        | "mathcal"
                        | "alpha"
                        | "beta"
                        | "theta"
                        | "gamma"
                        | "det"
                        | "dim"
                        | "arg"
                        | "deg"
                        | "gcd"
                        | "lcm"
                        | "sigma"
                        | "mu"
                ),
                _ => false,
            }
        })
}

/// `f(x)`, `P(A)`, `f(x, y)`, `f'(2)`, `f^{-1}(x)`.
fn is_call(tokens: &[Token]) -> bool {
    let Some(Kind::Letter(_)) = tokens.first().map(|token| &token.kind) else { return false };
    let Some(open) = tokens.iter().position(|token| token.is('(')) else { return false };
    if split::closing(&tokens[open..]) != Some(tokens.len() - open - 1) || open > 6 {
        return false;
    }
    let (marks, argument) = (&tokens[1..open], &tokens[open + 1..tokens.len() - 1]);
    // A power is a product's, but for the inverse and for derivatives.
    let powers = marks.iter().any(|token| token.is('^'));
    let plain: String = rendered(marks);
    let raised = matches!(plain.as_str(), "^-1" | "^prime" | "^'" | "^primeprime");
    let indexed = plain.starts_with('_') || plain.bytes().all(|byte| byte == b'\'');
    let function = matches!(tokens[0].kind, Kind::Letter('f' | 'g' | 'h' | 'A'..='Z'));
    // Of other letters, a name or a number: `x(y - 1)` is a product.
    let operator = |token: &Token| match &token.kind {
        Kind::Symbol('+' | '-' | '*' | '/' | '^') => true,
        Kind::Command(name) => matches!(name.as_str(), "cdot" | "times" | "pm" | "frac"),
        _ => false,
    };
    (if powers { raised } else { indexed }) && (function || !argument.iter().any(operator))
}

/// `(f \\circ g)(x)`.
fn is_composed(tokens: &[Token]) -> bool {
    tokens.iter().any(|token| token.is_command("circ"))
        && tokens.iter().all(|token| {
            matches!(token.kind, Kind::Letter(_) | Kind::Symbol('(' | ')' | '\'')) || token.is_command("circ")
        })
}

/// `A^{-1}`, `AB`, `2A + B^T`.
pub(super) fn is_matrix_name(tokens: &[Token]) -> bool {
    tokens.iter().any(|token| matches!(token.kind, Kind::Letter('A'..='Z')))
        && tokens.iter().all(|token| match &token.kind {
            Kind::Letter(letter) => letter.is_ascii_uppercase(),
            Kind::Word(word) => word.bytes().all(|byte| byte.is_ascii_uppercase()),
            Kind::Symbol(c) => matches!(c, '^' | '{' | '}' | '-' | '+'),
            Kind::Number(_) => true,
            _ => false,
        })
}

/// `\frac{dy}{dx}` or `dy/dx`, by its name without braces.
fn is_derivative(name: &str) -> bool {
    let plain = name.strip_prefix("frac").map(str::to_owned).or_else(|| {
        let (above, below) = name.split_once('/')?;
        Some(format!("{above}{below}"))
    });
    plain.is_some_and(|plain| plain.len() == 4 && plain.starts_with('d') && plain.as_bytes()[2] == b'd')
}

/// `\cos\theta`, `\sin A`, `\tan\angle ABC`.
fn is_of_an_angle(tokens: &[Token]) -> bool {
    let [first, angle @ ..] = tokens else { return false };
    let plain = |token: &Token| {
        matches!(token.kind, Kind::Letter(_) | Kind::Word(_) | Kind::Symbol('(' | ')' | '{' | '}' | '_'))
            || matches!(
                token.command(),
                Some("angle" | "theta" | "alpha" | "beta" | "gamma" | "phi" | "varphi" | "triangle")
            )
    };
    let function = matches!(first.command(), Some("sin" | "cos" | "tan" | "cot" | "sec" | "csc"));
    function && !angle.is_empty() && angle.iter().all(plain)
}

/// Capital letters, bars, angles and fractions of them: `|AB|`, `\frac{NO}{BO}`, `\angle ABC`.
fn is_geometric(tokens: &[Token]) -> bool {
    tokens.iter().all(|token| match &token.kind {
        Kind::Letter(letter) => letter.is_ascii_uppercase(),
        Kind::Word(word) => word.chars().all(|c| c.is_ascii_uppercase()),
        Kind::Text(_) => true,
        Kind::Symbol(c) => matches!(c, '|' | '{' | '}' | '_' | '\'' | '/' | ':'),
        Kind::Command(name) => {
            matches!(
                name.as_str(),
                "frac"
                    | "dfrac"
                    | "overline"
                    | "angle"
                    | "triangle"
                    | "lvert"
                    | "rvert"
                    | "vert"
                    | "vec"
                    | "overrightarrow"
                    | "widehat"
            )
        }
        _ => false,
    })
}

/// The tokens as a name: without braces and spaces.
pub(super) fn rendered(tokens: &[Token]) -> String {
    let mut name = String::new();
    for token in tokens {
        match &token.kind {
            Kind::Letter(c) | Kind::Blackboard(c) => name.push(*c),
            Kind::Symbol('{' | '}' | ' ') => {}
            Kind::Symbol(c) => name.push(*c),
            Kind::Number(literal) => name.push_str(&literal.digits),
            Kind::Word(word)
            | Kind::Text(word)
            | Kind::Command(word)
            | Kind::Begin(word)
            | Kind::End(word) => {
                name.push_str(word);
            }
            Kind::Row => {}
        }
    }
    name
}
