//! Commas between digits.

/// Whether the commas between digits can only separate: one of several stands where thousands have none.
pub(super) fn separated(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut depth = 0i32;
    let (mut tight, mut commas, mut separating) = (0, 0, false);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            b',' if depth == 0 => {
                commas += 1;
                let before = bytes[..at].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
                let after = bytes[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
                if before > 0 && after > 0 {
                    tight += 1;
                    let left = at.checked_sub(before + 1).map(|at| bytes[at]);
                    separating |= after != 3 || before > 3 || left == Some(b'/');
                }
            }
            _ => {}
        }
    }
    commas >= 2 && tight >= 1 && separating
}
