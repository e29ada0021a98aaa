//! Names of units.

use dashu::{integer::UBig, rational::RBig};

use super::Dimensions;

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
const UNITS: [(&[&str], Dimensions, u64, u64); 80] = [
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
    (&["TB"], DATA, 8_000_000_000_000, 1),
    (&["KiB"], DATA, 8 << 10, 1),
    (&["MiB"], DATA, 8 << 20, 1),
    (&["GiB"], DATA, 8 << 30, 1),
    (&["N", "newton", "newtons"], FORCE, 1, 1),
    (&["kN"], FORCE, 1000, 1),
    (&["J", "joule", "joules"], ENERGY, 1, 1),
    (&["kJ"], ENERGY, 1000, 1),
    (&["MJ"], ENERGY, 1_000_000, 1),
    (&["eV", "electronvolt", "electronvolts"], ENERGY, 1_602_176_634, 1),
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
    (&["ohm", "ohms", "Omega", "Ω"], OHM, 1, 1),
    (&["kWh", "kilowatt-hour", "kilowatt-hours"], ENERGY, 3_600_000, 1),
    (&["F", "farad", "farads"], [-2, -1, 4, 2, 0, 0, 0], 1, 1),
    (&["H", "henry", "henries", "henrys"], [2, 1, -2, -2, 0, 0, 0], 1, 1),
    (&["T", "tesla", "teslas"], [0, 1, -2, -1, 0, 0, 0], 1, 1),
    (&["G", "gauss"], [0, 1, -2, -1, 0, 0, 0], 1, 10_000),
    (&["Wb", "weber", "webers"], [2, 1, -2, -1, 0, 0, 0], 1, 1),
    (&["erg", "ergs"], ENERGY, 1, 10_000_000),
    (&["cal", "calorie", "calories"], ENERGY, 4184, 1000),
    (&["dyn", "dyne", "dynes"], FORCE, 1, 100_000),
    (&["bar", "bars"], PRESSURE, 100_000, 1),
    (&["Å", "AA", "angstrom", "angstroms"], LENGTH, 1, 10_000_000_000),
    (&["AU", "au"], LENGTH, 149_597_870_700, 1),
    (&["pc", "parsec", "parsecs"], LENGTH, 30_856_775_814_913_673, 1),
    (&["ly", "lightyear", "lightyears", "light-year", "light-years"], LENGTH, 9_460_730_472_580_800, 1),
    (&["dozen", "dozens"], [0; 7], 12, 1),
];

/// The dimensions and the factor of a unit's name.
pub(super) fn known(word: &str, lower: &str) -> Option<(Dimensions, RBig)> {
    entry(word, lower).or_else(|| prefixed(word, lower))
}

fn entry(word: &str, lower: &str) -> Option<(Dimensions, RBig)> {
    let entry = UNITS
        .iter()
        .find(|(names, ..)| names.contains(&word) || (lower.len() > 3 && names.contains(&lower)))?;
    let (_, dimensions, above, below) = entry;
    let mut factor = RBig::from_parts((*above).into(), UBig::from(*below));
    if word == "eV" || lower.starts_with("electronvolt") {
        factor /= RBig::from(UBig::from(10u8).pow(28));
    }
    Some((*dimensions, factor))
}

/// A unit of the international system after a prefix: `mA`, `nF`, `megahertz`.
fn prefixed(word: &str, lower: &str) -> Option<(Dimensions, RBig)> {
    const PREFIXES: [(&str, &str, i32); 12] = [
        ("T", "tera", 12),
        ("G", "giga", 9),
        ("M", "mega", 6),
        ("k", "kilo", 3),
        ("h", "hecto", 2),
        ("d", "deci", -1),
        ("c", "centi", -2),
        ("m", "milli", -3),
        ("μ", "micro", -6),
        ("n", "nano", -9),
        ("p", "pico", -12),
        ("f", "femto", -15),
    ];
    const BASES: [&str; 26] = [
        "m", "g", "s", "A", "K", "mol", "N", "J", "W", "Pa", "Hz", "C", "V", "F", "H", "T", "Wb", "L", "eV",
        "cal", "pc", "bar", "Ω", "Omega", "ohm", "b",
    ];
    if word == "kT" {
        // The energy of heat, and no unit.
        return None;
    }
    PREFIXES.iter().find_map(|(symbol, name, power)| {
        let (dimensions, factor) = match word.strip_prefix(symbol) {
            Some(base) if BASES.contains(&base) => entry(base, base)?,
            _ => {
                let base = lower.strip_prefix(name).filter(|base| base.len() > 2)?;
                entry(base, base)?
            }
        };
        let scale = RBig::from(UBig::from(10u8).pow(power.unsigned_abs() as usize));
        Some((dimensions, if *power > 0 { factor * scale } else { factor / scale }))
    })
}
