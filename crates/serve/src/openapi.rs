//! The description of the endpoints, generated from the handlers.

use crate::answer::json;
use crate::error::ApiError;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(title = "Driftgate prediction server", description = "The versions in Production behind a local endpoint."),
    paths(
        crate::predict::health,
        crate::predict::models,
        crate::predict::predict,
        crate::oip::metadata,
        crate::oip::live,
        crate::oip::ready,
        crate::oip::model,
        crate::oip::model_ready,
        crate::oip::infer,
        crate::mlflow::ping,
        crate::mlflow::version,
        crate::mlflow::only,
        crate::mlflow::named,
        crate::pages::metrics,
        crate::admin::reload,
        crate::admin::feedback,
        crate::admin::performance,
    ),
    modifiers(&Token)
)]
struct Api;

/// The token as a security scheme.
struct Token;

impl Modify for Token {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        if let Some(components) = &mut api.components {
            components.add_security_scheme("token", scheme);
        }
    }
}

/// The OpenAPI document as JSON, made from the handlers.
pub fn openapi() -> serde_json::Value {
    // A document of texts and lists has a JSON form.
    let mut value = serde_json::to_value(Api::openapi()).unwrap_or_default();
    // The program's own licence and people are no part of the interface.
    if let Some(info) = value.get_mut("info").and_then(|i| i.as_object_mut()) {
        info.retain(|key, _| matches!(key.as_str(), "title" | "description" | "version"));
    }
    value
}

/// The description of the endpoints.
pub(crate) async fn serve() -> Result<Response<Body>, ApiError> {
    json(StatusCode::OK, &openapi())
}
