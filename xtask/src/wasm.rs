//! A compiler for wasm32: the active one, one made of Debian's packages, or the target that rustup fetches.

use crate::steps::{End, show};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a browser's engine runs.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// The oldest compiler that takes the workspace.
const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");

/// A program that needs the standard library and the linker.
const PROBE: &str =
    "#[unsafe(no_mangle)]\npub extern \"C\" fn f(n: u32) -> u32 {\n    format!(\"{n}\").len() as u32\n}\n";

/// The compiler to call for [`TARGET`]: `None` is the one that cargo takes by itself.
pub type Compiler = Option<PathBuf>;

/// Finds a compiler for [`TARGET`], or gets one; `Err` says what to do where that is impossible.
pub fn compiler(root: &Path) -> Result<Compiler, String> {
    let active = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    if works(root, &active) {
        return Ok(None);
    }
    let debian = debian_home()?;
    let built = debian.join("bin/rustc");
    if debian.join(".complete").exists() && works(root, built.as_os_str()) {
        return Ok(Some(built));
    }
    let mut tried = Vec::new();
    // Set to 0, it says that rustup is not to download: then it is not asked.
    let must_not_fetch = std::env::var("RUSTUP_AUTO_INSTALL").is_ok_and(|v| v == "0");
    if !must_not_fetch && answers(&mut Command::new("rustup")) {
        eprintln!("running `rustup target add {TARGET}`");
        let mut command = Command::new("rustup");
        command.current_dir(root).env("RUSTUP_MAX_RETRIES", "1").args(["target", "add", TARGET]);
        if show(&mut command)? == End::Passed && works(root, &active) {
            return Ok(None);
        }
        tried.push(format!("`rustup target add {TARGET}` did not help"));
    }
    if answers(&mut Command::new("apt-get")) {
        let script = root.join("xtask/wasm-target.sh");
        let mut command = Command::new("bash");
        command.arg(&script).arg(&debian).env("WASM_TARGET_MIN_RUST", OLDEST).env("RUSTUP_AUTO_INSTALL", "0");
        if show(command.current_dir(root).stdout(Stdio::null()))? == End::Passed && works(root, built.as_os_str()) {
            return Ok(Some(built));
        }
        tried.push("xtask/wasm-target.sh could not make one of the system's packages".into());
    }
    let tried = if tried.is_empty() { String::new() } else { format!(" ({})", tried.join("; ")) };
    Err(format!(
        "no compiler from Rust {OLDEST} on has the target {TARGET}{tried}; `rustup target add {TARGET}` installs it"
    ))
}

/// Where xtask/wasm-target.sh puts the compiler it makes.
fn debian_home() -> Result<PathBuf, String> {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let data = || set("XDG_DATA_HOME").or_else(|| Some(set("HOME")?.join(".local/share")));
    set("WASM_TARGET_HOME")
        .or_else(|| Some(data()?.join("wasm-target")))
        .ok_or_else(|| "there is no home folder: set HOME or WASM_TARGET_HOME".into())
}

/// Whether a program is there and tells its version.
fn answers(command: &mut Command) -> bool {
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|s| s.success())
}

/// Whether a compiler is new enough, and both compiles and links for [`TARGET`]. Called in `root`, where a file may pin it.
fn works(root: &Path, rustc: impl Into<OsString>) -> bool {
    let rustc = rustc.into();
    let quiet = || {
        let mut command = Command::new(&rustc);
        command.current_dir(root).env("RUSTUP_AUTO_INSTALL", "0").stdin(Stdio::null()).stderr(Stdio::null());
        command
    };
    let Ok(version) = quiet().arg("--version").output() else { return false };
    if !new_enough(&String::from_utf8_lossy(&version.stdout)) {
        return false;
    }
    let dir = std::env::temp_dir().join(format!("xtask-wasm-{}", std::process::id()));
    let (source, out) = (dir.join("probe.rs"), dir.join("probe.wasm"));
    let linked = std::fs::create_dir_all(&dir).and_then(|()| std::fs::write(&source, PROBE)).is_ok() && {
        let mut command = quiet();
        command.args(["--edition", "2024", "--crate-type", "cdylib", "--target", TARGET, "-o"]).arg(&out).arg(&source);
        command.stdout(Stdio::null()).status().is_ok_and(|s| s.success()) && out.exists()
    };
    // What stays in the temporary folder harms nobody.
    let _ = std::fs::remove_dir_all(&dir);
    linked
}

/// Whether `rustc 1.96.0 (…)` is [`OLDEST`] or newer.
fn new_enough(version: &str) -> bool {
    let numbers = |text: &str| -> Vec<u32> {
        let text = text.split(['-', '+']).next().unwrap_or_default();
        text.split('.').map_while(|n| n.parse().ok()).collect()
    };
    version.split_whitespace().nth(1).is_some_and(|found| numbers(found) >= numbers(OLDEST))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn an_old_compiler_is_refused() {
        assert!(new_enough(&format!("rustc {OLDEST}.0 (59807616e 2026-04-14)")));
        assert!(new_enough("rustc 1.100.0-nightly (59807616e 2026-04-14)"));
        assert!(!new_enough("rustc 1.63.0 (4b91a6ea7 2022-08-08)"));
        assert!(!new_enough(""));
    }

    #[test]
    fn what_is_no_compiler_does_not_work() {
        let root = crate::workspace::root();
        assert!(!works(&root, "true"));
        assert!(!works(&root, "/absent/rustc"));
    }
}
