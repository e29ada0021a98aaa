//! Stretches of a text that are no prose: code, formulas, addresses and tags.

use std::ops::Range;

/// Environments of LaTeX whose content is no prose.
const FORMULAS: [&str; 22] = [
    "equation",
    "align",
    "aligned",
    "alignat",
    "gather",
    "gathered",
    "multline",
    "eqnarray",
    "split",
    "math",
    "displaymath",
    "matrix",
    "pmatrix",
    "bmatrix",
    "vmatrix",
    "Vmatrix",
    "smallmatrix",
    "cases",
    "array",
    "verbatim",
    "lstlisting",
    "minted",
];

/// The masked ranges of a text, in order and apart from each other, in time linear in its length.
///
/// Fenced and inline code, `$..$`, `$$..$$`, `\(..\)`, `\[..\]`, environments of formulas, names of LaTeX commands,
/// addresses (`https://..`, `www...`) and tags (`<b>`). What is opened and never closed hides nothing.
pub(super) fn masked(text: &str) -> Vec<Range<usize>> {
    let environments = environments(text);
    Scanner { text, bytes: text.as_bytes(), absent: [0; CLOSERS.len()], paragraph: 0, environments }.run()
}

/// Closing marks of the stretches that end at a fixed text.
const CLOSERS: [&str; 7] = ["```", "~~~", "$$", "\\)", "\\]", "`", "``"];

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    /// For each of [`CLOSERS`], up to where it is known not to occur; keeps the scan linear.
    absent: [usize; CLOSERS.len()],
    /// The end of the paragraph that was looked at last.
    paragraph: usize,
    environments: Vec<Range<usize>>,
}

impl Scanner<'_> {
    fn run(mut self) -> Vec<Range<usize>> {
        let mut masks = Vec::new();
        let mut environments = std::mem::take(&mut self.environments).into_iter().peekable();
        let (mut at, mut dollars) = (0, 0);
        while at < self.bytes.len() {
            while environments.next_if(|range| range.start < at).is_some() {}
            let end = match self.bytes[at] {
                b'\\' if environments.peek().is_some_and(|range| range.start == at) => {
                    environments.next().map(|range| range.end)
                }
                b'`' | b'~' => self.code(at),
                b'$' => self.dollars(at, &mut dollars),
                b'\\' => self.command(at),
                b'<' => self.tag(at),
                b'h' | b'w' | b'H' | b'W' if at == 0 || !self.bytes[at - 1].is_ascii_alphanumeric() => {
                    self.address(at)
                }
                _ => None,
            };
            match end {
                Some(end) => {
                    masks.push(at..end);
                    at = end;
                }
                None => at += 1,
            }
        }
        masks
    }

    /// The end behind the closer that comes first after `from` and before `limit`.
    fn close(&mut self, closer: usize, from: usize, limit: usize) -> Option<usize> {
        if from < self.absent[closer] {
            return None;
        }
        let found = self.text.get(from..limit)?.find(CLOSERS[closer]);
        if found.is_none() {
            self.absent[closer] = limit;
        }
        found.map(|place| from + place + CLOSERS[closer].len())
    }

    fn code(&mut self, at: usize) -> Option<usize> {
        let rest = &self.text[at..];
        for (closer, fence) in ["```", "~~~"].into_iter().enumerate() {
            if rest.starts_with(fence) {
                return self.close(closer, at + 3, self.text.len());
            }
        }
        let within_run = at > 0 && self.bytes[at - 1] == b'`';
        if within_run || !rest.starts_with('`') {
            return None;
        }
        let limit = self.paragraph_end(at);
        match rest.starts_with("``") {
            true => self.close(6, at + 2, limit),
            false => self.close(5, at + 1, limit),
        }
    }

    /// `$$..$$`, or `$..$` in one paragraph with no blank inside its ends, so that prices are no formulas.
    fn dollars(&mut self, at: usize, absent: &mut usize) -> Option<usize> {
        if self.bytes.get(at + 1) == Some(&b'$') {
            return self.close(2, at + 2, self.text.len());
        }
        let limit = self.paragraph_end(at);
        let blank = |place: usize| self.bytes.get(place).is_none_or(u8::is_ascii_whitespace);
        if at < *absent || blank(at + 1) {
            return None;
        }
        let closes = |place: &usize| {
            self.bytes[*place] == b'$'
                && !blank(*place - 1)
                && self.bytes[*place - 1] != b'\\'
                && !self.bytes.get(*place + 1).is_some_and(u8::is_ascii_digit)
        };
        let found = (at + 2..limit).find(closes);
        if found.is_none() {
            *absent = limit;
        }
        found.map(|place| place + 1)
    }

    fn command(&mut self, at: usize) -> Option<usize> {
        match self.bytes.get(at + 1)? {
            b'(' => self.close(3, at + 2, self.text.len()),
            b'[' => self.close(4, at + 2, self.text.len()),
            byte if byte.is_ascii_alphabetic() => {
                let letters =
                    self.bytes[at + 1..].iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
                let end = at + 1 + letters;
                let name = &self.text[at + 1..end];
                let argument = matches!(name, "begin" | "end").then(|| braced(&self.text[end..])).flatten();
                Some(end + argument.map_or(0, |name| name.len() + 2))
            }
            // An escaped dollar opens nothing.
            b'$' => Some(at + 2),
            _ => None,
        }
    }

    fn tag(&self, at: usize) -> Option<usize> {
        const LONGEST: usize = 40;
        let rest = &self.bytes[at + 1..self.bytes.len().min(at + LONGEST)];
        let end = rest.iter().position(|byte| *byte == b'>')?;
        let name = rest[..end].strip_prefix(b"/").unwrap_or(&rest[..end]);
        let is_name = name.first()?.is_ascii_alphabetic() && name.iter().all(u8::is_ascii_alphanumeric);
        is_name.then_some(at + end + 2)
    }

    fn address(&self, at: usize) -> Option<usize> {
        let begins = |scheme: &str| {
            self.bytes[at..]
                .get(..scheme.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(scheme.as_bytes()))
        };
        if !["http://", "https://", "www."].into_iter().any(begins) {
            return None;
        }
        let length = self.bytes[at..]
            .iter()
            .take_while(|byte| byte.is_ascii_graphic() && !b"<>\"`{}|\\^".contains(byte))
            .count();
        Some(at + length)
    }

    /// The end of the paragraph: a blank line, or the end of the text.
    fn paragraph_end(&mut self, at: usize) -> usize {
        if at >= self.paragraph {
            self.paragraph = self.text[at..].find("\n\n").map_or(self.text.len(), |place| at + place);
        }
        self.paragraph
    }
}

fn braced(text: &str) -> Option<&str> {
    const LONGEST: usize = 40;
    let inside = text.strip_prefix('{')?;
    let end = inside.bytes().take(LONGEST).position(|byte| byte == b'}')?;
    Some(&inside[..end])
}

/// The outermost environments of formulas that are closed.
fn environments(text: &str) -> Vec<Range<usize>> {
    let mut open: Vec<(&str, usize)> = Vec::new();
    let mut closed: Vec<Range<usize>> = Vec::new();
    for (at, _) in text.match_indices('\\') {
        let rest = &text[at..];
        if let Some(name) = rest.strip_prefix("\\begin").and_then(braced) {
            if FORMULAS.contains(&name.trim_end_matches('*')) {
                open.push((name, at));
            }
        } else if let Some(name) = rest.strip_prefix("\\end").and_then(braced)
            && let Some((_, start)) = open.pop_if(|(opened, _)| *opened == name)
        {
            while closed.last().is_some_and(|inner| inner.start > start) {
                closed.pop();
            }
            closed.push(start..at + "\\end{}".len() + name.len());
        }
    }
    closed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> String {
        let mut shown = text.to_owned();
        for range in masked(text).into_iter().rev() {
            shown.replace_range(range, "#");
        }
        shown
    }

    #[test]
    fn what_is_no_prose_is_masked() {
        for (text, left) in [
            ("so ```py\nprint(x)\n``` is", "so # is"),
            ("call `f(x)` now", "call # now"),
            ("so $x^2$ and $$y = 1$$ hold", "so # and # hold"),
            ("it costs $5 or $6 today", "it costs $5 or $6 today"),
            ("\\(a\\) then \\[b\\] then", "# then # then"),
            ("so \\begin{align*}a &= b\\end{align*} ends", "so # ends"),
            ("a \\begin{cases}\\begin{matrix}x\\end{matrix}\\end{cases} b", "a # b"),
            ("the \\frac{sum}{count} is", "the #{sum}{count} is"),
            ("see https://a.org/b?c=d, then", "see # then"),
            ("see www.a.org。好", "see #。好"),
            ("<b>bold</b> if a < b", "#bold# if a < b"),
            ("open $x and ```y", "open $x and ```y"),
            ("a ``b`c`` d `e", "a # d `e"),
            ("a \\$5 bill and \\$6", "a #5 bill and #6"),
        ] {
            assert_eq!(shown(text), left, "{text}");
        }
    }

    proptest! {
        #[test]
        fn masks_are_ordered_and_lie_between_letters(text in "[$`~\\\\(\\[\\])<>a-cé字 \n{}]{0,120}") {
            let mut last = 0;
            for range in masked(&text) {
                prop_assert!(last <= range.start && range.start < range.end);
                prop_assert!(text.get(range.clone()).is_some());
                last = range.end;
            }
        }
    }

    #[test]
    fn openings_without_an_end_take_linear_time() {
        for opening in
            ["$x ", "$x$ ", "`", "`a` ", "``` ", "$$ ", "\\( ", "\\[ ", "\\begin{align} ", "<a", "http://"]
        {
            let _ = masked(&opening.repeat(100_000));
        }
    }
}
