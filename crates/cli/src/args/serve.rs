//! `serve`.

use clap::Args;
use driftgate_engine::LogValues;
use std::net::IpAddr;
use std::time::Duration;

/// `serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The address to listen at; another than loopback asks every caller for the token
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1")]
    pub bind: IpAddr,
    /// The port; 0 picks one and prints it
    #[arg(long, value_name = "N", default_value_t = 8000)]
    pub port: u16,
    /// A name besides localhost that callers may use for this machine; repeat for several
    #[arg(long, value_name = "NAME")]
    pub allow_host: Vec<String>,
    /// Make a new token for the guarded endpoints, and print it; the one before is void
    #[arg(long)]
    pub new_token: bool,
    /// Most bytes of one body
    #[arg(long, value_name = "BYTES", default_value_t = 8 << 20)]
    pub max_body: usize,
    /// Most rows of one request
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub max_rows: usize,
    /// Most requests at work at one time; more are told to ask again
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = at_least_one)]
    pub max_in_flight: usize,
    /// The longest that one request may take, such as 30s
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = super::span)]
    pub timeout: Duration,
    /// What the prediction log keeps of the inputs: full, hashed or none
    #[arg(long, value_name = "HOW", default_value = "full", value_parser = log_values)]
    pub log_values: LogValues,
    /// The share of requests in the prediction log, chosen by a hash of the request's id
    #[arg(long, value_name = "SHARE", default_value_t = 1.0, value_parser = share)]
    pub log_sample: f64,
    /// The oldest parts of the prediction log go once it has more bytes than this
    #[arg(long, value_name = "BYTES", default_value_t = 256 << 20)]
    pub log_bytes: u64,
    /// Keep no prediction log
    #[arg(long)]
    pub no_log: bool,
    /// Write a line of JSON for each request to standard error
    #[arg(long)]
    pub access_log: bool,
}

pub(super) fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| *n > 0).ok_or_else(|| "a whole number from 1".into())
}

fn share(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|s| (0.0..=1.0).contains(s)).ok_or_else(|| "a share from 0 to 1".into())
}

fn log_values(text: &str) -> Result<LogValues, String> {
    match text {
        "full" => Ok(LogValues::Full),
        "hashed" => Ok(LogValues::Hashed),
        "none" => Ok(LogValues::None),
        _ => Err("use full, hashed or none".into()),
    }
}
