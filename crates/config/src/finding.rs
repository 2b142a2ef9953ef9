use driftgate_model::{Code, Coded, Severity};
use std::path::PathBuf;

/// One thing found in a config file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFinding {
    /// The file it is in.
    pub file: PathBuf,
    /// Its line, from 1; `None` when it is about the file as a whole.
    pub line: Option<usize>,
    /// Its column in characters, from 1.
    pub column: Option<usize>,
    /// The dotted path of the key, such as `model.hyperparameters.n_estimators`; empty for the whole file.
    pub key: String,
    /// An error refuses the config; a warning is a note.
    pub severity: Severity,
    /// What was found.
    pub message: String,
    /// What to do.
    pub suggestion: Option<String>,
}

impl std::fmt::Display for ConfigFinding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
        }
        f.write_str(": ")?;
        if self.severity == Severity::Warning {
            f.write_str("note: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)?;
        match &self.suggestion {
            Some(suggestion) => write!(f, "; {suggestion}"),
            None => Ok(()),
        }
    }
}

/// Everything that refuses a config, over all its files. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", listing(.0))]
pub struct ConfigErrors(pub Vec<ConfigFinding>);

fn listing(findings: &[ConfigFinding]) -> String {
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    let errors = findings.iter().filter(|f| f.severity == Severity::Error).count();
    let noun = if errors == 1 { "error" } else { "errors" };
    format!("{errors} {noun} in the configuration\n{}", lines.join("\n"))
}

impl Coded for ConfigErrors {
    fn code(&self) -> Code {
        Code::BadInput
    }

    fn hint(&self) -> Option<String> {
        Some("Correct the lines named above; `docs/config-schema` lists every key".into())
    }
}
