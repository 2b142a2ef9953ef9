//! The only place that writes to standard output and standard error.
//!
//! Answers go to standard output, everything said on the way to standard error. Colour codes are written always and
//! stripped by `anstream` where the stream is no terminal or `NO_COLOR` is set.

use crate::exit::CliError;
use crate::render::format::{Tone, paint};
use serde::Serialize;
use std::io::{IsTerminal, Write};

/// How this process speaks.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// One JSON object instead of text.
    pub json: bool,
    /// Nothing on standard error but errors.
    pub quiet: bool,
    /// Columns of the terminal; `None` where standard output is none, so that lines are never cut for a reader that
    /// is a program.
    pub width: Option<usize>,
}

impl Output {
    /// Looks at standard output once.
    pub fn new(json: bool, quiet: bool) -> Output {
        let width = if std::io::stdout().is_terminal() {
            terminal_size::terminal_size().map(|(w, _)| usize::from(w.0).max(40))
        } else {
            None
        };
        Output { json, quiet, width }
    }

    /// The width that text should fit; very wide where nobody asked for one.
    pub fn columns(&self) -> usize {
        self.width.unwrap_or(usize::MAX)
    }

    /// Prints the answer: one JSON object with `--json`, otherwise the text that `render` makes for a width.
    pub fn answer<T: Serialize>(&self, value: &T, render: impl FnOnce(&T, usize) -> String) -> Result<(), CliError> {
        if self.json {
            let text = serde_json::to_string_pretty(value).map_err(|e| CliError::Output(e.into()))?;
            self.text(&text)
        } else {
            self.text(&render(value, self.columns()))
        }
    }

    /// Prints text as it is, with a line end.
    pub fn text(&self, text: &str) -> Result<(), CliError> {
        self.bytes(text.as_bytes(), !text.ends_with('\n'))
    }

    /// Prints bytes as they are.
    pub fn bytes(&self, bytes: &[u8], line_end: bool) -> Result<(), CliError> {
        let mut out = anstream::stdout().lock();
        let end: &[u8] = if line_end { b"\n" } else { b"" };
        out.write_all(bytes).and_then(|()| out.write_all(end)).and_then(|()| out.flush()).map_err(|e| match e.kind() {
            std::io::ErrorKind::BrokenPipe => CliError::Closed,
            _ => CliError::Output(e),
        })
    }

    /// Says something on the way, unless `--quiet`.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.aside(text);
        }
    }

    /// Warns, unless `--quiet`.
    pub fn warn(&self, text: &str) {
        self.note(&format!("{} {text}", paint(Tone::Warn, "warning:")));
    }

    /// Says what went wrong: one JSON object on standard output with `--json`, otherwise text on standard error.
    pub fn error(&self, error: &CliError) {
        if self.json {
            let object = crate::render::error::as_json(error);
            // Nobody is left to be told when even this cannot be written; the exit code still says it.
            self.text(&object).unwrap_or_default();
        } else {
            self.aside(&crate::render::error::as_text(error, self.columns()));
        }
    }

    /// Writes a line to standard error whatever the options; a closed standard error is nobody's loss.
    pub fn aside(&self, text: &str) {
        let mut err = anstream::stderr().lock();
        writeln!(err, "{}", text.trim_end_matches('\n')).unwrap_or_default();
    }

    /// Writes to standard error without a line end, for a question.
    pub fn prompt(&self, text: &str) {
        let mut err = anstream::stderr().lock();
        write!(err, "{text}").and_then(|()| err.flush()).unwrap_or_default();
    }
}
