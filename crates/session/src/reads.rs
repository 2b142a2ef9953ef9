//! Questions that name a file.

use crate::Result;
use crate::session::Session;
use driftgate_engine::ImportAnswers;
use driftgate_model::ValidationReport;
use driftgate_model::views::{ImportPlan, PathKind};

impl Session {
    /// What importing a file or folder would do. Writes nothing.
    pub fn plan_import(&self, path: &str, answers: &ImportAnswers) -> Result<ImportPlan> {
        let path = self.allowed(path, PathKind::FileOrFolder)?;
        self.ask(|w| w.plan_import(&path, answers))
    }

    /// Checks a file, a folder, or the newest version of a data set that is known by this name.
    pub fn validate_dataset(&self, name_or_path: &str) -> Result<ValidationReport> {
        let known = self.ask(|w| w.datasets())?.iter().any(|d| d.name == name_or_path);
        if known {
            return self.ask(|w| w.validate_known(name_or_path));
        }
        let path = self.allowed(name_or_path, PathKind::FileOrFolder)?;
        self.ask(|w| w.validate_dataset(&path.display().to_string()))
    }
}
