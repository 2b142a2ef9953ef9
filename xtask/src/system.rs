//! What the window needs of the system: WebKitGTK to build it, a virtual display and a driver to test it.

use crate::steps::{End, agreed, is_ci, show};
use std::path::Path;
use std::process::{Command, Stdio};

/// What builds the window on Debian and its kin.
pub const BUILD: [&str; 8] = [
    "libwebkit2gtk-4.1-dev",
    "libsoup-3.0-dev",
    "librsvg2-dev",
    "libxdo-dev",
    "libssl-dev",
    "build-essential",
    "pkg-config",
    "file",
];

/// What its end-to-end tests need beyond that: a display without a screen, the browser's driver, a source of real file drags.
pub const TEST: [&str; 11] = [
    "xvfb",
    "xauth",
    "webkit2gtk-driver",
    "dbus",
    "dbus-x11",
    "imagemagick",
    "xdotool",
    "fonts-dejavu-core",
    "at-spi2-core",
    "python3-gi",
    "gir1.2-gtk-3.0",
];

/// A graphics card made of software, for tests of networks where there is no card.
pub const GRAPHICS: [&str; 2] = ["libvulkan1", "mesa-vulkan-drivers"];

/// What to install where there is no apt.
const ELSEWHERE: &str = "\
Fedora: webkit2gtk4.1-devel libsoup3-devel librsvg2-devel openssl-devel gcc pkgconf
  Arch: webkit2gtk-4.1 libsoup3 librsvg base-devel
  openSUSE: webkit2gtk3-devel libsoup-devel librsvg-devel libopenssl-devel gcc pkgconf
  macOS: `xcode-select --install`
  Windows: the Visual Studio C++ build tools, and WebView2, which Windows 11 has";

/// Whether the window can be built here.
pub fn has_webkit() -> bool {
    !cfg!(target_os = "linux") || succeeds(Command::new("pkg-config").args(["--exists", "webkit2gtk-4.1"]))
}

/// Whether a command is there and ends well; what it writes is nobody's business.
pub fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|s| s.success())
}

/// Installs those of `packages` that are lacking, through apt, after a yes or when told so. Returns why they are not there,
/// or `None` when they are.
pub fn ensure(root: &Path, packages: &[&str], yes: bool) -> Result<Option<String>, String> {
    if !cfg!(target_os = "linux") {
        return Ok(None);
    }
    if !succeeds(Command::new("dpkg-query").arg("--version")) {
        let here = if has_webkit() { "WebKitGTK is there; the rest is not known" } else { "WebKitGTK 4.1 is lacking" };
        return Ok(Some(format!("this system has no apt ({here}). Install:\n  {ELSEWHERE}")));
    }
    let lacking = lacking(packages)?;
    if lacking.is_empty() {
        return Ok(None);
    }
    let what = format!("apt-get install -y {}", lacking.join(" "));
    let Some(as_root) = root_prefix() else {
        return Ok(Some(format!("nobody here may install packages; as root, run `{what}`")));
    };
    if let Err(why) = agreed(&format!("{} system packages are lacking", lacking.len()), &what, yes)? {
        return Ok(Some(why));
    }
    let apt = |args: &[&str]| {
        let mut words = as_root.iter().copied().chain(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        let mut command = Command::new(words.next().unwrap_or("env"));
        command.args(words).args(args).current_dir(root);
        show(&mut command)
    };
    // A list that is too old names versions that the mirrors no longer have; a failure shows in the next step.
    apt(&["update", "-qq"])?;
    apt(&[&["install", "-y", "-qq"][..], &lacking].concat())?;
    let left = self::lacking(packages)?;
    Ok(if left.is_empty() { None } else { Some(format!("`{what}` left out {}", left.join(" "))) })
}

/// As [`ensure`], as a step: a CI run fails where something is lacking.
pub fn step(root: &Path, packages: &[&str], yes: bool) -> Result<End, String> {
    match ensure(root, packages, yes)? {
        None => Ok(End::Passed),
        Some(why) if is_ci() => Err(why),
        Some(why) => Ok(End::Skipped(why)),
    }
}

/// Those of `packages` that dpkg does not have.
fn lacking<'a>(packages: &[&'a str]) -> Result<Vec<&'a str>, String> {
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat", "${Package} ${db:Status-Status}\n"]).args(packages).stderr(Stdio::null());
    let output = query.output().map_err(|e| format!("cannot run dpkg-query: {e}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let has = |package: &str| text.lines().any(|l| l == format!("{package} installed"));
    Ok(packages.iter().copied().filter(|p| !has(p)).collect())
}

/// What comes before a command that only root may run; `None` where that cannot be.
fn root_prefix() -> Option<&'static [&'static str]> {
    let id = Command::new("id").arg("-u").output().ok()?;
    if String::from_utf8_lossy(&id.stdout).trim() == "0" {
        return Some(&[]);
    }
    if succeeds(Command::new("sudo").args(["-n", "true"])) {
        return Some(&["sudo", "-n"]);
    }
    // A person at a terminal types the password.
    let asks = crate::steps::can_ask() && succeeds(Command::new("sudo").arg("--version"));
    asks.then_some(&["sudo"][..])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_package_that_is_not_there_is_found_lacking() {
        if !succeeds(Command::new("dpkg-query").arg("--version")) {
            eprintln!("SKIPPED: there is no dpkg here");
            return;
        }
        assert_eq!(lacking(&["dpkg", "no-such-package"]).unwrap(), ["no-such-package"]);
    }
}
