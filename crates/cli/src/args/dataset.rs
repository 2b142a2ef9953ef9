//! `dataset`.

use super::SynthesizeCommand;
use clap::{Args, Subcommand, ValueHint};
use driftgate_model::Task;
use std::path::PathBuf;

/// `dataset …`.
#[derive(Debug, Subcommand)]
pub enum DatasetCommand {
    /// Add a data file, or a folder with one and its dataset.yaml, as a new version
    Add(DatasetAddArgs),
    /// List data sets
    List,
    /// Show a data set: its versions, splits, contract and findings
    Show {
        /// The data set
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Check a data set, or a file or folder that was not added yet; writes nothing
    Validate {
        /// A data set's name, a data file, or a folder
        #[arg(value_name = "NAME|FILE|DIR", value_hint = ValueHint::AnyPath)]
        what: String,
    },
    /// Lay a published data set out as a folder, from an archive that you downloaded
    Fetch {
        /// Which: cifar10
        #[arg(value_name = "NAME", value_parser = ["cifar10"])]
        name: String,
        /// The archive, as it is published
        #[arg(long, value_name = "ARCHIVE", value_hint = ValueHint::FilePath)]
        from: Option<PathBuf>,
        /// The folder to make; without it, data/NAME
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        output: Option<PathBuf>,
    },
    /// Draw a data set: pictures of simple shapes, to try image pipelines with
    #[command(subcommand)]
    Synthesize(SynthesizeCommand),
}

/// `dataset add`.
#[derive(Debug, Args)]
pub struct DatasetAddArgs {
    /// A CSV, TSV or Parquet file; or a folder with data.csv, data.tsv or data.parquet and maybe dataset.yaml; or a folder of
    /// pictures: images/CLASS/…, or with a labels.csv
    #[arg(value_name = "FILE|DIR", value_hint = ValueHint::AnyPath)]
    pub path: PathBuf,
    /// The data set's name; without it, the file's or the folder's
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The column to answer
    #[arg(long, value_name = "COLUMN")]
    pub target: Option<String>,
    /// classification, regression or image_classification_cnn
    #[arg(long, value_name = "TASK", value_parser = task)]
    pub task: Option<Task>,
    /// Leave the file where it is, and hash it again at each use
    #[arg(long)]
    pub reference: bool,
    /// Do not write the guessed dataset.yaml beside the file
    #[arg(long)]
    pub no_spec: bool,
}

fn task(text: &str) -> Result<Task, String> {
    match text {
        "classification" => Ok(Task::Classification),
        "regression" => Ok(Task::Regression),
        "image_classification_cnn" => Ok(Task::ImageClassificationCnn),
        _ => Err("use classification, regression or image_classification_cnn".into()),
    }
}
