//! `docs/cli.md`, generated from the grammar. The test fails when the page is stale; `UPDATE=1` writes it anew.

use crate::args::Cli;
use crate::exit::Exit;
use clap::{Arg, Command, CommandFactory};
use std::fmt::Write;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/cli.md");

/// The whole page.
fn page() -> String {
    let mut root = Cli::command();
    root.build();
    let mut out = String::from(
        "<!-- Generated from crates/cli/src/args.rs: `UPDATE=1 cargo test -p driftgate reference` writes it anew. -->\n\n\
         # Command reference\n\n",
    );
    paragraph(&mut out, &format!("`driftgate` {}.", lower_first(&about(&root))));
    out += "## Everywhere\n\nEvery command takes these options.\n\n";
    options(&mut out, root.get_arguments().filter(|a| a.is_global_set()));
    out += "`--help` explains a command, `driftgate --version` names the build. `NO_COLOR` turns colours off. Messages and progress go to standard error, the answer goes to standard output.\n\n";
    exit_codes(&mut out);
    for command in root.get_subcommands() {
        describe(&mut out, command, "driftgate", 2);
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn exit_codes(out: &mut String) {
    let meanings = [
        (Exit::Done, "done, or waiting for approval"),
        (Exit::Error, "error"),
        (Exit::Blocked, "blocked by a gate, or drift at or above `monitoring.fail_on_severity`"),
        (Exit::Stopped, "rejected or cancelled by a person (Ctrl-C too)"),
        (Exit::Fault, "a verification found a fault"),
        (Exit::Usage, "wrong usage"),
    ];
    *out += "## Exit codes\n\n| code | meaning |\n| ---: | --- |\n";
    for (exit, meaning) in meanings {
        line(out, &format!("| {} | {meaning} |", exit.code()));
    }
    out.push('\n');
}

fn describe(out: &mut String, command: &Command, parent: &str, level: usize) {
    let name = format!("{parent} {}", command.get_name());
    line(out, &format!("{} `{name}`\n", "#".repeat(level)));
    paragraph(out, &format!("{}.", about(command)));
    if command.has_subcommands() {
        for child in command.get_subcommands() {
            describe(out, child, &name, level + 1);
        }
        return;
    }
    let own: Vec<&Arg> = command.get_arguments().filter(|a| !a.is_global_set() && a.get_id() != "help").collect();
    let mut usage = name.clone();
    for arg in own.iter().filter(|a| a.is_positional()) {
        usage += &format!(" {}", placeholder(arg));
    }
    for arg in own.iter().filter(|a| !a.is_positional() && a.is_required_set()) {
        usage += &format!(" {}", placeholder(arg));
    }
    if own.iter().any(|a| !a.is_positional() && !a.is_required_set()) {
        usage += " [OPTIONS]";
    }
    line(out, &format!("```sh\n{usage}\n```\n"));
    options(out, own.into_iter());
}

fn options<'a>(out: &mut String, args: impl Iterator<Item = &'a Arg>) {
    let mut any = false;
    for arg in args {
        any = true;
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let mut text = format!("- `{}`: {help}", written(arg));
        let defaults: Vec<String> = arg.get_default_values().iter().map(|v| v.to_string_lossy().into_owned()).collect();
        if !defaults.is_empty() && arg.get_action().takes_values() {
            text += &format!(" (default `{}`)", defaults.join(" "));
        }
        if let Some(values) = possible(arg) {
            text += &format!(" ({values})");
        }
        line(out, &text);
    }
    if any {
        out.push('\n');
    }
}

fn possible(arg: &Arg) -> Option<String> {
    if !arg.get_action().takes_values() {
        return None;
    }
    let names: Vec<String> = arg.get_possible_values().iter().map(|v| format!("`{}`", v.get_name())).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// `-q, --quiet`, `--reason <TEXT>`, `<RUN>`.
fn written(arg: &Arg) -> String {
    let Some(long) = arg.get_long() else { return placeholder(arg) };
    let short = arg.get_short().map(|s| format!("-{s}, ")).unwrap_or_default();
    format!("{short}--{long}{}", value(arg).map(|v| format!(" <{v}>")).unwrap_or_default())
}

fn placeholder(arg: &Arg) -> String {
    let name = value(arg).unwrap_or_else(|| arg.get_id().to_string());
    let dots = if arg.get_num_args().is_some_and(|n| n.max_values() > 1) { "..." } else { "" };
    match arg.get_long() {
        Some(long) => format!("--{long} <{name}>"),
        None if arg.is_required_set() => format!("<{name}>{dots}"),
        None => format!("[{name}]{dots}"),
    }
}

fn value(arg: &Arg) -> Option<String> {
    let names = arg.get_value_names().filter(|_| arg.get_action().takes_values())?;
    Some(names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

fn paragraph(out: &mut String, text: &str) {
    line(out, text);
    out.push('\n');
}

fn line(out: &mut String, text: &str) {
    writeln!(out, "{text}").expect("writing to a string cannot fail");
}

#[test]
fn the_reference_page_is_up_to_date() {
    let wanted = page();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(PAGE, &wanted).expect("docs/cli.md can be written");
    }
    let found = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert!(found == wanted, "docs/cli.md is stale: `UPDATE=1 cargo test -p driftgate reference` writes it anew");
}

#[test]
fn every_argument_says_what_it_is() {
    fn check(command: &Command, path: &str) {
        for arg in command.get_arguments() {
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(!help.is_empty() && !help.ends_with('.'), "{path}: {}: `{help}`", arg.get_id());
        }
        assert!(command.get_about().is_some(), "{path}");
        for child in command.get_subcommands() {
            check(child, &format!("{path} {}", child.get_name()));
        }
    }
    check(&Cli::command(), "driftgate");
}
