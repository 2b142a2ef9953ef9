//! MLflow's scoring protocol.

use crate::answer::{Answered, Dialect, Encoded, RowAnswer, Rows, answer};
use crate::error::ApiError;
use crate::json::{Unknown, columns, records, split, within};
use crate::oip_tensor::as_bad;
use crate::pictures::{FIELD, Pictures, files};
use crate::request::{Asked, At, RequestId, unsupported};
use crate::state::App;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse as _;
use driftgate_engine::{InputFault, ServedVersion};
use driftgate_model::Frame;
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::Arc;

/// The keys of which a body has exactly one.
const FORMS: [&str; 4] = ["dataframe_split", "dataframe_records", "instances", "inputs"];

/// Says that there is a model to answer with.
#[utoipa::path(get, path = "/ping", tag = "mlflow", responses(
    (status = 200, description = "A model is loaded", body = String, content_type = "text/plain"),
    (status = 404, description = "No model is loaded", body = String, content_type = "text/plain"),
))]
pub(crate) async fn ping(State(app): State<Arc<App>>) -> Response<Body> {
    let status = if app.snapshot().models.is_empty() { StatusCode::NOT_FOUND } else { StatusCode::OK };
    (status, "\n").into_response()
}

/// Says the version of Driftgate.
#[utoipa::path(get, path = "/version", tag = "mlflow", responses(
    (status = 200, description = "The version", body = String, content_type = "text/plain"),
))]
pub(crate) async fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// Answers with the only model that is loaded.
#[utoipa::path(post, path = "/invocations", tag = "mlflow",
    request_body(content = serde_json::Value, content_type = "application/json",
        description = "Exactly one of `dataframe_split`, `dataframe_records`, `instances`, `inputs`; or CSV as text/csv. Pictures \
                       are base64: texts, or a column `image` of them"),
    responses(
        (status = 200, description = "`predictions`, one a row", body = serde_json::Value),
        (status = 400, description = "Another form, a missing or a wrong value, or several models", body = serde_json::Value),
        (status = 404, description = "No model is loaded", body = serde_json::Value),
        (status = 413, description = "The body or the batch is too large", body = serde_json::Value),
        (status = 415, description = "Neither JSON nor CSV", body = serde_json::Value),
        (status = 429, description = "Too many requests at work", body = serde_json::Value),
        (status = 503, description = "The model does not load", body = serde_json::Value),
    ))]
pub(crate) async fn only(State(app): State<Arc<App>>, asked: Asked) -> Result<Response<Body>, ApiError> {
    let snapshot = app.snapshot();
    let mut models = snapshot.models.values();
    match (models.next(), models.next()) {
        (Some(one), None) => answer(app, one.clone(), asked, Scoring).await,
        (None, _) => Err(ApiError::not_found("no model is in Production")),
        (Some(_), Some(_)) => {
            let names: Vec<&str> = snapshot.models.keys().map(String::as_str).collect();
            let message = format!("there are several models: ask /invocations/MODEL for one of {}", names.join(", "));
            Err(ApiError::bad("several_models", message))
        }
    }
}

/// Answers with a model.
#[utoipa::path(post, path = "/invocations/{model}", tag = "mlflow",
    params(("model" = String, Path, description = "The model")),
    request_body(content = serde_json::Value, content_type = "application/json",
        description = "Exactly one of `dataframe_split`, `dataframe_records`, `instances`, `inputs`; or CSV as text/csv. Pictures \
                       are base64: texts, or a column `image` of them"),
    responses(
        (status = 200, description = "`predictions`, one a row", body = serde_json::Value),
        (status = 400, description = "Another form, or a missing or a wrong value", body = serde_json::Value),
        (status = 404, description = "No such model", body = serde_json::Value),
        (status = 413, description = "The body or the batch is too large", body = serde_json::Value),
        (status = 415, description = "Neither JSON nor CSV", body = serde_json::Value),
        (status = 429, description = "Too many requests at work", body = serde_json::Value),
        (status = 503, description = "The model does not load", body = serde_json::Value),
    ))]
pub(crate) async fn named(
    State(app): State<Arc<App>>,
    At(model): At<String>,
    asked: Asked,
) -> Result<Response<Body>, ApiError> {
    let served = app.served(&model)?;
    answer(app, served, asked, Scoring).await
}

/// MLflow's forms.
struct Scoring;

/// A body in one of the forms.
enum Form {
    Csv(axum::body::Bytes),
    Split(Map<String, Value>),
    Rows(Value, &'static str),
    Inputs(Value),
}

/// `predictions`, and what answered.
#[derive(Serialize)]
struct Scored<'a> {
    predictions: Vec<RowAnswer<'a>>,
    model: &'a str,
    version: u32,
    run_id: &'a str,
    request_id: &'a str,
}

fn shape(message: impl Into<String>) -> ApiError {
    ApiError::bad("wrong_shape", message)
}

impl Dialect for Scoring {
    type Parsed = Form;

    fn parse(&self, asked: &Asked, served: &ServedVersion) -> Result<Form, ApiError> {
        let (media, parameters) = asked.media_type();
        let pictures = served.image().is_some();
        let wanted = if pictures {
            "application/json with pictures as base64, such as {\"inputs\": [\"…\"]},"
        } else {
            "application/json or text/csv"
        };
        if parameters.iter().any(|(key, value)| key != "charset" || value != "utf-8") {
            return Err(unsupported(media.as_deref(), wanted));
        }
        match media.as_deref() {
            Some("text/csv") if !pictures => return Ok(Form::Csv(asked.body.clone())),
            Some("application/json") => {}
            other => return Err(unsupported(other, wanted)),
        }
        let Value::Object(mut body) = asked.json()? else {
            return Err(shape(format!("the body is not an object with one of {}", FORMS.join(", "))));
        };
        let present: Vec<&'static str> = FORMS.into_iter().filter(|form| body.contains_key(*form)).collect();
        let [form] = present.as_slice() else {
            return Err(shape(format!(
                "the body has {} of {}, and must have exactly one",
                present.len(),
                FORMS.join(", ")
            )));
        };
        if let Some(other) = body.keys().find(|key| key != form && *key != "params") {
            let name = crate::json::cut(other);
            return Err(shape(format!("`{name}` is no key of a scoring request")).field(name));
        }
        match (*form, body.remove(*form)) {
            ("dataframe_split", Some(Value::Object(split))) => Ok(Form::Split(split)),
            ("inputs", Some(value)) => Ok(Form::Inputs(value)),
            (form @ ("dataframe_records" | "instances"), Some(value)) => Ok(Form::Rows(value, form)),
            (form, _) => Err(shape(format!("`{form}` is not an object")).field(form)),
        }
    }

    fn rows(&self, body: &mut Form, served: &ServedVersion, limit: usize) -> Result<Rows, ApiError> {
        if served.image().is_some() {
            let texts = texts(body)?;
            within(texts.len(), limit)?;
            return files(texts.into_iter()).map(Pictures::Files).map(Rows::Pictures).map_err(as_bad);
        }
        frame(body, served, limit).map(Rows::Table)
    }

    fn refuse(&self, fault: InputFault) -> ApiError {
        bad_request(fault)
    }

    fn encode(&self, _: &Form, answered: &Answered, id: &RequestId) -> Result<Encoded, ApiError> {
        Encoded::json(&Scored {
            predictions: (0..answered.rows()).map(|row| answered.row(row)).collect(),
            model: answered.served.model.as_str(),
            version: answered.served.version,
            run_id: answered.served.run.as_str(),
            request_id: id.as_str(),
        })
    }
}

/// MLflow knows one status for a wrong input.
fn bad_request(fault: InputFault) -> ApiError {
    crate::oip_tensor::bad_request(fault)
}

/// The typed rows of a table.
fn frame(body: &Form, served: &ServedVersion, limit: usize) -> Result<Frame, ApiError> {
    match body {
        Form::Csv(bytes) => {
            let frame = served.frame_of_csv(bytes).map_err(bad_request)?;
            within(frame.rows(), limit)?;
            Ok(frame)
        }
        Form::Split(object) => split_frame(object, served, limit),
        Form::Rows(value, form) => rows_frame(value, form, served, limit),
        Form::Inputs(Value::Object(object)) => {
            let (rows, frame) = columns(served, object).map_err(bad_request)?;
            within(rows, limit)?;
            Ok(frame)
        }
        Form::Inputs(value) => rows_frame(value, "inputs", served, limit),
    }
}

/// The values that stand for pictures: a list of texts, or a column `image` of them.
fn texts(body: &Form) -> Result<Vec<&Value>, ApiError> {
    match body {
        // The media type was refused already.
        Form::Csv(_) => Err(ApiError::internal()),
        Form::Split(object) => split_texts(object),
        Form::Rows(value, form) => cells(value, form),
        Form::Inputs(Value::Object(columns)) => match columns.get(FIELD) {
            Some(Value::Array(list)) => Ok(list.iter().collect()),
            Some(one) => Ok(vec![one]),
            None => Err(bad_request(crate::json::missing_field(FIELD, None))),
        },
        Form::Inputs(one @ Value::String(_)) => Ok(vec![one]),
        Form::Inputs(value) => cells(value, "inputs"),
    }
}

/// The picture of each row: the row itself, or its `image`.
fn cells<'a>(rows: &'a Value, form: &str) -> Result<Vec<&'a Value>, ApiError> {
    match rows {
        Value::Array(rows) => Ok(rows.iter().map(|row| row.get(FIELD).unwrap_or(row)).collect()),
        _ => Err(shape(format!("`{form}` is not a list of pictures in base64")).field(form)),
    }
}

/// The column `image` of a split table, or its only one.
fn split_texts(object: &Map<String, Value>) -> Result<Vec<&Value>, ApiError> {
    let (names, rows) = split_parts(object)?;
    let at = match names.as_slice() {
        [_] => Some(0),
        names => names.iter().position(|name| *name == FIELD),
    };
    let at = at.ok_or_else(|| bad_request(crate::json::missing_field(FIELD, None)))?;
    let found: Result<Vec<_>, usize> = rows.into_iter().enumerate().map(|(i, row)| row.get(at).ok_or(i)).collect();
    found.map_err(|i| shape(format!("row {} has fewer values than there are columns", i + 1)).field("data"))
}

fn split_frame(object: &Map<String, Value>, served: &ServedVersion, limit: usize) -> Result<Frame, ApiError> {
    let (names, rows) = split_parts(object)?;
    within(rows.len(), limit)?;
    split(served, &names, &rows).map_err(bad_request)
}

/// The names of the columns of a split table, and its rows.
fn split_parts(object: &Map<String, Value>) -> Result<(Vec<&str>, Vec<&Vec<Value>>), ApiError> {
    let list = |key: &str| match object.get(key) {
        Some(Value::Array(list)) => Ok(list),
        _ => Err(shape(format!("`dataframe_split` has no list `{key}`")).field(key)),
    };
    let names: Option<Vec<&str>> = list("columns")?.iter().map(Value::as_str).collect();
    let names = names.ok_or_else(|| shape("a name in `columns` is not a text").field("columns"))?;
    Ok((names, lists(list("data")?, "data")?))
}

fn lists<'a>(rows: &'a [Value], form: &str) -> Result<Vec<&'a Vec<Value>>, ApiError> {
    let one = |(i, row): (usize, &'a Value)| {
        row.as_array().ok_or_else(|| shape(format!("row {} of `{form}` is not a list of values", i + 1)).field(form))
    };
    rows.iter().enumerate().map(one).collect()
}

/// Rows as objects, as lists in the order of the features, or, of a model with one feature, as plain values.
fn rows_frame(value: &Value, form: &str, served: &ServedVersion, limit: usize) -> Result<Frame, ApiError> {
    let Value::Array(rows) = value else { return Err(shape(format!("`{form}` is not a list of rows")).field(form)) };
    within(rows.len(), limit)?;
    let names: Vec<&str> = served.inputs().iter().map(|input| input.name.as_str()).collect();
    match rows.first() {
        Some(Value::Object(_)) => {
            let one = |(i, row): (usize, &'_ Value)| match row {
                Value::Object(_) => Ok(()),
                _ => Err(shape(format!("row {} of `{form}` is not an object", i + 1)).field(form)),
            };
            rows.iter().enumerate().try_for_each(one)?;
            let objects: Vec<&Map<String, Value>> = rows.iter().filter_map(Value::as_object).collect();
            records(served, &objects, Unknown::Ignore).map_err(bad_request)
        }
        Some(Value::Array(_)) if form != "dataframe_records" => {
            split(served, &names, &lists(rows, form)?).map_err(bad_request)
        }
        Some(_) if form != "dataframe_records" && names.len() == 1 => {
            let frame = served.frame(rows.len(), |_, row| {
                Ok(rows.get(row).map_or(driftgate_engine::GivenValue::Missing, crate::json::given))
            });
            frame.map_err(bad_request)
        }
        Some(_) => Err(shape(format!("row 1 of `{form}` is not an object of feature to value")).field(form)),
        None => Err(bad_request(InputFault::general("no_rows", "there is no row to answer"))),
    }
}
