//! Tensors of pictures, and what is none.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use axum::http::StatusCode;
use serde_json::json;

/// One row of two pixels, red, green, blue.
const SHAPE: TileShape = TileShape { height: 1, width: 2, channels: 3 };

fn read(tensor: Value, mut binary: &[u8]) -> Result<Pictures, ApiError> {
    pictures(vec![serde_json::from_value(tensor).unwrap()], &mut binary, SHAPE, 2)
}

fn tensor(datatype: &str, shape: Value, data: Value) -> Value {
    json!({"name": "image", "shape": shape, "datatype": datatype, "data": data})
}

fn in_binary(datatype: &str, shape: Value, bytes: &[u8]) -> Result<Pictures, ApiError> {
    let parameters = json!({"binary_data_size": bytes.len()});
    read(json!({"name": "image", "shape": shape, "datatype": datatype, "parameters": parameters}), bytes)
}

#[test]
fn pixels_are_the_same_in_every_form() {
    let wanted = Pictures::Tiles(vec![0, 1, 127, 128, 254, 255]);
    let bytes = [0_u8, 1, 127, 128, 254, 255];
    let shares = bytes.map(|b| f32::from(b) / 255.0);
    let nested = json!([[[[0, 1, 127], [128, 254, 255]]]]);
    assert_eq!(read(tensor("UINT8", json!([1, 1, 2, 3]), json!(bytes)), &[]).unwrap(), wanted);
    assert_eq!(read(tensor("UINT8", json!([1, 1, 2, 3]), nested), &[]).unwrap(), wanted);
    assert_eq!(read(tensor("FP32", json!([1, 1, 2, 3]), json!(shares)), &[]).unwrap(), wanted);
    assert_eq!(in_binary("UINT8", json!([1, 1, 2, 3]), &bytes).unwrap(), wanted);
    let floats: Vec<u8> = shares.iter().flat_map(|v| v.to_le_bytes()).collect();
    assert_eq!(in_binary("FP32", json!([1, 1, 2, 3]), &floats).unwrap(), wanted);
}

#[test]
fn every_byte_survives_as_a_share() {
    for byte in 0..=255_u8 {
        assert_eq!(share("x", f32::from(byte) / 255.0, String::new).unwrap(), byte);
    }
}

#[test]
fn files_come_as_base64_or_as_they_are() {
    let wanted = Pictures::Files(vec![b"abc".to_vec(), b"\xff".to_vec()]);
    let texts = json!(["YWJj", "/w=="]);
    assert_eq!(read(tensor("BYTES", json!([2]), texts.clone()), &[]).unwrap(), wanted);
    assert_eq!(read(tensor("BYTES", json!([2, 1]), json!([["YWJj"], ["/w=="]])), &[]).unwrap(), wanted);
    let mut named = tensor("BYTES", json!([2]), texts);
    named["parameters"] = json!({"content_type": "base64"});
    assert_eq!(read(named.clone(), &[]).unwrap(), wanted);
    named["parameters"] = json!({"content_type": "str"});
    assert!(read(named, &[]).unwrap_err().message.contains("base64"));
    assert_eq!(in_binary("BYTES", json!([2]), b"\x03\0\0\0abc\x01\0\0\0\xff").unwrap(), wanted);
    let parameters = json!({"binary_data_size": 16, "content_type": "base64"});
    let both = json!({"name": "image", "shape": [2], "datatype": "BYTES", "parameters": parameters});
    assert_eq!(read(both, b"\x04\0\0\0YWJj\x04\0\0\0/w==").unwrap(), wanted);
}

#[test]
fn what_is_no_picture_is_named() {
    let six = json!([0, 0, 0, 0, 0, 0]);
    for (given, said) in [
        (tensor("UINT8", json!([1, 3, 1, 2]), six.clone()), "the channels come last"),
        (tensor("UINT8", json!([1, 2, 3]), six.clone()), "the number of pictures comes first"),
        (tensor("UINT8", json!([1, 2, 1, 3]), six.clone()), "given as BYTES"),
        (tensor("UINT8", json!([]), six.clone()), "is not [n, 1, 2, 3]"),
        (tensor("UINT8", json!([2, 1, 2, 3]), six.clone()), "asks for 12"),
        (tensor("UINT8", json!([1, 1, 2, 3]), json!([0, 0, 0, 0, 0, 256])), "value 6 of picture 1"),
        (tensor("UINT8", json!([1, 1, 2, 3]), json!([0, 0, 0, 0, 0.5, 0])), "value 5 of picture 1"),
        (tensor("UINT8", json!([1, 1, 2, 3]), json!([0, null, 0, 0, 0, 0])), "value 2 of picture 1"),
        (tensor("FP32", json!([1, 1, 2, 3]), json!([0, 0, 0, 128.0, 0, 0])), "given as UINT8"),
        (tensor("FP32", json!([1, 1, 2, 3]), json!([0, 0, 0, 0, 0, "1"])), "value 6 of picture 1"),
        (tensor("FP64", json!([1, 1, 2, 3]), six.clone()), "`FP64` is none of a picture"),
        (tensor("BYTES", json!([1, 1, 2, 3]), six), "neither [n] nor [n, 1]"),
        (tensor("BYTES", json!([2]), json!(["YWJj"])), "asks for 2"),
        (tensor("BYTES", json!([1]), json!(["?"])), "picture 1 is not base64"),
        (tensor("BYTES", json!([1]), json!([7])), "picture 1 is a number"),
        (json!({"name": "image", "shape": [1], "datatype": "BYTES"}), "either `data` or"),
    ] {
        let error = read(given.clone(), &[]).unwrap_err();
        assert_eq!(error.status, StatusCode::BAD_REQUEST, "{given}: {}", error.message);
        assert!(error.message.contains(said), "{given}: {}", error.message);
    }
    let nan = [0.0, 0.0, 0.0, 0.0, 0.0, f32::NAN].iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    assert!(in_binary("FP32", json!([1, 1, 2, 3]), &nan).unwrap_err().message.contains("value 6"));
    assert!(in_binary("UINT8", json!([1, 1, 2, 3]), &[0; 5]).unwrap_err().message.contains("there are 5"));
    assert!(in_binary("BYTES", json!([1]), &[9, 0, 0, 0, 1]).is_err());
    let none = pictures(Vec::new(), &mut &[][..], SHAPE, 2).unwrap_err();
    assert!(none.message.contains("0 are given"), "{}", none.message);
}

#[test]
fn too_many_are_refused_before_anything_is_made() {
    for (datatype, shape) in [
        ("UINT8", json!([3, 1, 2, 3])),
        ("FP32", json!([u64::MAX, 1, 2, 3])),
        ("BYTES", json!([3])),
        ("BYTES", json!([u64::MAX])),
    ] {
        let error = read(tensor(datatype, shape.clone(), json!([])), &[]).unwrap_err();
        assert_eq!(error.status, StatusCode::PAYLOAD_TOO_LARGE, "{datatype} {shape}: {}", error.message);
    }
}
