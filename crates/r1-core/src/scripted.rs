//! A writer that writes what it was told to, for tests of everything that needs a [`Generate`].

use std::{collections::VecDeque, fmt};

use crate::{Completion, FinishReason, Generate, GenerateError, Prompt, Sampling};

type Script = Box<dyn FnMut(&Prompt, usize) -> Option<String> + Send>;

/// Replays given texts instead of sampling from a model.
///
/// Each character counts as one token, with its code point as the id and log-probability 0, so that
/// limits and stop strings act as they do on a model: a text is cut behind the first stop string, or
/// at [`Sampling::max_tokens`] characters with [`FinishReason::Length`].
///
/// ```
/// use r1_core::{Generate, Key, Prompt, Sampling, ScriptedGenerator};
///
/// let mut writer = ScriptedGenerator::replay(["four", "five"]);
/// let written = writer.generate(&[Prompt::text("2 + 2 = ", Key::new(0))], 2, &Sampling::default())?;
/// assert_eq!(written[0][1].text, "five");
/// # Ok::<(), r1_core::GenerateError>(())
/// ```
pub struct ScriptedGenerator {
    script: Script,
    think_prefilled: bool,
    written: usize,
}

impl ScriptedGenerator {
    /// A writer that answers sample `sample` of `prompt` with `script(prompt, sample)`.
    pub fn new(mut script: impl FnMut(&Prompt, usize) -> String + Send + 'static) -> Self {
        Self {
            script: Box::new(move |prompt, sample| Some(script(prompt, sample))),
            think_prefilled: false,
            written: 0,
        }
    }

    /// A writer that gives these texts in order: all samples of the first prompt, then of the second,
    /// over all calls. It fails with [`GenerateError::Failed`] when they are used up.
    pub fn replay<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        let mut texts: VecDeque<String> = texts.into_iter().map(Into::into).collect();
        Self { script: Box::new(move |_, _| texts.pop_front()), think_prefilled: false, written: 0 }
    }

    /// The same writer for prompts that already opened the thoughts.
    pub fn with_think_prefilled(self) -> Self {
        Self { think_prefilled: true, ..self }
    }

    /// Number of completions written so far.
    pub fn written(&self) -> usize {
        self.written
    }

    fn write(&mut self, prompt: &Prompt, sample: usize, sampling: &Sampling) -> Option<Completion> {
        let mut text = (self.script)(prompt, sample)?;
        self.written += 1;
        let ends = sampling.stop.iter().filter_map(|stop| Some(text.find(stop.as_str())? + stop.len()));
        if let Some(end) = ends.min() {
            text.truncate(end);
        }
        let mut finish = FinishReason::Stop;
        if let Some((end, _)) = text.char_indices().nth(sampling.max_tokens) {
            text.truncate(end);
            finish = FinishReason::Length;
        }
        let ids: Vec<u32> = text.chars().map(u32::from).collect();
        Some(Completion {
            logprobs: vec![0.0; ids.len()],
            sampled_logprobs: sampling.truncates().then(|| vec![0.0; ids.len()]),
            ids,
            text,
            finish,
            think_prefilled: self.think_prefilled,
            turns: Vec::new(),
            weights_version: None,
        })
    }
}

impl fmt::Debug for ScriptedGenerator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ScriptedGenerator")
            .field("think_prefilled", &self.think_prefilled)
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}

impl Generate for ScriptedGenerator {
    fn generate(
        &mut self,
        prompts: &[Prompt],
        samples: usize,
        sampling: &Sampling,
    ) -> Result<Vec<Vec<Completion>>, GenerateError> {
        sampling.validate()?;
        let mut answers = Vec::with_capacity(prompts.len());
        for prompt in prompts {
            let group: Option<Vec<_>> =
                (0..samples).map(|sample| self.write(prompt, sample, sampling)).collect();
            answers.push(group.ok_or_else(|| GenerateError::Failed {
                source:
                    format!("the script ends after {} completions; give it more texts", self.written).into(),
            })?);
        }
        Ok(answers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Key;

    fn prompts() -> [Prompt; 2] {
        ["a", "b"].map(|text| Prompt::text(text, Key::default()))
    }

    #[test]
    fn texts_come_in_the_order_of_prompts_and_samples() {
        let mut writer = ScriptedGenerator::replay(["1", "2", "3", "4"]);
        let written = writer.generate(&prompts(), 2, &Sampling::default()).unwrap();
        let texts: Vec<Vec<&str>> = written
            .iter()
            .map(|group| group.iter().map(|completion| completion.text.as_str()).collect())
            .collect();
        assert_eq!(texts, [["1", "2"], ["3", "4"]]);
    }

    #[test]
    fn a_script_that_ends_is_an_error() {
        let mut writer = ScriptedGenerator::replay(["1", "2", "3"]);
        let error = writer.generate(&prompts(), 2, &Sampling::default()).unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(source, "the script ends after 3 completions; give it more texts");
    }

    #[test]
    fn stops_and_limits_cut_the_text() {
        let sampling = Sampling { stop: vec!["</a>".into()], max_tokens: 6, ..Sampling::default() };
        let mut writer = ScriptedGenerator::new(|_, sample| ["é</a>b", "ééééééé"][sample].to_owned());
        let group = &writer.generate(&prompts()[..1], 2, &sampling).unwrap()[0];
        assert_eq!((group[0].text.as_str(), group[0].finish), ("é</a>", FinishReason::Stop));
        assert_eq!((group[1].text.as_str(), group[1].finish), ("éééééé", FinishReason::Length));
        assert_eq!(group[1].ids.len(), 6);
        assert_eq!(writer.written(), 2);
    }
}
