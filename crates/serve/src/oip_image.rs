//! Pictures as tensors of the Open Inference Protocol: files as BYTES, or pixels of the network's size as UINT8 or FP32.

use crate::error::ApiError;
use crate::json::{cut, within};
use crate::oip_tensor::{Elements, Tensor, as_bad, bad_request, elements, flatten, lengths, wrong};
use crate::pictures::{FIELD, Pictures, few_enough, files, from_base64};
use driftgate_engine::InputFault;
use driftgate_model::TileShape;
use serde_json::Value;
use std::collections::BTreeMap;

/// The parameter that says how texts stand for bytes.
const CONTENT_TYPE: &str = "content_type";

/// What the metadata say of the one input of a model of pictures, besides its name, datatype and shape.
pub(crate) fn parameters(shape: TileShape) -> BTreeMap<&'static str, String> {
    let TileShape { height, width, channels } = shape;
    let pixels = format!(
        "UINT8 [-1, {height}, {width}, {channels}] with values 0 to 255, or FP32 of that shape with values 0 to 1, for pictures \
         of that size already; other sizes are brought to it where files are given"
    );
    [
        (CONTENT_TYPE, "base64 in JSON; files as they are, each behind its length, in binary".to_owned()),
        ("file_formats", "bmp, gif, jpeg, png, tiff".to_owned()),
        ("also", pixels),
        ("layout", "NHWC".to_owned()),
    ]
    .into()
}

/// The pictures of the one tensor of a request; `binary` holds the bytes behind the JSON, from which it takes its own.
///
/// No more than `limit` pictures are accepted, and nothing is made before their number and size are known to fit.
pub(crate) fn pictures(
    tensors: Vec<Tensor>,
    binary: &mut &[u8],
    shape: TileShape,
    limit: usize,
) -> Result<Pictures, ApiError> {
    let [tensor] = <[Tensor; 1]>::try_from(tensors).map_err(|given| {
        let message = format!("the model takes one input, `{FIELD}`, and {} are given", given.len());
        ApiError::bad("wrong_shape", message).field("inputs")
    })?;
    match tensor.datatype.as_str() {
        "BYTES" => encoded(tensor, binary, limit).map(Pictures::Files),
        "UINT8" => tiles(tensor, binary, shape, limit, Pixel::Byte).map(Pictures::Tiles),
        "FP32" => tiles(tensor, binary, shape, limit, Pixel::Share).map(Pictures::Tiles),
        other => {
            let message = format!(
                "the datatype `{}` is none of a picture: give BYTES (files), UINT8 (0 to 255) or FP32 (0 to 1)",
                cut(other)
            );
            Err(wrong(&tensor.name, "wrong_datatype", message))
        }
    }
}

/// The files of a BYTES tensor.
fn encoded(tensor: Tensor, binary: &mut &[u8], limit: usize) -> Result<Vec<Vec<u8>>, ApiError> {
    let name = tensor.name;
    let ([n] | [n, 1]) = tensor.shape.as_slice() else {
        let message = format!("the shape {:?} of BYTES is neither [n] nor [n, 1]", tensor.shape);
        return Err(wrong(&name, "wrong_shape", message));
    };
    let n = usize::try_from(*n).unwrap_or(usize::MAX);
    few_enough(n)?;
    within(n, limit)?;
    let base64 = match tensor.parameters.get(CONTENT_TYPE) {
        None => false,
        Some(Value::String(text)) if text == "base64" => true,
        Some(_) => {
            let message = format!("the parameter `{CONTENT_TYPE}` of a picture is `base64`, or left out");
            return Err(wrong(&name, "wrong_datatype", message));
        }
    };
    let found = match elements(&name, &tensor.parameters, tensor.data, binary)? {
        Elements::Binary(bytes) => {
            let own = lengths(&name, bytes)?;
            counted(&name, n, own.len())?;
            let one = |(i, bytes): (usize, &&[u8])| match (base64, std::str::from_utf8(bytes)) {
                (false, _) => Ok(bytes.to_vec()),
                (true, Ok(text)) => from_base64(text, i + 1),
                (true, Err(_)) => Err(InputFault::of("bad_picture", FIELD, format!("picture {} is not base64", i + 1))),
            };
            return own.iter().enumerate().map(one).collect::<Result<_, _>>().map_err(bad_request);
        }
        Elements::Json(data) => {
            let mut values = Vec::with_capacity(n);
            flatten(&name, data, &[n, 1], &mut values)?;
            values
        }
    };
    counted(&name, n, found.len())?;
    files(found.iter()).map_err(as_bad)
}

/// How a tensor writes the value of a channel.
#[derive(Debug, Clone, Copy)]
enum Pixel {
    /// 0 to 255.
    Byte,
    /// 0 to 1.
    Share,
}

/// The pixels of a tensor of the network's size.
fn tiles(
    tensor: Tensor,
    binary: &mut &[u8],
    shape: TileShape,
    limit: usize,
    pixel: Pixel,
) -> Result<Vec<u8>, ApiError> {
    let name = tensor.name;
    let n = number(&name, &tensor.shape, shape)?;
    within(n, limit)?;
    let count = n.saturating_mul(shape.values());
    let at = |i: usize| format!("value {} of picture {}", i % shape.values() + 1, i / shape.values() + 1);
    match (elements(&name, &tensor.parameters, tensor.data, binary)?, pixel) {
        (Elements::Binary(bytes), Pixel::Byte) => {
            counted(&name, count, bytes.len())?;
            Ok(bytes.to_vec())
        }
        (Elements::Binary(bytes), Pixel::Share) => {
            counted(&name, count.saturating_mul(4), bytes.len())?;
            let (values, _) = bytes.as_chunks::<4>();
            let one = |(i, chunk): (usize, &[u8; 4])| share(&name, f32::from_le_bytes(*chunk), || at(i));
            values.iter().enumerate().map(one).collect()
        }
        (Elements::Json(data), pixel) => {
            let mut values = Vec::new();
            flatten(&name, data, &[n, shape.height, shape.width, shape.channels], &mut values)?;
            counted(&name, count, values.len())?;
            let one = |(i, value): (usize, &Value)| match pixel {
                Pixel::Byte => value
                    .as_u64()
                    .and_then(|v| u8::try_from(v).ok())
                    .ok_or_else(|| wrong(&name, "wrong_type", format!("{} is no whole number from 0 to 255", at(i)))),
                Pixel::Share => share(&name, value.as_f64().map_or(f32::NAN, |v| v as f32), || at(i)),
            };
            values.iter().enumerate().map(one).collect()
        }
    }
}

/// The number of pictures that a shape says, where it is one of pictures of the network's size.
fn number(name: &str, given: &[u64], shape: TileShape) -> Result<usize, ApiError> {
    let TileShape { height, width, channels } = shape;
    let wanted = [height, width, channels].map(|d| d as u64);
    let hint = match given {
        [n, rest @ ..] if *rest == wanted => return Ok(usize::try_from(*n).unwrap_or(usize::MAX)),
        [_, c, h, w] if [*h, *w, *c] == wanted => "the channels come last",
        rest if *rest == wanted => "the number of pictures comes first",
        _ => "pictures of other sizes are given as BYTES, their files, and brought to this one",
    };
    let message =
        format!("the shape {given:?} is not [n, {height}, {width}, {channels}], height, width, channel: {hint}");
    Err(wrong(name, "wrong_shape", message))
}

/// A value from 0 to 1 in steps of 255.
fn share(name: &str, value: f32, at: impl Fn() -> String) -> Result<u8, ApiError> {
    if (0.0..=1.0).contains(&value) {
        return Ok((value * 255.0).round() as u8);
    }
    let message = format!("{} is no number from 0 to 1: values from 0 to 255 are given as UINT8", at());
    Err(wrong(name, "wrong_type", message))
}

/// Refuses elements, or bytes, that are not as many as the shape says.
fn counted(name: &str, wanted: usize, found: usize) -> Result<(), ApiError> {
    if wanted == found {
        return Ok(());
    }
    let message = format!("the shape asks for {wanted} elements or bytes, and there are {found}");
    Err(wrong(name, "wrong_shape", message))
}

#[cfg(test)]
#[path = "oip_image_tests.rs"]
mod tests;
