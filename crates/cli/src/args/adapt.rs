//! `adapt …`.

use clap::{Args, Subcommand, ValueHint};
use std::path::PathBuf;

/// `adapt …`.
#[derive(Debug, Subcommand)]
pub enum AdaptCommand {
    /// Add a labelled drifted batch to the model's data set as a new version; nothing is rewritten
    Stage(AdaptStageArgs),
    /// List what was staged, newest first
    List,
    /// Take an adaptation back: runs use the version before it again
    Undo {
        /// The adaptation's id, or any unique beginning or end of it
        #[arg(value_name = "ADAPTATION")]
        adaptation: String,
        /// Why; recorded
        #[arg(long, value_name = "TEXT", value_parser = super::reason)]
        reason: String,
    },
}

/// `adapt stage`.
#[derive(Debug, Args)]
pub struct AdaptStageArgs {
    /// The model that met the drift (its version in Production), or one version of it
    #[arg(value_name = "MODEL[@VERSION]")]
    pub model: String,
    /// The batch with the true answers: a CSV, TSV or Parquet file with all columns of the data set
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub batch: PathBuf,
    /// Share of its rows that no model learns from: they judge how well one copes
    #[arg(long, value_name = "SHARE", default_value_t = 0.3)]
    pub holdout: f64,
}
