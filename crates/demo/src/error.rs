use driftgate_engine::EngineError;
use std::path::PathBuf;

/// Why the demo came to no end. Each front says what to do.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The engine said no.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The folder holds a demo that was made before.
    #[error("`{}` holds an earlier demo", .0.display())]
    Earlier(PathBuf),
    /// The folder holds something.
    #[error("`{}` is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// A file cannot be read or written.
    #[error("Cannot {doing} {}: {source}", path.display())]
    Io {
        /// `read`, `make` or `write`.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A person stopped it. What was made stays in this folder.
    #[error("The demo was cancelled")]
    Cancelled(PathBuf),
    /// A run ended otherwise than the story tells: a fault of Driftgate.
    #[error("configs/{config}.yaml ended {ended} where {wanted} was expected")]
    OtherEnding {
        /// The config's name.
        config: &'static str,
        /// How it ended.
        ended: &'static str,
        /// How it should have.
        wanted: &'static str,
    },
}
