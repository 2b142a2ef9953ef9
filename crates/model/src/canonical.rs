use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Why a value has no canonical form.
#[derive(Debug, thiserror::Error)]
pub enum CanonicalError {
    /// The value holds an integer beyond ±2^53, which JSON readers elsewhere would round.
    #[error("the integer {0} is beyond 2^53: write it as a string")]
    IntegerTooLarge(String),
    /// The value cannot be written as JSON (NaN or infinity among them).
    #[error("not representable as canonical JSON: {0}")]
    Unrepresentable(String),
}

const LARGEST_EXACT: u64 = 1 << 53;

fn check(value: &Value) -> Result<(), CanonicalError> {
    match value {
        Value::Number(n) => {
            let too_large = match (n.as_u64(), n.as_i64()) {
                (Some(u), _) => u > LARGEST_EXACT,
                (None, Some(i)) => i.unsigned_abs() > LARGEST_EXACT,
                (None, None) => false,
            };
            if too_large { Err(CanonicalError::IntegerTooLarge(n.to_string())) } else { Ok(()) }
        }
        Value::Array(items) => items.iter().try_for_each(check),
        Value::Object(map) => map.values().try_for_each(check),
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}

/// Writes `value` as RFC 8785 canonical JSON.
///
/// Errors: an integer beyond ±2^53, NaN, infinity, or a map whose keys are not strings.
pub fn to_canonical<T: Serialize>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    let unrepresentable = |e: serde_json::Error| CanonicalError::Unrepresentable(e.to_string());
    crate::finite::check(value).map_err(|e| CanonicalError::Unrepresentable(e.to_string()))?;
    // Through a `Value` first: the canonical writer turns integers into doubles, so a rounded one would go unseen.
    check(&serde_json::to_value(value).map_err(unrepresentable)?)?;
    let bytes = serde_json_canonicalizer::to_vec(value).map_err(unrepresentable)?;
    Ok(bytes)
}

/// Reads JSON bytes; the error names the line and column.
pub fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn text(v: &Value) -> String {
        String::from_utf8(to_canonical(v).expect("canonical")).expect("utf-8")
    }

    #[test]
    fn orders_keys_and_formats_numbers_as_rfc_8785_says() {
        let long: f64 = "333333333.33333329".parse().expect("a number");
        let v = json!({"numbers": [long, 1E30, 4.50, 2e-3, 0.000000000000000000000000001], "b": 1, "a": "\u{20ac}$\u{000F}\nA'\u{0042}\u{0022}\u{005c}\\\"/"});
        assert_eq!(
            text(&v),
            "{\"a\":\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\",\"b\":1,\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27]}"
        );
    }

    #[test]
    fn refuses_what_other_readers_would_round_or_cannot_read() {
        assert!(matches!(to_canonical(&json!({"x": 9007199254740993u64})), Err(CanonicalError::IntegerTooLarge(_))));
        assert!(to_canonical(&f64::NAN).is_err());
        assert!(to_canonical(&vec![f64::INFINITY]).is_err());
        #[derive(Serialize)]
        struct S {
            x: Option<f64>,
        }
        assert!(to_canonical(&S { x: Some(f64::NAN) }).is_err());
        assert_eq!(to_canonical(&S { x: None }).expect("null"), b"{\"x\":null}");
    }
}
