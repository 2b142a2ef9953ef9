//! What a prediction server answers with: an immutable snapshot of the versions in Production, and the way in.

use crate::artifact::LoadedModel;
use crate::estimator::Estimator;
use crate::predict::outside;
use crate::{EngineError, Result, Workspace};
use driftgate_data::{DataError, GivenValue, InputColumn, MissingTexts, frame_of_rows};
use driftgate_images::MemoryTiles;
use driftgate_learn::Predictions;
use driftgate_ledger::HeldLease;
use driftgate_model::views::ServingLine;
use driftgate_model::{
    CancelToken, DatasetSpec, Digest, EventBody, FileFormat, FileKind, Frame, ImageConfig, ModelName, ModelRow,
    NullObserver, RunId, ServedModel, ServerRow, Task, Timestamp, VersionNumber,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A version in Production, loaded and checked, ready to answer.
pub struct ServedVersion {
    /// The model.
    pub model: ModelName,
    /// Its version.
    pub version: VersionNumber,
    /// The run that made it.
    pub run: RunId,
    /// The artifact's manifest.
    pub artifact: Digest,
    /// The data set it learnt from.
    pub dataset: String,
    /// The version of that data set.
    pub dataset_version: Digest,
    /// When its run ended.
    pub trained_at: Option<Timestamp>,
    /// When it was registered.
    pub registered_at: Timestamp,
    loaded: LoadedModel,
    format: FileFormat,
    missing: MissingTexts,
}

/// Values of a feature outside the range that training saw.
#[derive(Debug, Clone, PartialEq)]
pub struct OutOfRange {
    /// The feature.
    pub field: String,
    /// The smallest value in training.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// The rows with a value outside, from 1.
    pub rows: Vec<usize>,
}

/// Why rows cannot be answered: in words that name no path and no library.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InputFault {
    /// `wrong_type`, `missing_value`, `missing_field`, `unknown_field`, `unknown_category`, `no_rows`, `bad_table`, `internal`.
    pub code: &'static str,
    /// The feature.
    pub field: Option<String>,
    /// What is wrong, with its row.
    pub message: String,
}

impl InputFault {
    /// A fault of a feature.
    pub fn of(code: &'static str, field: &str, message: impl Into<String>) -> InputFault {
        InputFault { code, field: Some(field.into()), message: message.into() }
    }

    /// A fault of no feature in particular.
    pub fn general(code: &'static str, message: impl Into<String>) -> InputFault {
        InputFault { code, field: None, message: message.into() }
    }
}

impl From<DataError> for InputFault {
    fn from(error: DataError) -> Self {
        let message = error.to_string();
        match &error {
            DataError::Value(cell) => InputFault::of("wrong_type", &cell.column, message),
            DataError::MissingValue { column, .. } => InputFault::of("missing_value", column, message),
            DataError::UnknownCategory { column, .. } => InputFault::of("unknown_category", column, message),
            DataError::MissingColumn { column, .. } => InputFault::of("missing_field", column, message),
            DataError::Insufficient { .. } | DataError::Empty { .. } => InputFault::general("no_rows", message),
            DataError::Structure { .. } => InputFault::general("bad_table", message),
            DataError::NotText { .. } | DataError::Encoding { .. } | DataError::Format(_) => {
                InputFault::general("bad_table", "the body cannot be read as a table with a header")
            }
            // Nothing that a caller gives leads here.
            _ => InputFault::general("internal", "the model could not answer"),
        }
    }
}

impl ServedVersion {
    /// What it answers.
    pub fn task(&self) -> Task {
        self.loaded.manifest.task
    }

    /// `random_forest`, …
    pub fn algorithm(&self) -> &str {
        &self.loaded.manifest.algorithm
    }

    /// The target column.
    pub fn target(&self) -> &str {
        &self.loaded.manifest.target
    }

    /// The label set; empty for regression.
    pub fn labels(&self) -> &[String] {
        &self.loaded.manifest.labels
    }

    /// The features a caller must give.
    pub fn inputs(&self) -> &[InputColumn] {
        self.loaded.transform.inputs()
    }

    /// Whether a value may be missing in each of the inputs.
    pub fn takes_missing(&self) -> bool {
        self.loaded.transform.takes_missing()
    }

    /// Types `rows` rows: `value(column, row)` gives each value, both from 0, columns in the order of
    /// [`ServedVersion::inputs`].
    pub fn frame<'a>(
        &self,
        rows: usize,
        value: impl FnMut(usize, usize) -> Result<GivenValue<'a>, InputFault>,
    ) -> Result<Frame, InputFault> {
        if rows == 0 {
            return Err(InputFault::general("no_rows", "there is no row to answer"));
        }
        frame_of_rows(&self.loaded.transform, &self.missing, rows, value)
    }

    /// Types the rows of a CSV table: a header, commas, and decimal points.
    pub fn frame_of_csv(&self, bytes: &[u8]) -> Result<Frame, InputFault> {
        let format = FileFormat {
            kind: FileKind::Csv,
            delimiter: ',',
            decimal: '.',
            encoding: "utf-8".into(),
            null_values: self.format.null_values.clone(),
        };
        let table = driftgate_data::read_bytes(bytes, "the body", &format)?;
        Ok(driftgate_data::frame_for_prediction(&table, &self.loaded.transform)?)
    }

    /// The answers, through the stored transform: bit for bit what `predict` writes for the same rows.
    pub fn answer(&self, frame: &Frame) -> Result<Predictions, InputFault> {
        if self.image().is_some() {
            return Err(InputFault::general("wrong_type", "the model answers pictures, not rows of a table"));
        }
        let matrix = self.loaded.transform.apply(frame)?;
        self.loaded.model.predict(&matrix).map_err(|error| {
            tracing::warn!(%error, model = self.model.as_str(), "a model could not answer");
            InputFault::general("internal", "the model could not answer")
        })
    }

    /// How a picture becomes a tile; `None` where the model answers rows of a table.
    pub fn image(&self) -> Option<&ImageConfig> {
        match &self.loaded.model {
            Estimator::Network(network) => Some(network.image()),
            Estimator::Table(_) => None,
        }
    }

    /// Answers pictures, given as the bytes of their files: bit for bit what `predict` writes for the same files.
    ///
    /// Faults: a model of table rows; no picture; bytes that are no picture.
    pub fn answer_pictures(&self, files: &[Vec<u8>]) -> Result<Predictions, InputFault> {
        let image = self.image_or_fault()?;
        let (mut tiles, mut pixels) = (Vec::new(), 0);
        for (i, bytes) in files.iter().enumerate() {
            let name = format!("picture {}", i + 1);
            let decoded = driftgate_images::decode(bytes, &name)
                .map_err(|fault| InputFault::of("bad_picture", "image", fault.to_string()))?;
            pixels += u64::from(decoded.rgb.width()) * u64::from(decoded.rgb.height());
            if pixels > driftgate_images::MAX_PIXELS {
                let most = driftgate_images::MAX_PIXELS / 1_000_000;
                let what = format!(
                    "{name} and those before it have more than {most} million pixels together: send fewer at a time"
                );
                return Err(InputFault::of("bad_picture", "image", what));
            }
            let mut tile = Vec::new();
            driftgate_images::render(&decoded, image, &mut tile);
            tiles.extend(tile);
        }
        self.answer_tiles(tiles)
    }

    /// Answers tiles: 8-bit values, picture by picture, height by width by channel, of [`ServedVersion::image`]'s size.
    ///
    /// Faults: a model of table rows; no tile, or a part of one.
    pub fn answer_tiles(&self, tiles: Vec<u8>) -> Result<Predictions, InputFault> {
        let image = self.image_or_fault()?;
        let (shape, bytes) = (image.shape(), tiles.len());
        if bytes == 0 {
            return Err(InputFault::general("no_rows", "there is no picture to answer"));
        }
        if !bytes.is_multiple_of(shape.values()) {
            return Err(InputFault::of("wrong_shape", "image", format!("{bytes} values are no whole number of tiles")));
        }
        let internal = |error: EngineError| {
            tracing::warn!(%error, model = self.model.as_str(), "a network could not answer");
            InputFault::general("internal", "the model could not answer")
        };
        let source = MemoryTiles::new(shape, tiles).map_err(|e| internal(e.into()))?;
        let network = self.loaded.model.network().map_err(internal)?;
        let answers = network.answer_tiles(&source, &NullObserver, &CancelToken::new());
        Ok(answers.map_err(internal)?.predictions)
    }

    fn image_or_fault(&self) -> Result<&ImageConfig, InputFault> {
        let rows = || InputFault::general("wrong_type", "the model answers rows of a table, not pictures");
        self.image().ok_or_else(rows)
    }

    /// The features with values outside what training saw.
    pub fn out_of_range(&self, frame: &Frame) -> Vec<OutOfRange> {
        outside(frame, &self.loaded.transform)
    }

    fn served(&self) -> ServedModel {
        ServedModel { model: self.model.clone(), version: self.version, artifact: self.artifact }
    }
}

/// Everything a server answers with, as one ledger state said. It never changes: a newer one takes its place.
#[derive(Default)]
pub struct Snapshot {
    /// Events in the ledger when it was taken.
    pub seq: u64,
    /// The versions in Production, by model name.
    pub models: BTreeMap<String, Arc<ServedVersion>>,
    /// Models whose version in Production does not load: the name alone, since the cause may name paths.
    pub failed: Vec<String>,
}

impl Snapshot {
    /// Whether both answer with the same versions.
    pub fn same_models(&self, other: &Snapshot) -> bool {
        self.failed == other.failed
            && self.models.len() == other.models.len()
            && self.models.iter().all(|(name, m)| {
                other.models.get(name).is_some_and(|o| o.artifact == m.artifact && o.version == m.version)
            })
    }
}

/// A server's place in the ledger: its id, and the lease that says that it lives.
pub struct ServerRecord {
    /// Its id, new at each start.
    pub id: RunId,
    address: String,
    lease: HeldLease,
}

impl Workspace {
    /// Events in the ledger, without opening it: cheap enough to ask several times a second.
    pub fn events(&self) -> Result<u64> {
        Ok(self.ledger.head()?.size)
    }

    /// Loads every version in Production; what `earlier` holds already is not loaded again.
    ///
    /// A version that does not load leaves the model's earlier one in place, where there is one, and is named in
    /// [`Snapshot::failed`]. Errors: the ledger cannot be read.
    pub fn snapshot(&self, earlier: Option<&Snapshot>) -> Result<Snapshot> {
        let (seq, rows) = self.ledger.read(|view| -> Result<_> { Ok((view.size()?, view.models()?)) })?;
        let mut snapshot = Snapshot { seq, ..Snapshot::default() };
        for row in &rows {
            let Some(version) = row.production_version() else { continue };
            let name = row.name.as_str();
            let known = earlier.and_then(|e| e.models.get(name));
            if let Some(same) = known.filter(|k| k.version == version.version && k.artifact == version.artifact) {
                snapshot.models.insert(name.into(), same.clone());
                continue;
            }
            match self.load_served(row) {
                Ok(loaded) => {
                    snapshot.models.insert(name.into(), Arc::new(loaded));
                }
                Err(error) => {
                    tracing::error!(%error, model = name, version = version.version, "a version in Production does not load");
                    snapshot.failed.push(name.into());
                    if let Some(known) = known {
                        snapshot.models.insert(name.into(), known.clone());
                    }
                }
            }
        }
        Ok(snapshot)
    }

    fn load_served(&self, row: &ModelRow) -> Result<ServedVersion> {
        let version = row.production_version().ok_or_else(|| EngineError::corrupt("a version vanished"))?;
        let run = self.run_row(&version.run)?;
        let spec: DatasetSpec = self.get_json(&self.dataset_version_of(&run)?.spec)?;
        Ok(ServedVersion {
            model: row.name.clone(),
            version: version.version,
            run: version.run.clone(),
            artifact: version.artifact,
            dataset: run.subject.dataset.clone(),
            dataset_version: version.dataset_version,
            trained_at: run.finished_at,
            registered_at: version.registered_at,
            loaded: self.load_model(&version.artifact)?,
            missing: MissingTexts::new(&spec.format.null_values),
            format: spec.format,
        })
    }

    /// A new UUIDv7, for a request or a server.
    pub fn new_id(&self) -> RunId {
        self.new_run_id()
    }

    /// The moment by the host's clock.
    pub fn now(&self) -> Timestamp {
        self.host.clock.now()
    }

    /// Takes a lease for a server that listens at `address`.
    pub fn begin_serving(&self, address: &str) -> Result<ServerRecord> {
        Ok(ServerRecord { id: self.new_run_id(), address: address.into(), lease: self.ledger.take_lease()? })
    }

    /// Records what the server answers with from now on.
    pub fn confirm_serving(&self, server: &ServerRecord, snapshot: &Snapshot) -> Result<()> {
        let body = EventBody::ServerConfirmed {
            server: server.id.clone(),
            address: server.address.clone(),
            lease: server.lease.lease().clone(),
            models: snapshot.models.values().map(|m| m.served()).collect(),
        };
        self.append_one(body)
    }

    /// Records that the server stopped. One that never confirmed leaves no record; its lease ends with `server`.
    pub fn end_serving(&self, server: &ServerRecord) -> Result<()> {
        let known = self.ledger.read(|view| -> Result<_> { Ok(view.servers()?) })?;
        if !known.iter().any(|row| row.server == server.id) {
            return Ok(());
        }
        self.append_one(EventBody::ServerStopped { server: server.id.clone() })
    }

    fn append_one(&self, body: EventBody) -> Result<()> {
        let stamp = self.stamp();
        self.ledger.write(|tx| -> Result<()> {
            tx.append(&stamp, body)?;
            Ok(())
        })
    }

    /// The servers that live.
    pub(crate) fn live_servers(&self) -> Result<Vec<ServerRow>> {
        let rows = self.ledger.read(|view| -> Result<_> { Ok(view.servers()?) })?;
        Ok(rows.into_iter().filter(|row| self.ledger.is_held(&row.lease)).collect())
    }

    /// What each living server answers with for a model, and whether that is what is in Production.
    pub(crate) fn serving(&self, row: &ModelRow) -> Result<Vec<ServingLine>> {
        let wanted = row.production_version();
        let line = |server: ServerRow| {
            let serves = server.serves(row.name.as_str());
            ServingLine {
                server: server.server.clone(),
                address: server.address.clone(),
                version: serves.map(|s| s.version),
                confirmed: serves.map(|s| s.artifact) == wanted.map(|v| v.artifact)
                    && serves.map(|s| s.version) == wanted.map(|v| v.version),
                at: server.at,
            }
        };
        Ok(self.live_servers()?.into_iter().map(line).collect())
    }
}

/// A model, whether it answers with classes, and its metric on the test split.
type TestMetric = (ModelName, bool, Option<f64>);

impl Workspace {
    /// What live performance is read beside: `accuracy` or `mae` of a version on its test split; `None` for no such version.
    pub fn test_metric(&self, model: &str, version: VersionNumber) -> Result<Option<TestMetric>> {
        let Some(row) = self.model_row_if_known(model)? else { return Ok(None) };
        let Some(found) = row.version(version) else { return Ok(None) };
        let classes = row.task.is_classification();
        let key = if classes { "test.accuracy" } else { "test.mae" };
        Ok(Some((row.name.clone(), classes, found.metrics.get(key).copied())))
    }
}
