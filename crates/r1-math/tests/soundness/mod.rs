//! Wrong answers made by rules: constants from the grammar of answers, and mutations of references.

/// A few hundred answers that a policy may hit upon, made from the grammar of answers.
pub(crate) fn constants() -> Vec<String> {
    const ATOMS: [&str; 18] = [
        "0",
        "1",
        "2",
        "3",
        "5",
        "12",
        "-1",
        r"\frac{1}{2}",
        "0.5",
        r"\pi",
        "e",
        "i",
        "x",
        "n",
        "k",
        r"\sqrt{2}",
        r"\infty",
        "a",
    ];
    const UNARY: [&str; 32] = [
        "A",
        "x=A",
        "y=A",
        "x>A",
        "x<A",
        r"x\ne A",
        r"A\le x",
        "f(x)=A",
        "f(A)=0",
        "e=A",
        "i<A",
        "A=A",
        r"A\%",
        r"\$A",
        r"A\text{ cm}",
        r"A\text{ apples}",
        r"A^\circ",
        r"A\pmod{7}",
        r"\{A\}",
        r"x\in\{A\}",
        r"\pm A",
        r"Ak, k\in\mathbb{Z}",
        r"A+k\pi",
        r"A+2k, k\in\mathbb{N}",
        "|x|<A",
        "A!",
        r"\text{not }A",
        r"\begin{pmatrix}A\\A\end{pmatrix}",
        r"\approx A",
        r"\max A",
        "A+C",
        r"\overline{A}",
    ];
    const PAIRS: [(&str, &str); 9] = [
        ("1", "2"),
        ("2", "1"),
        ("0", "1"),
        ("9", "2"),
        ("5", "5"),
        ("0", "0"),
        ("-1", "1"),
        ("x", "y"),
        ("0", "x"),
    ];
    const BINARY: [&str; 26] = [
        "(A,B)",
        "[A,B]",
        "[A,B)",
        "(A,B]",
        "]A,B[",
        r"\{A,B\}",
        "A, B",
        r"A\text{ or }B",
        r"A\text{ and }B",
        "A:B",
        "A<x<B",
        "a<A<B",
        "A<B",
        "A>B",
        "A=B",
        "x=A, y=B",
        r"A\pm B",
        r"(A,B)\cup(B,A)",
        r"\langle A,B\rangle",
        r"\begin{pmatrix}A&B\end{pmatrix}",
        "f(A)>B",
        "A B",
        r"x=A\quad x=B",
        r"A\approx B",
        r"A\text{ to }B",
        r"A\text{ remainder }B",
    ];
    const WHOLE: [&str; 48] = [
        r"\emptyset",
        r"\{\}",
        r"\text{no solution}",
        r"\mathbb{R}",
        r"\mathbb{Z}",
        r"\mathbb{N}",
        "x=x",
        "0=0",
        "y=y",
        r"x\in\mathbb{R}",
        r"\text{all real numbers}",
        r"\text{undefined}",
        "DNE",
        "yes",
        "no",
        "true",
        "false",
        "A",
        "B",
        "(C)",
        "AB",
        "ABCD",
        "none",
        "?",
        "!",
        r"\dots",
        "-",
        "=",
        "<",
        "x=y",
        "()",
        "[]",
        r"\frac{0}{0}",
        "1/0",
        r"\infty-\infty",
        r"0\cdot\infty",
        r"\text{the answer}",
        "f(x)",
        "f(x)=f(x)",
        "jk",
        r"\mathbf{i}",
        "or",
        "and",
        r"x\mapsto x",
        r"\begin{cases}x\\y\end{cases}",
        r"\sum_{k=1}^{n} k",
        r"\int x\,dx",
        "x^2+y^2=0",
    ];
    let mut made: Vec<String> = WHOLE.map(str::to_owned).to_vec();
    for form in UNARY {
        made.extend(ATOMS.map(|atom| form.replace('A', atom)));
    }
    for form in BINARY {
        made.extend(PAIRS.map(|(a, b)| form.replace('A', "\u{1}").replace('B', b).replace('\u{1}', a)));
    }
    made.sort();
    made.dedup();
    made
}

/// A counter generator, so that every failure can be repeated.
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end as u64) as usize
    }
}

/// What one exchanged for another changes an answer.
const EXCHANGES: [(&str, &str); 44] = [
    ("+", "-"),
    ("-", "+"),
    ("<", ">"),
    (">", "<"),
    (r"\le", r"\ge"),
    (r"\ge", r"\le"),
    (r"\le ", "<"),
    ("=", r"\ne "),
    (r"\cup", r"\cap"),
    ("[", "("),
    ("]", ")"),
    ("(", "["),
    (r"\sin", r"\cos"),
    (r"\cos", r"\sin"),
    (r"\ln", r"\log_3"),
    (r"\sqrt", r"\sqrt[3]"),
    (r"\pi", "e"),
    ("x", "y"),
    ("y", "z"),
    ("n", "k"),
    ("a", "b"),
    ("t", "s"),
    ("^2", "^3"),
    (r"\frac", r"\binom"),
    (r"\infty", "100"),
    (r"\mathbb{Z}", r"\mathbb{N}"),
    ("cm", "km"),
    ("hours", "minutes"),
    (r"\text{m}", r"\text{s}"),
    (r"^\circ", r"^2"),
    (r"\%", ""),
    ("!", ""),
    ("even", "odd"),
    ("or", "nor"),
    (r"\pm", "+"),
    (r"\pm", "-"),
    ("_1", "_2"),
    ("/", "+"),
    (r"\cdot", "+"),
    (r"\alpha", r"\beta"),
    (",", "+"),
    ("|", ""),
    ("f", "g"),
    ("'", ""),
];

/// What stands before or after and changes an answer.
const ADDITIONS: [&str; 30] = [
    r"A\text{ but actually }7",
    r"A\text{ remainder }3",
    r"A\text{ minus }1",
    r"A\text{ or }17",
    r"\text{not }A",
    "-(A)",
    "A+1",
    "2(A)",
    "A, 17",
    r"A\text{ if }x>17",
    r"A\text{ is wrong}",
    r"A\text{ factorial}",
    "A^{17}",
    "1/(A)",
    "q(A)",
    r"\text{less than }A",
    r"\text{at least }A",
    r"A\text{ more}",
    r"A\text{ thousand}",
    r"A\text{ modulo }17",
    r"A \quad 17",
    "A=17",
    r"A\approx 10^{9}",
    "A:17",
    r"A\text{ to }17",
    r"\{A, 17\}",
    r"A\text{ times }17",
    r"A\text{ and then }17",
    r"\sqrt{A+17}",
    r"A\ne A",
];

/// Mutations of a reference that change what it says, as a rule. Those that do not are for an oracle.
pub(crate) fn mutants(gold: &str, draw: &mut Draw, count: usize) -> Vec<String> {
    let mut made = Vec::new();
    let bytes = gold.as_bytes();
    let digits: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at].is_ascii_digit()).collect();
    let commas: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] == b',').collect();
    for _ in 0..4 * count {
        if made.len() >= count {
            break;
        }
        let mutant = match draw.below(5) {
            0 | 1 if !digits.is_empty() => {
                let at = digits[draw.below(digits.len())];
                let other = char::from(b'0' + (bytes[at] - b'0' + 1 + draw.below(9) as u8) % 10);
                format!("{}{other}{}", &gold[..at], &gold[at + 1..])
            }
            2 if !commas.is_empty() => {
                // An element dropped.
                let at = commas[draw.below(commas.len())];
                let end = gold[at + 1..].find([',', ')', ']', '}']).map_or(gold.len(), |end| at + 1 + end);
                format!("{}{}", &gold[..at], &gold[end..])
            }
            3 => ADDITIONS[draw.below(ADDITIONS.len())].replace('A', gold),
            _ => {
                let start = draw.below(EXCHANGES.len());
                let fits = (0..EXCHANGES.len()).map(|at| EXCHANGES[(start + at) % EXCHANGES.len()]);
                let Some((from, to)) = fits.into_iter().find(|(from, _)| gold.contains(from)) else {
                    continue;
                };
                let places: Vec<usize> = gold.match_indices(from).map(|(at, _)| at).collect();
                let at = places[draw.below(places.len())];
                format!("{}{to}{}", &gold[..at], &gold[at + from.len()..])
            }
        };
        if mutant != gold && !made.contains(&mutant) {
            made.push(mutant);
        }
    }
    made
}

/// Pieces that a garbled answer may have gained.
const PIECES: [&str; 40] = [
    "0",
    "1",
    "2",
    "7",
    "-",
    "+",
    "x",
    "n",
    "i",
    "e",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "|",
    "/",
    "^",
    "_",
    "=",
    "<",
    ",",
    ";",
    "!",
    "'",
    "%",
    ".",
    r"\%",
    r"\pm ",
    r"\sqrt",
    r"\pi ",
    r"\text{ cm}",
    r"\text{ not }",
    r"\text{ or }",
    r"\cdot ",
    r"\ne ",
    r"\in ",
    r"\infty ",
    r"\prime ",
];

/// A reference as commands, digits and single characters.
fn pieces(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let body = &rest[first.len_utf8()..];
        let letters = body.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(body.len());
        let end = match first {
            '\\' if letters > 0 => 1 + letters,
            '\\' => 1 + body.chars().next().map_or(0, char::len_utf8),
            _ => first.len_utf8(),
        };
        let (piece, after) = rest.split_at(end);
        found.push(piece);
        rest = after;
    }
    found
}

/// References of which one piece is dropped, doubled, moved, or put in from elsewhere.
pub(crate) fn garbles(gold: &str, draw: &mut Draw, count: usize) -> Vec<String> {
    let plain = pieces(gold);
    let mut made = Vec::new();
    for _ in 0..4 * count {
        if made.len() >= count || plain.is_empty() {
            break;
        }
        let mut garbled = plain.clone();
        let at = draw.below(plain.len());
        match draw.below(5) {
            0 => {
                garbled.remove(at);
            }
            1 => garbled.insert(at, plain[at]),
            2 => garbled.swap(at, draw.below(plain.len())),
            3 => garbled[at] = plain[draw.below(plain.len())],
            _ => garbled.insert(at + draw.below(2), PIECES[draw.below(PIECES.len())]),
        }
        let garbled = garbled.concat();
        if garbled != gold && !made.contains(&garbled) {
            made.push(garbled);
        }
    }
    made
}
