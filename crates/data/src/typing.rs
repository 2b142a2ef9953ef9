//! What a text means: missing, a number, a whole number, a truth value.

use driftgate_model::ColumnType;

/// The largest whole number whose neighbours an f64 still tells apart.
pub(crate) const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;

/// A text that reads as a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Number {
    /// The nearest f64; NaN and infinities as written.
    pub value: f64,
    /// Digits only: no point, no exponent.
    pub whole: bool,
    /// A whole number beyond 2^53, so that `value` is only near it.
    pub rounded: bool,
}

/// Reads `text` (already trimmed) as a number with the decimal mark `decimal` (`.` or `,`).
///
/// `NaN`, `inf` and `infinity` count, in any case and with a sign. Correctly rounded, as `str::parse` promises.
pub(crate) fn number(text: &str, decimal: u8) -> Option<Number> {
    let bytes = text.as_bytes();
    let (negative, digits) = match bytes.first()? {
        b'-' => (true, &bytes[1..]),
        b'+' => (false, &bytes[1..]),
        _ => (false, bytes),
    };
    let mut whole = 0u64;
    let mut seen = 0;
    for b in digits {
        if !b.is_ascii_digit() {
            return fractional(text, digits, decimal);
        }
        // Wraps only beyond 19 digits, where `fractional` reads the text again.
        whole = whole.wrapping_mul(10).wrapping_add(u64::from(b - b'0'));
        seen += 1;
    }
    if seen == 0 {
        return None;
    }
    if seen > 15 {
        let value: f64 = text.parse().ok()?;
        return Some(Number { value, whole: true, rounded: value.abs() >= LARGEST_EXACT });
    }
    let value = whole as f64;
    Some(Number { value: if negative { -value } else { value }, whole: true, rounded: false })
}

fn fractional(text: &str, digits: &[u8], decimal: u8) -> Option<Number> {
    let first = *digits.first()?;
    let plain = |value: f64| Number { value, whole: false, rounded: false };
    if !(first.is_ascii_digit() || first == decimal) {
        // The words that `str::parse` takes.
        let word = std::str::from_utf8(digits).ok()?;
        return ["nan", "inf", "infinity"]
            .iter()
            .any(|w| w.eq_ignore_ascii_case(word))
            .then(|| text.parse().ok().map(plain))
            .flatten();
    }
    if decimal == b'.' {
        return text.parse().ok().map(plain);
    }
    if text.contains('.') {
        return None;
    }
    text.replacen(char::from(decimal), ".", 1).parse().ok().map(plain)
}

/// `true` or `false`, in any case.
pub(crate) fn truth(text: &str) -> Option<bool> {
    match text.len() {
        4 if text.eq_ignore_ascii_case("true") => Some(true),
        5 if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// `007`: digits with a leading zero, as codes have and numbers have not.
pub(crate) fn has_leading_zero(text: &str) -> bool {
    let b = text.as_bytes();
    b.len() > 1 && b[0] == b'0' && b.iter().all(u8::is_ascii_digit)
}

/// A number as text: whole ones without a point, others in the fewest digits that read back to the same f64.
pub(crate) fn number_text(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < LARGEST_EXACT {
        // Minus zero is the zero that people mean.
        format!("{}", value as i64)
    } else {
        format!("{value}")
    }
}

/// The texts that mean missing.
#[derive(Debug, Clone)]
pub(crate) struct NullTexts {
    texts: Vec<String>,
    first: [bool; 256],
}

impl NullTexts {
    pub(crate) fn new(texts: &[String]) -> Self {
        let mut first = [false; 256];
        for b in texts.iter().filter_map(|t| t.trim().bytes().next()) {
            first[usize::from(b)] = true;
        }
        NullTexts { texts: texts.iter().map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()).collect(), first }
    }

    /// Whether a trimmed text means missing.
    pub(crate) fn is_missing(&self, text: &str) -> bool {
        match text.as_bytes().first() {
            None => true,
            Some(&b) => self.first[usize::from(b)] && self.texts.iter().any(|t| t == text),
        }
    }
}

/// How a declared type reads in a sentence.
pub(crate) fn type_words(declared: ColumnType) -> &'static str {
    match declared {
        ColumnType::Float => "a number",
        ColumnType::Int => "a whole number",
        ColumnType::String => "a text",
        ColumnType::Bool => "`true` or `false`",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;

    fn value(text: &str) -> Option<f64> {
        number(text, b'.').map(|n| n.value)
    }

    #[test]
    fn numbers_are_read_exactly() {
        for text in ["0.1", "1e-5", "-3.25", "8.3252", "6.984126984126984", "1e308", "5e-324", "123456789012345678"] {
            assert_eq!(value(text), text.parse().ok(), "{text}");
        }
        assert_eq!(value("+7"), Some(7.0));
        assert_eq!(value(".5"), Some(0.5));
        assert_eq!(value("5."), Some(5.0));
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", "-", "+", ".", "1,5", "12a", "0x10", "1 000", "e5", "--1", "1.2.3", "١٢", "infinitely"] {
            assert_eq!(value(text), None, "{text}");
        }
    }

    #[test]
    fn words_for_nan_and_infinity_count() {
        assert!(value("NaN").unwrap().is_nan());
        assert_eq!(value("-Inf"), Some(f64::NEG_INFINITY));
        assert_eq!(value("infinity"), Some(f64::INFINITY));
        assert_eq!(value("1e999"), Some(f64::INFINITY));
    }

    #[test]
    fn a_decimal_comma_is_the_only_mark_then() {
        assert_eq!(number("1,5", b',').unwrap().value, 1.5);
        assert_eq!(number("-0,25e2", b',').unwrap().value, -25.0);
        assert_eq!(number("1.5", b','), None);
        assert_eq!(number("1.234,5", b','), None);
        assert!(number("12", b',').unwrap().whole);
    }

    #[test]
    fn whole_numbers_say_when_they_are_rounded() {
        assert!(number("9007199254740993", b'.').unwrap().rounded);
        assert!(number("99999999999999999999999", b'.').unwrap().rounded);
        assert!(!number("9007199254740991", b'.').unwrap().rounded);
        assert!(!number("1.5", b'.').unwrap().whole);
    }

    #[test]
    fn number_texts_read_back() {
        assert_eq!(number_text(1.0), "1");
        assert_eq!(number_text(-0.0), "0");
        assert_eq!(number_text(0.1), "0.1");
        assert_eq!(number_text(1e300), format!("{}", 1e300));
    }

    #[test]
    fn missing_texts() {
        let nulls = NullTexts::new(&["NA".into(), "?".into(), " - ".into()]);
        for text in ["", "NA", "?", "-"] {
            assert!(nulls.is_missing(text), "{text}");
        }
        assert!(!nulls.is_missing("NAB"));
        assert!(!nulls.is_missing("0"));
    }
}
