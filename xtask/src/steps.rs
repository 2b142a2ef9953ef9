//! Steps: run one, time it, keep what it wrote, show the table.

use crate::report::strip_ansi;
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    Passed,
    Failed,
    /// It was not done, for this reason.
    Skipped(String),
}

struct Step {
    name: String,
    end: End,
    took: Duration,
}

/// The steps of a chore, in order.
#[derive(Default)]
pub struct Steps {
    steps: Vec<Step>,
}

fn minutes(took: Duration) -> String {
    format!("{:.2}", took.as_secs_f64() / 60.0)
}

impl Steps {
    /// Does `work` under a heading and notes its time. An `Err` is reported and counts as failed.
    pub fn run(&mut self, name: &str, work: impl FnOnce() -> Result<End, String>) -> bool {
        eprintln!("\n== {name}");
        let started = Instant::now();
        let end = work().unwrap_or_else(|message| {
            eprintln!("error: {message}");
            End::Failed
        });
        let took = started.elapsed();
        match &end {
            End::Passed => eprintln!("== {name}: passed in {} min", minutes(took)),
            End::Failed => eprintln!("== {name}: FAILED after {} min", minutes(took)),
            End::Skipped(why) => eprintln!("== {name}: SKIPPED: {why}"),
        }
        let passed = end != End::Failed;
        self.steps.push(Step { name: name.into(), end, took });
        passed
    }

    /// Whether no step failed.
    pub fn passed(&self) -> bool {
        self.steps.iter().all(|s| s.end != End::Failed)
    }

    /// The table of steps with minutes.
    pub fn table(&self) -> String {
        let width = self.steps.iter().map(|s| s.name.len()).max().unwrap_or(0).max("total".len());
        let mut out = format!("{:width$}  minutes  result\n", "step");
        for step in &self.steps {
            let result = match &step.end {
                End::Passed => "passed".to_string(),
                End::Failed => "FAILED".to_string(),
                End::Skipped(why) => format!("skipped: {why}"),
            };
            out.push_str(&format!("{:width$}  {:>7}  {result}\n", step.name, minutes(step.took)));
        }
        let total = self.steps.iter().map(|s| s.took).sum();
        out.push_str(&format!("{:width$}  {:>7}\n", "total", minutes(total)));
        out
    }

    /// Prints the table and leaves it in `xtask-times.txt` of the target folder, beside the tables of other chores.
    pub fn finish(&self, chore: &str, target_dir: &Path) -> Result<(), String> {
        let table = self.table();
        println!("\n{table}");
        let file = target_dir.join("xtask-times.txt");
        let kept = with_table(&std::fs::read_to_string(&file).unwrap_or_default(), chore, &table);
        std::fs::create_dir_all(target_dir)
            .and_then(|()| std::fs::write(&file, kept))
            .map_err(|e| format!("cannot write {}: {e}", file.display()))
    }
}

/// The tables of `kept` with this chore's own replaced; each under the command that made it, with a blank line between.
fn with_table(kept: &str, chore: &str, table: &str) -> String {
    let heading = format!("cargo xtask {chore}\n");
    let others = kept.split("\n\n").filter(|t| !t.trim().is_empty() && !t.trim_start().starts_with(&heading));
    others.map(|t| t.trim().to_string() + "\n\n").collect::<String>() + &heading + table
}

/// Runs a command with its output on the terminal.
pub fn show(command: &mut Command) -> Result<End, String> {
    let status = command.status().map_err(|e| format!("cannot run {}: {e}", command.get_program().display()))?;
    Ok(if status.success() { End::Passed } else { End::Failed })
}

/// Runs a command, shows its output as it comes and returns it too, without colours: standard output and standard error
/// in one text. The command sees no terminal.
pub fn tee(command: &mut Command) -> Result<(End, String), String> {
    let name = command.get_program().display().to_string();
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(|e| format!("cannot run {name}: {e}"))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let text = std::thread::scope(|scope| {
        let other = scope.spawn(|| stderr.map(forward).transpose());
        let own = stdout.map(forward).transpose();
        let other = other.join().map_err(|_| format!("reading what {name} wrote failed"))?;
        let read = |r: std::io::Result<Option<String>>| {
            r.map(Option::unwrap_or_default).map_err(|e| format!("cannot read what {name} wrote: {e}"))
        };
        Ok::<String, String>(read(own)? + &read(other)?)
    })?;
    let status = child.wait().map_err(|e| format!("cannot wait for {name}: {e}"))?;
    Ok((if status.success() { End::Passed } else { End::Failed }, text))
}

fn forward(from: impl std::io::Read) -> std::io::Result<String> {
    let mut reader = BufReader::new(from);
    let mut text = String::new();
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        std::io::stderr().write_all(&line)?;
        text.push_str(&strip_ansi(&String::from_utf8_lossy(&line)));
        line.clear();
    }
    Ok(text)
}

/// Whether this program's own terminal shows colours; for commands whose output is read as well as shown.
pub fn colours() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Whether a person can be asked: both ends are a terminal.
pub fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Whether `what` may be run: when told so (`yes`) or in CI without asking, after a yes on a terminal, and not where nobody
/// can be asked. The inner error says why not.
pub fn agreed(lacking: &str, what: &str, yes: bool) -> Result<Result<(), String>, String> {
    if !(yes || is_ci()) {
        if !can_ask() {
            return Ok(Err(format!("{lacking} and nobody can be asked; `{what}` installs it")));
        }
        eprint!("{lacking}. Run `{what}`? It takes a few minutes. [y/N] ");
        std::io::stderr().flush().map_err(|e| format!("cannot ask: {e}"))?;
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).map_err(|e| format!("cannot read the answer: {e}"))?;
        if !matches!(answer.trim(), "y" | "Y" | "yes") {
            return Ok(Err(format!("{lacking}, and installing was declined; `{what}` does it")));
        }
    }
    eprintln!("running `{what}`");
    Ok(Ok(()))
}

/// Whether this is a continuous-integration run (`CI=true`).
pub fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|v| v == "true" || v == "1")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_failed_step_is_remembered_and_a_skipped_one_says_why() {
        let mut steps = Steps::default();
        assert!(steps.run("one", || Ok(End::Passed)));
        assert!(steps.run("two", || Ok(End::Skipped("nothing to do".into()))));
        assert!(steps.passed());
        assert!(!steps.run("three", || Err("broken".into())));
        assert!(!steps.passed());
        let table = steps.table();
        assert!(table.contains("two       0.00  skipped: nothing to do"), "{table}");
        assert!(table.contains("three     0.00  FAILED"), "{table}");
    }

    #[test]
    fn each_chore_keeps_its_latest_table() {
        let first = with_table("", "check", "a\n");
        let second = with_table(&first, "test", "b\n");
        assert_eq!(second, "cargo xtask check\na\n\ncargo xtask test\nb\n");
        assert_eq!(with_table(&second, "check", "c\n"), "cargo xtask test\nb\n\ncargo xtask check\nc\n");
    }

    #[test]
    fn tee_returns_both_streams_and_the_verdict() {
        let (end, text) = tee(Command::new("sh").args(["-c", "echo out; echo err >&2; exit 3"])).unwrap();
        assert_eq!(end, End::Failed);
        assert!(text.contains("out\n") && text.contains("err\n"));
    }
}
