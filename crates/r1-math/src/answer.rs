//! What an answer is, once it is read.

use super::{
    arena::{Arena, Constant, Id, Node},
    literal::Decimal,
    unit::Unit,
};

/// A typed answer. Expressions live in the [`Arena`] that both sides share.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    /// An expression; `decimal` when it is one decimal literal.
    Expression {
        id: Id,
        decimal: Option<Decimal>,
    },
    /// A number and its unit.
    Quantity {
        id: Id,
        decimal: Option<Decimal>,
        unit: Unit,
    },
    /// The number before a percent sign.
    Percent {
        id: Id,
        decimal: Option<Decimal>,
    },
    Tuple(Vec<Answer>),
    /// Several answers side by side, whose order may tell them apart.
    List(Vec<Answer>),
    /// Alternatives, which have no order: both values of `±`, what "or" joins.
    Either(Vec<Answer>),
    Set(Vec<Answer>),
    /// A union of intervals.
    Region(Vec<Interval>),
    /// `label = value`; the members of a chain between them must agree with the value.
    Assignment {
        name: String,
        label: Option<Id>,
        value: Box<Answer>,
        between: Vec<Id>,
        rounded: bool,
    },
    /// Members joined by equality or order.
    Relation {
        members: Vec<Id>,
        links: Vec<Link>,
    },
    /// `3:4`.
    Ratio(Vec<Id>),
    /// `residue (mod modulus)`.
    Congruence {
        residue: Id,
        modulus: Id,
    },
    /// Values that depend on parameters in the integers.
    Family {
        values: Vec<Id>,
        parameters: Vec<Id>,
        domain: Domain,
    },
    /// What is said for all values of parameters: a point, an interval, a function.
    Parametric {
        body: Box<Answer>,
        parameters: Vec<Id>,
        domain: Domain,
    },
    /// An answer and values that are left out, as `x \\ne 2`.
    Excluding {
        body: Box<Answer>,
        exclusions: Vec<Answer>,
    },
    /// Values, and where each holds; `None` is "otherwise".
    Cases(Vec<(Answer, Option<Answer>)>),
    /// `∅`, "no solution".
    Empty,
    /// "undefined", "does not exist".
    Undefined,
    Text(String),
}

/// The numbers that a parameter runs through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Domain {
    Integers,
    /// From zero on.
    Naturals,
    /// From one on.
    Positive,
    Reals,
}

impl Domain {
    fn name(self) -> &'static str {
        match self {
            Self::Integers => "Z",
            Self::Naturals => "N",
            Self::Positive => "N+",
            Self::Reals => "R",
        }
    }
}

/// How two members of a relation are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

impl Link {
    /// The link with its sides exchanged.
    pub(crate) fn flipped(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessEqual => Self::GreaterEqual,
            Self::Greater => Self::Less,
            Self::GreaterEqual => Self::LessEqual,
            other => other,
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "≠",
            Self::Less => "<",
            Self::LessEqual => "≤",
            Self::Greater => ">",
            Self::GreaterEqual => "≥",
        }
    }
}

/// An interval; a missing end is infinite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interval {
    pub(crate) low: Option<Id>,
    pub(crate) high: Option<Id>,
    pub(crate) low_closed: bool,
    pub(crate) high_closed: bool,
}

impl Answer {
    pub(crate) fn expression(id: Id) -> Self {
        Self::Expression { id, decimal: None }
    }

    /// The answer for people, with its kind in front.
    pub(crate) fn shown(&self, arena: &Arena) -> String {
        let many = |items: &[Self]| items.iter().map(|item| item.shown(arena)).collect::<Vec<_>>().join(", ");
        let ids =
            |ids: &[Id], by: &str| ids.iter().map(|id| write(arena, *id, 0)).collect::<Vec<_>>().join(by);
        let text = match self {
            Self::Expression { id, decimal: None } => write(arena, *id, 0),
            Self::Expression { id, decimal: Some(_) } => format!("decimal {}", write(arena, *id, 0)),
            Self::Quantity { id, unit, .. } => format!("quantity {} [{unit}]", write(arena, *id, 0)),
            Self::Percent { id, .. } => format!("percent {}", write(arena, *id, 0)),
            Self::Tuple(items) => format!("tuple ({})", many(items)),
            Self::List(items) => format!("list {}", many(items)),
            Self::Either(items) => format!("either of {}", many(items)),
            Self::Set(items) => format!("set {{{}}}", many(items)),
            Self::Region(intervals) => {
                let shown: Vec<_> = intervals.iter().map(|interval| interval.shown(arena)).collect();
                format!("region {}", shown.join(" ∪ "))
            }
            Self::Assignment { name, value, .. } => format!("{name} = {}", value.shown(arena)),
            Self::Relation { members, links } => {
                let mut text = String::from("relation ");
                for (at, member) in members.iter().enumerate() {
                    if at > 0 {
                        text.push_str(&format!(" {} ", links[at - 1].sign()));
                    }
                    text.push_str(&write(arena, *member, 0));
                }
                text
            }
            Self::Ratio(parts) => format!("ratio {}", ids(parts, " : ")),
            Self::Congruence { residue, modulus } => {
                format!("congruence {} (mod {})", write(arena, *residue, 0), write(arena, *modulus, 0))
            }
            Self::Family { values, parameters, domain } => {
                format!("family {} with {} in {}", ids(values, ", "), ids(parameters, ", "), domain.name())
            }
            Self::Parametric { body, parameters, domain } => {
                format!("{} for {} in {}", body.shown(arena), ids(parameters, ", "), domain.name())
            }
            Self::Cases(cases) => {
                let shown = |(value, place): &(Self, Option<Self>)| match place {
                    Some(place) => format!("{} if {}", value.shown(arena), place.shown(arena)),
                    None => format!("{} otherwise", value.shown(arena)),
                };
                format!("cases {}", cases.iter().map(shown).collect::<Vec<_>>().join("; "))
            }
            Self::Excluding { body, exclusions } => {
                format!("{} without {}", body.shown(arena), many(exclusions))
            }
            Self::Empty => "no solution".into(),
            Self::Undefined => "undefined".into(),
            Self::Text(text) => format!("text \"{text}\""),
        };
        match text.char_indices().nth(200) {
            Some((end, _)) => format!("{}..", &text[..end]),
            None => text,
        }
    }
}

impl Interval {
    fn shown(&self, arena: &Arena) -> String {
        let end = |id: Option<Id>, missing: &str| id.map_or(missing.into(), |id| write(arena, id, 0));
        format!(
            "{}{}, {}{}",
            if self.low_closed { '[' } else { '(' },
            end(self.low, "-oo"),
            end(self.high, "oo"),
            if self.high_closed { ']' } else { ')' },
        )
    }
}

/// An expression in plain text.
fn write(arena: &Arena, id: Id, depth: usize) -> String {
    if depth > 12 {
        return "..".into();
    }
    let inner = |id: Id| write(arena, id, depth + 1);
    let many = |ids: &[Id], by: &str| ids.iter().take(40).map(|id| inner(*id)).collect::<Vec<_>>().join(by);
    match arena.node(id) {
        Node::Number(value) => {
            let text = value.to_string();
            if text.len() > 60 { format!("{}..", &text[..60]) } else { text }
        }
        Node::Constant(constant) => match constant {
            Constant::Pi => "pi".into(),
            Constant::E => "e".into(),
            Constant::I => "i".into(),
            Constant::Degree => "deg".into(),
            Constant::Infinity => "oo".into(),
            Constant::PlusMinus => "±1".into(),
        },
        Node::Symbol(name) => arena.name(*name).into(),
        Node::Add(terms) => format!("({})", many(terms, " + ")),
        Node::Mul(factors) => many(factors, "*"),
        Node::Pow(base, exponent) => format!("({})^({})", inner(*base), inner(*exponent)),
        Node::Function(function, arguments) => format!("{function:?}({})", many(arguments, ", ")),
        Node::Call(name, arguments) => format!("{}({})", arena.name(*name), many(arguments, ", ")),
        Node::Fold { product, from, to, body, .. } => {
            let name = if *product { "product" } else { "sum" };
            format!("{name}({}, {}..{})", inner(*body), inner(*from), inner(*to))
        }
        Node::Matrix { rows, columns, entries } => {
            format!("matrix {rows}x{columns} [{}]", many(entries, ", "))
        }
    }
}
