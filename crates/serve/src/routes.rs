//! Which path leads where.

use crate::error::ApiError;
use crate::state::App;
use crate::{admin, mlflow, oip, openapi, pages, predict};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use std::sync::Arc;

/// What is asked of a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guarding {
    /// Nothing: whether the server lives is no secret.
    Open,
    /// The token, where the server listens beyond this machine.
    Usual,
    /// The token, always.
    Token,
}

/// A path, as it is counted and guarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) name: &'static str,
    pub(crate) guarding: Guarding,
    /// Whether it counts among the requests at work.
    pub(crate) bounded: bool,
}

/// The route of a path. Names stay few, whatever callers ask for.
pub(crate) fn route_of(path: &str) -> Route {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let usual = |name| Route { name, guarding: Guarding::Usual, bounded: true };
    let open = |name| Route { name, guarding: Guarding::Open, bounded: false };
    let token = |name| Route { name, guarding: Guarding::Token, bounded: true };
    match parts.as_slice() {
        ["health"] => open("/health"),
        ["ping"] => open("/ping"),
        ["livez"] => open("/livez"),
        ["readyz"] => open("/readyz"),
        ["v2", "health", "live"] => open("/v2/health/live"),
        ["v2", "health", "ready"] => open("/v2/health/ready"),
        ["metrics"] => Route { name: "/metrics", guarding: Guarding::Usual, bounded: false },
        [""] => usual("/"),
        ["docs"] => usual("/docs"),
        ["openapi.json"] => usual("/openapi.json"),
        ["models"] => usual("/models"),
        ["version"] => usual("/version"),
        ["predict", _] => usual("/predict/{model}"),
        ["invocations"] => usual("/invocations"),
        ["invocations", _] => usual("/invocations/{model}"),
        ["v2"] => usual("/v2"),
        ["v2", "models", _] | ["v2", "models", _, "versions", _] => usual("/v2/models/{model}"),
        ["v2", "models", _, "ready"] | ["v2", "models", _, "versions", _, "ready"] => usual("/v2/models/{model}/ready"),
        ["v2", "models", _, "infer"] | ["v2", "models", _, "versions", _, "infer"] => usual("/v2/models/{model}/infer"),
        ["models", _, "performance"] => token("/models/{model}/performance"),
        ["feedback"] => token("/feedback"),
        ["admin", "reload"] => token("/admin/reload"),
        ["admin", ..] => token("other"),
        _ => usual("other"),
    }
}

/// Every handler by its path.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(pages::home))
        .route("/docs", get(pages::docs))
        .route("/openapi.json", get(openapi::serve))
        .route("/metrics", get(pages::metrics))
        .route("/health", get(predict::health))
        .route("/livez", get(oip::live))
        .route("/readyz", get(oip::ready))
        .route("/models", get(predict::models))
        .route("/models/{model}/performance", get(admin::performance))
        .route("/predict/{model}", post(predict::predict))
        .route("/admin/reload", post(admin::reload))
        .route("/feedback", post(admin::feedback))
        .route("/ping", get(mlflow::ping))
        .route("/version", get(mlflow::version))
        .route("/invocations", post(mlflow::only))
        .route("/invocations/{model}", post(mlflow::named))
        .route("/v2", get(oip::metadata))
        .route("/v2/health/live", get(oip::live))
        .route("/v2/health/ready", get(oip::ready))
        .route("/v2/models/{model}", get(oip::model))
        .route("/v2/models/{model}/versions/{version}", get(oip::model))
        .route("/v2/models/{model}/ready", get(oip::model_ready))
        .route("/v2/models/{model}/versions/{version}/ready", get(oip::model_ready))
        .route("/v2/models/{model}/infer", post(oip::infer))
        .route("/v2/models/{model}/versions/{version}/infer", post(oip::infer))
        .fallback(nowhere)
        .method_not_allowed_fallback(other_method)
        .with_state(app)
}

async fn nowhere() -> ApiError {
    ApiError::not_found("there is nothing at this path: see /docs")
}

async fn other_method() -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "the path takes another method: see /docs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_or_tells_is_guarded() {
        for path in ["/admin/reload", "/admin", "/admin/anything", "/admin/", "/feedback", "/models/m/performance"] {
            assert_eq!(route_of(path).guarding, Guarding::Token, "{path}");
        }
        for path in ["/predict/m", "/v2/models/m/infer", "/metrics", "/", "/models", "/nowhere", "//admin"] {
            assert_eq!(route_of(path).guarding, Guarding::Usual, "{path}");
        }
        assert_eq!(route_of("/health").guarding, Guarding::Open);
        assert_eq!(route_of("/predict/anything at all").name, "/predict/{model}");
        assert_eq!(route_of("/a/b/c").name, "other");
    }
}
