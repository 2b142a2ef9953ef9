//! One module for each place of the window.

mod audit;
mod compare;
mod datasets;
mod drift;
mod overview;
mod registry;
mod runs;
mod serving;
mod settings;
mod welcome;

pub use audit::AuditScreen;
pub use compare::CompareScreen;
pub use datasets::DatasetsScreen;
pub use drift::DriftScreen;
pub use overview::OverviewScreen;
pub use registry::RegistryScreen;
pub use runs::RunsScreen;
pub use serving::ServingScreen;
pub use settings::SettingsScreen;
pub use welcome::{ClosingDialog, DroppedDialog, Nowhere, TokenNotice, Welcome, WorkspaceDialogs};
