//! Rewards of TRL 1.16.

/// 1 for a text that the expression `^<think>(?!.*<think>)(.*?)</think>.*$` matches, else 0: `think_format_reward`.
///
/// Quirks: blank thoughts pass, an empty answer passes, and so does a second `</think>`; white space before `<think>` fails.
///
/// ```
/// use r1_rewards::compat::trl::think_format;
///
/// assert_eq!(think_format("<think>a</think>b"), 1.0);
/// assert_eq!(think_format("<think></think>"), 1.0);
/// assert_eq!(think_format("a</think>b"), 0.0);
/// ```
pub fn think_format(text: &str) -> f32 {
    let matches = text
        .strip_prefix("<think>")
        .is_some_and(|rest| !rest.contains("<think>") && rest.contains("</think>"));
    f32::from(u8::from(matches))
}
