//! `cargo xtask`: set-up and chores of the Driftgate workspace.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a front: what it does, it says on the terminal")]
#![allow(
    clippy::disallowed_methods,
    reason = "a front: it reads the clock and the environment and chooses the exit code"
)]

mod app;
mod bench;
mod check;
mod deb;
mod deep;
mod golden;
#[cfg(test)]
mod links;
mod oracles;
mod report;
mod steps;
mod system;
mod test;
mod tools;
mod touched;
mod ui;
mod wasm;
mod workspace;

use std::process::ExitCode;

const HELP: &str = "\
Set-up and chores of the Driftgate workspace

Usage: cargo xtask COMMAND [OPTIONS]

Commands:
  check [--base REV]   The fast gate for a commit: format, clippy and tests of the crates that changed since REV
                       (default HEAD, with uncommitted and untracked files) and of the crates that depend on them
  test [--yes]         Everything: front end, format, clippy, tests (the window's too), doc tests and documentation of the
                       whole workspace. Asks before it installs a tool; --yes, or CI=true, installs without asking
  app [--yes] [-- ARGS]
                       The window: sets up what is lacking, builds front end and window (profile release) and opens it
  ui                   The window's front end alone: compiles it for wasm32 and puts ui/dist together. Without a compiler
                       for wasm32 it adds rustup's, or makes one of Debian's packages in ~/.local/share/wasm-target
  dist [--yes] [--profile NAME]
                       A .deb of window and command, tried out: unpacked and opened on a display without a screen
  screenshots [--yes]  Pictures of every screen in both themes, in docs/screenshots/window
  oracles              Foreign verifiers (Python): the ledger's proofs and the metrics against other people's code
  deep [FILTER]        The long proofs: tests that read DRIFTGATE_DEEP, property tests, ignored tests named `deep_…`
  bench [FILTER]       Criterion benchmarks, release profile; `bench --list` names them

The target folder is CARGO_TARGET_DIR, or `target`. Exit code: 0 all passed, 1 something failed, 64 wrong usage
";

/// How a chore ends: `Ok(true)` when all passed, `Ok(false)` when something failed and was reported.
type Outcome = Result<bool, String>;

/// What the arguments ask for.
#[derive(Debug, PartialEq, Eq)]
enum Ask {
    Help,
    Check { base: String },
    Test { yes: bool },
    App { yes: bool, args: Vec<String> },
    Ui,
    Dist { yes: bool, profile: String },
    Screenshots { yes: bool },
    Oracles,
    Deep { filter: Option<String> },
    Bench { filter: Option<String>, list: bool },
}

fn parse(args: &[&str]) -> Result<Ask, String> {
    let Some((command, rest)) = args.split_first() else { return Ok(Ask::Help) };
    if args.iter().take_while(|a| **a != "--").any(|a| matches!(*a, "-h" | "--help")) {
        return Ok(Ask::Help);
    }
    match (*command, rest) {
        ("help", _) => Ok(Ask::Help),
        ("check", []) => Ok(Ask::Check { base: "HEAD".into() }),
        ("check", ["--base", base]) => Ok(Ask::Check { base: (*base).into() }),
        ("test", []) => Ok(Ask::Test { yes: false }),
        ("test", ["--yes" | "-y"]) => Ok(Ask::Test { yes: true }),
        ("app", rest) => app_args(rest),
        ("ui", []) => Ok(Ask::Ui),
        ("dist", rest) => dist_args(rest),
        ("screenshots", []) => Ok(Ask::Screenshots { yes: false }),
        ("screenshots", ["--yes" | "-y"]) => Ok(Ask::Screenshots { yes: true }),
        ("oracles", []) => Ok(Ask::Oracles),
        ("deep", []) => Ok(Ask::Deep { filter: None }),
        ("deep", [filter]) if !filter.starts_with('-') => Ok(Ask::Deep { filter: Some((*filter).into()) }),
        ("bench", ["--list"]) => Ok(Ask::Bench { filter: None, list: true }),
        ("bench", []) => Ok(Ask::Bench { filter: None, list: false }),
        ("bench", [filter]) if !filter.starts_with('-') => {
            Ok(Ask::Bench { filter: Some((*filter).into()), list: false })
        }
        ("check" | "test" | "ui" | "screenshots" | "oracles" | "deep" | "bench", _) => {
            Err(format!("`cargo xtask {command}` does not take `{}`", rest.join(" ")))
        }
        _ => Err(format!("there is no command `{command}`")),
    }
}

/// The arguments of `app`: its own, then after `--` the window's.
fn app_args(rest: &[&str]) -> Result<Ask, String> {
    let (own, args) = match rest.iter().position(|a| *a == "--") {
        Some(at) => (&rest[..at], &rest[at + 1..]),
        None => (rest, &[][..]),
    };
    let args = args.iter().map(|a| (*a).to_string()).collect();
    match own {
        [] => Ok(Ask::App { yes: false, args }),
        ["--yes" | "-y"] => Ok(Ask::App { yes: true, args }),
        _ => {
            Err(format!("`cargo xtask app` does not take `{}`; arguments of the window come after `--`", own.join(" ")))
        }
    }
}

/// The arguments of `dist`.
fn dist_args(rest: &[&str]) -> Result<Ask, String> {
    let (yes, rest) = match rest {
        ["--yes" | "-y", rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    match rest {
        [] => Ok(Ask::Dist { yes, profile: "release".into() }),
        ["--profile", profile] => Ok(Ask::Dist { yes, profile: (*profile).into() }),
        _ => Err(format!("`cargo xtask dist` does not take `{}`", rest.join(" "))),
    }
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let ask = match parse(&args) {
        Ok(ask) => ask,
        Err(message) => {
            eprintln!("error: {message}\n\n{HELP}");
            return ExitCode::from(64);
        }
    };
    let outcome = match ask {
        Ask::Help => {
            print!("{HELP}");
            Ok(true)
        }
        Ask::Check { base } => check::check(&base),
        Ask::Test { yes } => test::test(yes),
        Ask::App { yes, args } => app::app(yes, &args),
        Ask::Ui => ui::ui(),
        Ask::Dist { yes, profile } => deb::dist(yes, &profile),
        Ask::Screenshots { yes } => app::screenshots(yes),
        Ask::Oracles => oracles::oracles(),
        Ask::Deep { filter } => deep::deep(filter.as_deref()),
        Ask::Bench { filter, list } => bench::bench(filter.as_deref(), list),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_understood_or_refused() {
        assert_eq!(parse(&[]), Ok(Ask::Help));
        assert_eq!(parse(&["test", "--help"]), Ok(Ask::Help));
        assert_eq!(parse(&["check"]), Ok(Ask::Check { base: "HEAD".into() }));
        assert_eq!(parse(&["check", "--base", "main"]), Ok(Ask::Check { base: "main".into() }));
        assert_eq!(parse(&["test", "--yes"]), Ok(Ask::Test { yes: true }));
        assert_eq!(parse(&["bench", "--list"]), Ok(Ask::Bench { filter: None, list: true }));
        let args = vec!["--help".to_string()];
        assert_eq!(parse(&["app", "--yes", "--", "--help"]), Ok(Ask::App { yes: true, args }));
        assert_eq!(parse(&["dist", "--profile", "ci"]), Ok(Ask::Dist { yes: false, profile: "ci".into() }));
        assert!(parse(&["app", "folder"]).is_err());
        assert!(parse(&["dist", "--profile"]).is_err());
        assert!(parse(&["check", "--base"]).is_err());
        assert!(parse(&["test", "--force"]).is_err());
        assert!(parse(&["tset"]).is_err());
    }
}
