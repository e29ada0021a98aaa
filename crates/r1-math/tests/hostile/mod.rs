//! Texts that are meant to hurt the verifier.

/// What opens, so many times, what stands inside, and what closes.
pub(crate) fn nested(open: &str, inside: &str, close: &str, depth: usize) -> String {
    format!("{}{inside}{}", open.repeat(depth), close.repeat(depth))
}

/// One form with 1, 2, 3.. for its `K`, up to the longest text that is read.
fn many(form: &str, by: &str) -> String {
    let mut text = form.replace('K', "1");
    for k in 2.. {
        let next = form.replace('K', &k.to_string());
        if text.len() + by.len() + next.len() > 4000 {
            break;
        }
        text.push_str(by);
        text.push_str(&next);
    }
    text
}

/// Forms that nest, as what opens, what stands inside and what closes.
pub(crate) const NESTED: [(&str, &str, &str); 24] = [
    (r"\log_", "2", ""),
    (r"\log_", "2 3", ""),
    (r"\log_{", "2", "}3"),
    (r"\log_{3+", "2", "}7"),
    (r"\log_x", "2", ""),
    (r"\log_2(", "x", ")"),
    (r"\log_\ln ", "x", ""),
    (r"\log_\log^", "x", ""),
    (r"\log_\sqrt[3]", "2", ""),
    (r"\log_|", "x", "|"),
    (r"\log_C(", "5,2", ")"),
    (r"\log_2\pm ", "3", ""),
    (r"\pm\log_2 ", "3", ""),
    (r"\sin^", "x", ""),
    (r"\sin^{\log_{", "x", "}}"),
    (r"\ln(1+", "x", ")"),
    ("x_{", "y", "}"),
    ("x^{", "y", "}"),
    ("x_{1}^{", "y", "}"),
    ("x^{y_{", "y", "}}"),
    ("a_", "b", ""),
    ("a^", "b", ""),
    (r"\sqrt[", "2", "]{3}"),
    ("C_{", "5", "}^{2}"),
];

/// Forms that repeat.
const REPEATED: [&str; 44] = [
    r"\arcsin(x/K)",
    r"\sqrt[7]{Kx}",
    r"\ln(x+iK)",
    r"\tan(Kx)",
    r"x^{\pi K}",
    r"\arctan K",
    r"(x+K)^{4096}",
    r"\det\begin{pmatrix}1&x&3&4&5\\1&2&K&4&5\\1&2&3&x&5\\1&x&3&4&5\\K&2&3&4&x\end{pmatrix}",
    r"\sum_{k=1}^{999} (k+x)^{K}",
    r"\sum_{k=1}^{999}\frac{1}{k+K}",
    r"\prod_{k=1}^{999}\sqrt{k+K}",
    r"\binom{200}{K}",
    "f(K,x)",
    r"x\ne K",
    r"x\ne\pm K",
    r"x\ne\sum_{k=1}^{K99} k",
    r"x>\sum_{k=1}^{99} k",
    "x<K",
    "radius K",
    "center: (K,1)",
    "C_K",
    "c_K+C",
    "x+K+C",
    "a_K=K",
    r"\pm K",
    r"(\pm K, 0)",
    "[K,K1]",
    "about K",
    r"K\pi+k\pi, k\in\mathbb{Z}",
    "K out of 3",
    "K to 3",
    "[[K,2],[3,4]]",
    r"K\langle 1,2\rangle",
    "all real numbers except K",
    r"K \text{ where } k \text{ is an integer}",
    "K for all x",
    "(D) K",
    "one hundred",
    "3:0K pm",
    "July K",
    "KA_{16}",
    "x(0)",
    r"\{K\}\cup [K,K1]",
    r"\mathbb{R}-[K,K1]",
];

/// All of them.
pub(crate) fn hostile() -> Vec<String> {
    let mut texts = vec![
        r"\dfrac{5^{5^{5^{5^5}}-4}-5}{16}".to_owned(),
        "9^{9^{9^{9^{9^{9^{9}}}}}}".to_owned(),
        "2^{1000000000}".to_owned(),
        "(-2)^{-1000000000000}".to_owned(),
        "0^{0^{0^{0}}}".to_owned(),
        "1/0".to_owned(),
        r"\frac{0}{0}".to_owned(),
        "1e2000-1e-2000".to_owned(),
        r"\sin(10^{300})".to_owned(),
        r"\binom{1000000000}{500000000}".to_owned(),
        r"\sum_{k=1}^{1000000000} k".to_owned(),
        r"\sum_{k=1}^{2000}\sum_{j=1}^{2000}\sum_{i=1}^{2000} \sqrt{ijk}".replace('i', "m"),
        r"\prod_{k=1}^{2000} (x+k)^{k}".to_owned(),
        "100000!!".to_owned(),
        "((((((9!)!)!)!)!)!)".to_owned(),
        r"\lfloor 10^{100}\pi \rfloor".to_owned(),
        r"e^{e^{e^{e^{e}}}}".to_owned(),
        r"\ln(0)".to_owned(),
        r"\arcsin(2)".to_owned(),
        r"\log_1 5".to_owned(),
        r"\sqrt[0]{5}".to_owned(),
        r"\sqrt[1000000]{5}".to_owned(),
        r"\gcd(0,0)".to_owned(),
        "5 mod 0".to_owned(),
        "1_1".to_owned(),
        "zz_{99999999999}".to_owned(),
        "\0\u{202e}5\u{202c}".to_owned(),
        r"\{\{\{1\}\}\}".to_owned(),
        "|||||x|||||".to_owned(),
        r"\begin{pmatrix}1&2\\3\end{pmatrix}".to_owned(),
        r"\begin{pmatrix}".to_owned(),
        r"k\pi, k\in\mathbb{Z}".to_owned(),
        r"\frac{\pi}{k}, k\in\mathbb{Z}".to_owned(),
        nested("(", "1", ")", 1000),
        nested("{", "1", "}", 1000),
        nested(r"\frac{1}{", "2", "}", 200),
        nested(r"\sqrt{", "2", "}", 40),
        nested(r"\sqrt{1+", "x", "}", 40),
        nested(r"\sin(", "x", ")", 40),
        nested("e^{", "x", "}", 40),
        nested("(x+1)^{", "2", "}", 40),
        nested(r"\{", "1", r"\}", 500),
        nested(r"\left[", "1", r"\right)", 500),
        nested(r"\begin{pmatrix}", "1", r"\end{pmatrix}", 100),
        (0..60).map(|k| format!("\\sqrt{{{k}x+\\ln(x+{k})}}")).collect::<Vec<_>>().join("+"),
        (0..60).map(|k| format!("\\sin({k}x)")).collect::<Vec<_>>().join("\\cdot "),
        (0..300).map(|k| format!("[{k},{k}.5]")).collect::<Vec<_>>().join("\\cup "),
        (0..600).map(|k| k.to_string()).collect::<Vec<_>>().join(", "),
        (0..120).map(|k| format!("\\sqrt{{{k}}}+\\pi")).collect::<Vec<_>>().join(", "),
        (0..26).map(|k| format!("{}^{k}", char::from(b'a' + k))).collect::<Vec<_>>().join("+"),
        // Lists of nothing.
        "and and".to_owned(),
        "x=, and".to_owned(),
        r"\text{ or }\text{ or }".to_owned(),
        format!("x = {}", (0..300).map(|_| "7").collect::<Vec<_>>().join(" = ")),
    ];
    for token in [
        "9",
        "1 ",
        "(",
        "{",
        "[",
        "|",
        "\\{",
        "-",
        "+",
        "^",
        "_",
        "!",
        "'",
        "/",
        ",",
        "=",
        "<",
        "$",
        "\\",
        "\\\\",
        "&",
        "%",
        "1,",
        "1/",
        "x^",
        "\\frac",
        "\\frac1",
        "\\sqrt",
        "\\sqrt{",
        "\\boxed{",
        "\\boxed{1}",
        "\\text{",
        "\\text{a}",
        "\\pm 1",
        "\\cup(1,2)",
        "\\begin{pmatrix}",
        "\\left(",
        "\\sum_{k=1}^{9}",
        "answer is ",
        "<think>",
        "</think>",
        "<answer>",
        "x",
        "\\pi",
        "e^",
        "1e9",
        "°",
        "²",
        "é",
        "\u{ff11}",
        "\u{200b}",
        "\0",
        "and ",
        "1 and ",
        "\\in\\mathbb{Z}",
        "\\log_",
        "\\circ",
        "^\\circ",
        "C(",
        "f(",
        "a=",
        "x<",
        "1:",
        "\\pmod{",
        ";",
    ] {
        for bytes in [40, 400, 4000, 1 << 16] {
            texts.push(token.repeat(bytes / token.len()));
        }
    }
    for (open, inside, close) in NESTED {
        texts.extend([3, 15, 40, 300].map(|depth| nested(open, inside, close, depth)));
    }
    for form in REPEATED {
        texts.extend(["+", ", ", " or ", " and ", "; ", "\\cdot ", "\\cup "].map(|by| many(form, by)));
    }
    for row in [r"K & x<K \\", r"x^K, & x\ge K \\", r"x=K \\", r"K & \text{otherwise} \\"] {
        let rows: String = (1..12).map(|k| row.replace('K', &k.to_string())).collect();
        for rows in [rows, many(row, "")] {
            texts.push(format!("\\begin{{cases}}{rows}\\end{{cases}}"));
        }
    }
    // Long literals ask for many bits.
    for digits in [18, 60, 600, 1990] {
        let literal = format!("1.{}7", "3".repeat(digits));
        for function in
            [r"\log_{3}{7}", r"\arcsin(0.3)", r"\tan(1+i)", r"7^{0.37}", r"x^{\pi}", r"\sum_{k=1}^{50} \ln k"]
        {
            texts.push(format!("{function}+{literal}-{function}"));
            texts.push(
                (1..9).map(|k| format!("{function}{{{k}}}")).collect::<Vec<_>>().join("+") + "-" + &literal,
            );
        }
    }
    texts
}
