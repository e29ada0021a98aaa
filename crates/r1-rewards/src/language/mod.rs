//! Whether thoughts keep to one language.

mod tongue;
mod mask;
mod words;
mod common_words;
mod count;
mod question;
mod reward;

pub use count::LanguageCount;
pub use reward::LanguageReward;
pub use tongue::Language;
