//! The description of the endpoints, generated from the handlers.

use crate::answer::json as respond;
use crate::error::ApiError;
use crate::pictures::{FIELD, MOST};
use crate::state::App;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use driftgate_engine::{InputColumn, ServedVersion};
use serde_json::{Map, Value, json};
use std::sync::Arc;
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
pub fn openapi() -> Value {
    // A document of texts and lists has a JSON form.
    let mut value = serde_json::to_value(Api::openapi()).unwrap_or_default();
    if let Some(content) = predict_content(&mut value) {
        let file = json!({"type": "string", "contentMediaType": "application/octet-stream"});
        let form = json!({"type": "object", "properties": {"file": {"type": "array", "items": file, "minItems": 1}}, "required": ["file"]});
        content.insert("multipart/form-data".into(), json!({"schema": form}));
        content.insert("application/octet-stream".into(), json!({"schema": file}));
    }
    // The program's own licence and people are no part of the interface.
    if let Some(info) = value.get_mut("info").and_then(|i| i.as_object_mut()) {
        info.retain(|key, _| matches!(key.as_str(), "title" | "description" | "version"));
    }
    value
}

/// The media types of the body of `/predict` and their schemas.
fn predict_content(api: &mut Value) -> Option<&mut Map<String, Value>> {
    api.pointer_mut("/paths/~1predict~1{model}/post/requestBody/content")?.as_object_mut()
}

/// The description of the endpoints, with the names of the models there are and what each takes.
pub(crate) async fn serve(State(app): State<Arc<App>>) -> Result<Response<Body>, ApiError> {
    let snapshot = app.snapshot();
    let mut api = openapi();
    let names: Vec<&String> = snapshot.models.keys().collect();
    if !names.is_empty() {
        name_models(&mut api, &names);
        let samples: Vec<Value> = snapshot.models.values().map(|served| sample(served)).collect();
        let mut forms = vec![
            json!({"anyOf": samples}),
            json!({"type": "array", "items": {"anyOf": samples}, "minItems": 1, "maxItems": app.options.rows}),
        ];
        let pictures = snapshot.models.values().any(|served| served.image().is_some());
        if pictures {
            let list =
                json!({"type": "array", "items": base64(), "minItems": 1, "maxItems": MOST.min(app.options.rows)});
            forms.push(json!({"type": "object", "properties": {"images": list}, "required": ["images"], "additionalProperties": false}));
        }
        if let Some(content) = predict_content(&mut api) {
            // Forms and files are for pictures alone.
            content.retain(|media, _| pictures || media == "application/json");
            content.insert("application/json".into(), json!({"schema": {"anyOf": forms}}));
        }
    }
    respond(StatusCode::OK, &api)
}

/// Every path parameter `model` is one of these.
fn name_models(api: &mut Value, names: &[&String]) {
    let paths = api.get_mut("paths").and_then(Value::as_object_mut);
    let operations = paths.into_iter().flat_map(|p| p.values_mut()).filter_map(Value::as_object_mut);
    for operation in operations.flat_map(|o| o.values_mut()) {
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
        for parameter in parameters.into_iter().flatten().filter(|p| p["name"] == "model") {
            parameter["schema"] = json!({"type": "string", "enum": names});
        }
    }
}

/// The schema of a picture in JSON.
fn base64() -> Value {
    json!({"type": "string", "contentEncoding": "base64"})
}

/// The schema of a sample of a model, or of a picture.
fn sample(served: &ServedVersion) -> Value {
    if served.image().is_some() {
        return json!({
            "title": served.model.as_str(),
            "type": "object",
            "properties": {FIELD: base64()},
            "required": [FIELD],
            "additionalProperties": false,
        });
    }
    let nullable = served.takes_missing();
    let feature = |input: &InputColumn| {
        let kind = match crate::predict::kind(input) {
            "boolean" => "boolean",
            "text" => "string",
            _ => "number",
        };
        let schema = if nullable { json!({"type": [kind, "null"]}) } else { json!({"type": kind}) };
        (input.name.clone(), schema)
    };
    let properties: Map<String, Value> = served.inputs().iter().map(feature).collect();
    json!({
        "title": served.model.as_str(),
        "type": "object",
        "properties": properties,
        "required": served.inputs().iter().map(|i| &i.name).collect::<Vec<_>>(),
        "additionalProperties": false,
    })
}
