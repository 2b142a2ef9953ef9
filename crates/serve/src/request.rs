//! What every handler knows of its request, and reading its body.

use crate::clock::Since;
use crate::error::ApiError;
use crate::state::App;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use std::sync::Arc;

/// The id of a request: the caller's `X-Request-Id`, or a new one.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(Arc<str>);

impl RequestId {
    /// The caller's id where it can stand in a header and a log: 1 to 128 visible characters without quotes.
    pub(crate) fn of(headers: &HeaderMap, new: impl FnOnce() -> String) -> RequestId {
        let given = headers.get("x-request-id").and_then(|v| v.to_str().ok());
        let fits = |text: &&str| {
            (1..=128).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\' | b'<' | b'>'))
        };
        RequestId(given.filter(fits).map_or_else(|| new().into(), Into::into))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A request with its whole body.
pub(crate) struct Asked {
    pub(crate) id: RequestId,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// When it came.
    pub(crate) since: Since,
}

impl Asked {
    /// The media type without its parameters, in lower case, and the charset where one is given.
    pub(crate) fn media_type(&self) -> (Option<String>, Vec<(String, String)>) {
        let Some(value) = self.headers.get(CONTENT_TYPE) else { return (None, Vec::new()) };
        let text = value.to_str().unwrap_or("?").to_ascii_lowercase();
        let mut parts = text.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default().to_owned();
        let parameter = |p: &str| {
            let (key, value) = p.split_once('=').unwrap_or((p, ""));
            (key.trim().to_owned(), value.trim().trim_matches('"').to_owned())
        };
        (Some(media), parts.filter(|p| !p.is_empty()).map(parameter).collect())
    }

    /// Refuses a body that does not say that it is JSON.
    pub(crate) fn expect_json(&self) -> Result<(), ApiError> {
        let (media, parameters) = self.media_type();
        let utf8 = parameters.iter().all(|(key, value)| key != "charset" || value == "utf-8");
        match media.as_deref() {
            Some("application/json") if utf8 => Ok(()),
            found => Err(unsupported(found, "application/json")),
        }
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Result<serde_json::Value, ApiError> {
        parse_json(&self.body)
    }
}

/// Reads JSON; the error says where it ends to be JSON.
pub(crate) fn parse_json(bytes: &[u8]) -> Result<serde_json::Value, ApiError> {
    serde_json::from_slice(bytes).map_err(|e| {
        let place = format!("line {}, column {}", e.line(), e.column());
        ApiError::bad("malformed_json", format!("the body is not JSON, from {place} on"))
    })
}

/// A media type as it may stand in a message.
pub(crate) fn told(found: Option<&str>) -> String {
    match found {
        Some(media) => format!("`{}`", crate::json::cut(media)),
        None => "no content type".into(),
    }
}

pub(crate) fn unsupported(found: Option<&str>, wanted: &str) -> ApiError {
    let message = format!("the body must be {wanted} in UTF-8, and it has {}", told(found));
    ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
}

impl FromRequest<Arc<App>> for Asked {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Asked, ApiError> {
        let limit = app.options.body_bytes;
        let too_large = || {
            let message = format!("the body has more than {limit} bytes");
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message)
        };
        let (parts, body) = request.into_parts();
        let id = parts.extensions.get::<RequestId>().cloned().ok_or_else(ApiError::internal)?;
        let since = parts.extensions.get::<Since>().copied().unwrap_or_else(Since::now);
        let claimed = parts.headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
        if claimed.is_some_and(|n| n > limit as u64) {
            return Err(too_large());
        }
        let body = match Limited::new(body, limit).collect().await {
            Ok(collected) => collected.to_bytes(),
            Err(e) if e.is::<LengthLimitError>() => return Err(too_large()),
            Err(_) => return Err(ApiError::bad("incomplete_body", "the body ended early")),
        };
        Ok(Asked { id, headers: parts.headers, body, since })
    }
}

/// What a path names; one that is no text names nothing.
pub(crate) struct At<T>(pub(crate) T);

impl<T: serde::de::DeserializeOwned + Send> FromRequestParts<Arc<App>> for At<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<At<T>, ApiError> {
        let found = Path::<T>::from_request_parts(parts, app).await;
        found.map(|Path(named)| At(named)).map_err(|_| ApiError::not_found("the path names nothing: see /docs"))
    }
}
