//! The share of a problem's instructions that an answer follows.

use r1_core::{Completion, Outcome, Problem, Reference, Reward, RewardError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Instruction, UnknownInstruction, variant::variants};

/// Whether polite frames around an answer count against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leniency {
    /// The answer as it stands.
    #[default]
    Strict,
    /// An instruction is followed if one of eight readings follows it: without the first line, the last, or both, and
    /// without stars.
    Loose,
}

/// The share of the problem's instructions that the answer follows, in `[0, 1]`.
///
/// The instructions stand in the problem's metadata or in its [`Reference::Other`], as in IFEval's rows: `instruction_id_list`, and
/// `kwargs` with the arguments of each. Abstains on problems without them.
///
/// The answer is what stands behind the thoughts; where there are none, the whole text.
///
/// Resists: following instructions in the thoughts, blank answers, and blank parts where parts are counted. Does not resist:
/// answers that follow all instructions and say nothing; it looks at the form alone, so join it with a judge or a reward model.
///
/// # Examples
/// ```
/// use r1_core::{Completion, FinishReason, Outcome, Problem, Reference, Reward};
/// use r1_rewards::instruction::InstructionReward;
/// use serde_json::json;
///
/// let row = json!({
///     "instruction_id_list": ["punctuation:no_comma", "detectable_format:title"],
///     "kwargs": [{}, {}],
/// });
/// let problem = Problem::new("ode", "Write an ode.", Reference::Other { value: row });
/// let completion = Completion::from_text("<think>Hm, well.</think>O sun and moon", FinishReason::Stop);
/// assert_eq!(InstructionReward::new().score(&problem, &completion)?, Outcome::Score(0.5));
/// # Ok::<(), r1_rewards::RewardError>(())
/// ```
///
/// # Source
/// IFEval (arXiv:2311.07911), sections 2.2 and 2.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InstructionReward {
    leniency: Leniency,
    all: bool,
}

impl InstructionReward {
    /// The share of instructions followed strictly.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same under another leniency.
    #[must_use]
    pub fn with_leniency(self, leniency: Leniency) -> Self {
        Self { leniency, ..self }
    }

    /// 1 when all instructions are followed, else 0: the accuracy of prompts instead of that of instructions.
    #[must_use]
    pub fn all_or_nothing(self) -> Self {
        Self { all: true, ..self }
    }

    /// Whether each of the problem's instructions is followed; `None` without any.
    ///
    /// # Errors
    /// For an instruction that cannot be read.
    pub fn verdicts(&self, problem: &Problem, text: &str) -> Result<Option<Vec<bool>>, UnknownInstruction> {
        let Some(instructions) = instructions(problem) else { return Ok(None) };
        let readings = match self.leniency {
            Leniency::Strict => vec![text.to_owned()],
            Leniency::Loose => variants(text),
        };
        let follows = |instruction: Instruction| readings.iter().any(|text| instruction.is_followed(text));
        instructions?
            .into_iter()
            .map(|instruction| Ok(follows(instruction)))
            .collect::<Result<_, _>>()
            .map(Some)
    }
}

impl Reward for InstructionReward {
    fn name(&self) -> &str {
        "instruction"
    }

    fn score(&self, problem: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        let verdicts = self.verdicts(problem, completion.response().after_thoughts).map_err(|error| {
            RewardError::Ungradable { problem: problem.id.clone(), reference: error.to_string() }
        })?;
        let Some(verdicts) = verdicts else { return Ok(Outcome::Abstain) };
        let followed = verdicts.iter().filter(|verdict| **verdict).count();
        Ok(match self.all {
            true => Outcome::of(followed == verdicts.len()),
            false => Outcome::Score(followed as f32 / verdicts.len() as f32),
        })
    }
}

/// The problem's instructions; `None` when it has none.
fn instructions(problem: &Problem) -> Option<Result<Vec<Instruction>, UnknownInstruction>> {
    let in_reference = |name: &str| match &problem.reference {
        Reference::Other { value } => value.get(name),
        _ => None,
    };
    let field = |name: &str| problem.metadata.get(name).or_else(|| in_reference(name));
    let ids = field("instruction_id_list")?.as_array().filter(|ids| !ids.is_empty())?;
    let arguments = field("kwargs").and_then(Value::as_array);
    let read = |(index, id): (usize, &Value)| {
        let none = Map::new();
        let own = arguments.and_then(|all| all.get(index)).and_then(Value::as_object).unwrap_or(&none);
        match id.as_str() {
            Some(id) => Instruction::read(id, own),
            None => Err(UnknownInstruction { id: id.to_string(), reason: "it is no text".into() }),
        }
    };
    Some(ids.iter().enumerate().map(read).collect())
}
