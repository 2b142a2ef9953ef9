use serde_json::Value;
use std::path::Path;
use std::process::Output;

/// What differs from run to run or from machine to machine, and what stands for it in a snapshot.
pub const FILTERS: &[(&str, &str)] = &[
    // A line of a key, or a root.
    (r"(?m)^[A-Za-z0-9+/=]{40,}$", "[base64]"),
    // A run's id, in full and in short.
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b", "[run-id]"),
    // SHA-256 digests, in full and in short.
    (r"\b[0-9a-f]{64}\b", "[sha256]"),
    (r"\b[0-9a-f]{16}\b", "[origin]"),
    (r"\b[0-9a-f]{12}\b", "[digest]"),
    (r"\b[0-9a-f]{8}\b", "[run]"),
    // Moments and durations.
    (r"\b\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(\.\d+)?Z?", "[time]"),
    (r" *\b\d+ min \d{2} s\b", " [duration]"),
    (r" *\b\d+(\.\d+)? (ms|s)\b", " [duration]"),
    (r"duration_ms  .*", "duration_ms  [duration]"),
    // Signatures and keys.
    (r"— (\S+) [A-Za-z0-9+/=]{20,}", "— $1 [signature]"),
    (r"\+[A-Za-z0-9+/=]{20,}", "+[key]"),
    // The machine and the build.
    (r"machine  .*", "machine  [machine]"),
    (r"(?i)\bdriftgate +\d+\.\d+\.\d+ .*", "driftgate  [build]"),
    // Columns: how far apart they stand depends on what was replaced.
    (r"(\S) {2,}", "$1  "),
    (r" +\n", "\n"),
];

/// How a command ended and what it said.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The exit code; −1 where a signal ended it.
    pub exit: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    folder: String,
}

impl Answer {
    /// Reads a finished process. `folder` is the sandbox, named `[sandbox]` in transcripts.
    pub fn of(output: &Output, folder: &Path) -> Answer {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("the command writes UTF-8");
        Answer {
            exit: output.status.code().unwrap_or(-1),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
            folder: folder.display().to_string(),
        }
    }

    /// Fails, with everything the command said, unless it ended with this code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Answer {
        assert_eq!(self.exit, code, "\n{}", self.transcript());
        self
    }

    /// The same answer with a text of this machine replaced by its name.
    pub fn naming(self, text: &str, name: &str) -> Answer {
        Answer { stdout: self.stdout.replace(text, name), stderr: self.stderr.replace(text, name), ..self }
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("no JSON ({e}):\n{}", self.transcript()))
    }

    /// Exit code, standard output and standard error in one text, with the sandbox's folder named.
    pub fn transcript(&self) -> String {
        let name = |text: &str| text.replace(&self.folder, "[sandbox]");
        format!("exit {}\n--- stdout ---\n{}--- stderr ---\n{}", self.exit, name(&self.stdout), name(&self.stderr))
    }
}
