//! The reference's endpoints: health, the list of models, one sample or picture, or a batch of them.

use crate::answer::{Answered, CHAMPION, Dialect, Encoded, Probabilities, RowAnswer, Rows, answer, json};
use crate::error::ApiError;
use crate::json::{Unknown, records, within};
use crate::pictures::{GivenPictures, Pictures, no_table, of_body};
use crate::request::{Asked, At, RequestId};
use crate::state::App;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use driftgate_engine::{InputColumn, InputFault, InputKind, ServedVersion};
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::Arc;
use utoipa::ToSchema;

/// Whether there is a model to answer with.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok` or `unavailable`.
    status: &'static str,
    /// Models that are answered with.
    models_loaded: usize,
}

/// Says whether there is a model to answer with.
#[utoipa::path(get, path = "/health", tag = "reference", responses(
    (status = 200, description = "A model is loaded", body = Health),
    (status = 503, description = "No model is loaded", body = Health),
))]
pub(crate) async fn health(State(app): State<Arc<App>>) -> Result<Response<Body>, ApiError> {
    let models_loaded = app.snapshot().models.len();
    let (code, status) = match models_loaded {
        0 => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        _ => (StatusCode::OK, "ok"),
    };
    json(code, &Health { status, models_loaded })
}

/// A model that is answered with.
#[derive(Serialize, ToSchema)]
pub(crate) struct ModelInfo {
    /// Its name.
    name: String,
    /// The data set it learnt from.
    dataset: String,
    /// The version of that data set.
    dataset_version: String,
    /// `random_forest`, …
    algorithm: String,
    /// `classification` or `regression`.
    task_type: String,
    /// The version in Production.
    version: u32,
    /// The run that made it.
    run_id: String,
    /// The artifact's digest.
    artifact: String,
    /// When its run ended, in UTC.
    trained_at: Option<String>,
    /// When it was registered, in UTC.
    registered_at: String,
    /// `tabular` or `image`.
    input_type: &'static str,
    /// The size that pictures are brought to; absent for a model of table rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<PictureSize>,
    /// The column it answers.
    target: String,
    /// Its labels; empty for values.
    labels: Vec<String>,
    /// The names of the features, in order; none for pictures.
    feature_names: Vec<String>,
    /// The features.
    features: Vec<Feature>,
}

/// The size that a model brings pictures to.
#[derive(Serialize, ToSchema)]
pub(crate) struct PictureSize {
    /// Rows of pixels.
    height: usize,
    /// Pixels in a row.
    width: usize,
    /// 3 (red, green, blue) or 1 (grey).
    channels: usize,
}

impl PictureSize {
    /// The size of a model's pictures; `None` for one of table rows.
    pub(crate) fn of(served: &ServedVersion) -> Option<PictureSize> {
        let shape = served.image()?.shape();
        Some(PictureSize { height: shape.height, width: shape.width, channels: shape.channels })
    }
}

/// The features that a caller gives: none for pictures, of which the features are measured.
pub(crate) fn features(served: &ServedVersion) -> &[InputColumn] {
    if served.image().is_some() { &[] } else { served.inputs() }
}

/// A feature that a caller gives.
#[derive(Serialize, ToSchema)]
pub(crate) struct Feature {
    /// Its name.
    name: String,
    /// `number`, `boolean` or `text`.
    kind: &'static str,
    /// The smallest value in training.
    min: Option<f64>,
    /// The largest.
    max: Option<f64>,
    /// The categories in training.
    categories: Vec<String>,
    /// Whether `null` may be given.
    nullable: bool,
}

impl Feature {
    pub(crate) fn all(served: &ServedVersion) -> Vec<Feature> {
        let nullable = served.takes_missing();
        features(served)
            .iter()
            .map(|input| Feature {
                name: input.name.clone(),
                kind: kind(input),
                min: input.min,
                max: input.max,
                categories: if input.kind == InputKind::Categorical { input.categories.clone() } else { Vec::new() },
                nullable,
            })
            .collect()
    }
}

/// What a caller gives for a feature.
pub(crate) fn kind(input: &InputColumn) -> &'static str {
    use driftgate_model::ColumnType;
    match (input.declared, input.kind) {
        (ColumnType::Bool, _) => "boolean",
        (ColumnType::String, InputKind::Categorical) => "text",
        _ => "number",
    }
}

/// Lists the models that are answered with.
#[utoipa::path(get, path = "/models", tag = "reference", responses(
    (status = 200, description = "By name", body = Vec<ModelInfo>),
))]
pub(crate) async fn models(State(app): State<Arc<App>>) -> Result<Response<Body>, ApiError> {
    let snapshot = app.snapshot();
    let info = |m: &Arc<ServedVersion>| ModelInfo {
        name: m.model.to_string(),
        dataset: m.dataset.clone(),
        dataset_version: m.dataset_version.to_string(),
        algorithm: m.algorithm().into(),
        task_type: m.task().as_str().into(),
        version: m.version,
        run_id: m.run.to_string(),
        artifact: m.artifact.to_string(),
        trained_at: m.trained_at.map(|t| t.to_string()),
        registered_at: m.registered_at.to_string(),
        input_type: if m.image().is_some() { "image" } else { "tabular" },
        image: PictureSize::of(m),
        target: m.target().into(),
        labels: m.labels().to_vec(),
        feature_names: features(m).iter().map(|i| i.name.clone()).collect(),
        features: Feature::all(m),
    };
    json(StatusCode::OK, &snapshot.models.values().map(info).collect::<Vec<_>>())
}

/// Who answered.
#[derive(Serialize, ToSchema)]
struct By<'a> {
    /// The model.
    model: &'a str,
    /// Its version.
    version: u32,
    /// The run that made it.
    run_id: &'a str,
    /// `champion`.
    role: &'static str,
    /// `random_forest`, …
    algorithm: &'a str,
    /// `classification` or `regression`.
    task_type: &'static str,
    /// The version of the data set it learnt from.
    model_version_id: String,
    /// The request's id, for `/feedback`.
    request_id: &'a str,
}

/// The answer to one sample or picture.
#[derive(Serialize, ToSchema)]
pub(crate) struct Prediction<'a> {
    /// The label, or the value.
    #[schema(value_type = serde_json::Value)]
    prediction: RowAnswer<'a>,
    /// The probability of each label; absent for values.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::BTreeMap<String, f64>>)]
    probabilities: Option<Probabilities<'a>>,
    /// Features whose value lies outside what training saw.
    out_of_range: Vec<&'a str>,
    #[serde(flatten)]
    by: By<'a>,
}

/// The answer to one row or picture of a batch.
#[derive(Serialize, ToSchema)]
pub(crate) struct RowPrediction<'a> {
    /// The label, or the value.
    #[schema(value_type = serde_json::Value)]
    prediction: RowAnswer<'a>,
    /// The probability of each label; absent for values.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::BTreeMap<String, f64>>)]
    probabilities: Option<Probabilities<'a>>,
    /// Features whose value lies outside what training saw.
    out_of_range: Vec<&'a str>,
}

/// The answers to a batch.
#[derive(Serialize, ToSchema)]
pub(crate) struct Batch<'a> {
    /// One a row or picture.
    predictions: Vec<RowPrediction<'a>>,
    #[serde(flatten)]
    by: By<'a>,
}

/// What is answered: to an object, to a list.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Predicted<'a> {
    /// To one sample or picture.
    One(Prediction<'a>),
    /// To a batch.
    Many(Batch<'a>),
}

/// Why there is no answer.
#[derive(Serialize, ToSchema)]
pub(crate) struct Problem {
    /// A word that does not change, such as `missing_field`.
    code: String,
    /// What is wrong.
    message: String,
    /// The feature or key that is wrong, where it is one.
    field: Option<String>,
    /// The request's id.
    request_id: String,
}

/// Answers one sample (an object of feature to value) or a batch (a list of such objects), or pictures.
///
/// A model of pictures takes a picture's file as the body (`curl --data-binary @cat.png -H 'content-type: image/png'`), files
/// in a form (`curl -F file=@cat.png`), or base64 in JSON: `{"image": "…"}` or `{"images": ["…", "…"]}`.
#[utoipa::path(post, path = "/predict/{model}", tag = "reference",
    params(("model" = String, Path, description = "The model; its version in Production answers")),
    request_body(content = serde_json::Value, content_type = "application/json",
        description = "An object of feature to value, or a list of such objects. `null` is a missing value. For a model of \
                       pictures: a file, files in the form field `file`, or base64 in `image` or `images`"),
    responses(
        (status = 200, description = "The answer: a prediction for an object or a picture, predictions for several", body = Predicted),
        (status = 400, description = "The body is not JSON, or not a form", body = Problem),
        (status = 404, description = "No such model", body = Problem),
        (status = 413, description = "The body or the batch is too large", body = Problem),
        (status = 415, description = "The body is not declared as JSON or, for a model of pictures, as one of its forms", body = Problem),
        (status = 422, description = "A field is missing, unknown or of another type, or a picture cannot be read", body = Problem),
        (status = 429, description = "Too many requests at work", body = Problem),
        (status = 503, description = "The model does not load", body = Problem),
    ))]
pub(crate) async fn predict(
    State(app): State<Arc<App>>,
    At(model): At<String>,
    asked: Asked,
) -> Result<Response<Body>, ApiError> {
    let served = app.served(&model)?;
    answer(app, served, asked, Native).await
}

/// The reference's form, with batches and strict fields.
struct Native;

/// An object or a list of objects, or pictures.
pub(crate) enum Samples {
    One(Map<String, Value>),
    Many(Vec<Map<String, Value>>),
    Pictures(GivenPictures),
}

impl Dialect for Native {
    type Parsed = Samples;

    fn parse(&self, asked: &Asked, served: &ServedVersion) -> Result<Samples, ApiError> {
        if served.image().is_some() {
            return of_body(asked).map(Samples::Pictures);
        }
        asked.expect_json().map_err(|error| no_table(asked).unwrap_or(error))?;
        let shape = |message: String| ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "wrong_shape", message);
        match asked.json()? {
            Value::Object(sample) => Ok(Samples::One(sample)),
            Value::Array(list) => {
                let rows = list.into_iter().enumerate().map(|(i, value)| match value {
                    Value::Object(sample) => Ok(sample),
                    _ => Err(shape(format!("row {} is not an object of feature to value", i + 1))),
                });
                Ok(Samples::Many(rows.collect::<Result<_, _>>()?))
            }
            _ => Err(shape("the body is neither an object of feature to value nor a list of them".into())),
        }
    }

    fn rows(&self, samples: &mut Samples, served: &ServedVersion, limit: usize) -> Result<Rows, ApiError> {
        let rows: Vec<&Map<String, Value>> = match samples {
            Samples::One(sample) => vec![&*sample],
            Samples::Many(list) => list.iter().collect(),
            Samples::Pictures(given) => {
                within(given.files.len(), limit)?;
                return Ok(Rows::Pictures(Pictures::Files(std::mem::take(&mut given.files))));
            }
        };
        within(rows.len(), limit)?;
        records(served, &rows, Unknown::Refuse).map(Rows::Table).map_err(|fault: InputFault| fault.into())
    }

    fn encode(&self, samples: &Samples, answered: &Answered, id: &RequestId) -> Result<Encoded, ApiError> {
        let served = &answered.served;
        let by = By {
            model: served.model.as_str(),
            version: served.version,
            run_id: served.run.as_str(),
            role: CHAMPION,
            algorithm: served.algorithm(),
            task_type: served.task().as_str(),
            model_version_id: served.dataset_version.to_string(),
            request_id: id.as_str(),
        };
        let outside = |row: usize| -> Vec<&str> {
            let of_row = answered.out_of_range.iter().filter(|o| o.rows.binary_search(&(row + 1)).is_ok());
            of_row.map(|o| o.field.as_str()).collect()
        };
        let one = |row: usize| RowPrediction {
            prediction: answered.row(row),
            probabilities: answered.probabilities(row),
            out_of_range: outside(row),
        };
        match samples {
            Samples::One(_) | Samples::Pictures(GivenPictures { one: true, .. }) => {
                let RowPrediction { prediction, probabilities, out_of_range } = one(0);
                Encoded::json(&Predicted::One(Prediction { prediction, probabilities, out_of_range, by }))
            }
            Samples::Many(_) | Samples::Pictures(_) => {
                let predictions = (0..answered.rows()).map(one).collect();
                Encoded::json(&Predicted::Many(Batch { predictions, by }))
            }
        }
    }
}
