//! Questions on a terminal. Nothing here is asked where nobody can answer.

use crate::output::Output;
use driftgate_model::CancelToken;
use std::io::IsTerminal;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

/// How a question ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The line, trimmed; may be empty.
    Line(String),
    /// Ctrl-D, Ctrl-C, or a terminal that went away.
    None,
}

/// Whether a person can see a question and answer it.
pub fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks on standard error and reads one line.
///
/// The line is read on a thread of its own, so that Ctrl-C ends the wait.
pub fn ask(output: &Output, cancel: &CancelToken, text: &str) -> Answer {
    output.prompt(text);
    let (send, receive) = sync_channel(1);
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line);
        // The asker may have left; then nobody needs the line.
        send.send(read.map(|n| (n, line))).unwrap_or_default();
    });
    loop {
        match receive.recv_timeout(Duration::from_millis(50)) {
            Ok(Ok((n, line))) if n > 0 => return Answer::Line(line.trim().to_owned()),
            Ok(_) | Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) if cancel.is_cancelled() => break,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
    output.prompt("\n");
    Answer::None
}
