use serde::{Deserialize, Serialize};

/// The id of a run: a UUIDv7 in its hyphenated form. Any unique prefix names it on a command line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

/// Why a text is no id of a run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the id of a run: a UUID in lower case with hyphens")]
pub struct RunIdError(String);

impl RunId {
    /// Makes an id from the time (milliseconds since 1970) and ten random bytes.
    pub fn new(unix_millis: u64, random: [u8; 10]) -> Self {
        RunId(uuid::Builder::from_unix_timestamp_millis(unix_millis, &random).into_uuid().to_string())
    }

    /// The full text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A short form for people: the last eight digits, since the first ones are the time.
    pub fn short(&self) -> &str {
        self.0.get(self.0.len().saturating_sub(8)..).unwrap_or(&self.0)
    }
}

impl std::fmt::Display for RunId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for RunId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(RunId(uuid::Uuid::parse_str(text)?.to_string()))
    }
}

/// Only the form that [`RunId`] writes itself, so that one run has one text.
impl TryFrom<String> for RunId {
    type Error = RunIdError;

    fn try_from(text: String) -> Result<Self, RunIdError> {
        match text.parse::<RunId>() {
            Ok(id) if id.0 == text => Ok(id),
            _ => Err(RunIdError(text)),
        }
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> String {
        id.0
    }
}

/// The number of a registered version of a model; counts from 1.
pub type VersionNumber = u32;

/// Why a text cannot be a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot be a name: use 1 to 100 of A-Z a-z 0-9 . _ - and begin with a letter or digit")]
pub struct NameError(String);

/// The name of a model or a data set: 1 to 100 of `A-Z a-z 0-9 . _ -`, beginning with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ModelName(String);

impl ModelName {
    /// Checks and wraps a name.
    pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
        let text = text.into();
        let ok = (1..=100).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
            && text.as_bytes()[0].is_ascii_alphanumeric();
        if ok { Ok(ModelName(text)) } else { Err(NameError(text)) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ModelName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        ModelName::new(text)
    }
}

impl From<ModelName> for String {
    fn from(name: ModelName) -> String {
        name.0
    }
}

impl std::fmt::Display for ModelName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
