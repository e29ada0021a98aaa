//! Worked solutions as traces, for a cold start.

use super::{Solution, Task};
use r1_core::{Problem, Trace, template::PromptTemplate};

impl Solution {
    /// The completion that has these thoughts and this answer, in the strict format of R1-Zero.
    ///
    /// ```
    /// use r1_tasks::Solution;
    ///
    /// let solution = Solution { reasoning: "2+2=4".into(), answer: "4".into() };
    /// assert_eq!(solution.completion(), "<think>2+2=4</think><answer>4</answer>");
    /// ```
    pub fn completion(&self) -> String {
        format!("<think>{}</think><answer>{}</answer>", self.reasoning, self.answer)
    }
}

/// The trace of a problem that its task solved: the prompt, and the worked completion to learn.
///
/// Its id is the problem's with `/solver` behind, and its provenance says which solver wrote it.
///
/// # Panics
/// When the task did not set the problem.
///
/// # Examples
/// ```
/// use r1_core::{Content, Key, template::PromptTemplate};
/// use r1_tasks::{CoinFlip, Task, worked_trace};
///
/// let problem = CoinFlip.generate(&mut Key::new(1).stream(), 1);
/// let trace = worked_trace(&CoinFlip, problem.clone(), &PromptTemplate::Plain);
/// assert_eq!(trace.prompt, Content::Text(problem.question.clone()));
/// assert_eq!(trace.completion, CoinFlip.solve(&problem).completion());
/// assert_eq!(trace.provenance["teacher"], "solver of coin_flip");
/// ```
pub fn worked_trace(task: &dyn Task, problem: Problem, template: &PromptTemplate) -> Trace {
    let completion = task.solve(&problem).completion();
    Trace::new(format!("{}/solver", problem.id), template.render(&problem), completion)
        .with("teacher", format!("solver of {}", task.name()))
        .of(problem)
}
