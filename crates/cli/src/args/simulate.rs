//! `drift simulate`.

use clap::{ArgGroup, Args, ValueHint};
use driftgate_model::config::{Change, Scenario};
use std::path::PathBuf;

/// `drift simulate`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("change").required(true).args(["mean", "scale", "noise", "missing", "swap", "shuffle"]))]
pub struct DriftSimulateArgs {
    /// The model (its version in Production), or one version of it
    #[arg(value_name = "MODEL[@VERSION]")]
    pub model: String,
    /// The rows to change: a CSV, TSV or Parquet file with the model's columns
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub input: PathBuf,
    /// The CSV file to write
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: PathBuf,
    /// Add so many standard deviations to numbers
    #[arg(long, value_name = "SD", allow_hyphen_values = true, value_parser = finite)]
    mean: Option<f64>,
    /// Multiply the distance of numbers from their mean
    #[arg(long, value_name = "FACTOR", value_parser = finite)]
    scale: Option<f64>,
    /// Add Gaussian noise of so many standard deviations to numbers
    #[arg(long, value_name = "SD", value_parser = finite)]
    noise: Option<f64>,
    /// Make this share of the values missing
    #[arg(long, value_name = "SHARE", value_parser = share)]
    missing: Option<f64>,
    /// Replace this share of the texts by others of the column
    #[arg(long, value_name = "SHARE", value_parser = share)]
    swap: Option<f64>,
    /// Put the values of each column in another order
    #[arg(long)]
    shuffle: bool,
    /// Only these columns, separated by commas; without it, all inputs that can be changed so
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    columns: Vec<String>,
    /// Seed of the draws
    #[arg(long, value_name = "N", default_value_t = 42)]
    pub seed: u64,
}

impl DriftSimulateArgs {
    /// What is to be done.
    pub fn scenario(&self) -> Scenario {
        let (name, change) = match (self.mean, self.scale, self.noise, self.missing, self.swap) {
            (Some(by), ..) => ("mean", Change::Mean { by }),
            (_, Some(factor), ..) => ("scale", Change::Scale { factor }),
            (_, _, Some(sd), ..) => ("noise", Change::Noise { sd }),
            (_, _, _, Some(share), _) => ("missing", Change::Missing { share }),
            (.., Some(share)) => ("swap", Change::Swap { share }),
            // The group lets exactly one through.
            (None, None, None, None, None) => ("shuffle", Change::Shuffle),
        };
        Scenario { name: name.into(), columns: self.columns.clone(), change }
    }
}

fn finite(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|x: &f64| x.is_finite()).ok_or_else(|| "give a number, such as 1.5".into())
}

fn share(text: &str) -> Result<f64, String> {
    let fits = |x: &f64| *x > 0.0 && *x <= 1.0;
    text.parse().ok().filter(fits).ok_or_else(|| "give a share above 0 and at most 1, such as 0.1".into())
}
