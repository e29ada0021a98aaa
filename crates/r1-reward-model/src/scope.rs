//! What part of a response is judged.

use r1_core::Response;
use serde::{Deserialize, Serialize};

/// What part of a response a reward model sees.
///
/// # Source
/// DeepSeek-R1 (arXiv:2501.12948v2), section 3.1: helpfulness is judged by the final summary alone, so that thoughts
/// stay free, and safety by the whole response, thoughts included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// What follows the thoughts; nothing of a response whose thoughts never end.
    #[default]
    Summary,
    /// Everything.
    Response,
}

impl Scope {
    /// The text that is judged of a response. `prefilled` says that its prompt had opened the thoughts, `opened` that the
    /// prompt of the reward model does.
    pub(crate) fn text(self, response: &str, prefilled: bool, opened: bool) -> String {
        match self {
            Self::Summary => {
                let summary = Response::parse(response, prefilled).after_thoughts.trim_start();
                if opened { format!("\n</think>\n\n{summary}") } else { summary.to_owned() }
            }
            Self::Response => match (prefilled, opened, response.strip_prefix("<think>")) {
                (true, false, _) => format!("<think>\n{response}"),
                (false, true, Some(rest)) => rest.strip_prefix('\n').unwrap_or(rest).to_owned(),
                _ => response.to_owned(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thoughts_are_left_out_or_kept_whole() {
        let whole = "<think>\nwhy</think>\n\nyes";
        let inside = "why</think>\n\nyes";
        for (scope, response, prefilled, opened, expected) in [
            (Scope::Summary, whole, false, false, "yes"),
            (Scope::Summary, inside, true, false, "yes"),
            (Scope::Summary, whole, false, true, "\n</think>\n\nyes"),
            (Scope::Summary, "yes", false, false, "yes"),
            (Scope::Summary, "<think>\nwhy", false, false, ""),
            (Scope::Response, whole, false, false, whole),
            (Scope::Response, inside, true, false, "<think>\nwhy</think>\n\nyes"),
            (Scope::Response, whole, false, true, inside),
            (Scope::Response, inside, true, true, inside),
        ] {
            assert_eq!(scope.text(response, prefilled, opened), expected, "{scope:?} {response:?}");
        }
    }
}
