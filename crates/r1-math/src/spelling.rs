//! One spelling for what Unicode spells in several ways.

/// The text with full-width forms, mathematical symbols, superscripts, Greek letters and the like
/// written in ASCII and LaTeX. What cannot be seen is dropped.
pub(crate) fn spell(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut run = None;
    for c in text.chars() {
        let script = script(c);
        if run.is_some() && run != script.map(|(mark, _)| mark) {
            out.push('}');
            run = None;
        }
        if let Some((mark, plain)) = script {
            if run.is_none() {
                out.push(mark);
                out.push('{');
                run = Some(mark);
            }
            out.push(plain);
        } else if c.is_ascii() {
            out.push(if c.is_ascii_control() && c != '\n' { ' ' } else { c });
        } else {
            push(c, &mut out);
        }
    }
    if run.is_some() {
        out.push('}');
    }
    out
}

fn push(c: char, out: &mut String) {
    if let Some((_, command)) = SYMBOLS.iter().find(|(symbol, _)| *symbol == c) {
        out.push_str(command);
        return;
    }
    match c {
        '\u{ff01}'..='\u{ff5e}' => out.push(char::from_u32(c as u32 - 0xfee0).unwrap_or(c)),
        '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}'
        | '\u{fe0f}'
        // Ticks say that an answer was checked.
        | '✓'
        | '✔'
        | '✅' => {}
        '\u{1d400}'..='\u{1d7ff}' => match plain_letter(c) {
            Some(letter) => push(letter, out),
            None => out.push(c),
        },
        'ℎ' => out.push('h'),
        c if c.is_ascii() => out.push(c),
        c if c.is_whitespace() => out.push(' '),
        c => out.push(c),
    }
}

/// The letter or the digit of a bold, italic, sans-serif or monospaced one of the block of mathematical letters.
/// Script, Gothic and double-struck letters are symbols of their own.
fn plain_letter(c: char) -> Option<char> {
    let code = c as u32;
    let within = |start: u32, length: u32| (start..start + length).contains(&code).then(|| code - start);
    if let Some(at) = within(0x1d7ce, 50) {
        return char::from_digit(at % 10, 10);
    }
    if let Some(at) = within(0x1d6a8, 290) {
        // Capitals, nabla, small letters, variants.
        return match at % 58 {
            at @ 0..=24 => char::from_u32(0x391 + at),
            at @ 26..=50 => char::from_u32(0x3b1 + at - 26),
            _ => None,
        };
    }
    let latin = [(0x1d400, 156), (0x1d5a0, 208), (0x1d670, 52)];
    let at = latin.iter().find_map(|(start, length)| within(*start, *length))? % 52;
    char::from_u32(if at < 26 { 0x41 + at } else { 0x61 + at - 26 })
}

/// Super- and subscripts: the mark that LaTeX uses, and the plain character.
fn script(c: char) -> Option<(char, char)> {
    const SUPER: [char; 15] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹', '⁺', '⁻', 'ⁿ', '⁽', '⁾'];
    const SUPER_PLAIN: [char; 15] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '+', '-', 'n', '(', ')'];
    if c.is_ascii() {
        return None;
    }
    if let Some(at) = SUPER.iter().position(|known| *known == c) {
        return Some(('^', SUPER_PLAIN[at]));
    }
    match c {
        '\u{2080}'..='\u{2089}' => Some(('_', char::from(b'0' + (c as u32 - 0x2080) as u8))),
        'ₙ' => Some(('_', 'n')),
        _ => None,
    }
}

const SYMBOLS: [(char, &str); 104] = [
    ('−', "-"),
    ('–', "-"),
    ('—', "-"),
    ('‐', "-"),
    ('‑', "-"),
    ('﹣', "-"),
    ('×', "\\times "),
    ('÷', "\\div "),
    ('·', "\\cdot "),
    ('⋅', "\\cdot "),
    ('∙', "\\cdot "),
    ('•', "\\cdot "),
    ('∗', "*"),
    ('∕', "/"),
    ('⁄', "/"),
    ('√', "\\sqrt "),
    ('∛', "\\cbrt "),
    ('≤', "\\le "),
    ('⩽', "\\le "),
    ('≦', "\\le "),
    ('≥', "\\ge "),
    ('⩾', "\\ge "),
    ('≧', "\\ge "),
    ('≠', "\\ne "),
    ('≈', "\\approx "),
    ('≃', "\\approx "),
    ('≡', "\\equiv "),
    ('∈', "\\in "),
    ('∪', "\\cup "),
    ('∩', "\\cap "),
    ('∖', "\\setminus "),
    ('∞', "\\infty "),
    ('°', "^\\circ "),
    ('º', "^\\circ "),
    ('˚', "^\\circ "),
    ('∘', "\\circ "),
    ('±', "\\pm "),
    ('∓', "\\mp "),
    ('∅', "\\emptyset "),
    ('Ø', "\\emptyset "),
    ('ø', "\\emptyset "),
    ('ℝ', "\\mathbb{R}"),
    ('ℤ', "\\mathbb{Z}"),
    ('ℕ', "\\mathbb{N}"),
    ('ℚ', "\\mathbb{Q}"),
    ('ℂ', "\\mathbb{C}"),
    ('⟨', "\\langle "),
    ('〈', "\\langle "),
    ('⟩', "\\rangle "),
    ('〉', "\\rangle "),
    ('→', "\\to "),
    ('…', "\\dots "),
    ('⋯', "\\dots "),
    ('⌊', "\\lfloor "),
    ('⌋', "\\rfloor "),
    ('⌈', "\\lceil "),
    ('⌉', "\\rceil "),
    ('∣', "|"),
    ('‖', "\\|"),
    ('′', "'"),
    ('’', "'"),
    ('‘', "'"),
    ('“', "\""),
    ('”', "\""),
    ('、', ","),
    ('。', "."),
    ('½', " \\frac12 "),
    ('⅓', " \\frac13 "),
    ('⅔', " \\frac23 "),
    ('¼', " \\frac14 "),
    ('¾', " \\frac34 "),
    ('⅕', " \\frac15 "),
    ('⅛', " \\frac18 "),
    ('∑', "\\sum "),
    ('∏', "\\prod "),
    ('α', "\\alpha "),
    ('β', "\\beta "),
    ('γ', "\\gamma "),
    ('δ', "\\delta "),
    ('Δ', "\\Delta "),
    ('ε', "\\epsilon "),
    ('ζ', "\\zeta "),
    ('η', "\\eta "),
    ('θ', "\\theta "),
    ('κ', "\\kappa "),
    ('λ', "\\lambda "),
    ('μ', "\\mu "),
    ('µ', "\\mu "),
    ('ν', "\\nu "),
    ('ξ', "\\xi "),
    ('π', "\\pi "),
    ('ρ', "\\rho "),
    ('σ', "\\sigma "),
    ('τ', "\\tau "),
    ('φ', "\\phi "),
    ('ϕ', "\\phi "),
    ('χ', "\\chi "),
    ('ψ', "\\psi "),
    ('ω', "\\omega "),
    ('Ω', "\\Omega "),
    ('∧', "\\land "),
    ('∨', "\\lor "),
    ('∴', ""),
    ('⇒', "\\Rightarrow "),
];
