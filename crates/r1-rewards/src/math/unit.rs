//! Units: dimensions, factors, and nouns that are neither.

use std::fmt;

use dashu::{integer::UBig, rational::RBig};

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
        while let Some(word) = words.next() {
            let clean = word.trim_matches(|c: char| matches!(c, '.' | ',' | '(' | ')' | '{' | '}'));
            match clean.to_lowercase().as_str() {
                "" | "of" | "the" | "a" | "an" | "each" | "total" | "in" | "about" => {}
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
                    if !clean.chars().any(char::is_alphabetic) {
                        return None;
                    }
                    match known(clean, lower) {
                        Some((dimensions, factor)) => {
                            let entry = (dimensions, factor, sign);
                            unit.again(&entry, next_power)?;
                            last = Some(entry);
                        }
                        None => unit.words.push(singular(lower)),
                    }
                    (sign, next_power) = (1, 1);
                }
            }
        }
        unit.words.sort();
        Some(unit)
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

    /// True for units without a dimension: nouns and currencies.
    pub(crate) fn is_noun(&self) -> bool {
        self.dimensions == [0; 7]
    }

    /// Whether two units can stand for each other.
    pub(crate) fn agrees_with(&self, other: &Self) -> bool {
        if self.dimensions != other.dimensions {
            // A noun with a measure is no contradiction only when the measure is missing altogether.
            return false;
        }
        let shared = self.words.iter().any(|word| other.words.contains(word));
        !self.is_noun() || shared || self.words.is_empty() || other.words.is_empty()
    }
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

const LENGTH: Dimensions = [1, 0, 0, 0, 0, 0, 0];
const AREA: Dimensions = [2, 0, 0, 0, 0, 0, 0];
const VOLUME: Dimensions = [3, 0, 0, 0, 0, 0, 0];
const MASS: Dimensions = [0, 1, 0, 0, 0, 0, 0];
const TIME: Dimensions = [0, 0, 1, 0, 0, 0, 0];
const CURRENT: Dimensions = [0, 0, 0, 1, 0, 0, 0];
const KELVIN: Dimensions = [0, 0, 0, 0, 1, 0, 0];
const AMOUNT: Dimensions = [0, 0, 0, 0, 0, 1, 0];
const DATA: Dimensions = [0, 0, 0, 0, 0, 0, 1];
const SPEED: Dimensions = [1, 0, -1, 0, 0, 0, 0];
const FORCE: Dimensions = [1, 1, -2, 0, 0, 0, 0];
const ENERGY: Dimensions = [2, 1, -2, 0, 0, 0, 0];
const POWER: Dimensions = [2, 1, -3, 0, 0, 0, 0];
const PRESSURE: Dimensions = [-1, 1, -2, 0, 0, 0, 0];
const FREQUENCY: Dimensions = [0, 0, -1, 0, 0, 0, 0];
const CHARGE: Dimensions = [0, 0, 1, 1, 0, 0, 0];
const VOLT: Dimensions = [2, 1, -3, -1, 0, 0, 0];
const OHM: Dimensions = [2, 1, -3, -2, 0, 0, 0];

/// Names, dimensions, and the factor to the base unit as a quotient.
const UNITS: [(&[&str], Dimensions, u64, u64); 62] = [
    (&["m", "meter", "metre", "meters", "metres"], LENGTH, 1, 1),
    (&["km", "kilometer", "kilometre", "kilometers", "kilometres", "kms"], LENGTH, 1000, 1),
    (&["dm", "decimeter", "decimeters"], LENGTH, 1, 10),
    (&["cm", "centimeter", "centimetre", "centimeters", "centimetres", "cms"], LENGTH, 1, 100),
    (&["mm", "millimeter", "millimetre", "millimeters", "millimetres"], LENGTH, 1, 1000),
    (&["um", "μm", "micrometer", "micrometers", "micron", "microns"], LENGTH, 1, 1_000_000),
    (&["nm", "nanometer", "nanometers"], LENGTH, 1, 1_000_000_000),
    (&["in.", "inch", "inches"], LENGTH, 254, 10_000),
    (&["ft", "foot", "feet"], LENGTH, 3048, 10_000),
    (&["yd", "yard", "yards"], LENGTH, 9144, 10_000),
    (&["mi", "mile", "miles"], LENGTH, 1_609_344, 1000),
    (&["acre", "acres"], AREA, 40_468_564_224, 10_000_000),
    (&["ha", "hectare", "hectares"], AREA, 10_000, 1),
    (&["L", "l", "liter", "litre", "liters", "litres"], VOLUME, 1, 1000),
    (&["mL", "ml", "milliliter", "milliliters", "millilitres", "cc"], VOLUME, 1, 1_000_000),
    (&["gal", "gallon", "gallons"], VOLUME, 3_785_411_784, 1_000_000_000_000),
    (&["quart", "quarts"], VOLUME, 946_352_946, 1_000_000_000_000),
    (&["kg", "kilogram", "kilograms", "kgs"], MASS, 1, 1),
    (&["g", "gram", "grams"], MASS, 1, 1000),
    (&["mg", "milligram", "milligrams"], MASS, 1, 1_000_000),
    (&["tonne", "tonnes", "t"], MASS, 1000, 1),
    (&["lb", "lbs"], MASS, 45_359_237, 100_000_000),
    (&["oz", "ounce", "ounces"], MASS, 28_349_523_125, 1_000_000_000_000),
    (&["s", "sec", "secs", "second", "seconds"], TIME, 1, 1),
    (&["ms", "millisecond", "milliseconds"], TIME, 1, 1000),
    (&["min", "mins", "minute", "minutes"], TIME, 60, 1),
    (&["h", "hr", "hrs", "hour", "hours"], TIME, 3600, 1),
    (&["day", "days"], TIME, 86_400, 1),
    (&["week", "weeks"], TIME, 604_800, 1),
    (&["month", "months"], TIME, 2_629_746, 1),
    (&["year", "years", "yr", "yrs"], TIME, 31_556_952, 1),
    (&["mph"], SPEED, 1_609_344, 3_600_000),
    (&["kph", "kmh"], SPEED, 1000, 3600),
    (&["A", "ampere", "amperes", "amp", "amps"], CURRENT, 1, 1),
    (&["mA"], CURRENT, 1, 1000),
    (&["K", "kelvin", "kelvins"], KELVIN, 1, 1),
    (&["mol", "mole", "moles"], AMOUNT, 1, 1),
    (&["bit", "bits"], DATA, 1, 1),
    (&["byte", "bytes", "B"], DATA, 8, 1),
    (&["KB", "kB"], DATA, 8000, 1),
    (&["MB"], DATA, 8_000_000, 1),
    (&["GB"], DATA, 8_000_000_000, 1),
    (&["N", "newton", "newtons"], FORCE, 1, 1),
    (&["kN"], FORCE, 1000, 1),
    (&["J", "joule", "joules"], ENERGY, 1, 1),
    (&["kJ"], ENERGY, 1000, 1),
    (&["MJ"], ENERGY, 1_000_000, 1),
    (&["eV"], ENERGY, 1_602_176_634, 1),
    (&["W", "watt", "watts"], POWER, 1, 1),
    (&["kW", "kilowatt", "kilowatts"], POWER, 1000, 1),
    (&["MW"], POWER, 1_000_000, 1),
    (&["Pa", "pascal", "pascals"], PRESSURE, 1, 1),
    (&["kPa"], PRESSURE, 1000, 1),
    (&["atm"], PRESSURE, 101_325, 1),
    (&["Hz", "hertz"], FREQUENCY, 1, 1),
    (&["kHz"], FREQUENCY, 1000, 1),
    (&["MHz"], FREQUENCY, 1_000_000, 1),
    (&["C", "coulomb", "coulombs"], CHARGE, 1, 1),
    (&["V", "volt", "volts"], VOLT, 1, 1),
    (&["kV"], VOLT, 1000, 1),
    (&["ohm", "ohms", "Omega"], OHM, 1, 1),
    (&["dozen", "dozens"], [0; 7], 12, 1),
];

fn known(word: &str, lower: &str) -> Option<(Dimensions, RBig)> {
    let entry = UNITS
        .iter()
        .find(|(names, ..)| names.contains(&word) || (lower.len() > 3 && names.contains(&lower)))?;
    let (_, dimensions, above, below) = entry;
    let mut factor = RBig::from_parts((*above).into(), UBig::from(*below));
    if word == "eV" {
        factor /= RBig::from(UBig::from(10u8).pow(28));
    }
    Some((*dimensions, factor))
}
