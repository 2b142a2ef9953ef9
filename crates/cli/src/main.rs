//! The `driftgate` command.

mod args;
mod commands;
mod context;
mod demo;
mod exit;
mod host;
mod log;
mod output;
mod progress;
mod question;
#[cfg(test)]
mod reference;
mod render;

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(commands::dispatch(std::env::args_os()).code())
}
