//! The Open Inference Protocol v2 over REST.

use crate::answer::{Answered, CHAMPION, Dialect, Encoded, RowAnswer, Rows, answer, json as respond};
use crate::error::ApiError;
use crate::json::cut;
use crate::oip_image;
use crate::oip_tensor::{Checked, Tensor, frame};
use crate::pictures::{FIELD, Pictures};
use crate::predict::PictureSize;
use crate::request::{Asked, At, RequestId, parse_json, unsupported};
use crate::state::App;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{HeaderName, HeaderValue};
use axum::http::{Response, StatusCode};
use driftgate_engine::{InputColumn, InputFault, Predictions, ServedVersion};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// Where the JSON of a request or a response with binary tensors ends.
const JSON_LENGTH: HeaderName = HeaderName::from_static("inference-header-content-length");

/// Says that the server lives.
#[utoipa::path(get, path = "/v2/health/live", tag = "open-inference", responses(
    (status = 200, description = "It lives", body = serde_json::Value),
))]
pub(crate) async fn live() -> Result<Response<Body>, ApiError> {
    respond(StatusCode::OK, &json!({"live": true}))
}

/// Says whether every model in Production is loaded.
#[utoipa::path(get, path = "/v2/health/ready", tag = "open-inference", responses(
    (status = 200, description = "Ready", body = serde_json::Value),
    (status = 503, description = "No model is loaded, or one does not load", body = serde_json::Value),
))]
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Result<Response<Body>, ApiError> {
    let snapshot = app.snapshot();
    let ready = !snapshot.models.is_empty() && snapshot.failed.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    respond(status, &json!({"ready": ready, "live": true}))
}

/// What the server is.
#[derive(Serialize, ToSchema)]
pub(crate) struct ServerMetadata {
    name: &'static str,
    version: &'static str,
    extensions: Vec<&'static str>,
}

/// Says what the server is.
#[utoipa::path(get, path = "/v2", tag = "open-inference", responses(
    (status = 200, description = "Name, version, extensions", body = ServerMetadata),
))]
pub(crate) async fn metadata() -> Result<Response<Body>, ApiError> {
    let version = env!("CARGO_PKG_VERSION");
    respond(StatusCode::OK, &ServerMetadata { name: "driftgate", version, extensions: vec!["binary_tensor_data"] })
}

/// A tensor that a model takes or gives.
#[derive(Serialize, ToSchema)]
pub(crate) struct TensorMetadata {
    name: String,
    datatype: &'static str,
    shape: Vec<i64>,
    /// How a picture may be given; absent for a table's columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    parameters: Option<BTreeMap<&'static str, String>>,
}

impl TensorMetadata {
    fn plain(name: &str, datatype: &'static str, shape: Vec<i64>) -> TensorMetadata {
        TensorMetadata { name: name.into(), datatype, shape, parameters: None }
    }

    /// What a model takes: one tensor a feature, or one of pictures.
    fn inputs(served: &ServedVersion) -> Vec<TensorMetadata> {
        if let Some(image) = served.image() {
            let parameters = Some(oip_image::parameters(image.shape()));
            return vec![TensorMetadata { parameters, ..TensorMetadata::plain(FIELD, "BYTES", vec![-1]) }];
        }
        let one = |input: &InputColumn| {
            let datatype = match crate::predict::kind(input) {
                "boolean" => "BOOL",
                "text" => "BYTES",
                _ => "FP64",
            };
            TensorMetadata::plain(&input.name, datatype, vec![-1])
        };
        served.inputs().iter().map(one).collect()
    }
}

/// What a model takes and gives.
#[derive(Serialize, ToSchema)]
pub(crate) struct ModelMetadata {
    name: String,
    versions: Vec<String>,
    platform: String,
    inputs: Vec<TensorMetadata>,
    outputs: Vec<TensorMetadata>,
    /// The labels, in the order of `probabilities`; empty for values.
    labels: Vec<String>,
    /// The size that pictures are brought to; absent for a model of table rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<PictureSize>,
}

/// The version that answers, where the path names it or no other.
fn served_as(app: &App, model: &str, version: Option<&str>) -> Result<Arc<ServedVersion>, ApiError> {
    let served = app.served(model)?;
    match version {
        Some(wanted) if wanted != served.version.to_string() => {
            let message = format!("`{model}` answers with version {}, and not with `{}`", served.version, cut(wanted));
            Err(ApiError::not_found(message))
        }
        _ => Ok(served),
    }
}

/// The name of a model and maybe a version, as the path has them.
#[derive(Deserialize)]
pub(crate) struct Named {
    model: String,
    version: Option<String>,
}

/// Says what a model takes and gives.
#[utoipa::path(get, path = "/v2/models/{model}", tag = "open-inference",
    params(("model" = String, Path, description = "The model")),
    responses(
        (status = 200, description = "Inputs and outputs", body = ModelMetadata),
        (status = 404, description = "No such model or version", body = serde_json::Value),
    ))]
pub(crate) async fn model(State(app): State<Arc<App>>, At(named): At<Named>) -> Result<Response<Body>, ApiError> {
    let served = served_as(&app, &named.model, named.version.as_deref())?;
    let labels = served.labels().to_vec();
    let answers = if labels.is_empty() { "FP64" } else { "BYTES" };
    let mut outputs = vec![TensorMetadata::plain("prediction", answers, vec![-1])];
    if !labels.is_empty() {
        let shape = vec![-1, labels.len() as i64];
        outputs.push(TensorMetadata::plain("probabilities", "FP64", shape));
    }
    respond(
        StatusCode::OK,
        &ModelMetadata {
            name: served.model.to_string(),
            versions: vec![served.version.to_string()],
            platform: format!("driftgate_{}", served.algorithm()),
            inputs: TensorMetadata::inputs(&served),
            outputs,
            labels,
            image: PictureSize::of(&served),
        },
    )
}

/// Says whether a model is loaded.
#[utoipa::path(get, path = "/v2/models/{model}/ready", tag = "open-inference",
    params(("model" = String, Path, description = "The model")),
    responses(
        (status = 200, description = "It is loaded", body = serde_json::Value),
        (status = 404, description = "No such model or version", body = serde_json::Value),
        (status = 503, description = "It does not load", body = serde_json::Value),
    ))]
pub(crate) async fn model_ready(State(app): State<Arc<App>>, At(named): At<Named>) -> Result<Response<Body>, ApiError> {
    served_as(&app, &named.model, named.version.as_deref())?;
    respond(StatusCode::OK, &json!({"name": named.model, "ready": true}))
}

/// Answers the rows of tensors: one a feature, or a single one of shape `[n, features]`; or pictures.
///
/// A model of pictures takes one tensor: BYTES of shape `[n]` with their files, which are base64 in JSON, or UINT8 (0 to 255) or FP32
/// (0 to 1) of shape `[n, height, width, channels]` where they have the network's size already.
#[utoipa::path(post, path = "/v2/models/{model}/infer", tag = "open-inference",
    params(("model" = String, Path, description = "The model")),
    request_body(content = serde_json::Value, content_type = "application/json",
        description = "`inputs` of name, shape, datatype and data, as the protocol has them"),
    responses(
        (status = 200, description = "`outputs`: prediction and, for labels, probabilities", body = serde_json::Value),
        (status = 400, description = "A tensor is wrong", body = serde_json::Value),
        (status = 404, description = "No such model or version", body = serde_json::Value),
        (status = 413, description = "The body or the batch is too large", body = serde_json::Value),
        (status = 415, description = "The body is not declared as JSON", body = serde_json::Value),
        (status = 429, description = "Too many requests at work", body = serde_json::Value),
        (status = 503, description = "The model does not load", body = serde_json::Value),
    ))]
pub(crate) async fn infer(
    State(app): State<Arc<App>>,
    At(named): At<Named>,
    asked: Asked,
) -> Result<Response<Body>, ApiError> {
    let served = served_as(&app, &named.model, named.version.as_deref())?;
    let rows = app.options.rows;
    answer(app, served, asked, Infer { rows }).await
}

/// The protocol's way to ask.
struct Infer {
    /// Most rows or pictures of a request.
    rows: usize,
}

/// A request of the protocol.
#[derive(Deserialize)]
struct InferRequest {
    id: Option<String>,
    #[serde(default)]
    parameters: Map<String, Value>,
    inputs: Vec<Tensor>,
    #[serde(default)]
    outputs: Option<Vec<WantedOutput>>,
}

/// An output that is asked for.
#[derive(Deserialize)]
struct WantedOutput {
    name: String,
    #[serde(default)]
    parameters: Map<String, Value>,
}

/// What tensors hold.
enum Inputs {
    Columns(Vec<Checked>),
    /// Until they are taken to be answered.
    Pictures(Option<Pictures>),
}

/// A request whose tensors were checked.
struct Checks {
    id: Option<String>,
    inputs: Inputs,
    /// The outputs that are wanted, and whether in binary.
    outputs: Vec<(String, bool)>,
}

impl Dialect for Infer {
    type Parsed = Checks;

    fn parse(&self, asked: &Asked, served: &ServedVersion) -> Result<Checks, ApiError> {
        let (media, _) = asked.media_type();
        // Triton's clients send no media type.
        if !matches!(media.as_deref(), None | Some("application/json" | "application/octet-stream")) {
            return Err(unsupported(media.as_deref(), "application/json"));
        }
        let length = asked.headers.get(JSON_LENGTH).map(|v| v.to_str().ok().and_then(|t| t.parse::<usize>().ok()));
        let (text, mut binary) = match length {
            None => (&asked.body[..], &[][..]),
            Some(length) => length.and_then(|n| asked.body.split_at_checked(n)).ok_or_else(|| {
                ApiError::bad("wrong_shape", format!("`{JSON_LENGTH}` is not a length within the body"))
            })?,
        };
        let value = parse_json(text)?;
        if !value.get("inputs").is_some_and(Value::is_array) {
            return Err(ApiError::bad("wrong_shape", "the body has no list `inputs`").field("inputs"));
        }
        let request: InferRequest = serde_json::from_value(value).map_err(|_| {
            let message = "the body is no inference request: `id` is a text, `parameters` an object, an input has `name`, \
                           `shape`, `datatype` and `data`, an output `name`";
            ApiError::bad("wrong_shape", message)
        })?;
        let all = request.parameters.get("binary_data_output").and_then(Value::as_bool).unwrap_or(false);
        let outputs = match request.outputs {
            None => vec![("prediction".to_owned(), all), ("probabilities".into(), all)],
            Some(wanted) => wanted
                .into_iter()
                .map(|o| {
                    let binary = o.parameters.get("binary_data").and_then(Value::as_bool).unwrap_or(all);
                    (o.name, binary)
                })
                .collect(),
        };
        if let Some((name, _)) = outputs.iter().find(|(name, _)| name != "prediction" && name != "probabilities") {
            let message =
                format!("there is no output `{}`: there are prediction and, for labels, probabilities", cut(name));
            return Err(ApiError::bad("unknown_output", message).field(cut(name)));
        }
        let inputs = match served.image() {
            Some(image) => {
                let pictures = oip_image::pictures(request.inputs, &mut binary, image.shape(), self.rows)?;
                Inputs::Pictures(Some(pictures))
            }
            None => {
                let elements = self.rows.saturating_mul(served.inputs().len().max(1));
                let tensors = request.inputs.into_iter().map(|t| Checked::of(t, &mut binary, elements));
                Inputs::Columns(tensors.collect::<Result<_, _>>()?)
            }
        };
        if !binary.is_empty() {
            return Err(ApiError::bad("wrong_shape", format!("{} bytes at the end belong to no input", binary.len())));
        }
        Ok(Checks { id: request.id, inputs, outputs })
    }

    fn rows(&self, checks: &mut Checks, served: &ServedVersion, limit: usize) -> Result<Rows, ApiError> {
        match &mut checks.inputs {
            Inputs::Columns(tensors) => frame(served, tensors, limit).map(Rows::Table),
            Inputs::Pictures(given) => given.take().map(Rows::Pictures).ok_or_else(ApiError::internal),
        }
    }

    fn refuse(&self, fault: InputFault) -> ApiError {
        crate::oip_tensor::bad_request(fault)
    }

    fn encode(&self, checks: &Checks, answered: &Answered, id: &RequestId) -> Result<Encoded, ApiError> {
        let served = &answered.served;
        let (mut outputs, mut binary) = (Vec::new(), Vec::new());
        for (name, as_binary) in &checks.outputs {
            let Some(output) = output(name, answered) else { continue };
            outputs.push(output.write(name, *as_binary, &mut binary));
        }
        let outside: Vec<&str> = answered.out_of_range.iter().map(|o| o.field.as_str()).collect();
        let mut body = json!({
            "model_name": served.model.as_str(),
            "model_version": served.version.to_string(),
            "parameters": {
                "served_by": CHAMPION,
                "run_id": served.run.as_str(),
                "request_id": id.as_str(),
                "out_of_range": outside.join(","),
            },
            "outputs": outputs,
        });
        if let (Some(id), Some(map)) = (&checks.id, body.as_object_mut()) {
            map.insert("id".into(), id.as_str().into());
        }
        let mut encoded = Encoded::json(&body)?;
        if checks.outputs.iter().any(|(_, binary)| *binary) {
            encoded.headers.push((JSON_LENGTH, HeaderValue::from(encoded.bytes.len())));
            encoded.media = "application/octet-stream";
            encoded.bytes.extend(binary);
        }
        Ok(encoded)
    }
}

/// An output tensor before it is written.
enum Output<'a> {
    Texts(Vec<&'a str>),
    Numbers(Vec<f64>, Vec<usize>),
}

/// The output of that name; probabilities exist for labels alone.
fn output<'a>(name: &str, answered: &'a Answered) -> Option<Output<'a>> {
    let rows = answered.rows();
    match (&*answered.predictions, name) {
        (Predictions::Values(values), "prediction") => Some(Output::Numbers(values.clone(), vec![rows])),
        (Predictions::Classes { .. }, "prediction") => {
            let text = |row| match answered.row(row) {
                RowAnswer::Label(text) => text,
                RowAnswer::Value(_) => "",
            };
            Some(Output::Texts((0..rows).map(text).collect()))
        }
        (Predictions::Classes { probabilities, .. }, _) => {
            let width = probabilities.cols();
            let values = (0..rows).flat_map(|i| (0..width).map(move |j| probabilities.get(i, j)));
            Some(Output::Numbers(values.collect(), vec![rows, width]))
        }
        (Predictions::Values(_), _) => None,
    }
}

impl Output<'_> {
    fn write(&self, name: &str, as_binary: bool, binary: &mut Vec<u8>) -> Value {
        let (datatype, shape) = match self {
            Output::Texts(texts) => ("BYTES", vec![texts.len()]),
            Output::Numbers(_, shape) => ("FP64", shape.clone()),
        };
        if !as_binary {
            let data = match self {
                Output::Texts(texts) => json!(texts),
                Output::Numbers(values, _) => json!(values),
            };
            return json!({"name": name, "datatype": datatype, "shape": shape, "data": data});
        }
        let before = binary.len();
        match self {
            Output::Texts(texts) => {
                for text in texts {
                    binary.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
                    binary.extend(text.as_bytes());
                }
            }
            Output::Numbers(values, _) => binary.extend(values.iter().flat_map(|v| v.to_le_bytes())),
        }
        let size = binary.len() - before;
        json!({"name": name, "datatype": datatype, "shape": shape, "parameters": {"binary_data_size": size}})
    }
}
