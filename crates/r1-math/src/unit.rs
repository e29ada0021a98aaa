//! Units: dimensions, factors, and nouns that are neither.

mod table;

use std::fmt;

use dashu::rational::RBig;

use crate::lexicon;
use table::known;

/// More words describe, and do not name a unit.
const MAX_WORDS: usize = 4;

/// length, mass, time, current, temperature, amount, data.
type Dimensions = [i8; 7];

/// A unit: a power of base dimensions times a factor, and whatever words are left.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Unit {
    pub(crate) dimensions: Dimensions,
    pub(crate) factor: RBig,
    /// Currencies and nouns (`dollar`, `apple`), singular, lower case, sorted.
    pub(crate) words: Vec<String>,
    written: String,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl Unit {
    /// Reads all of `text` as a unit: `cm^2`, `miles per hour`, `m/s`, `red apples`.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let spaced = text.replace("\\cdot", " ").replace(['\\', ',', '~', '·', '*'], " ");
        let spaced = spaced.replace('/', " / ").replace('^', " ^ ");
        if spaced.split_whitespace().last().is_some_and(|word| matches!(word, "short" | "off")) {
            return None;
        }
        // Elsewhere "in" is a preposition.
        let spaced = match spaced.trim() {
            "in" => "inch".to_owned(),
            power if power.starts_with("in ^") => spaced.replacen("in", "inch", 1),
            _ => spaced,
        };
        let mut unit = Self {
            dimensions: [0; 7],
            factor: RBig::ONE,
            words: Vec::new(),
            written: text.trim().to_owned(),
        };
        let (mut sign, mut next_power) = (1i8, 1i8);
        let mut last: Option<(Dimensions, RBig, i8)> = None;
        let mut words = spaced.split_whitespace().peekable();
        // Inside parentheses after a stroke, everything is below it.
        let mut below = false;
        while let Some(word) = words.next() {
            below |= sign < 0 && word.starts_with('(');
            if below {
                sign = -1;
            }
            below &= !word.ends_with(')');
            let clean = word.trim_matches(|c: char| matches!(c, '.' | ',' | '(' | ')' | '{' | '}'));
            match clean.to_lowercase().as_str() {
                // A capital is the ampere.
                "a" if clean == "a" => {}
                // "North of east" is not east of north.
                "of" if unit.words.last().is_some_and(|word| is_compass(word)) => {
                    let from = words.next()?.to_lowercase();
                    let bearing = unit.words.pop()? + "-of-" + &from;
                    unit.words.push(bearing);
                }
                "" | "of" | "the" | "an" | "each" | "total" | "about" => {}
                "in" if matches!(words.peek(), None | Some(&"total" | &"all")) => {}
                // What stands in something counts nothing: "5 in the red".
                "in" => return None,
                // What stands below what is below is above.
                "/" | "per" if below => return None,
                "/" | "per" => sign = -1,
                "square" | "sq" => next_power = 2,
                "cubic" => next_power = 3,
                "^" => {
                    let power: i8 = words.next()?.trim_matches(['{', '}']).parse().ok()?;
                    unit.again(&last.take()?, power - 1)?;
                }
                "squared" => unit.again(&last.take()?, 1)?,
                "cubed" => unit.again(&last.take()?, 2)?,
                lower => {
                    if !clean.chars().any(char::is_alphabetic)
                        || clean.contains(|c: char| c.is_ascii_digit())
                        || lexicon::is_no_noun(lower)
                        || (!clean.is_ascii() && lexicon::tells_in_chinese(clean))
                    {
                        return None;
                    }
                    if matches!(lower, "cent" | "cents" | "¢") {
                        unit.factor /= RBig::from(100);
                        unit.words.push("dollar".to_owned());
                        continue;
                    }
                    match known(clean, lower) {
                        Some((dimensions, factor)) => {
                            let entry = (dimensions, factor, sign);
                            unit.again(&entry, next_power)?;
                            last = Some(entry);
                        }
                        None if lexicon::is_neutral(lower) => {}
                        // A symbol counts nothing.
                        None if clean.len() == 1 && clean.is_ascii() => return None,
                        None => unit.words.push(singular(lower)),
                    }
                    (sign, next_power) = (1, 1);
                }
            }
        }
        unit.words.sort();
        (unit.words.len() <= MAX_WORDS).then_some(unit)
    }

    /// Multiplies by an entry to a power.
    fn again(&mut self, (dimensions, factor, sign): &(Dimensions, RBig, i8), power: i8) -> Option<()> {
        if !(-9..=9).contains(&power) {
            return None;
        }
        for (have, add) in self.dimensions.iter_mut().zip(dimensions) {
            *have = have.checked_add(add.checked_mul(power)?.checked_mul(*sign)?)?;
        }
        let raised = factor.pow(power.unsigned_abs() as isize);
        if (power < 0) == (*sign < 0) {
            self.factor *= raised;
        } else {
            self.factor /= raised;
        }
        Some(())
    }

    /// The unit of money together with what stands behind the amount: a noun, or of what it is a rate.
    pub(crate) fn beside(self, other: &Self) -> Option<Self> {
        if other.is_noun() && self.words.iter().all(|word| other.words.contains(word)) {
            return Some(other.clone());
        }
        let written = format!("{} {}", self.written, other.written);
        let mut both =
            Self { written, factor: self.factor * &other.factor, dimensions: other.dimensions, ..self };
        both.words.extend(other.words.iter().cloned());
        both.words.sort();
        (both.words.len() <= MAX_WORDS).then_some(both)
    }

    /// Whether the unit is a rate of an amount: dollars per day, of dollars.
    pub(crate) fn is_rate_of(&self, amount: &Self) -> bool {
        let money = |word: &String| matches!(word.as_str(), "dollar" | "euro" | "pound" | "yuan" | "rupee");
        amount.is_noun()
            && !self.is_noun()
            && amount.factor == RBig::ONE
            && amount.words == self.words
            && amount.words.iter().any(money)
    }

    /// Whether the unit is so many of what is counted: a dozen.
    pub(crate) fn counts_several(&self) -> bool {
        self.is_noun() && self.words.is_empty() && self.factor > RBig::ONE
    }

    /// Whether the unit is a degree of a temperature scale.
    pub(crate) fn is_temperature(&self) -> bool {
        self.words.iter().any(|word| matches!(word.as_str(), "celsius" | "fahrenheit"))
    }

    /// Whether the unit is the radian, which is the number one.
    pub(crate) fn is_radian(&self) -> bool {
        matches!(&self.words[..], [word] if word == "radian")
    }

    /// Whether the unit is written as one letter, perhaps to a power, or as a prefix and a letter, as a product of
    /// symbols is.
    pub(crate) fn is_letter(&self) -> bool {
        let letters = self.written.split('^').next().unwrap_or("").trim();
        letters.chars().count() == 1 || is_of_letters(letters)
    }

    /// Whether a power of a letter may be anything but a unit: areas and volumes are of metres.
    pub(crate) fn is_power_of_a_symbol(&self) -> bool {
        self.is_letter() && self.written.contains('^') && !self.written.trim().starts_with('m')
    }

    /// True for units without a dimension: nouns and currencies.
    pub(crate) fn is_noun(&self) -> bool {
        self.dimensions == [0; 7]
    }

    /// Whether the unit is a smaller one of the same kind, as minutes are of hours and cents of dollars.
    pub(crate) fn is_part_of(&self, whole: &Self) -> bool {
        let named = !self.is_noun() || !self.words.is_empty();
        named
            && self.dimensions == whole.dimensions
            && self.words == whole.words
            && self.factor < whole.factor
    }

    /// Whether two units can stand for each other.
    pub(crate) fn agrees_with(&self, other: &Self) -> bool {
        if self.dimensions != other.dimensions {
            // A noun with a measure is no contradiction only when the measure is missing altogether.
            return false;
        }
        // `red balls` may be called balls, but no blue balls; `5 km north` is not 5 km.
        let within = |a: &[String], b: &[String]| a.iter().all(|word| b.contains(word));
        let (a, b) = (&self.words, &other.words);
        if self.is_noun() { within(a, b) || within(b, a) } else { a == b }
    }
}

/// Whether a word of two letters is a unit as well as a product of symbols that formulas have: `kT`, `mg`.
pub(crate) fn is_of_letters(word: &str) -> bool {
    matches!(
        word,
        "kT" | "mg"
            | "pV"
            | "nV"
            | "mV"
            | "mA"
            | "mN"
            | "mC"
            | "mF"
            | "mH"
            | "mT"
            | "nC"
            | "pF"
            | "nF"
            | "dA"
            | "mJ"
            | "mW"
            | "hA"
            | "kA"
            | "kC"
            | "nA"
            | "pA"
            | "fL"
            | "ms"
            | "ns"
            | "ps"
            | "fs"
            | "nm"
            | "pm"
            | "fm"
            | "mb"
            | "pc"
    )
}

fn is_compass(word: &str) -> bool {
    matches!(word, "north" | "south" | "east" | "west")
}

/// Whether every word of a text is a known unit.
pub(crate) fn is_known(text: &str) -> bool {
    Unit::read(text).is_some_and(|unit| unit.words.is_empty() && !text.trim().is_empty())
}

fn singular(word: &str) -> String {
    let word = match word {
        "$" | "usd" | "dollars" => "dollar",
        "€" | "eur" | "euros" => "euro",
        "£" | "gbp" | "pounds" => "pound",
        "people" | "persons" => "person",
        "children" => "child",
        "men" => "man",
        "women" => "woman",
        "feet" => "foot",
        other => other,
    };
    let stem = if word.len() > 4 && word.ends_with("ies") {
        return format!("{}y", &word[..word.len() - 3]);
    } else if word.len() > 4 && (word.ends_with("shes") || word.ends_with("ches") || word.ends_with("xes")) {
        &word[..word.len() - 2]
    } else if word.len() > 3 && word.ends_with('s') && !word.ends_with("ss") {
        &word[..word.len() - 1]
    } else {
        word
    };
    stem.to_owned()
}
