//! The `driftgate` command.

mod args;
mod commands;
mod context;
mod demo;
mod exit;
mod log;
mod output;
mod progress;
mod question;
#[cfg(test)]
mod reference;
mod render;

use std::process::ExitCode;

fn main() -> ExitCode {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // A damaged ledger file can make the store panic; that is caught, and told as an error.
        if !driftgate_engine::is_guarded() {
            usual(panic);
        }
    }));
    ExitCode::from(commands::dispatch(std::env::args_os()).code())
}
