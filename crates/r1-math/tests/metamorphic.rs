//! Rewrites that keep an answer's meaning keep the verdict; mutations that change it turn the verdict.

use r1_math::{Policy, compare};

/// Expressions a rule; a tenth without optimisation.
const CASES: u64 = if cfg!(debug_assertions) { 200 } else { 20_000 / 12 + 1 };

/// A small counter generator, so that every failure can be repeated.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> i64 {
        (self.next() % end) as i64
    }

    fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1) as u64)
    }

    fn greek(&mut self) -> &'static str {
        ["alpha", "beta", "gamma", "theta", "lambda", "mu", "omega", "Delta"][self.below(8) as usize]
    }

    /// A whole number that is no square.
    fn radicand(&mut self) -> i64 {
        [2, 3, 5, 6, 7, 10, 11, 13][self.below(8) as usize]
    }
}

type Rule = (&'static str, fn(&mut Draw) -> (String, String));

#[test]
fn rewrites_stay_equal() {
    let rules: [Rule; 13] = [
        ("multiply a bracket out", |d| {
            let (greek, a) = (d.greek(), d.between(1, 99));
            (format!("\\{greek}(x+{a})"), format!("\\{greek} x+{a}\\{greek}"))
        }),
        ("commute a sum", |d| {
            let (a, b, n) = (d.between(1, 99), d.between(1, 99), d.radicand());
            (format!("{a}x + {b}\\sqrt{{{n}}}"), format!("{b}\\sqrt{{{n}}} + {a}x"))
        }),
        ("commute a product", |d| {
            let (a, n) = (d.between(2, 99), d.radicand());
            (format!("{a}\\pi\\sqrt{{{n}}}"), format!("\\sqrt{{{n}}}\\cdot{a}\\cdot\\pi"))
        }),
        ("expand", |d| {
            let (a, b) = (d.between(1, 40), d.between(1, 40));
            (format!("(x+{a})(x-{b})"), format!("x^2 + {}x - {}", a - b, a * b).replace("+ -", "- "))
        }),
        ("square", |d| {
            let (a, b) = (d.between(1, 40), d.between(1, 40));
            (format!("({a}x+{b}y)^2"), format!("{}x^2+{}xy+{}y^2", a * a, 2 * a * b, b * b))
        }),
        ("rationalise", |d| {
            let (a, n) = (d.between(1, 60), d.radicand());
            (format!("\\frac{{{a}}}{{\\sqrt{{{n}}}}}"), format!("\\frac{{{a}\\sqrt{{{n}}}}}{{{n}}}"))
        }),
        ("pull out of the root", |d| {
            let (a, n) = (d.between(2, 60), d.radicand());
            (format!("\\sqrt{{{}}}", a * a * n), format!("{a}\\sqrt{{{n}}}"))
        }),
        ("split a fraction", |d| {
            let (a, b, c) = (d.between(1, 99), d.between(1, 99), d.between(2, 99));
            (format!("\\frac{{{a}x+{b}}}{{{c}}}"), format!("\\frac{{{a}x}}{{{c}}}+\\frac{{{b}}}{{{c}}}"))
        }),
        ("extend a fraction", |d| {
            let (a, b, k) = (d.between(-99, 99), d.between(1, 99), d.between(2, 99));
            (format!("\\frac{{{a}}}{{{b}}}"), format!("{}/{}", a * k, b * k))
        }),
        ("decimal form", |d| {
            let (a, places) = (d.between(1, 99_999), d.between(1, 4) as usize);
            let scale = 10i64.pow(places as u32);
            (format!("\\frac{{{a}}}{{{scale}}}"), format!("{}.{:0places$}", a / scale, a % scale))
        }),
        ("spelling", |d| {
            let (a, b, n) = (d.between(1, 99), d.between(2, 99), d.radicand());
            (format!("\\left(\\dfrac{{{a}}}{{{b}}}, \\sqrt{{{n}}}\\right)"), format!("({a}/{b}, √{n})"))
        }),
        ("reorder a set", |d| {
            let (a, b, c) = (d.between(1, 30), d.between(31, 60), d.between(61, 90));
            (format!("\\{{{a}, {b}, {c}\\}}"), format!("{c}, {a} and {b}"))
        }),
        ("interval as inequality", |d| {
            let (a, b) = (d.between(-50, 0), d.between(1, 50));
            (format!("[{a}, {b})"), format!("{b} > x \\ge {a}"))
        }),
    ];
    check(&rules, true);
}

#[test]
fn mutations_become_different() {
    let rules: [Rule; 13] = [
        ("bracket", |d| {
            let (greek, a) = (d.greek(), d.between(1, 99));
            (format!("\\{greek}(x+{a})"), format!("\\{greek}"))
        }),
        ("sign", |d| {
            let (a, n) = (d.between(1, 999), d.radicand());
            (format!("{a}+\\sqrt{{{n}}}"), format!("{a}-\\sqrt{{{n}}}"))
        }),
        ("digit", |d| {
            let a = d.between(1, 99_999_999);
            (a.to_string(), (a + 10i64.pow(d.below(8) as u32)).to_string())
        }),
        ("digit of a decimal", |d| {
            let a = d.between(1, 99_999_999);
            let last = d.between(1, 9);
            (format!("0.{a:08}"), format!("0.{:08}", a + last))
        }),
        ("exponent", |d| {
            let (a, n) = (d.between(2, 9), d.between(2, 400));
            (format!("{a}^{{{n}}}"), format!("{a}^{{{}}}", n + d.between(1, 5)))
        }),
        ("exponent of a symbol", |d| {
            let n = d.between(2, 60);
            (format!("3x^{{{n}}}+1"), format!("3x^{{{}}}+1", n + d.between(1, 5)))
        }),
        ("index of a root", |d| {
            let (a, n) = (d.radicand(), d.between(2, 6));
            (format!("\\sqrt[{n}]{{{a}}}"), format!("\\sqrt[{}]{{{a}}}", n + 1))
        }),
        ("radicand", |d| {
            let (a, n) = (d.between(1, 50), d.radicand());
            (format!("{a}\\sqrt{{{n}}}"), format!("{a}\\sqrt{{{}}}", n + 1))
        }),
        ("swap the bounds of a fraction", |d| {
            let (a, b) = (d.between(1, 99), d.between(100, 199));
            (format!("\\frac{{{a}}}{{{b}}}"), format!("\\frac{{{b}}}{{{a}}}"))
        }),
        ("open a bound", |d| {
            let (a, b) = (d.between(-50, 0), d.between(1, 50));
            (format!("[{a}, {b}]"), format!("[{a}, {b})"))
        }),
        ("drop an element", |d| {
            let (a, b, c) = (d.between(1, 30), d.between(31, 60), d.between(61, 90));
            (format!("\\{{{a}, {b}, {c}\\}}"), format!("\\{{{a}, {c}\\}}"))
        }),
        ("swap a tuple", |d| {
            let (a, b) = (d.between(1, 30), d.between(31, 60));
            (format!("({a}, {b})"), format!("({b}, {a})"))
        }),
        ("turn an inequality", |d| {
            let a = d.between(-99, 99);
            (format!("x < {a}"), format!("x > {a}"))
        }),
    ];
    check(&rules, false);
}

fn check(rules: &[Rule], equal: bool) {
    let policy = Policy::default();
    for (at, (name, rule)) in rules.iter().enumerate() {
        let mut draw = Draw(at as u64);
        for _ in 0..CASES {
            let (reference, answer) = rule(&mut draw);
            for (reference, answer) in [(&reference, &answer), (&answer, &reference)] {
                let judgement = compare(reference, answer, &policy);
                assert_eq!(judgement.equal, Some(equal), "{name}: {reference} and {answer}: {judgement:?}");
            }
        }
    }
}

/// Random strings of the grammar's own tokens never panic, and the verdict never depends on the run.
#[test]
fn no_text_panics_and_verdicts_repeat() {
    const TOKENS: [&str; 64] = [
        "1",
        "2",
        "0",
        "12",
        "1,000",
        "0.5",
        ".",
        ",",
        ";",
        "x",
        "y",
        "e",
        "i",
        "k",
        "+",
        "-",
        "*",
        "/",
        "^",
        "_",
        "=",
        "<",
        ">",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "\\{",
        "\\}",
        "|",
        "!",
        "'",
        "%",
        ":",
        "\\frac",
        "\\sqrt",
        "\\pi",
        "\\sin",
        "\\log",
        "\\pm",
        "\\cup",
        "\\in",
        "\\mathbb{Z}",
        "\\infty",
        "\\le",
        "\\text{cm}",
        "\\text{ or }",
        "\\begin{pmatrix}",
        "\\end{pmatrix}",
        "\\\\",
        "&",
        "\\binom",
        "\\sum_{k=1}^{3}",
        "\\boxed{",
        "$",
        " ",
        "^\\circ",
        "\\pmod",
        "and",
        "√",
        "²",
        "\\left(",
    ];
    let policy = Policy::default();
    let mut draw = Draw(99);
    let executions = std::env::var("R1_FUZZ").ok().and_then(|count| count.parse().ok()).unwrap_or(CASES * 20);
    for at in 0..executions {
        let mut text = || {
            let length = 1 + draw.below(14);
            (0..length).map(|_| TOKENS[draw.below(64) as usize]).collect::<String>()
        };
        let (reference, answer) = (text(), text());
        let judgement = compare(&reference, &answer, &policy);
        if at % 16 == 0 {
            assert_eq!(judgement, compare(&reference, &answer, &policy));
            let itself = compare(&reference, &reference, &policy).equal;
            assert!(matches!(itself, None | Some(true)), "{reference}");
        }
    }
}
