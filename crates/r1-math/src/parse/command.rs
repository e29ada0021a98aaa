//! LaTeX commands.

use super::{Parser, function};
use crate::{
    arena::{Constant, Function, Id, Node},
    substitute::{is_constant, mentions},
    token::{Kind, Token},
};

/// Commands that end an expression: separators, relations, closing brackets and operators that are
/// read elsewhere.
const ENDS: [&str; 62] = [
    "le",
    "leq",
    "leqslant",
    "lt",
    "ge",
    "geq",
    "geqslant",
    "gt",
    "ne",
    "neq",
    "approx",
    "equiv",
    "in",
    "notin",
    "cup",
    "cap",
    "setminus",
    "mid",
    "rangle",
    "rfloor",
    "rceil",
    "rvert",
    "rVert",
    "to",
    "Rightarrow",
    "rightarrow",
    "implies",
    "times",
    "cdot",
    "div",
    "pm",
    "mp",
    "pmod",
    "mod",
    "bmod",
    "choose",
    "over",
    "ast",
    "bullet",
    "simeq",
    "sim",
    "cong",
    "propto",
    "colon",
    "land",
    "lor",
    "wedge",
    "vee",
    "iff",
    "Leftrightarrow",
    "circ",
    "degree",
    "dollar",
    "subset",
    "subseteq",
    "dots",
    "ldots",
    "cdots",
    "forall",
    "quad",
    "backslash",
    "bigcup",
];

/// Whether a command may begin a factor.
pub(crate) fn starts_factor(name: &str) -> bool {
    !ENDS.contains(&name)
}

impl Parser<'_> {
    /// What the command `name`, just read, stands for.
    pub(super) fn command(&mut self, name: &str) -> Option<Id> {
        if let Some(function) = function::of_name(name) {
            return self.apply(function);
        }
        match name {
            "frac" | "dfrac" | "tfrac" | "cfrac" => {
                if self.peek()?.is('(') {
                    // frac(a, b) in plain text is not LaTeX.
                    return None;
                }
                if self.is_derivation() {
                    // `\frac{d}{dx} x^2` asks for a derivative, and is no product.
                    return None;
                }
                let above = self.argument()?;
                let below = self.argument()?;
                Some(self.arena.div(above, below))
            }
            "binom" => {
                let n = self.argument()?;
                let k = self.argument()?;
                Some(self.arena.function(Function::Binomial, vec![n, k]))
            }
            "sqrt" => {
                let index = if self.eat('[') {
                    let index = self.sum()?;
                    if !self.eat(']') {
                        return None;
                    }
                    index
                } else {
                    self.arena.integer(2)
                };
                let radicand = self.argument()?;
                Some(self.arena.root(radicand, index))
            }
            "cbrt" => {
                let radicand = self.argument()?;
                let three = self.arena.integer(3);
                Some(self.arena.root(radicand, three))
            }
            "exp" => {
                let argument = self.argument()?;
                let e = self.arena.constant(Constant::E);
                Some(self.arena.pow(e, argument))
            }
            "pi" => Some(self.arena.constant(Constant::Pi)),
            "infty" | "inf" | "infinity" | "Infinity" | "oo" | "infinite" => {
                Some(self.arena.constant(Constant::Infinity))
            }
            "imath" => Some(self.arena.constant(Constant::I)),
            "jmath" => Some(self.arena.symbol("j")),
            "cis" => self.cis(),
            "lfloor" => self.delimited(Function::Floor, "rfloor"),
            "lceil" => self.delimited(Function::Ceil, "rceil"),
            "lvert" | "vert" | "lVert" | "Vert" => {
                let close = name.strip_prefix('l').map_or_else(|| name.to_owned(), |kind| format!("r{kind}"));
                self.delimited(Function::Abs, &close)
            }
            "overline" | "bar" => {
                if let Some(digits) = self.digits_under_bar() {
                    return self.symbol(&digits);
                }
                let inside = self.argument()?;
                if is_constant(self.arena, inside) {
                    let imaginary = Node::Constant(Constant::I);
                    if !mentions(self.arena, inside, &|node| *node == imaginary) {
                        // Of a real number nobody writes the conjugate.
                        return None;
                    }
                    return Some(self.arena.function(Function::Conjugate, vec![inside]));
                }
                // A mean, a segment, a conjugate: another thing than what stands under the bar.
                let name = self.arena.intern("bar@");
                Some(self.arena.insert(Node::Call(name, Box::new([inside]))))
            }
            "sum" | "prod" => self.fold(name == "prod"),
            "vec" | "overrightarrow" | "hat" | "widehat" | "mathbf" | "tilde" => {
                let direction = match self.inner_kind()? {
                    Kind::Letter(letter @ ('i' | 'j' | 'k')) => Some(letter),
                    Kind::Command(name) if name == "imath" => Some('i'),
                    Kind::Command(name) if name == "jmath" => Some('j'),
                    _ => None,
                };
                match direction {
                    Some(letter) => {
                        self.skip_argument();
                        Some(self.arena.symbol(&format!("unit@{letter}")))
                    }
                    None if matches!(name, "hat" | "widehat" | "tilde") => {
                        // An estimate is another thing than what it estimates.
                        let inside = self.argument()?;
                        let name = self.arena.intern("hat@");
                        Some(self.arena.insert(Node::Call(name, Box::new([inside]))))
                    }
                    None if name != "mathbf" => match self.directed_segment() {
                        Some(segment) => Some(segment),
                        // No number has a direction.
                        None => self.argument().filter(|inside| !is_constant(self.arena, *inside)),
                    },
                    None => self.argument(),
                }
            }
            "dot" | "ddot" => {
                let Some(Kind::Letter(letter)) = self.inner_kind() else { return None };
                self.skip_argument();
                self.symbol(&format!("{name}@{letter}"))
            }
            "displaylimits" | "boxed" => self.argument(),
            "mathbb" => None,
            "int" => self.integral(),
            "lim" => self.limit(),
            "angle" | "triangle" | "odot" | "parallel" | "prime" | "partial" | "nabla" | "iint" | "oint" => {
                None
            }
            _ if starts_factor(name) && super::symbol::is_symbol(name) => {
                if (matches!(name, "Gamma" | "zeta" | "phi" | "varphi") || self.at_zero())
                    && let Some(call) = self.call(name)
                {
                    return Some(call);
                }
                let name = match name {
                    "varphi" => "phi",
                    "vartheta" => "theta",
                    "varepsilon" => "epsilon",
                    "ell" => "l",
                    other => other,
                };
                self.symbol(name)
            }
            _ => None,
        }
    }

    /// `{ab}` after `\overline`: digits side by side, whose order counts. Capitals name a segment.
    fn digits_under_bar(&mut self) -> Option<String> {
        let [open, inside @ ..] = &self.tokens[self.at..] else { return None };
        let end = inside.iter().position(|token| token.is('}'))?;
        let mut name = String::from("digits@");
        for token in &inside[..end] {
            match &token.kind {
                Kind::Letter(c) if c.is_ascii_lowercase() => name.push(*c),
                Kind::Word(word) if word.bytes().all(|byte| byte.is_ascii_lowercase()) => name.push_str(word),
                Kind::Number(literal) => name.push_str(&literal.digits),
                _ => return None,
            }
        }
        let digits = name.len() - "digits@".len();
        // A number under a bar is digits, too; its conjugate nobody would write.
        let several = open.is('{') && (digits >= 2 || name[7..].bytes().all(|byte| byte.is_ascii_digit()));
        // `\overline{2i}` and `\overline{zw}` are conjugates.
        if !several || name[7..].contains(['i', 'z', 'w']) {
            return None;
        }
        self.at += end + 2;
        Some(name)
    }

    /// The one token inside the next argument.
    fn inner_kind(&self) -> Option<Kind> {
        let inside = if self.peek()?.is('{') { self.peek_at(1)? } else { self.peek()? };
        Some(inside.kind.clone())
    }

    fn skip_argument(&mut self) {
        if self.eat('{') {
            self.at += 1;
            self.eat('}');
        } else {
            self.at += 1;
        }
    }

    /// An argument of a command: a group, a digit, or one atom.
    /// Whether `{d}{dx}` follows.
    fn is_derivation(&self) -> bool {
        let partial = |token: &Token| token.is_command("partial");
        match &self.tokens[self.at..] {
            [open, above, close, again, below @ ..] if open.is('{') && close.is('}') && again.is('{') => {
                match below {
                    [d, Token { kind: Kind::Letter(_), .. }, ..] => {
                        let both = |kind: Kind| above.kind == kind && d.kind == kind;
                        both(Kind::Letter('d')) || partial(above) && partial(d)
                    }
                    [Token { kind: Kind::Word(word), .. }, ..] => {
                        above.kind == Kind::Letter('d') && word.len() == 2 && word.starts_with('d')
                    }
                    _ => false,
                }
            }
            _ => false,
        }
    }

    pub(super) fn argument(&mut self) -> Option<Id> {
        self.nested(|parser| {
            if parser.peek()?.is('{') {
                return parser.group();
            }
            parser.argument_digit()
        })
    }

    /// One atom; of a number without a decimal point its first digit, as TeX reads `\frac12`.
    pub(super) fn argument_digit(&mut self) -> Option<Id> {
        // Numbers that directly follow one another were split by the reader.
        self.atom()
    }

    fn delimited(&mut self, function: Function, close: &str) -> Option<Id> {
        let bars = std::mem::take(&mut self.bars);
        let inside = self.sum()?;
        self.bars = bars;
        self.eat_command(&[close]).then(|| self.arena.function(function, vec![inside]))
    }

    /// A matrix after its `\begin`.
    pub(super) fn matrix(&mut self, name: &str) -> Option<Id> {
        let is_matrix = matches!(
            name,
            "pmatrix" | "bmatrix" | "vmatrix" | "matrix" | "array" | "smallmatrix" | "Bmatrix" | "Vmatrix"
        );
        if !is_matrix {
            return None;
        }
        let mut rows: Vec<Vec<Id>> = vec![Vec::new()];
        loop {
            let token = self.peek()?;
            match &token.kind {
                Kind::End(end) if end == name => {
                    self.at += 1;
                    break;
                }
                Kind::End(_) => return None,
                Kind::Row => {
                    self.at += 1;
                    rows.push(Vec::new());
                }
                Kind::Symbol('&') => self.at += 1,
                _ => {
                    let bars = std::mem::take(&mut self.bars);
                    let entry = self.sum()?;
                    self.bars = bars;
                    rows.last_mut()?.push(entry);
                }
            }
        }
        rows.retain(|row| !row.is_empty());
        let columns = rows.first()?.len();
        if rows.iter().any(|row| row.len() != columns) || rows.len() > 64 || columns > 64 {
            return None;
        }
        let matrix =
            Node::Matrix { rows: rows.len() as u16, columns: columns as u16, entries: rows.concat().into() };
        let id = self.arena.insert(matrix);
        Some(if name == "vmatrix" { self.arena.function(Function::Determinant, vec![id]) } else { id })
    }
}
