//! The template of DeepSeek-R1-Zero.

/// The paragraph that DeepSeek-R1-Zero is trained with, around a question. It asks for a structure
/// and for nothing else: no reflection, no strategy.
///
/// The dot behind the question and the single line are the paper's.
///
/// # Examples
/// ```
/// let prompt = r1_core::template::r1_zero("What is 2 + 2?");
/// assert!(prompt.starts_with("A conversation between User and Assistant. The user asks a question"));
/// assert!(prompt.ends_with("User: What is 2 + 2?. Assistant:"));
/// ```
///
/// # Source
/// DeepSeek-R1 (arXiv:2501.12948v1), Table 1.
pub fn r1_zero(question: &str) -> String {
    format!(
        "A conversation between User and Assistant. The user asks a question, and the Assistant solves it. \
         The assistant first thinks about the reasoning process in the mind and then provides the user \
         with the answer. The reasoning process and answer are enclosed within <think> </think> and \
         <answer> </answer> tags, respectively, i.e., <think> reasoning process here </think> \
         <answer> answer here </answer>. User: {question}. Assistant:"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paragraph_is_the_papers() {
        assert_eq!(
            r1_zero("Q"),
            "A conversation between User and Assistant. The user asks a question, and the Assistant solves it. The assistant first thinks about the reasoning process in the mind and then provides the user with the answer. The reasoning process and answer are enclosed within <think> </think> and <answer> </answer> tags, respectively, i.e., <think> reasoning process here </think> <answer> answer here </answer>. User: Q. Assistant:"
        );
    }
}
