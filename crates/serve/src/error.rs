//! What a caller is told when there is no answer: never a path, never a library's words.

use crate::request::RequestId;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use driftgate_engine::{EngineError, InputFault};
use driftgate_model::{Code, Coded as _};
use serde_json::json;

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) field: Option<String>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> ApiError {
        ApiError { status, code, message: message.into(), field: None }
    }

    pub(crate) fn bad(code: &'static str, message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(crate) fn field(mut self, field: impl Into<String>) -> ApiError {
        self.field = Some(field.into());
        self
    }

    pub(crate) fn not_found(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    pub(crate) fn internal() -> ApiError {
        let message = "the server could not answer; its log has the cause";
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }

    /// As the protocol of `path` says it.
    pub(crate) fn render(&self, path: &str, request: &RequestId) -> Response<Body> {
        let mut object = if path == "/v2" || path.starts_with("/v2/") {
            json!({"error": self.message, "code": self.code})
        } else if path == "/invocations" || path.starts_with("/invocations/") {
            json!({"error_code": mlflow_code(self.status), "code": self.code, "message": self.message})
        } else {
            json!({"code": self.code, "message": self.message})
        };
        if let Some(map) = object.as_object_mut() {
            map.insert("request_id".into(), request.as_str().into());
            if let Some(field) = &self.field {
                map.insert("field".into(), field.as_str().into());
            }
        }
        let mut response = Response::new(Body::from(object.to_string()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        match self.status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            StatusCode::UNAUTHORIZED => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        response
    }
}

/// MLflow's word for a status.
fn mlflow_code(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "RESOURCE_DOES_NOT_EXIST",
        StatusCode::UNPROCESSABLE_ENTITY => "INVALID_PARAMETER_VALUE",
        StatusCode::TOO_MANY_REQUESTS => "REQUEST_LIMIT_EXCEEDED",
        StatusCode::SERVICE_UNAVAILABLE => "TEMPORARILY_UNAVAILABLE",
        s if s.is_server_error() => "INTERNAL_ERROR",
        _ => "BAD_REQUEST",
    }
}

/// The response that stands for the error until the guard, which knows path and request, renders it.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        response.extensions_mut().insert(self);
        response
    }
}

impl From<InputFault> for ApiError {
    fn from(fault: InputFault) -> Self {
        let status = match fault.code {
            "internal" => StatusCode::INTERNAL_SERVER_ERROR,
            "bad_table" => StatusCode::BAD_REQUEST,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        ApiError { status, code: fault.code, message: fault.message, field: fault.field }
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        tracing::error!(%error, "the engine refused");
        match error.code() {
            Code::Busy => ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "the workspace is in use: ask again"),
            _ => ApiError::internal(),
        }
    }
}
