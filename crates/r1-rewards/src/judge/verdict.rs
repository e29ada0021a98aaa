//! Verdicts read out of a judge's reply.

use serde_json::Value;

/// Which of two answers is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Preference {
    /// The second is much better.
    MuchWorse,
    /// The second is better.
    Worse,
    /// They are about as good.
    Equal,
    /// The first is better.
    Better,
    /// The first is much better.
    MuchBetter,
}

impl Preference {
    /// -2 to 2, as seen from the first answer.
    pub fn value(self) -> f32 {
        self as u8 as f32 - 2.0
    }
}

/// The verdict of a reply: `[[A>>B]]`, `[[A>B]]`, `[[A=B]]`, `[[B>A]]` or `[[B>>A]]`. `None` without one, and when two differ.
///
/// # Examples
/// ```
/// use r1_rewards::judge::{Preference, preference};
///
/// assert_eq!(preference("A is right, B is not. [[A>>B]]"), Some(Preference::MuchBetter));
/// assert_eq!(preference("The answer says \"[[A>>B]]\", but B is right: [[B>A]]"), None);
/// ```
pub fn preference(reply: &str) -> Option<Preference> {
    let verdicts = reply.split("[[").skip(1).filter_map(|rest| {
        Some(match rest.split_once("]]")?.0.trim() {
            "A>>B" | "B<<A" => Preference::MuchBetter,
            "A>B" | "B<A" => Preference::Better,
            "A=B" | "B=A" => Preference::Equal,
            "B>A" | "A<B" => Preference::Worse,
            "B>>A" | "A<<B" => Preference::MuchWorse,
            _ => return None,
        })
    });
    the_only(verdicts)
}

/// The verdict of a reply with a JSON object whose `correctness` is `correct` or `incorrect`. `None` without one, and when two
/// differ.
///
/// # Examples
/// ```
/// use r1_rewards::judge::correctness;
///
/// assert_eq!(correctness("```json\n{\"analysis\": \"3/6 is 1/2\", \"correctness\": \"correct\"}\n```"), Some(true));
/// assert_eq!(correctness("It is correct."), None);
/// ```
pub fn correctness(reply: &str) -> Option<bool> {
    let mut at = 0;
    let objects = std::iter::from_fn(|| {
        loop {
            let place = at + reply[at..].find('{')?;
            let mut values = serde_json::Deserializer::from_str(&reply[place..]).into_iter::<Value>();
            let Some(Ok(value)) = values.next() else {
                at = place + 1;
                continue;
            };
            at = place + values.byte_offset();
            return Some(value);
        }
    });
    the_only(objects.take(LONGEST_LIST).filter_map(
        |object| match object.get("correctness")?.as_str()?.trim() {
            "correct" => Some(true),
            "incorrect" => Some(false),
            _ => None,
        },
    ))
}

/// Objects of a reply that are looked at.
const LONGEST_LIST: usize = 1000;

/// The value that all of them are.
fn the_only<T: PartialEq>(mut values: impl Iterator<Item = T>) -> Option<T> {
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}
