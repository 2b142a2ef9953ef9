//! Tensors of the Open Inference Protocol: JSON lists, flat or nested, and Triton's binary extension.

use crate::error::ApiError;
use crate::json::{cut, field, given};
use driftgate_engine::{GivenValue, InputFault, ServedVersion};
use driftgate_model::Frame;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// One input tensor of a request.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Tensor {
    pub(crate) name: String,
    pub(crate) shape: Vec<u64>,
    pub(crate) datatype: String,
    #[serde(default)]
    pub(crate) parameters: Map<String, Value>,
    #[serde(default)]
    pub(crate) data: Option<Value>,
}

/// The datatypes of the protocol that a table can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Datatype {
    Bool,
    Unsigned(usize),
    Signed(usize),
    Float(usize),
    Bytes,
}

impl Datatype {
    fn of(text: &str) -> Option<Datatype> {
        Some(match text {
            "BOOL" => Datatype::Bool,
            "UINT8" => Datatype::Unsigned(1),
            "UINT16" => Datatype::Unsigned(2),
            "UINT32" => Datatype::Unsigned(4),
            "UINT64" => Datatype::Unsigned(8),
            "INT8" => Datatype::Signed(1),
            "INT16" => Datatype::Signed(2),
            "INT32" => Datatype::Signed(4),
            "INT64" => Datatype::Signed(8),
            "FP32" => Datatype::Float(4),
            "FP64" => Datatype::Float(8),
            "BYTES" => Datatype::Bytes,
            _ => return None,
        })
    }

    fn is_numeric(self) -> bool {
        !matches!(self, Datatype::Bool | Datatype::Bytes)
    }

    /// Whether a JSON value is of this type; `null` is a missing value in any.
    fn admits(self, value: &Value) -> bool {
        match (self, value) {
            (_, Value::Null) => true,
            (Datatype::Bool, v) => v.is_boolean() || v.as_u64().is_some_and(|n| n <= 1),
            (Datatype::Bytes, v) => v.is_string(),
            (Datatype::Float(_), v) => v.is_number(),
            (Datatype::Unsigned(bytes), v) => v.as_u64().is_some_and(|n| bytes == 8 || n < 1 << (8 * bytes)),
            (Datatype::Signed(bytes), v) => v
                .as_i64()
                .is_some_and(|n| bytes == 8 || (-(1_i64 << (8 * bytes - 1))..1 << (8 * bytes - 1)).contains(&n)),
        }
    }
}

/// A tensor whose elements were found to be of its type and as many as its shape says.
pub(crate) struct Checked {
    name: String,
    shape: Vec<usize>,
    datatype: Datatype,
    values: Vec<Value>,
}

pub(crate) fn wrong(name: &str, code: &'static str, message: String) -> ApiError {
    ApiError::bad(code, format!("input `{}`: {message}", cut(name))).field(cut(name))
}

impl Checked {
    /// Checks a tensor; `binary` holds the bytes behind the JSON, from which it takes its own.
    ///
    /// No more than `limit` elements are accepted.
    pub(crate) fn of(tensor: Tensor, binary: &mut &[u8], limit: usize) -> Result<Checked, ApiError> {
        let name = tensor.name;
        let datatype = Datatype::of(&tensor.datatype).ok_or_else(|| {
            let message = format!("the datatype `{}` is none that a table can have", cut(&tensor.datatype));
            wrong(&name, "wrong_datatype", message)
        })?;
        let elements = tensor.shape.iter().try_fold(1_u64, |n, d| n.checked_mul(*d)).filter(|n| *n <= limit as u64);
        let elements = elements.ok_or_else(|| {
            wrong(&name, "wrong_shape", format!("the shape {:?} has more than {limit} elements", tensor.shape))
        })? as usize;
        let shape: Vec<usize> = tensor.shape.iter().map(|d| usize::try_from(*d).unwrap_or(usize::MAX)).collect();
        let values = match self::elements(&name, &tensor.parameters, tensor.data, binary)? {
            Elements::Binary(own) => from_binary(&name, datatype, elements, own)?,
            Elements::Json(data) => {
                let mut values = Vec::with_capacity(elements.min(1 << 20));
                flatten(&name, data, &shape, &mut values)?;
                values
            }
        };
        if values.len() != elements {
            let message = format!("the shape {shape:?} has {elements} elements, and the data {}", values.len());
            return Err(wrong(&name, "wrong_shape", message));
        }
        if let Some(at) = values.iter().position(|v| !datatype.admits(v)) {
            let message = format!("element {} is not of the datatype {}", at + 1, tensor.datatype);
            return Err(wrong(&name, "wrong_type", message));
        }
        Ok(Checked { name, shape, datatype, values })
    }
}

/// Where the elements of a tensor are.
pub(crate) enum Elements<'a> {
    /// Behind the JSON.
    Binary(&'a [u8]),
    /// In its `data`.
    Json(Value),
}

/// The elements of a tensor; `binary` holds the bytes behind the JSON, from which it takes its own.
pub(crate) fn elements<'a>(
    name: &str,
    parameters: &Map<String, Value>,
    data: Option<Value>,
    binary: &mut &'a [u8],
) -> Result<Elements<'a>, ApiError> {
    let size = parameters.get("binary_data_size").map(|v| v.as_u64().and_then(|n| usize::try_from(n).ok()));
    match (size, data) {
        (Some(size), None) => {
            let taken = size.and_then(|n| binary.split_at_checked(n));
            let (own, rest) = taken
                .ok_or_else(|| wrong(name, "wrong_shape", "`binary_data_size` is beyond the end of the body".into()))?;
            *binary = rest;
            Ok(Elements::Binary(own))
        }
        (None, Some(data)) => Ok(Elements::Json(data)),
        _ => {
            let message = "it has either `data` or `parameters.binary_data_size`".to_string();
            Err(wrong(name, "wrong_shape", message))
        }
    }
}

/// Takes the elements of a flat list, or of lists nested as the shape says.
pub(crate) fn flatten(name: &str, data: Value, shape: &[usize], out: &mut Vec<Value>) -> Result<(), ApiError> {
    let mismatch =
        || wrong(name, "wrong_shape", format!("the nesting of the data does not follow the shape {shape:?}"));
    let Value::Array(list) = data else { return Err(wrong(name, "wrong_shape", "`data` is not a list".into())) };
    if !list.iter().any(Value::is_array) {
        out.extend(list);
        return Ok(());
    }
    fn nested(list: Vec<Value>, shape: &[usize], out: &mut Vec<Value>) -> bool {
        let Some((length, rest)) = shape.split_first() else { return false };
        if list.len() != *length {
            return false;
        }
        if rest.is_empty() {
            let plain = !list.iter().any(Value::is_array);
            out.extend(list);
            return plain;
        }
        list.into_iter().all(|value| match value {
            Value::Array(inner) => nested(inner, rest, out),
            _ => false,
        })
    }
    if nested(list, shape, out) { Ok(()) } else { Err(mismatch()) }
}

/// Little-endian numbers, or texts behind their lengths (4 bytes).
fn from_binary(name: &str, datatype: Datatype, elements: usize, bytes: &[u8]) -> Result<Vec<Value>, ApiError> {
    if datatype == Datatype::Bytes {
        return texts(name, bytes);
    }
    let width = match datatype {
        Datatype::Bool | Datatype::Bytes => 1,
        Datatype::Unsigned(n) | Datatype::Signed(n) | Datatype::Float(n) => n,
    };
    if elements.checked_mul(width) != Some(bytes.len()) {
        let message = format!("{elements} elements have {} bytes, and {} are given", elements * width, bytes.len());
        return Err(wrong(name, "wrong_shape", message));
    }
    let whole = |chunk: &[u8]| chunk.iter().rev().fold(0_u64, |n, b| n << 8 | u64::from(*b));
    let one = |(i, chunk): (usize, &[u8])| -> Result<Value, ApiError> {
        let number = match datatype {
            Datatype::Bool => return Ok(Value::Bool(chunk.first().is_some_and(|b| *b != 0))),
            Datatype::Unsigned(_) | Datatype::Bytes => return Ok(whole(chunk).into()),
            Datatype::Signed(bytes) => {
                let shift = 64 - 8 * bytes;
                return Ok(((whole(chunk) << shift) as i64 >> shift).into());
            }
            Datatype::Float(4) => f64::from(f32::from_bits(whole(chunk) as u32)),
            Datatype::Float(_) => f64::from_bits(whole(chunk)),
        };
        let finite = serde_json::Number::from_f64(number).map(Value::Number);
        finite.ok_or_else(|| wrong(name, "wrong_type", format!("element {} is not a finite number", i + 1)))
    };
    bytes.chunks(width).enumerate().map(one).collect()
}

fn texts(name: &str, bytes: &[u8]) -> Result<Vec<Value>, ApiError> {
    let one = |(i, text): (usize, &[u8])| match std::str::from_utf8(text) {
        Ok(text) => Ok(Value::String(text.to_owned())),
        Err(_) => Err(wrong(name, "wrong_type", format!("element {} is not UTF-8", i + 1))),
    };
    lengths(name, bytes)?.into_iter().enumerate().map(one).collect()
}

/// The elements of a BYTES tensor, each behind its length (4 bytes).
pub(crate) fn lengths<'a>(name: &str, mut bytes: &'a [u8]) -> Result<Vec<&'a [u8]>, ApiError> {
    let broken = || wrong(name, "wrong_shape", "its elements do not follow each other as length and bytes".into());
    let mut out = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| broken())?;
        let (element, rest) = rest.split_at_checked(length).ok_or_else(broken)?;
        out.push(element);
        bytes = rest;
    }
    if bytes.is_empty() { Ok(out) } else { Err(broken()) }
}

/// The rows of tensors: one tensor a feature of shape `[n]` or `[n, 1]`, or a single numeric one of shape `[n, features]`.
pub(crate) fn frame(served: &ServedVersion, tensors: &[Checked], limit: usize) -> Result<Frame, ApiError> {
    if let [all] = tensors
        && let [rows, width] = all.shape.as_slice()
        && !served.inputs().iter().any(|input| input.name == all.name)
    {
        return matrix(served, all, *rows, *width, limit);
    }
    let mut rows: Option<usize> = None;
    for (i, tensor) in tensors.iter().enumerate() {
        if !served.inputs().iter().any(|input| input.name == tensor.name) {
            let names: Vec<&str> = served.inputs().iter().take(8).map(|input| input.name.as_str()).collect();
            let message = format!("the model has no such input: it has {}", names.join(", "));
            return Err(wrong(&tensor.name, "unknown_field", message));
        }
        if tensors.iter().take(i).any(|other| other.name == tensor.name) {
            return Err(wrong(&tensor.name, "duplicate_field", "it is given twice".into()));
        }
        let n = match tensor.shape.as_slice() {
            [n] | [n, 1] => *n,
            shape => {
                return Err(wrong(
                    &tensor.name,
                    "wrong_shape",
                    format!("the shape {shape:?} is neither [n] nor [n, 1]"),
                ));
            }
        };
        if rows.is_some_and(|rows| rows != n) {
            return Err(wrong(
                &tensor.name,
                "wrong_shape",
                format!("it has {n} rows, and an input before it {}", rows.unwrap_or(0)),
            ));
        }
        rows = Some(n);
    }
    let rows = rows.unwrap_or(0);
    crate::json::within(rows, limit)?;
    let inputs = served.inputs();
    let mut lists = Vec::with_capacity(inputs.len());
    for input in inputs {
        let found = tensors.iter().find(|t| t.name == input.name);
        let missing = || {
            let message = format!("the input `{}` is not given", input.name);
            ApiError::bad("missing_field", message).field(&input.name)
        };
        lists.push(&found.ok_or_else(missing)?.values);
    }
    let value = |column: usize, row: usize| {
        let value = lists.get(column).and_then(|l| l.get(row)).unwrap_or(&Value::Null);
        Ok(own(value))
    };
    served.frame(rows, value).map_err(bad_request)
}

fn matrix(served: &ServedVersion, all: &Checked, rows: usize, width: usize, limit: usize) -> Result<Frame, ApiError> {
    let inputs = served.inputs();
    if !all.datatype.is_numeric() || inputs.iter().any(|input| crate::predict::kind(input) == "text") {
        let message = "one tensor for all features is for models of numbers alone: give one tensor a feature";
        return Err(wrong(&all.name, "wrong_type", message.into()));
    }
    if width != inputs.len() {
        let message = format!("the shape [{rows}, {width}] does not fit the {} features", inputs.len());
        return Err(wrong(&all.name, "wrong_shape", message));
    }
    crate::json::within(rows, limit)?;
    let value = |column: usize, row: usize| {
        field(inputs, column)?;
        Ok(own(all.values.get(row * width + column).unwrap_or(&Value::Null)))
    };
    served.frame(rows, value).map_err(bad_request)
}

/// Texts are borrowed from the tensor; everything else is small.
fn own(value: &Value) -> GivenValue<'_> {
    match value {
        Value::String(text) => GivenValue::Text(Cow::Borrowed(text)),
        other => given(other),
    }
}

/// The protocol knows one status for a wrong input.
pub(crate) fn bad_request(fault: InputFault) -> ApiError {
    as_bad(fault.into())
}

/// The same error with that status.
pub(crate) fn as_bad(mut error: ApiError) -> ApiError {
    if error.status == axum::http::StatusCode::UNPROCESSABLE_ENTITY {
        error.status = axum::http::StatusCode::BAD_REQUEST;
    }
    error
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::json;

    fn checked(tensor: Value) -> Result<Vec<Value>, String> {
        with_binary(tensor, &[])
    }

    fn with_binary(tensor: Value, mut bytes: &[u8]) -> Result<Vec<Value>, String> {
        let tensor: Tensor = serde_json::from_value(tensor).unwrap();
        Checked::of(tensor, &mut bytes, 1000).map(|c| c.values).map_err(|e| e.message)
    }

    #[test]
    fn flat_and_nested_data_are_the_same_elements() {
        let tensor = |data: Value| json!({"name": "x", "shape": [2, 2], "datatype": "FP32", "data": data});
        let flat = checked(tensor(json!([1, 2, 3, 4]))).unwrap();
        assert_eq!(flat, checked(tensor(json!([[1, 2], [3, 4]]))).unwrap());
        for data in [
            json!([1, 2, 3]),
            json!([[1, 2, 3], [4]]),
            json!([[1, 2], 3, 4]),
            json!([[[1], [2]], [[3], [4]]]),
            json!(7),
        ] {
            let said = checked(tensor(data.clone())).unwrap_err();
            assert!(said.contains("`x`"), "{data}: {said}");
        }
    }

    #[test]
    fn elements_must_be_of_the_datatype() {
        let one = |datatype: &str, value: Value| {
            checked(json!({"name": "x", "shape": [1], "datatype": datatype, "data": [value]}))
        };
        for (datatype, good, bad) in [
            ("BOOL", json!(true), json!("true")),
            ("UINT8", json!(255), json!(256)),
            ("INT8", json!(-128), json!(-129)),
            ("INT64", json!(i64::MIN), json!(1.5)),
            ("UINT64", json!(u64::MAX), json!(-1)),
            ("FP64", json!(0.1), json!("0.1")),
            ("BYTES", json!("red"), json!(1)),
        ] {
            assert!(one(datatype, good).is_ok(), "{datatype}");
            assert!(one(datatype, bad).is_err(), "{datatype}");
            assert!(one(datatype, Value::Null).is_ok(), "{datatype}");
        }
        assert!(one("FP16", json!(1)).unwrap_err().contains("FP16"));
    }

    #[test]
    fn a_shape_that_is_too_large_is_refused_before_anything_is_made() {
        let said = checked(json!({"name": "x", "shape": [u64::MAX, 2], "datatype": "FP64", "data": []})).unwrap_err();
        assert!(said.contains("more than 1000 elements"), "{said}");
    }

    #[test]
    fn binary_data_are_read_as_tritons_clients_write_them() {
        let tensor = |datatype: &str, size: usize| json!({"name": "x", "shape": [2], "datatype": datatype, "parameters": {"binary_data_size": size}});
        let bytes: Vec<u8> = [0.1_f64, -2.5].iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!(with_binary(tensor("FP64", 16), &bytes).unwrap(), [json!(0.1), json!(-2.5)]);
        let bytes: Vec<u8> = [-1_i16, 300].iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!(with_binary(tensor("INT16", 4), &bytes).unwrap(), [json!(-1), json!(300)]);
        let bytes: Vec<u8> = [1.5_f32, f32::NAN].iter().flat_map(|v| v.to_le_bytes()).collect();
        assert!(with_binary(tensor("FP32", 8), &bytes).unwrap_err().contains("finite"));
        let bytes = [3, 0, 0, 0, b'r', b'e', b'd', 0, 0, 0, 0];
        assert_eq!(with_binary(tensor("BYTES", 11), &bytes).unwrap(), [json!("red"), json!("")]);
        assert!(with_binary(tensor("BYTES", 10), &bytes).is_err());
        assert!(with_binary(tensor("FP64", 16), &bytes).unwrap_err().contains("beyond the end"));
        assert!(with_binary(tensor("FP64", 8), &bytes).unwrap_err().contains("16 bytes"));
    }
}
