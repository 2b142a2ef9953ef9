//! Pictures as callers send them: files as they are, in a form, or as base64 in JSON.

use crate::error::ApiError;
use crate::json::cut;
use crate::multipart::parts;
use crate::request::{Asked, told};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use driftgate_engine::InputFault;
use driftgate_model::{Column, ColumnValues, Digest, Frame, TileShape};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The field of a picture.
pub(crate) const FIELD: &str = "image";

/// Most picture files of one request: each may unfold to far more pixels than it has bytes.
pub(crate) const MOST: usize = 256;

/// The fields that a form may hold pictures in.
const FORM_FIELDS: [&str; 4] = ["file", "files", "image", "images"];

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Pictures to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pictures {
    /// The bytes of their files.
    Files(Vec<Vec<u8>>),
    /// Tiles of the network's size: 8-bit values, picture by picture, height by width by channel.
    Tiles(Vec<u8>),
}

impl Pictures {
    /// What the prediction log keeps of them: the SHA-256 of each, in a column `picture`. `None` where there is none.
    pub(crate) fn logged(&self, shape: TileShape) -> Option<Frame> {
        let digest = |bytes: &[u8]| Digest::of(bytes).to_string();
        let dictionary: Vec<String> = match self {
            Pictures::Files(files) => files.iter().map(|file| digest(file)).collect(),
            Pictures::Tiles(values) => values.chunks(shape.values().max(1)).map(digest).collect(),
        };
        let codes = (0..u32::try_from(dictionary.len()).ok()?).collect();
        let column = Column { name: "picture".into(), values: ColumnValues::Text { dictionary, codes } };
        Frame::new(vec![column]).ok()
    }
}

/// The picture files of a body, and whether they are answered as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GivenPictures {
    pub(crate) files: Vec<Vec<u8>>,
    pub(crate) one: bool,
}

fn shape(message: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "wrong_shape", message).field(FIELD)
}

/// Refuses more picture files than one request may have.
pub(crate) fn few_enough(files: usize) -> Result<(), ApiError> {
    if files <= MOST {
        return Ok(());
    }
    let message = format!("{files} pictures are more than the {MOST} that one request may have");
    Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_many_pictures", message))
}

/// Why a model of table rows does not take a body that is a file or a form; `None` for another body.
pub(crate) fn no_table(asked: &Asked) -> Option<ApiError> {
    let (media, _) = asked.media_type();
    let picture = |m: &str| m.starts_with("image/") || m == "multipart/form-data" || m == "application/octet-stream";
    media.as_deref().filter(|m| picture(m)).map(|found| {
        let message = format!(
            "the model answers rows of a table, not pictures: send application/json in UTF-8; the body has {}",
            told(Some(found))
        );
        ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
    })
}

/// The pictures of a body in any of the forms of `/predict`.
pub(crate) fn of_body(asked: &Asked) -> Result<GivenPictures, ApiError> {
    let (media, _) = asked.media_type();
    match media.as_deref() {
        Some("multipart/form-data") => {
            let content_type = asked.headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
            of_form(content_type, &asked.body)
        }
        Some("application/json") => {
            asked.expect_json()?;
            of_json(asked.json()?)
        }
        Some(file) if file == "application/octet-stream" || file.starts_with("image/") => {
            if asked.body.is_empty() {
                return Err(InputFault::general("no_rows", "the body is empty: send a picture's file").into());
            }
            Ok(GivenPictures { files: vec![asked.body.to_vec()], one: true })
        }
        other => {
            let message = format!(
                "the model answers pictures: send a file as image/… or application/octet-stream, files as \
                 multipart/form-data, or base64 as application/json; the body has {}",
                told(other)
            );
            Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message))
        }
    }
}

/// The files of a form.
fn of_form(content_type: &str, body: &[u8]) -> Result<GivenPictures, ApiError> {
    let parts = parts(content_type, body, MOST)?;
    if let Some(other) = parts.iter().find(|p| !FORM_FIELDS.contains(&p.name.as_str())) {
        let name = cut(&other.name);
        let message = format!("`{name}` is no field of the form: pictures are in `file`, once for each");
        return Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_field", message).field(name));
    }
    if parts.is_empty() {
        return Err(InputFault::general("no_rows", "the form holds no picture: give it as `file`").into());
    }
    Ok(GivenPictures { one: parts.len() == 1, files: parts.iter().map(|p| p.body.to_vec()).collect() })
}

/// `{"image": …}`, `{"images": […]}`, or a list of the first.
fn of_json(value: Value) -> Result<GivenPictures, ApiError> {
    match value {
        Value::Object(object) => {
            let list = object.contains_key("images");
            let known = if list { "images" } else { FIELD };
            match (only(&object, known, None)?, list) {
                (Value::Array(texts), true) => Ok(GivenPictures { files: files(texts.iter())?, one: false }),
                (_, true) => Err(shape("`images` is not a list").field("images")),
                (text, false) => Ok(GivenPictures { files: files(std::iter::once(text))?, one: true }),
            }
        }
        Value::Array(list) => {
            few_enough(list.len())?;
            let texts = list.iter().enumerate().map(|(i, value)| match value {
                Value::Object(object) => only(object, FIELD, Some(i + 1)),
                _ => Err(shape(format!("entry {} is not an object with `{FIELD}`", i + 1))),
            });
            let texts: Vec<&Value> = texts.collect::<Result<_, _>>()?;
            Ok(GivenPictures { files: files(texts.into_iter())?, one: false })
        }
        _ => Err(shape("the body is neither an object with `image` or `images` nor a list of the first")),
    }
}

/// The value of the only field that an object may have.
fn only<'a>(object: &'a Map<String, Value>, known: &str, entry: Option<usize>) -> Result<&'a Value, ApiError> {
    let place = entry.map(|n| format!(" in entry {n}")).unwrap_or_default();
    if let Some(other) = object.keys().find(|key| *key != known) {
        let name = cut(other);
        let message = format!(
            "`{name}`{place} is no field here: a picture is base64 in `{FIELD}`, several are in `images`, and nothing \
             stands beside them"
        );
        return Err(InputFault::of("unknown_field", &name, message).into());
    }
    object.get(known).ok_or_else(|| {
        let message = format!("the picture `{FIELD}` is not given{place}");
        InputFault::of("missing_field", FIELD, message).into()
    })
}

/// The files that JSON values hold as base64.
pub(crate) fn files<'a>(values: impl ExactSizeIterator<Item = &'a Value>) -> Result<Vec<Vec<u8>>, ApiError> {
    few_enough(values.len())?;
    let one = |(i, value): (usize, &'a Value)| -> Result<Vec<u8>, ApiError> {
        Ok(from_base64(text_of(value, i + 1)?, i + 1)?)
    };
    values.enumerate().map(one).collect()
}

/// The text of a picture: itself, `{"b64": …}` as TensorFlow's clients write it, or either alone in a list.
fn text_of(value: &Value, at: usize) -> Result<&str, InputFault> {
    let value = match value {
        Value::Array(list) => match list.as_slice() {
            [one] => one,
            _ => value,
        },
        _ => value,
    };
    let found = match value {
        Value::String(text) => return Ok(text),
        Value::Object(object) => match object.get("b64") {
            Some(Value::String(text)) if object.len() == 1 => return Ok(text),
            _ => "an object",
        },
        Value::Array(_) => "a list",
        Value::Number(_) => "a number",
        Value::Bool(_) => "a boolean",
        Value::Null => "nothing",
    };
    let message = format!("picture {at} is {found}, and a picture is a text: its file in base64");
    Err(InputFault::of("wrong_type", FIELD, message))
}

/// The bytes of a picture's file from base64: with or without padding and line ends, in both alphabets, or a `data:` address.
///
/// `at` counts the picture from 1.
pub(crate) fn from_base64(text: &str, at: usize) -> Result<Vec<u8>, InputFault> {
    let wrong = |why: &str| InputFault::of("bad_picture", FIELD, format!("picture {at} {why}"));
    let text = match text.trim_start().strip_prefix("data:") {
        None => text,
        Some(address) => match address.split_once(',') {
            Some((head, data)) if head.ends_with(";base64") => data,
            _ => return Err(wrong("is a `data:` address without `;base64,`")),
        },
    };
    if text.starts_with("http:") || text.starts_with("https:") || text.starts_with("file:") {
        return Err(wrong("is an address, and the server fetches nothing: send the picture's file in base64"));
    }
    let bytes = text.as_bytes();
    let plain: Cow<'_, [u8]> = if bytes.iter().any(u8::is_ascii_whitespace) {
        bytes.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect::<Vec<u8>>().into()
    } else {
        bytes.into()
    };
    let engine = if plain.iter().any(|b| matches!(b, b'-' | b'_')) { &URL_SAFE } else { &STANDARD };
    engine.decode(plain).map_err(|_| wrong("is not base64"))
}

#[cfg(test)]
#[path = "pictures_tests.rs"]
mod tests;
