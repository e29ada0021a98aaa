//! LaTeX commands in running text, for the comparison of words.

use std::ops::Range;

/// A stretch of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Text without commands.
    Text(Range<usize>),
    /// A command that means something, by the name that its variants share.
    Command {
        /// Its name without the backslash.
        name: &'a str,
        /// Its range in the text, the backslash included.
        range: Range<usize>,
    },
}

/// Cuts a text at its commands. Those that change nothing but the look are left out.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut start = 0;
    while let Some(backslash) = text[start..].find('\\').map(|place| start + place) {
        if backslash > start {
            pieces.push(Piece::Text(start..backslash));
        }
        let after = &text[backslash + 1..];
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        // A command of one sign is a space or a bracket; the sign goes with it.
        let length = if letters > 0 { letters } else { after.chars().next().map_or(0, char::len_utf8) };
        start = backslash + 1 + length;
        if letters > 0
            && let Some(name) = meaning(&after[..letters])
        {
            pieces.push(Piece::Command { name, range: backslash..start });
            // `\frac12` is one half: its arguments are single digits.
            let arguments = text.as_bytes()[start..].iter().take(2).take_while(|byte| byte.is_ascii_digit());
            if matches!(name, "frac" | "binom") && arguments.count() == 2 {
                pieces.push(Piece::Text(start..start + 1));
                start += 1;
            }
        }
    }
    if start < text.len() {
        pieces.push(Piece::Text(start..text.len()));
    }
    pieces
}

/// The name that stands for a command; none when it only changes the look.
fn meaning(name: &str) -> Option<&str> {
    Some(match name {
        "left" | "right" | "big" | "Big" | "bigl" | "bigr" | "Bigl" | "Bigr" | "bigg" | "Bigg" | "quad"
        | "qquad" | "displaystyle" | "textstyle" | "limits" | "text" | "textbf" | "textit" | "textrm"
        | "mathrm" | "mathbf" | "mathit" | "mathsf" | "mathbb" | "mathcal" | "boldsymbol" | "bm"
        | "operatorname" | "mbox" | "hbox" | "rm" | "bf" | "it" | "hspace" | "vspace" | "hfill"
        | "noindent" | "label" | "begin" | "end" | "cdot" | "times" | "ast" => return None,
        "dfrac" | "tfrac" | "cfrac" => "frac",
        "leq" | "leqslant" => "le",
        "geq" | "geqslant" => "ge",
        "neq" => "ne",
        "to" | "longrightarrow" => "rightarrow",
        "implies" | "Longrightarrow" => "Rightarrow",
        "dots" | "cdots" | "dotsc" | "dotsb" => "ldots",
        "dbinom" | "tbinom" => "binom",
        "varepsilon" => "epsilon",
        "varphi" => "phi",
        "emptyset" => "varnothing",
        "lvert" | "rvert" | "vert" => "mid",
        name => name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_cut_out() {
        let command = |name, range| Piece::Command { name, range };
        assert_eq!(
            pieces(r"a\frac12\, \left(\dfrac x"),
            [
                Piece::Text(0..1),
                command("frac", 1..6),
                Piece::Text(6..7),
                Piece::Text(7..8),
                Piece::Text(10..11),
                Piece::Text(16..17),
                command("frac", 17..23),
                Piece::Text(23..25)
            ]
        );
        assert_eq!(pieces(r"\"), []);
        assert_eq!(pieces(r"\é"), []);
    }
}
