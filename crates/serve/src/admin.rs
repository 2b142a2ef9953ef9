//! What only the holder of the token may ask: to look at the ledger again, and to give labels.

use crate::answer::json;
use crate::error::ApiError;
use crate::json::cut;
use crate::log::Measured;
use crate::request::{Asked, At};
use crate::state::App;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use driftgate_engine::{Feedback, FeedbackLabel, FeedbackOutcome, ServedVersion};
use driftgate_model::views::LivePerformanceView;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use utoipa::ToSchema;

/// A model and the version that answers.
#[derive(Serialize, ToSchema)]
pub(crate) struct Loaded {
    name: String,
    version: u32,
}

/// What is answered with after a reload.
#[derive(Serialize, ToSchema)]
pub(crate) struct Reloaded {
    /// `reloaded` or `reload_failed`.
    status: &'static str,
    models_loaded: usize,
    models: Vec<Loaded>,
    /// Models whose version in Production does not load.
    failed: Vec<String>,
    /// Events in the ledger that the snapshot was taken of.
    seq: u64,
    /// Whether the ledger knows what is answered with.
    confirmed: bool,
    /// In UTC.
    reloaded_at: String,
}

/// Looks at the ledger now; the server does so by itself several times a second.
#[utoipa::path(post, path = "/admin/reload", tag = "admin", security(("token" = [])), responses(
    (status = 200, description = "What is answered with", body = Reloaded),
    (status = 401, description = "No token", body = crate::predict::Problem),
    (status = 403, description = "Another token", body = crate::predict::Problem),
    (status = 503, description = "The newest state does not load; the one before stays", body = Reloaded),
))]
pub(crate) async fn reload(State(app): State<Arc<App>>) -> Result<Response<Body>, ApiError> {
    let worker = app.clone();
    let reloaded = tokio::task::spawn_blocking(move || worker.reload()).await.map_err(|_| ApiError::internal())?;
    let (ok, snapshot) = match reloaded {
        Ok(snapshot) => (snapshot.failed.is_empty(), snapshot),
        Err(error) => {
            tracing::error!(%error, "the ledger's newest state cannot be read");
            (false, app.snapshot())
        }
    };
    let status = if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let loaded = |m: &Arc<ServedVersion>| Loaded { name: m.model.to_string(), version: m.version };
    let body = Reloaded {
        status: if ok { "reloaded" } else { "reload_failed" },
        models_loaded: snapshot.models.len(),
        models: snapshot.models.values().map(loaded).collect(),
        failed: snapshot.failed.clone(),
        seq: snapshot.seq,
        confirmed: app.confirmed(),
        reloaded_at: app.workspace.now().to_string(),
    };
    json(status, &body)
}

/// Labels of one request.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LabelsGiven {
    /// The id that the answer named.
    request_id: String,
    /// The label of a single sample.
    #[schema(value_type = Option<serde_json::Value>)]
    label: Option<FeedbackLabel>,
    /// The labels of a batch, one a row.
    #[schema(value_type = Option<Vec<serde_json::Value>>)]
    labels: Option<Vec<FeedbackLabel>>,
}

/// A label that was not taken.
#[derive(Serialize, ToSchema)]
pub(crate) struct NotTaken {
    request_id: String,
    reason: String,
}

/// What became of the labels.
#[derive(Serialize, ToSchema)]
pub(crate) struct Taken {
    /// Requests whose labels were taken.
    accepted: usize,
    /// Those whose labels were not, and why.
    rejected: Vec<NotTaken>,
    /// Live performance of the versions concerned.
    #[schema(value_type = Vec<serde_json::Value>)]
    performance: Vec<LivePerformanceView>,
}

/// Takes labels that came later, by the id of the request: an object or a list of them.
#[utoipa::path(post, path = "/feedback", tag = "admin", security(("token" = [])),
    request_body(content = Vec<LabelsGiven>, content_type = "application/json"),
    responses(
        (status = 200, description = "How many were taken, and live performance with its interval", body = Taken),
        (status = 400, description = "The body is not JSON", body = crate::predict::Problem),
        (status = 401, description = "No token", body = crate::predict::Problem),
        (status = 403, description = "Another token", body = crate::predict::Problem),
        (status = 409, description = "The server keeps no prediction log", body = crate::predict::Problem),
        (status = 413, description = "The body or the list is too large", body = crate::predict::Problem),
        (status = 415, description = "The body is not declared as JSON", body = crate::predict::Problem),
        (status = 422, description = "Not labels by request", body = crate::predict::Problem),
        (status = 503, description = "The log is behind", body = crate::predict::Problem),
    ))]
pub(crate) async fn feedback(State(app): State<Arc<App>>, asked: Asked) -> Result<Response<Body>, ApiError> {
    asked.expect_json()?;
    let list = match asked.json()? {
        serde_json::Value::Array(list) => list,
        one => vec![one],
    };
    crate::json::within(list.len(), app.options.rows)?;
    let given = list.into_iter().enumerate().map(|(i, value)| labels(i + 1, value)).collect::<Result<Vec<_>, _>>()?;
    let log = log_of(&app)?;
    let ids: Vec<String> = given.iter().map(|f| f.request.clone()).collect();
    let behind = || ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "the prediction log is behind: ask again");
    let outcomes = log.feedback(given, app.workspace.now()).await.ok_or_else(behind)??;
    let mut taken = Taken { accepted: 0, rejected: Vec::new(), performance: Vec::new() };
    let mut versions = BTreeSet::new();
    for (request_id, outcome) in ids.into_iter().zip(outcomes) {
        match outcome {
            FeedbackOutcome::Kept { model, version } => {
                taken.accepted += 1;
                versions.insert((model, version));
            }
            FeedbackOutcome::Unknown => {
                let reason = "no answer of that id is in the prediction log".to_owned();
                taken.rejected.push(NotTaken { request_id: cut(&request_id), reason });
            }
            FeedbackOutcome::Refused(reason) => {
                taken.rejected.push(NotTaken { request_id: cut(&request_id), reason });
            }
        }
    }
    app.metrics.labels.fetch_add(taken.accepted as u64, Ordering::Relaxed);
    for (model, version) in versions {
        let measured = measured(&app, model.as_str(), version).await?;
        taken.performance.extend(measured);
    }
    json(StatusCode::OK, &taken)
}

fn log_of(app: &App) -> Result<&crate::log::LogQueue, ApiError> {
    app.log.as_ref().ok_or_else(|| {
        ApiError::new(
            StatusCode::CONFLICT,
            "no_log",
            "this server keeps no prediction log, which labels are joined with",
        )
    })
}

/// Live performance of a version, beside what it reached on its test split.
async fn measured(app: &Arc<App>, model: &str, version: u32) -> Result<Option<LivePerformanceView>, ApiError> {
    let (worker, name) = (app.clone(), model.to_owned());
    let look = move || worker.workspace.test_metric(&name, version);
    let known = tokio::task::spawn_blocking(look).await.map_err(|_| ApiError::internal())??;
    let Some((model, classes, test)) = known else { return Ok(None) };
    Ok(log_of(app)?.performance(Measured { model, version, classes, test }).await)
}

/// Live performance of the version in Production.
#[utoipa::path(get, path = "/models/{model}/performance", tag = "admin", security(("token" = [])),
    params(("model" = String, Path, description = "The model")),
    responses(
        (status = 200, description = "The metric over labels that came later, with its interval", body = serde_json::Value),
        (status = 401, description = "No token", body = crate::predict::Problem),
        (status = 403, description = "Another token", body = crate::predict::Problem),
        (status = 404, description = "No such model", body = crate::predict::Problem),
        (status = 409, description = "The server keeps no prediction log", body = crate::predict::Problem),
    ))]
pub(crate) async fn performance(
    State(app): State<Arc<App>>,
    At(model): At<String>,
) -> Result<Response<Body>, ApiError> {
    let served = app.served(&model)?;
    log_of(&app)?;
    let found = measured(&app, &model, served.version).await?;
    json(StatusCode::OK, &found.ok_or_else(ApiError::internal)?)
}

fn labels(at: usize, value: serde_json::Value) -> Result<Feedback, ApiError> {
    let wrong = |message: String| ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "wrong_shape", message);
    let given: LabelsGiven = serde_json::from_value(value)
        .map_err(|_| wrong(format!("entry {at} is not an object of `request_id` and `label` or `labels`")))?;
    let labels = match (given.label, given.labels) {
        (Some(one), None) => vec![one],
        (None, Some(list)) => list,
        _ => return Err(wrong(format!("entry {at} has either `label` or `labels`")).field("labels")),
    };
    Ok(Feedback { request: given.request_id, labels })
}
