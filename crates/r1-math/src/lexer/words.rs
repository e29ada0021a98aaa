//! The content of `\text{..}` and its like.

use super::Lexer;
use crate::token::Kind;

impl Lexer<'_> {
    /// The content of `\text{..}`: mathematics where it looks like it, else one token.
    pub(super) fn text(&mut self, command: &str, inside: &str) -> Option<()> {
        let trimmed = inside.trim_matches(|c: char| c.is_whitespace() || c == '~');
        let letters = trimmed.chars().filter(|c| c.is_alphabetic()).count();
        let mathematical = (letters == 0 || trimmed.chars().any(|c| c.is_ascii_digit()) && letters <= 1)
            && !trimmed.contains('\\');
        // A style around a formula.
        let styled =
            matches!(command, "underline" | "emph" | "textbf" | "mathbf") && trimmed.starts_with('\\');
        if trimmed.is_empty() {
            self.space = true;
        } else if command.starts_with("operatorname") {
            self.push(Kind::Command(trimmed.to_owned()));
        } else if matches!(command, "mathbf" | "mathrm")
            && matches!(trimmed, "R" | "Z" | "N" | "Q" | "C")
            && !(command == "mathrm" && self.after_value())
        {
            self.push(Kind::Blackboard(trimmed.chars().next()?));
        } else if command == "mathbf" && matches!(trimmed, "i" | "j" | "k") {
            self.push(Kind::Command(format!("unit@{trimmed}")));
        } else if letters == 1 && trimmed.len() == 1 {
            let letter = trimmed.chars().next()?;
            let is_unit = self.after_value() && "mgsLhNJWVAKTFCl".contains(letter) && !inside.is_empty();
            self.push(if is_unit { Kind::Text(letter.to_string()) } else { Kind::Letter(letter) });
            if let Some(last) = self.tokens.last_mut() {
                last.bold = command == "mathbf";
            }
        } else if mathematical || styled {
            let mut inner = Lexer { rest: trimmed, tokens: Vec::new(), space: self.space, ..*self.head() };
            while inner.step()? {}
            self.tokens.append(&mut inner.tokens);
        } else {
            self.words(trimmed);
        }
        Some(())
    }

    /// A text, with the conjunctions around it apart: "cm and" ends one answer.
    pub(super) fn words(&mut self, text: &str) {
        let is_joint = |word: &&str| matches!(*word, "and" | "or");
        let (first, rest) =
            text.split_once(' ').map_or((text, ""), |(first, rest)| (first, rest.trim_start()));
        if is_joint(&first) && !rest.is_empty() {
            self.push(Kind::Text(first.to_owned()));
            self.space = true;
            return self.words(rest);
        }
        match text.rsplit_once(' ').filter(|(_, last)| is_joint(last)) {
            Some((before, last)) => {
                self.push(Kind::Text(before.trim_end().to_owned()));
                self.space = true;
                self.push(Kind::Text(last.to_owned()));
            }
            None => self.push(Kind::Text(text.to_owned())),
        }
    }
}
