//! Prompt templates: the text around a question.

mod r1_zero;

use serde::{Deserialize, Serialize};

use crate::{Content, Message, Problem};

pub use r1_zero::r1_zero;

/// The text around a question.
///
/// ```
/// use r1_core::{Content, Problem, Reference, template::PromptTemplate};
///
/// let problem = Problem::new("sum", "What is 2 + 2?", Reference::number("4"));
/// assert_eq!(PromptTemplate::Plain.render(&problem), Content::Text("What is 2 + 2?".into()));
/// let Content::Text(text) = PromptTemplate::R1Zero.render(&problem) else { unreachable!() };
/// assert!(text.ends_with("User: What is 2 + 2?. Assistant:"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PromptTemplate {
    /// The question alone, as text.
    Plain,
    /// The paragraph of DeepSeek-R1-Zero, for base models: see [`r1_zero()`].
    #[default]
    R1Zero,
    /// A conversation of one turn, which the model's own chat template renders.
    Chat {
        /// Instructions before the conversation, if any.
        #[serde(default)]
        system: Option<String>,
    },
    /// A conversation of one turn without instructions before it: the question, a line break and what is
    /// asked of every answer, as DeepSeek-R1 is evaluated.
    Directed {
        /// The instruction, for example `Please reason step by step.`
        directive: String,
    },
}

impl PromptTemplate {
    /// The prompt's content for this problem.
    pub fn render(&self, problem: &Problem) -> Content {
        match self {
            Self::Plain => Content::Text(problem.question.clone()),
            Self::R1Zero => Content::Text(r1_zero(&problem.question)),
            Self::Chat { system } => {
                let system = system.as_ref().map(Message::system);
                Content::Messages(system.into_iter().chain([Message::user(&problem.question)]).collect())
            }
            Self::Directed { directive } => {
                Content::Messages(vec![Message::user(format!("{}\n{directive}", problem.question))])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reference;

    #[test]
    fn a_chat_has_the_instructions_before_the_question() {
        let problem = Problem::new("sum", "2 + 2?", Reference::number("4"));
        let render =
            |system: Option<&str>| PromptTemplate::Chat { system: system.map(String::from) }.render(&problem);
        assert_eq!(render(None), Content::Messages(vec![Message::user("2 + 2?")]));
        let both = vec![Message::system("Be brief."), Message::user("2 + 2?")];
        assert_eq!(render(Some("Be brief.")), Content::Messages(both));
    }

    #[test]
    fn a_directive_stands_behind_the_question() {
        let problem = Problem::new("sum", "2 + 2?", Reference::number("4"));
        let template = PromptTemplate::Directed { directive: "Be brief.".into() };
        assert_eq!(template.render(&problem), Content::Messages(vec![Message::user("2 + 2?\nBe brief.")]));
    }

    #[test]
    fn a_template_can_be_written_in_a_config() {
        let chat = PromptTemplate::Chat { system: Some("Be brief.".into()) };
        let json = serde_json::to_string(&chat).unwrap();
        assert_eq!(json, r#"{"chat":{"system":"Be brief."}}"#);
        assert_eq!(serde_json::from_str::<PromptTemplate>(&json).unwrap(), chat);
        assert_eq!(serde_json::from_str::<PromptTemplate>(r#""r1_zero""#).unwrap(), PromptTemplate::R1Zero);
    }
}
