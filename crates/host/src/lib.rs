//! Everything the engine may know about the world, read here for every front: clock, randomness, user, machine, git, build.

use driftgate_engine::{BuildInfo, Clock, Entropy, Host};
use driftgate_model::{Digest, Timestamp};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// How long a command waits for another process to give the ledger back.
const LOCK_TIMEOUT: Duration = Duration::from_secs(30);

/// The machine's clocks.
struct SystemClock(Instant);

impl SystemClock {
    fn start() -> SystemClock {
        SystemClock(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        now()
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// The wall clock, to the millisecond.
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// The operating system's randomness.
struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, buf: &mut [u8]) {
        // Cannot fail on a supported system once it has started; keys without randomness would be worse than no process.
        getrandom::fill(buf).expect("the operating system gives random bytes");
    }
}

/// Which build this is.
pub fn build() -> BuildInfo {
    BuildInfo {
        version: env!("CARGO_PKG_VERSION").into(),
        lock_hash: env!("DRIFTGATE_LOCK_HASH").parse().unwrap_or(Digest::ZERO),
        build: env!("DRIFTGATE_BUILD").into(),
    }
}

/// Which front asks, and for whom.
#[derive(Debug, Clone, Default)]
pub struct Ask<'a> {
    /// The front: `cli`, `window`, `server`.
    pub via: &'a str,
    /// Who acts; `None` is the operating system's user.
    pub actor: Option<&'a str>,
    /// Worker threads; 0 is all cores.
    pub threads: u16,
    /// The folder whose commit is recorded; `None` where nothing records it.
    pub git_at: Option<&'a Path>,
    /// The command line, where there is one.
    pub command: Option<String>,
}

/// The host for the engine, as a front asks for it.
pub fn gather(ask: Ask) -> Host {
    Host {
        clock: Arc::new(SystemClock::start()),
        entropy: Arc::new(SystemEntropy),
        actor: ask.actor.map_or_else(|| user().to_owned(), str::to_owned),
        via: ask.via.into(),
        build: build(),
        machine: machine().to_owned(),
        git_commit: ask.git_at.and_then(git_commit),
        command: ask.command,
        threads: usize::from(ask.threads),
        reviewer_key: reviewer_key(),
        lock_timeout: LOCK_TIMEOUT,
    }
}

/// The folder of what a person keeps for all workspaces, such as `~/.config/driftgate`.
pub fn config_folder() -> Option<PathBuf> {
    let home = folder("HOME").or_else(|| folder("USERPROFILE"));
    let config = folder("XDG_CONFIG_HOME").or_else(|| folder("APPDATA")).or_else(|| Some(home?.join(".config")));
    Some(config?.join("driftgate"))
}

/// The file that `DRIFTGATE_REVIEWER_KEY` names, or the one in the person's config folder.
fn reviewer_key() -> Option<PathBuf> {
    match std::env::var_os("DRIFTGATE_REVIEWER_KEY").filter(|path| !path.is_empty()) {
        Some(path) => Some(path.into()),
        None => Some(config_folder()?.join("reviewer.ed25519.pem")),
    }
}

/// A folder named by the environment; a relative one is nobody's wish.
pub fn folder(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute())
}

/// The operating system's user name.
pub fn user() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(read_user)
}

fn read_user() -> String {
    let named = ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|key| std::env::var(key).ok());
    named
        .filter(|n| !n.trim().is_empty())
        .or_else(|| quiet("id", &["-un"], None))
        .unwrap_or_else(|| "unknown".into())
        .trim()
        .to_owned()
}

/// Operating system, processor and cores, for people.
pub fn machine() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(read_machine)
}

fn read_machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let cores = if cores == 1 { "1 core".into() } else { format!("{cores} cores") };
    let place = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
    match processor() {
        Some(name) => format!("{place}, {name}, {cores}"),
        None => format!("{place}, {cores}"),
    }
}

#[cfg(target_os = "linux")]
fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|l| l.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

#[cfg(target_os = "macos")]
fn processor() -> Option<String> {
    quiet("sysctl", &["-n", "machdep.cpu.brand_string"], None)
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn processor() -> Option<String> {
    std::env::var("PROCESSOR_IDENTIFIER").ok()
}

/// The commit checked out in `folder`, with `-dirty` when tracked files had changed; `None` outside a repository, without
/// a commit, or without git.
fn git_commit(folder: &Path) -> Option<String> {
    let commit = quiet("git", &["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"], Some(folder))?;
    let hash = commit.trim_end_matches("-dirty");
    (hash.len() >= 40 && hash.bytes().all(|b| b.is_ascii_hexdigit())).then_some(commit)
}

/// Trimmed standard output of a program that ended well and said something.
fn quiet(program: &str, args: &[&str], folder: Option<&Path>) -> Option<String> {
    let mut command = Command::new(program);
    command.args(args).env("GIT_OPTIONAL_LOCKS", "0").stdin(Stdio::null()).stderr(Stdio::null());
    if let Some(folder) = folder {
        command.current_dir(folder);
    }
    let output = command.output().ok().filter(|o| o.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}
