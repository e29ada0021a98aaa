//! A cursor over text for the hand-written parsers.

/// The text that is still to be read.
#[derive(Debug, Clone, Copy)]
pub struct Scan<'a> {
    /// What is still to be read.
    pub rest: &'a str,
}

impl<'a> Scan<'a> {
    /// Starts at the beginning of a text.
    pub fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// Steps over `token` when it comes next.
    pub fn eat(&mut self, token: &str) -> bool {
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Steps over the first of `tokens` that comes next.
    pub fn eat_any(&mut self, tokens: &[&str]) -> bool {
        tokens.iter().any(|token| self.eat(token))
    }

    /// Steps over white space.
    pub fn spaces(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// The ASCII digits that come next, maybe none.
    pub fn digits(&mut self) -> &'a str {
        let end = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        digits
    }

    /// True when nothing is left.
    pub fn at_end(&self) -> bool {
        self.rest.is_empty()
    }
}
