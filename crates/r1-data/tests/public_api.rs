//! A stranger's task, source and writer, with nothing but public items.

use std::sync::Arc;

use r1_core::{
    Completion, FinishReason, Generate, GenerateError, KeyedStream, Problem, ProblemSource, Prompt,
    Reference, Sampling, SourceError, template::PromptTemplate,
};

use r1_tasks::{Solution, Task, TaskSource, held_out, is_held_out};

/// `double 7`.
struct Doubling;

impl Task for Doubling {
    fn name(&self) -> &'static str {
        "doubling"
    }

    fn levels(&self) -> usize {
        1
    }

    fn generate(&self, random: &mut KeyedStream, _level: usize) -> Problem {
        let number = random.between(0, 999);
        let question = format!("double {number}");
        Problem::new(question.clone(), question, Reference::number((2 * number).to_string()))
    }

    fn verify(&self, problem: &Problem, answer: &str) -> bool {
        problem.reference == Reference::number(answer.trim())
    }

    fn solve(&self, problem: &Problem) -> Solution {
        let number: i64 = problem.question["double ".len()..].parse().unwrap();
        Solution { reasoning: format!("{number}+{number}"), answer: (2 * number).to_string() }
    }
}

/// A writer that solves what it is asked.
struct Pupil;

impl Generate for Pupil {
    fn generate(
        &mut self,
        prompts: &[Prompt],
        samples: usize,
        sampling: &Sampling,
    ) -> Result<Vec<Vec<Completion>>, GenerateError> {
        sampling.validate()?;
        let write = |prompt: &Prompt| {
            let r1_core::Content::Text(question) = &prompt.content else {
                unreachable!("only texts are asked")
            };
            let Solution { reasoning, answer } =
                Doubling.solve(&Problem::new("", question, Reference::text("")));
            Completion::from_text(
                format!("<think>{reasoning}</think><answer>{answer}</answer>"),
                FinishReason::Stop,
            )
        };
        Ok(prompts.iter().map(|prompt| vec![write(prompt); samples]).collect())
    }
}

#[test]
fn a_task_of_ones_own_trains_and_evaluates() -> Result<(), Box<dyn std::error::Error>> {
    let mut source = TaskSource::new([(Arc::new(Doubling) as Arc<dyn Task>, 1)], 1)?;
    let key = r1_core::Key::new(1);
    for _ in 0..100 {
        let problem = source.next()?;
        assert!(!is_held_out(&problem.question));
        let prompt =
            Prompt { content: PromptTemplate::Plain.render(&problem), key: key.for_problem(&problem.id) };
        for completion in &Pupil.generate(&[prompt], 2, &Sampling::greedy())?[0] {
            let response = completion.response();
            assert_eq!(response.strict(), Ok(()));
            assert!(Doubling.verify(&problem, response.answer));
        }
    }
    let problems = held_out(&Doubling, 1, 1_000, 1);
    assert!((50..150).contains(&problems.len()), "a tenth of the thousand questions there are");
    assert!(problems.iter().all(|problem| is_held_out(&problem.question)));
    Ok(())
}

#[test]
fn a_source_of_ones_own_is_an_object() -> Result<(), SourceError> {
    struct Counting(u64);
    impl ProblemSource for Counting {
        fn next(&mut self) -> Result<Problem, SourceError> {
            self.0 += 1;
            Ok(Problem::new(self.0.to_string(), "?", Reference::number(self.0.to_string())))
        }
        fn position(&self) -> u64 {
            self.0
        }
        fn seek(&mut self, position: u64) -> Result<(), SourceError> {
            self.0 = position;
            Ok(())
        }
    }
    let mut source: Box<dyn ProblemSource> = Box::new(Counting(0));
    source.seek(41)?;
    assert_eq!(source.next()?.id, "42");
    Ok(())
}
