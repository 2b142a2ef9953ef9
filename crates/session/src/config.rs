//! Pipeline configs: which there are, their fields, and a changed one as a file of its own.

use crate::session::Session;
use crate::{Result, SessionError};
use driftgate_model::Code;
use driftgate_model::views::PathKind;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

impl Session {
    /// The config to run: the file itself, or a new one with the fields that were changed.
    pub(crate) fn config_to_run(&self, config: &str, edits: &BTreeMap<String, Value>) -> Result<PathBuf> {
        let path = self.allowed(config, PathKind::File)?;
        if edits.is_empty() {
            return Ok(path);
        }
        Err(SessionError::told(Code::Refused, "Changed fields cannot be run yet", "Change the file and run it"))
    }

    /// A path as it is seen from the workspace, where it lies in it.
    pub(crate) fn seen_from_workspace(&self, path: &Path) -> String {
        let root = self.opened().and_then(|w| w.root().canonicalize().ok());
        let inner = root.as_deref().and_then(|root| path.strip_prefix(root).ok());
        inner.unwrap_or(path).display().to_string()
    }
}
