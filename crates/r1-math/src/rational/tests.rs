use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Number {
    Number::parse(text).unwrap_or_else(|| panic!("`{text}` is not read"))
}

#[test]
fn one_number_has_many_spellings() {
    for (number, spellings) in [
        (
            "1234",
            "1234|1,234|1 234|1{,}234|1\\,234|1.234e3|$1,234|+1234|01234|1234.|1234.0|１２３４|$1234$|\\$1234",
        ),
        ("-3/4", "-3/4|-0.75|−0.75|-.75|\\frac{-3}{4}|-\\frac34|\\dfrac{3}{-4}|-6/8|-7.5e-1|- 3 / 4"),
        ("5/2", "2.5|2 1/2|2\\frac{1}{2}|2\\frac12|\\boxed{2.5}|$\\boxed{\\frac52}$|2.50|€2.50|2.50€"),
        ("1500", "1.5e3|1.5E+3|1.5 \\times 10^3|1.5\\times10^{3}|1.5 × 10^3|15 * 10^2"),
        ("-5", "$-5|-$5|- 5|-5°|-5^\\circ"),
    ] {
        for spelling in spellings.split('|') {
            assert!(parse(number).accepts(&parse(spelling)), "{number} {spelling}");
        }
    }
}

#[test]
fn what_is_not_one_number_is_not_read() {
    for text in [
        "",
        "-",
        ".",
        "3 or 4",
        "3, 4",
        "3,4",
        "1,23",
        "0,123",
        "1,2345",
        "5x",
        "2^5",
        "1/0",
        "\\frac{1}{0}",
        "1/2/3",
        "2 3/2",
        "--5",
        "1e",
        "1e2e3",
        "\\frac{1}",
        "\\frac",
        "5%%",
        "0x10",
        "1_000",
        "NaN",
        "inf",
        "∞",
        "1/-2",
    ] {
        assert_eq!(Number::parse(text), None, "{text}");
    }
}

#[test]
fn a_percentage_is_accepted_as_written_or_as_a_share() {
    for (gold, answer, equal) in [
        ("12%", "12", true),
        ("12%", "0.12", true),
        ("12\\%", "12 percent", true),
        ("12%", "1200", false),
        ("12", "12%", true),
        ("0.12", "12%", true),
        ("0.12", "0.12%", false),
        ("12", "0.12", false),
        ("0", "0%", true),
    ] {
        assert_eq!(parse(gold).accepts(&parse(answer)), equal, "{gold} {answer}");
    }
}

#[test]
fn hostile_numbers_are_refused() {
    let digits = "9".repeat(1_000_000);
    for text in [digits.as_str(), &digits[..2000], "1e999999999", "1e-999999999", "1e99999999999999999999"] {
        assert_eq!(Number::parse(text), None);
    }
}

proptest! {
    #[test]
    fn a_fraction_equals_its_multiples(a in -9999i64..9999, b in 1i64..9999, k in 1i64..9999) {
        let (reduced, scaled) = (parse(&format!("{a}/{b}")), parse(&format!("{}/{}", k * a, k * b)));
        prop_assert_eq!(&reduced, &scaled);
        let latex = parse(&format!("\\frac{{{a}}}{{{b}}}"));
        prop_assert_eq!(&reduced, &latex);
    }

    #[test]
    fn a_decimal_equals_its_fraction(whole in 0u32..100_000, places in 0u32..1000) {
        let decimal = parse(&format!("-{whole}.{places:03}"));
        prop_assert_eq!(decimal, parse(&format!("-{}/1000", u64::from(whole) * 1000 + u64::from(places))));
    }

    #[test]
    fn neighbours_differ(a in -9999i64..9999, b in 1i64..9999) {
        let (gold, answer) = (parse(&format!("{a}/{b}")), parse(&format!("{}/{b}", a + 1)));
        prop_assert!(!gold.accepts(&answer));
    }
}
