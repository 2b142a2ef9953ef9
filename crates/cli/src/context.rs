//! What every command needs: the options, the output, the cancellation token, and a way to open the workspace.

use crate::args::Global;
use crate::exit::{CliError, Exit};
use crate::output::Output;
use crate::progress::StageLines;
use crate::render::format::shell_word;
use driftgate_engine::{Host, Workspace};
use driftgate_host::Ask;
use driftgate_model::{CancelToken, Code};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One command's surroundings.
pub struct Context {
    /// Options of every command.
    pub global: Global,
    /// Where answers go.
    pub output: Output,
    /// Cancelled by Ctrl-C.
    pub cancel: CancelToken,
}

impl Context {
    /// Catches Ctrl-C: the first asks the work to stop, the second ends the process at once.
    pub fn new(global: Global, output: Output) -> Context {
        let cancel = CancelToken::new();
        let token = cancel.clone();
        let handler = move || {
            if token.is_cancelled() {
                std::process::exit(i32::from(Exit::Stopped.code()));
            }
            token.cancel();
            output.note("\nStopping at the next safe point; press Ctrl-C again to end at once");
        };
        if let Err(e) = ctrlc::set_handler(handler) {
            output.warn(&format!("Ctrl-C will end the process at once: {e}"));
        }
        Context { global, output, cancel }
    }

    /// Asks the work to stop once `time` is over. The process does not wait for this.
    pub fn cancel_after(&self, time: Duration) {
        let (cancel, output) = (self.cancel.clone(), self.output);
        std::thread::spawn(move || {
            std::thread::sleep(time);
            if !cancel.is_cancelled() {
                cancel.cancel();
                output.warn("The time of --max-time is over: stopping at the next safe point");
            }
        });
    }

    /// The folder of the workspace this command is about.
    pub fn root(&self) -> Result<PathBuf, CliError> {
        if let Some(dir) = &self.global.workspace {
            return Ok(dir.clone());
        }
        // Set but empty is what a script leaves that knows no workspace.
        if let Some(dir) = std::env::var_os("DRIFTGATE_WORKSPACE").filter(|d| !d.is_empty()) {
            return Ok(dir.into());
        }
        let here = current_dir()?;
        Workspace::discover(&here).ok_or_else(|| CliError::no_workspace(&here))
    }

    /// Opens the workspace for a command that records something, and says what opening settled.
    pub fn open(&self) -> Result<Workspace, CliError> {
        Ok(self.said(Workspace::open(&self.root()?, self.host(None))?))
    }

    /// Opens the workspace for work whose record names the user's git commit.
    pub fn open_recording_git(&self) -> Result<Workspace, CliError> {
        let root = self.root()?;
        let host = self.host(Some(&root));
        Ok(self.said(Workspace::open(&root, host)?))
    }

    /// Opens the workspace for a command that looks: it answers also where nothing can be written.
    pub fn open_to_look(&self) -> Result<Workspace, CliError> {
        Ok(self.said(Workspace::open_to_look(&self.root()?, self.host(None))?))
    }

    /// Opens the workspace for a command that proves or cleans it, just as it is.
    pub fn open_untouched(&self) -> Result<Workspace, CliError> {
        Ok(Workspace::open_untouched(&self.root()?, self.host(None))?)
    }

    fn said(&self, workspace: Workspace) -> Workspace {
        for sentence in workspace.settled() {
            self.output.note(&format!("note: {sentence}"));
        }
        workspace
    }

    /// The world, as this command may know it.
    pub fn host(&self, git_at: Option<&Path>) -> Host {
        driftgate_host::gather(Ask {
            via: "cli",
            actor: self.global.actor.as_deref(),
            threads: self.global.threads,
            git_at,
            command: Some(command_line()),
        })
    }

    /// Shows what long work does.
    pub fn observer(&self) -> StageLines {
        StageLines::new(self.output)
    }

    /// How a command that leads here again begins: `driftgate`, with the workspace where one was named.
    pub fn begin(&self) -> String {
        match &self.global.workspace {
            Some(dir) => format!("driftgate --workspace {}", shell_word(&dir.display().to_string())),
            None => "driftgate".into(),
        }
    }
}

/// The current folder.
pub fn current_dir() -> Result<PathBuf, CliError> {
    std::env::current_dir().map_err(|e| CliError::Front {
        code: Code::Io,
        message: format!("The current folder cannot be read: {e}"),
        hint: Some("Change to a folder that exists".into()),
    })
}

/// The command as typed, with the program's name alone instead of its path.
fn command_line() -> String {
    let words = std::env::args_os().skip(1).map(|a| shell_word(&a.to_string_lossy()));
    std::iter::once("driftgate".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}
