//! Completions of one problem before and after training.

use serde::{Deserialize, Serialize};

use super::{axis::short, html::escape};

/// What the policy answered to one problem before training and after.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SamplePair {
    /// What was asked.
    pub question: String,
    /// What counts as right, as text.
    pub reference: String,
    /// The completion before training.
    pub before: String,
    /// Its reward.
    pub before_reward: Option<f64>,
    /// The completion after training.
    pub after: String,
    /// Its reward.
    pub after_reward: Option<f64>,
}

impl SamplePair {
    pub(crate) fn html(&self) -> String {
        let reference = match self.reference.as_str() {
            "" => String::new(),
            text => format!("<p class=\"reference\">Expected <b>{}</b></p>", escape(text)),
        };
        format!(
            "<article class=\"card sample\"><header><h3>{}</h3>{reference}</header>\
             <div class=\"pair\">{}{}</div></article>\n",
            escape(&self.question),
            side("Before", &self.before, self.before_reward),
            side("After", &self.after, self.after_reward),
        )
    }
}

fn side(title: &str, text: &str, reward: Option<f64>) -> String {
    let class = title.to_lowercase();
    let reward = reward
        .filter(|reward| reward.is_finite())
        .map_or_else(String::new, |reward| format!("<span class=\"reward\">reward {}</span>", short(reward)));
    let text = match text.trim() {
        "" => "<i>nothing</i>".to_owned(),
        _ => coloured(text),
    };
    format!("<section class=\"{class}\"><h4>{title}{reward}</h4><pre tabindex=\"0\">{text}</pre></section>")
}

const TAGS: [(&str, Option<&str>); 4] =
    [("<think>", Some("think")), ("</think>", None), ("<answer>", Some("answer")), ("</answer>", None)];

/// The escaped text with its thoughts, its answer and their tags in spans.
///
/// Spans never nest: each tag ends the one before, so whatever a model writes, the page stays whole.
fn coloured(text: &str) -> String {
    let mut html = String::new();
    let mut rest = text;
    // A prompt may have opened the thoughts; then the first tag closes them.
    let mut inside = next_tag(text).and_then(|(_, tag, _)| (tag == "</think>").then_some("think"));
    while let Some((at, tag, opens)) = next_tag(rest) {
        push_span(&mut html, inside, &rest[..at]);
        let kind = if tag.contains("think") { "tag think" } else { "tag answer" };
        push_span(&mut html, Some(kind), tag);
        inside = opens;
        rest = &rest[at + tag.len()..];
    }
    push_span(&mut html, inside, rest);
    html
}

fn next_tag(text: &str) -> Option<(usize, &'static str, Option<&'static str>)> {
    let found = TAGS.iter().filter_map(|&(tag, opens)| Some((text.find(tag)?, tag, opens)));
    found.min_by_key(|&(at, _, _)| at)
}

fn push_span(html: &mut String, class: Option<&str>, text: &str) {
    match class {
        _ if text.is_empty() => {}
        Some(class) => html.push_str(&format!("<span class=\"{class}\">{}</span>", escape(text))),
        None => html.push_str(&escape(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thoughts_and_answer_are_marked() {
        assert_eq!(
            coloured("<think>2 < 3</think> so <answer>3</answer>"),
            "<span class=\"tag think\">&lt;think&gt;</span><span class=\"think\">2 &lt; 3</span>\
             <span class=\"tag think\">&lt;/think&gt;</span> so \
             <span class=\"tag answer\">&lt;answer&gt;</span><span class=\"answer\">3</span>\
             <span class=\"tag answer\">&lt;/answer&gt;</span>"
        );
    }

    #[test]
    fn thoughts_that_the_prompt_opened_are_marked() {
        assert!(coloured("hm</think>4").starts_with("<span class=\"think\">hm</span>"));
        assert_eq!(coloured("no tags"), "no tags");
    }

    #[test]
    fn hostile_text_cannot_leave_its_place() {
        let pair = SamplePair {
            question: "<script>alert(1)</script>".into(),
            reference: "\"><img src=x onerror=alert(2)>".into(),
            before: "</pre></section><script>alert(3)</script><think><think></answer></think".into(),
            after: "<think></span><style>*{display:none}</style><answer></think>".into(),
            ..SamplePair::default()
        };
        let html = pair.html();
        for injected in ["<script", "<img", "<style"] {
            assert!(!html.contains(injected), "{injected}");
        }
        assert_eq!(html.matches("<span").count(), html.matches("</span>").count());
        assert_eq!(html.matches("<pre").count(), 2);
        assert_eq!(html.matches("</pre>").count(), 2);
    }
}
