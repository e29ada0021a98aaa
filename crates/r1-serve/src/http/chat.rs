//! `/v1/chat/completions`

use std::fmt::Write;

use axum::{body::Body, extract, http::Request, response::Response};
use r1_core::{FinishReason, Message, session::Token};
use r1_data::tokenizer::Tokenizer;
use serde_json::{Value, json};

use super::{
    Inner, State,
    answer::{Choice, Usage, end, json_answer, tool_calls, whole},
    envelope::Envelope,
    error::ApiError,
    logprobs,
    parameters::{Asked, Fields},
    response_format,
    stream::{self, Chunks},
    tools::Tools,
};
use crate::{Ended, Piece, Thoughts, ToolReader, Update, tool_form::ToolForm};

/// What an answer must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Demand {
    Nothing,
    Json,
    Call,
}

impl Demand {
    /// The end of an answer; one that was cut off before it was what it must be has no other reason than its length.
    fn end(self, ended: Ended, answer: &str, calls: bool) -> Ended {
        let met = match self {
            Self::Nothing => true,
            Self::Json => serde_json::from_str::<serde::de::IgnoredAny>(answer).is_ok(),
            Self::Call => calls,
        };
        let finish =
            if met || ended.finish != FinishReason::Stop { ended.finish } else { FinishReason::Length };
        Ended { finish, ..ended }
    }
}

pub(super) async fn answer(
    extract::State(State(inner)): extract::State<State>,
    request: Request<Body>,
) -> Result<Response, ApiError> {
    let mut fields = inner.fields(request).await?;
    let asked = Asked::read(&mut fields, &inner)?;
    let logprobs = fields.flag("logprobs")?;
    let top_logprobs = fields.count("top_logprobs", 0, 20)?;
    if top_logprobs.is_some() && !logprobs {
        return Err(ApiError::bad("top_logprobs needs logprobs to be true", Some("top_logprobs")));
    }
    let max_thinking_tokens = fields.count("max_thinking_tokens", 1, usize::MAX)?;
    let max_thinking_tokens = max_thinking_tokens.or(inner.options.max_thinking_tokens);
    let tools = Tools::read(&mut fields)?;
    let format = response_format::read(&mut fields)?;
    let demand = match &format {
        Some(_) if tools.offered.is_some() => {
            let message = "an answer in a response_format calls no tools; leave one of them out, or set tool_choice to none";
            return Err(ApiError::bad(message, Some("response_format")));
        }
        Some(_) => Demand::Json,
        None if tools.is_demanded() => Demand::Call,
        None => Demand::Nothing,
    };
    let text = rendered(&inner, &mut fields, &tools)?;
    fields.finish()?;

    let prefilled = text.trim_end().ends_with("<think>");
    let thoughts = if prefilled { Thoughts::Prefilled } else { Thoughts::Tagged };
    let prompt = inner.encode(&text, "messages", Tokenizer::encode)?;
    let mut request = asked.request(prompt.clone(), asked.key, top_logprobs.unwrap_or(0));
    if demand != Demand::Nothing {
        let forms = match format {
            Some(form) => vec![form],
            None => tools.forms(ToolForm::of(inner.model().template.as_ref())),
        };
        let constraint = inner.grammars.constraint(forms, prefilled).await;
        request.constraint = Some(constraint.map_err(|error| match demand {
            Demand::Call => tools.refused(error.form, &error.reason),
            _ => response_format::unsupported(&error.reason),
        })?);
    }
    let received = inner.ask(request, thoughts, max_thinking_tokens)?;
    let (samples, tokens) = (asked.samples, prompt.len());
    let envelope = Envelope::new(inner, &asked, "chatcmpl", logprobs);
    if asked.stream {
        let readers = (0..samples).map(|_| tools.reader()).collect();
        let prompt_ids = envelope.ids.then_some(prompt);
        let answers = vec![String::new(); samples];
        let chunks = ChatChunks { envelope, prompt_ids, tools, readers, demand, answers, head: None };
        return stream::answer(received, chunks, samples, tokens).await;
    }
    let whole = whole(received, samples, tokens).await?;
    let choices = whole.choices.iter().enumerate();
    let choices =
        choices.map(|(index, choice)| whole_choice(&envelope, &tools, demand, index, choice)).collect();
    let mut answer = envelope.value("chat.completion", whole.weights_version);
    (answer["choices"], answer["usage"]) = (choices, whole.usage.value());
    if envelope.ids {
        answer["prompt_token_ids"] = json!(prompt);
    }
    Ok(json_answer(&answer))
}

/// The conversation of a request in the model's template.
fn rendered(inner: &Inner, fields: &mut Fields, tools: &Tools) -> Result<String, ApiError> {
    let bad = |reason: &str| ApiError::bad(reason, Some("messages"));
    let messages = fields.take("messages").ok_or_else(|| bad("messages are missing"))?;
    let messages: Vec<Message> =
        serde_json::from_value(messages).map_err(|error| bad(&format!("messages: {error}")))?;
    if messages.is_empty() {
        return Err(bad("messages are empty"));
    }
    let variables = fields.object("chat_template_kwargs")?.unwrap_or_default();
    if variables.contains_key("tools") {
        return Err(ApiError::bad("give tools as a field of the request", Some("chat_template_kwargs")));
    }
    let add_generation_prompt = fields.flag_or("add_generation_prompt", true)?;
    let template = inner.model().template.clone();
    let template = template.ok_or_else(|| bad("this model has no chat template; ask /v1/completions"))?;
    let offered = tools.offered.iter().map(|tools| ("tools".to_owned(), tools.clone()));
    let template = variables
        .into_iter()
        .chain(offered)
        .fold(template, |template, (name, value)| template.with_variable(&name, value));
    template.render(&messages, add_generation_prompt).map_err(|error| bad(&error.to_string()))
}

fn whole_choice(envelope: &Envelope, tools: &Tools, demand: Demand, index: usize, choice: &Choice) -> Value {
    let (answer, calls) = tools.split(&choice.answer);
    let mut message = json!({"role": "assistant", "content": answer, "refusal": null});
    if !calls.is_empty() {
        message["tool_calls"] = tool_calls(&calls, false);
        if answer.trim().is_empty() {
            message["content"] = Value::Null;
        }
    }
    if !choice.thoughts.is_empty() {
        message["reasoning_content"] = json!(choice.thoughts);
    }
    let mut value = json!({"index": index, "message": message, "logprobs": null, "finish_reason": null});
    if envelope.logprobs {
        value["logprobs"] = logprobs::of_chat(&envelope.inner.model().tokenizer, &choice.tokens);
    }
    if envelope.ids {
        value["token_ids"] = json!(choice.ids());
    }
    if let Some(ended) = choice.ended {
        let ended = demand.end(ended, &answer, !calls.is_empty());
        end(&mut value, ended, !calls.is_empty());
    }
    value
}

/// A text as JSON writes it.
struct Quoted<'a>(&'a str);

impl std::fmt::Display for Quoted<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
        if self.0.bytes().all(plain) {
            return write!(formatter, "\"{}\"", self.0);
        }
        formatter.write_str(&serde_json::to_string(self.0).map_err(|_| std::fmt::Error)?)
    }
}

const CHUNK: &str = "chat.completion.chunk";

struct ChatChunks {
    envelope: Envelope,
    /// The prompt, until it is told.
    prompt_ids: Option<Vec<u32>>,
    tools: Tools,
    /// Where tools are offered: what tells text from calls, until the sample ends.
    readers: Vec<Option<ToolReader>>,
    demand: Demand,
    /// Where JSON is demanded: what each sample has written.
    answers: Vec<String>,
    /// What all plain events begin with, and the version of the weights that it names.
    head: Option<(u64, String)>,
}

impl ChatChunks {
    fn choice(&mut self, sample: usize, delta: Value, weights_version: u64) -> Value {
        let mut chunk = self.envelope.value(CHUNK, weights_version);
        chunk["choices"] =
            json!([{"index": sample, "delta": delta, "logprobs": null, "finish_reason": null}]);
        if self.envelope.include_usage {
            chunk["usage"] = Value::Null;
        }
        if let Some(ids) = self.prompt_ids.take() {
            chunk["prompt_token_ids"] = json!(ids);
        }
        chunk
    }

    /// The pieces without what may be a call of a tool.
    fn without_calls(&mut self, sample: usize, pieces: Vec<Piece>) -> Vec<Piece> {
        let Some(reader) = &mut self.readers[sample] else {
            if self.demand == Demand::Json {
                let texts = pieces.iter().filter_map(|piece| match piece {
                    Piece::Answer(text) => Some(text.as_str()),
                    Piece::Thought(_) => None,
                });
                self.answers[sample].extend(texts);
            }
            return pieces;
        };
        let text = |piece| match piece {
            Piece::Answer(text) => {
                Some(Piece::Answer(reader.push(&text))).filter(|piece| *piece != Piece::Answer(String::new()))
            }
            thought => Some(thought),
        };
        pieces.into_iter().filter_map(text).collect()
    }

    /// A part for each piece; the token goes with the first of them, or with an empty one.
    fn parts(&mut self, sample: usize, pieces: Vec<Piece>, token: Option<Token>, version: u64) -> Vec<Value> {
        let delta = |piece| match piece {
            Piece::Thought(text) => json!({"reasoning_content": text}),
            Piece::Answer(text) => json!({"content": text}),
        };
        let mut deltas: Vec<Value> = pieces.into_iter().map(delta).collect();
        let told = token.as_ref().filter(|_| self.envelope.logprobs || self.envelope.ids);
        if deltas.is_empty() && told.is_some() {
            deltas.push(json!({"content": ""}));
        }
        let mut parts: Vec<Value> = Vec::with_capacity(deltas.len());
        for delta in deltas {
            let mut part = self.choice(sample, delta, version);
            if let (Some(token), true) = (told, parts.is_empty()) {
                if self.envelope.logprobs {
                    let tokenizer = &self.envelope.inner.model().tokenizer;
                    part["choices"][0]["logprobs"] =
                        logprobs::of_chat(tokenizer, std::slice::from_ref(token));
                }
                if self.envelope.ids {
                    part["choices"][0]["token_ids"] = json!([token.id]);
                }
            }
            parts.push(part);
        }
        parts
    }
}

impl Chunks for ChatChunks {
    fn write_plain(&mut self, update: &Update, version: u64, text: &mut String) -> bool {
        let Update::Token { sample, pieces, .. } = update else { return false };
        let told = self.envelope.logprobs || self.envelope.ids;
        if told || self.readers[*sample].is_some() || self.demand != Demand::Nothing {
            return false;
        }
        if self.head.as_ref().is_none_or(|(named, _)| *named != version) {
            let mut head = self.envelope.value(CHUNK, version).to_string();
            head.pop();
            self.head = Some((version, head));
        }
        let head = self.head.as_ref().map_or("", |(_, head)| head.as_str());
        let usage = if self.envelope.include_usage { ",\"usage\":null" } else { "" };
        for piece in pieces {
            let (field, written) = match piece {
                Piece::Thought(written) => ("reasoning_content", written),
                Piece::Answer(written) => ("content", written),
            };
            // Writing to a text cannot fail.
            let _ = write!(
                text,
                "data: {head},\"choices\":[{{\"index\":{sample},\"delta\":{{\"{field}\":{}}},\"logprobs\":null,\
                 \"finish_reason\":null}}]{usage}}}\n\n",
                Quoted(written)
            );
        }
        true
    }

    fn of(&mut self, update: Update, version: u64) -> Vec<Value> {
        match update {
            Update::Begun { .. } => {
                vec![self.choice(0, json!({"role": "assistant", "content": ""}), version)]
            }
            Update::Token { sample, token, pieces } => {
                let pieces = self.without_calls(sample, pieces);
                self.parts(sample, pieces, Some(token), version)
            }
            Update::Ended { sample, pieces, ended } => {
                let mut pieces = self.without_calls(sample, pieces);
                let (rest, calls) = self.readers[sample].take().map(ToolReader::finish).unwrap_or_default();
                let calls = self.tools.kept(calls);
                if !rest.is_empty() {
                    pieces.push(Piece::Answer(rest));
                }
                let mut parts = self.parts(sample, pieces, None, version);
                if !calls.is_empty() {
                    parts.push(self.choice(sample, json!({"tool_calls": tool_calls(&calls, true)}), version));
                }
                let ended = self.demand.end(ended, &self.answers[sample], !calls.is_empty());
                let mut last = self.choice(sample, json!({}), version);
                end(&mut last["choices"][0], ended, !calls.is_empty());
                parts.push(last);
                parts
            }
            Update::Refused(refused) => vec![ApiError::refused(&refused).value()],
        }
    }

    fn usage(&self, usage: Usage, version: u64) -> Option<Value> {
        self.envelope.usage(CHUNK, usage, version)
    }
}

#[cfg(test)]
mod tests {
    use super::Quoted;

    #[test]
    fn a_text_is_quoted_as_json_has_it() {
        for text in ["", "so", "é \u{2028} \u{7f}", "\"", "\\", "a\nb\t\u{1}", "\u{1f600}"] {
            assert_eq!(Quoted(text).to_string(), serde_json::json!(text).to_string());
        }
    }
}
