//! Comparing the golden files that are kept with what their script makes now.

use serde_json::Value;

/// How far two numbers may be apart: other builds of the numeric libraries sum in another order.
const RELATIVE: f64 = 1e-9;
const ABSOLUTE: f64 = 1e-12;

/// How the difference ends of a value that is kept and was not made.
pub const NO_LONGER_MADE: &str = "no longer made";

/// Where two JSON values differ, as `path: kept against made`; numbers may differ by rounding.
pub fn differences(kept: &Value, made: &Value) -> Vec<String> {
    let mut out = Vec::new();
    compare("$", kept, made, &mut out);
    out
}

fn compare(path: &str, kept: &Value, made: &Value, out: &mut Vec<String>) {
    match (kept, made) {
        (Value::Object(a), Value::Object(b)) => {
            for (key, x) in a {
                match b.get(key) {
                    Some(y) => compare(&format!("{path}.{key}"), x, y, out),
                    None => out.push(format!("{path}.{key}: {NO_LONGER_MADE}")),
                }
            }
            out.extend(b.keys().filter(|k| !a.contains_key(*k)).map(|k| format!("{path}.{k}: not in the kept file")));
        }
        (Value::Array(a), Value::Array(b)) => {
            if a.len() != b.len() {
                out.push(format!("{path}: {} entries against {}", a.len(), b.len()));
            }
            for (i, (x, y)) in a.iter().zip(b).enumerate() {
                compare(&format!("{path}[{i}]"), x, y, out);
            }
        }
        (Value::Number(a), Value::Number(b)) => {
            let near = a.as_f64().zip(b.as_f64()).is_some_and(|(a, b)| close(a, b));
            if !near {
                out.push(format!("{path}: {a} against {b}"));
            }
        }
        _ if kept == made => {}
        _ => out.push(format!("{path}: {kept} against {made}")),
    }
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= ABSOLUTE + RELATIVE * a.abs().max(b.abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rounding_is_forgiven_and_nothing_else() {
        let kept = json!({"a": [1.0, 0.1 + 0.2], "b": "x", "c": null});
        assert_eq!(differences(&kept, &json!({"a": [1, 0.3], "b": "x", "c": null})), Vec::<String>::new());
        let made = json!({"a": [1.0], "b": "y", "d": 1});
        let found = differences(&kept, &made).join("\n");
        assert_eq!(
            found,
            "$.a: 2 entries against 1\n$.b: \"x\" against \"y\"\n$.c: no longer made\n$.d: not in the kept file"
        );
        assert_eq!(differences(&json!(1.0), &json!(1.00001)), ["$: 1.0 against 1.00001"]);
    }
}
