//! The way from rows or pictures to answers that all dialects share: type, predict, encode, count, log.

use crate::clock::Since;
use crate::error::ApiError;
use crate::pictures::Pictures;
use crate::request::{Asked, RequestId};
use crate::state::App;
use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use axum::http::{Response, StatusCode};
use driftgate_engine::{InputFault, LoggedAnswer, OutOfRange, Predictions, ServedVersion};
use driftgate_model::{Frame, ImageConfig};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::sync::Arc;
use std::time::Duration;

/// The role of a version in Production.
pub(crate) const CHAMPION: &str = "champion";

/// Bodies from here on are worked on aside, so that they hold up no other request.
const ASIDE: usize = 32 << 10;

/// What a model is asked to answer.
pub(crate) enum Rows {
    /// Rows of a table, typed.
    Table(Frame),
    /// Pictures.
    Pictures(Pictures),
}

/// What a model answered to rows.
pub(crate) struct Answered {
    pub(crate) served: Arc<ServedVersion>,
    pub(crate) predictions: Arc<Predictions>,
    pub(crate) codes: Vec<u32>,
    pub(crate) out_of_range: Vec<OutOfRange>,
}

impl Answered {
    pub(crate) fn rows(&self) -> usize {
        self.predictions.len()
    }

    /// The answer of a row.
    pub(crate) fn row(&self, row: usize) -> RowAnswer<'_> {
        match &*self.predictions {
            Predictions::Classes { labels, .. } => {
                let label = self.codes.get(row).and_then(|code| labels.get(*code as usize));
                RowAnswer::Label(label.map_or("", String::as_str))
            }
            Predictions::Values(values) => RowAnswer::Value(values.get(row).copied().unwrap_or(f64::NAN)),
        }
    }

    /// The probabilities of a row by label; none for values.
    pub(crate) fn probabilities(&self, row: usize) -> Option<Probabilities<'_>> {
        matches!(&*self.predictions, Predictions::Classes { .. }).then_some(Probabilities { answered: self, row })
    }
}

/// A label or a value.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum RowAnswer<'a> {
    Label(&'a str),
    Value(f64),
}

/// Probabilities of a row, written as an object in the order of the labels.
pub(crate) struct Probabilities<'a> {
    answered: &'a Answered,
    row: usize,
}

impl Serialize for Probabilities<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Predictions::Classes { labels, probabilities } = &*self.answered.predictions else {
            return serializer.serialize_none();
        };
        let mut map = serializer.serialize_map(Some(labels.len()))?;
        for (j, label) in labels.iter().enumerate() {
            map.serialize_entry(label, &probabilities.get(self.row, j))?;
        }
        map.end()
    }
}

/// A body that was encoded, with headers besides its media type.
pub(crate) struct Encoded {
    pub(crate) media: &'static str,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) bytes: Vec<u8>,
}

impl Encoded {
    /// A JSON body.
    pub(crate) fn json<T: Serialize>(value: &T) -> Result<Encoded, ApiError> {
        let bytes = serde_json::to_vec(value).map_err(|_| ApiError::internal())?;
        Ok(Encoded { media: "application/json", headers: Vec::new(), bytes })
    }
}

/// A JSON response.
pub(crate) fn json<T: Serialize>(status: StatusCode, value: &T) -> Result<Response<Body>, ApiError> {
    let mut response = response(Encoded::json(value)?);
    *response.status_mut() = status;
    Ok(response)
}

fn response(encoded: Encoded) -> Response<Body> {
    let mut response = Response::new(Body::from(Bytes::from(encoded.bytes)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(encoded.media));
    for (name, value) in encoded.headers {
        headers.insert(name, value);
    }
    response
}

/// A dialect: how rows are read and how answers are written.
pub(crate) trait Dialect: Send + 'static {
    /// What was read of the body before the rows were typed.
    type Parsed;

    /// Reads the body for the model that is to answer it.
    fn parse(&self, asked: &Asked, served: &ServedVersion) -> Result<Self::Parsed, ApiError>;
    /// Types the rows, or takes the pictures out of what was read.
    fn rows(&self, parsed: &mut Self::Parsed, served: &ServedVersion, limit: usize) -> Result<Rows, ApiError>;
    /// Says what is wrong with rows that cannot be answered.
    fn refuse(&self, fault: InputFault) -> ApiError {
        fault.into()
    }
    /// Writes the answers.
    fn encode(&self, parsed: &Self::Parsed, answered: &Answered, id: &RequestId) -> Result<Encoded, ApiError>;
}

/// Answers a request in a dialect; a large one, and one of pictures, on a thread of its own.
pub(crate) async fn answer<D: Dialect>(
    app: Arc<App>,
    served: Arc<ServedVersion>,
    asked: Asked,
    dialect: D,
) -> Result<Response<Body>, ApiError> {
    let place = if served.image().is_some() {
        // A few bytes may unfold to a gigabyte: few requests do so at one time, and one that nobody waits for any more keeps its
        // place until it ends.
        Some(app.pictures.clone().acquire_owned().await.map_err(|_| ApiError::internal())?)
    } else if asked.body.len() < ASIDE {
        return answer_here(&app, &served, &asked, &dialect);
    } else {
        None
    };
    let work = tokio::task::spawn_blocking(move || {
        let _place = place;
        answer_here(&app, &served, &asked, &dialect)
    });
    work.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a request ended its thread");
        Err(ApiError::internal())
    })
}

fn answer_here<D: Dialect>(
    app: &App,
    served: &Arc<ServedVersion>,
    asked: &Asked,
    dialect: &D,
) -> Result<Response<Body>, ApiError> {
    let counted = app.metrics.version(served.model.as_str(), served.version, CHAMPION);
    let worked = work(app, served, asked, dialect);
    let time = asked.since.elapsed();
    match worked {
        Ok(done) => {
            counted.count(StatusCode::OK.as_u16(), done.predictions.len(), time);
            if let Some(frame) = done.kept {
                keep(app, served, asked, frame, done.predictions, time);
            }
            let mut response = response(done.encoded);
            let headers = response.headers_mut();
            headers.insert("x-model-version", HeaderValue::from(served.version));
            headers.insert("x-served-by", HeaderValue::from_static(CHAMPION));
            Ok(response)
        }
        Err(error) => {
            counted.count(error.status.as_u16(), 0, time);
            Err(error)
        }
    }
}

struct Done {
    /// What the log keeps of the input, where it keeps this answer.
    kept: Option<Frame>,
    predictions: Arc<Predictions>,
    encoded: Encoded,
}

fn work<D: Dialect>(app: &App, served: &Arc<ServedVersion>, asked: &Asked, dialect: &D) -> Result<Done, ApiError> {
    let mut lap = Since::now();
    let mut parsed = dialect.parse(asked, served)?;
    let parse = lap.lap();
    let rows = dialect.rows(&mut parsed, served, app.options.rows)?;
    let validate = lap.lap();
    let logged = app.log.is_some() && sampled(asked.id.as_str(), app.options.sample);
    let (kept, predictions, out_of_range) = match rows {
        Rows::Table(frame) => {
            let predictions = served.answer(&frame).map_err(|fault| dialect.refuse(fault))?;
            let outside = served.out_of_range(&frame);
            (logged.then_some(frame), predictions, outside)
        }
        Rows::Pictures(pictures) => {
            let shape = served.image().filter(|_| logged).map(ImageConfig::shape);
            let kept = shape.and_then(|shape| pictures.logged(shape));
            let predictions = match pictures {
                Pictures::Files(files) => served.answer_pictures(&files),
                Pictures::Tiles(tiles) => served.answer_tiles(tiles),
            };
            (kept, predictions.map_err(|fault| dialect.refuse(fault))?, Vec::new())
        }
    };
    let predictions = Arc::new(predictions);
    let answered = Answered { served: served.clone(), codes: predictions.codes(), predictions, out_of_range };
    let infer = lap.lap();
    let encoded = dialect.encode(&parsed, &answered, &asked.id)?;
    app.metrics.stages([parse, validate, infer, lap.lap()]);
    Ok(Done { kept, predictions: answered.predictions, encoded })
}

/// Hands the answer to the log.
fn keep(
    app: &App,
    served: &Arc<ServedVersion>,
    asked: &Asked,
    frame: Frame,
    answers: Arc<Predictions>,
    time: Duration,
) {
    let Some(log) = &app.log else { return };
    log.answer(LoggedAnswer {
        request: asked.id.as_str().to_owned(),
        at: app.workspace.now(),
        served: served.clone(),
        role: CHAMPION,
        micros: u64::try_from(time.as_micros()).unwrap_or(u64::MAX),
        frame,
        answers,
    });
}

/// Whether a request is among the share that is kept: the same id always is, or never.
fn sampled(id: &str, share: f64) -> bool {
    // FNV-1a, then a multiplication that spreads the last bytes over the highest bits.
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    share >= 1.0 || (mixed >> 11) as f64 / (1_u64 << 53) as f64 <= share - f64::EPSILON
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_requests_is_kept_and_always_the_same() {
        let ids: Vec<String> = (0..20_000).map(|i| format!("request-{i}")).collect();
        let kept = |share: f64| ids.iter().filter(|id| sampled(id, share)).count();
        assert_eq!((kept(0.0), kept(1.0)), (0, ids.len()));
        let tenth = kept(0.1);
        assert!((1_800..2_200).contains(&tenth), "{tenth}");
        assert!(ids.iter().all(|id| !sampled(id, 0.1) || sampled(id, 0.2)));
    }
}
