//! `dataset synthesize`.

use clap::{Args, Subcommand, ValueHint};
use std::path::PathBuf;

/// `dataset synthesize …`.
#[derive(Debug, Subcommand)]
pub enum SynthesizeCommand {
    /// Draw pictures of simple shapes in images/CLASS/: circles, stripes, checks, crosses, rings, gradients
    Images(SynthesizeImagesArgs),
}

/// `dataset synthesize images`.
#[derive(Debug, Args)]
pub struct SynthesizeImagesArgs {
    /// The folder to make
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub folder: PathBuf,
    /// Classes, 2 to 6
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(2..=6))]
    pub classes: u32,
    /// Pictures of each class
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub per_class: u32,
    /// Side of a picture, in pixels
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u32).range(16..=512))]
    pub size: u32,
    /// Seed of the draws
    #[arg(long, value_name = "N", default_value_t = 42)]
    pub seed: u64,
    /// Draw them as a camera would see them that has drifted
    #[arg(long, value_name = "CHANGE", value_parser = ["darker", "warmer", "blurred", "noisy"])]
    pub drift: Option<String>,
}
