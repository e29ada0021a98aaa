//! The people of the stories.

use r1_core::KeyedStream;

/// Short names that cannot be taken for another word of a question.
const NAMES: [&str; 20] = [
    "ann", "bob", "cid", "dan", "eve", "fay", "gus", "hal", "ida", "jim", "kim", "leo", "mia", "ned", "oda",
    "pam", "ray", "sue", "tom", "val",
];

/// So many different people, in a random order.
///
/// # Panics
/// When more are asked for than there are.
pub(super) fn people(random: &mut KeyedStream, count: usize) -> Vec<&'static str> {
    let mut names = NAMES;
    random.shuffle(&mut names);
    names[..count].to_vec()
}

/// True for a name in lower case, known or not.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase())
}
