//! `cargo xtask dist`: a Debian package of the window and the command, made with dpkg's own tools and tried out.

use crate::app::{PROGRAMS, build_programs, program};
use crate::steps::{End, Steps};
use crate::workspace::Workspace;
use crate::{Outcome, system, tools, ui};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The largest package that is still quick to fetch.
const LARGEST: u64 = 40 * 1024 * 1024;

const DESKTOP_ENTRY: &str = "\
[Desktop Entry]
Type=Application
Name=Driftgate
GenericName=Model registry and drift monitor
Comment=Train, gate, approve and watch models on a signed ledger
Exec=driftgate-desktop %f
Icon=driftgate
Terminal=false
Categories=Science;Development;
Keywords=machine learning;drift;model;audit;
StartupWMClass=driftgate-desktop
";

const DESCRIPTION: &str = "\
takes a data file to a model in Production and keeps the proof
 Driftgate trains, evaluates, asks a gate of rules in which drift counts, waits
 for a person to approve, watches batches for drift, adapts, and can bring an
 earlier version back byte for byte. Every step is an event on an append-only,
 signed ledger in the workspace's own folder.
 .
 This package has the window (driftgate-desktop) and the command (driftgate).
";

/// Builds the package of that profile's programs and tries it out.
pub fn dist(yes: bool, profile: &str) -> Outcome {
    let ws = Workspace::load()?;
    for tool in ["dpkg-deb", "dpkg-shlibdeps", "dpkg"] {
        if !system::succeeds(Command::new(tool).arg("--version")) {
            return Err(format!(
                "{tool} is not here: a .deb is made on Debian and its kin (packages dpkg and dpkg-dev)"
            ));
        }
    }
    let times = ws.target_dir.clone();
    let mut steps = Steps::default();
    steps.run("system packages", || system::step(&ws.root, &system::BUILD, yes));
    let mut built = steps.run("front end", || ui::build(&ws));
    // What is shipped is compiled with other flags than what a person runs here, and so in a folder of its own.
    let shipped = profile == "release";
    let ws = if shipped { ws.built_in("dist") } else { ws };
    built = built && steps.run(&format!("programs ({profile})"), || build_programs(&ws, profile, shipped));
    if built {
        let mut package = None;
        steps.run("package", || {
            package = Some(pack(&ws, profile)?);
            Ok(End::Passed)
        });
        if let Some(package) = package {
            steps.run("contents", || contents(&package));
            steps.run("start", || start(&ws, &package));
            println!("\n{}", package.display());
        }
    }
    steps.finish("dist", &times)?;
    Ok(steps.passed())
}

fn fail<T>(what: &str, path: &Path, result: std::io::Result<T>) -> Result<T, String> {
    result.map_err(|e| format!("cannot {what} {}: {e}", path.display()))
}

/// What a command writes, or what it complains of.
fn output(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().display().to_string();
    let output = command.output().map_err(|e| format!("cannot run {name}: {e}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("{name} failed: {}", String::from_utf8_lossy(&output.stderr).trim()))
    }
}

/// Lays the files out as they will lie in the system, and packs them.
fn pack(ws: &Workspace, profile: &str) -> Result<PathBuf, String> {
    let work = ws.target_dir.join("deb");
    let tree = work.join("tree");
    if work.exists() {
        fail("remove", &work, fs::remove_dir_all(&work))?;
    }
    for name in PROGRAMS {
        place(&tree, &format!("usr/bin/{name}"), &program(ws, profile, name))?;
    }
    place_icons(&tree, &ws.root.join("src-tauri/icons"))?;
    write(&tree, "usr/share/applications/driftgate.desktop", DESKTOP_ENTRY)?;
    write(&tree, "usr/share/doc/driftgate/copyright", &copyright(&ws.root)?)?;

    let architecture = output(Command::new("dpkg").arg("--print-architecture"))?.trim().to_string();
    let version = env!("CARGO_PKG_VERSION");
    let size = kibibytes(&tree)?;
    let depends = depends(&work, &tree)?;
    let control = format!(
        "Package: driftgate\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: The Driftgate maintainers\n\
         Installed-Size: {size}\nDepends: {depends}\nSection: science\nPriority: optional\nDescription: {DESCRIPTION}"
    );
    write(&tree, "DEBIAN/control", &control)?;
    let package = work.join(format!("driftgate_{version}_{architecture}.deb"));
    output(Command::new("dpkg-deb").args(["--build", "--root-owner-group", "-Zxz", "-z0"]).arg(&tree).arg(&package))?;
    squeeze(&work, &package)?;
    for name in PROGRAMS {
        if profile == "release" {
            ws.no_machine_path(&program(ws, profile, name))?;
        }
        println!("{name}: {} B", length(&program(ws, profile, name))?);
    }
    println!("{}: {} B, {size} KiB when installed, needs {depends}", file_name(&package), length(&package)?);
    if length(&package)? > LARGEST {
        return Err(format!("the package is larger than {} MiB", LARGEST / 1024 / 1024));
    }
    Ok(package)
}

/// Packs the files of a package again so that what both programs hold counts once: they stand on the same engine, which is larger
/// than the window that xz looks back through when dpkg-deb calls it. Takes some minutes and 3 GiB of memory.
fn squeeze(work: &Path, package: &Path) -> Result<(), String> {
    let tar = work.join("data.tar");
    let into = fs::File::create(&tar).map_err(|e| format!("cannot create {}: {e}", tar.display()))?;
    let mut unpack = Command::new("dpkg-deb");
    unpack.arg("--fsys-tarfile").arg(package).stdout(into);
    if !unpack.status().is_ok_and(|s| s.success()) {
        return Err("dpkg-deb --fsys-tarfile failed".into());
    }
    output(Command::new("xz").args(["--force", "--x86", "--lzma2=preset=9e,dict=256MiB"]).arg(&tar))?;
    // Replaced where it stands: the order of the members is part of the format.
    output(Command::new("ar").arg("r").arg(package).arg(tar.with_extension("tar.xz")))?;
    fail("remove", &tar, fs::remove_file(tar.with_extension("tar.xz")))
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|n| n.display().to_string()).unwrap_or_default()
}

fn length(path: &Path) -> Result<u64, String> {
    fail("look at", path, fs::metadata(path)).map(|m| m.len())
}

/// Copies a file to its place, keeping whether it can be run.
fn place(tree: &Path, to: &str, from: &Path) -> Result<(), String> {
    let to = tree.join(to);
    if let Some(folder) = to.parent() {
        fail("make", folder, fs::create_dir_all(folder))?;
    }
    fail("copy", from, fs::copy(from, &to)).map(|_| ())
}

fn write(tree: &Path, to: &str, text: &str) -> Result<(), String> {
    let to = tree.join(to);
    if let Some(folder) = to.parent() {
        fail("make", folder, fs::create_dir_all(folder))?;
    }
    fail("write", &to, fs::write(&to, text))
}

/// Every square PNG in the folder of its size, and an SVG beside them.
fn place_icons(tree: &Path, icons: &Path) -> Result<(), String> {
    let mut placed = 0;
    for entry in fail("list", icons, fs::read_dir(icons))?.flatten().map(|e| e.path()) {
        let extension = entry.extension().map(|e| e.display().to_string()).unwrap_or_default();
        let (folder, extension) = match extension.as_str() {
            "svg" => ("scalable".to_string(), "svg"),
            "png" => match square(&fail("read", &entry, fs::read(&entry))?) {
                Some(side) => (format!("{side}x{side}"), "png"),
                None => continue,
            },
            _ => continue,
        };
        place(tree, &format!("usr/share/icons/hicolor/{folder}/apps/driftgate.{extension}"), &entry)?;
        placed += 1;
    }
    if placed == 0 { Err(format!("{} has no icon", icons.display())) } else { Ok(()) }
}

/// The side of a square PNG, from its header.
fn square(png: &[u8]) -> Option<u32> {
    let number = |at: usize| Some(u32::from_be_bytes(png.get(at..at + 4)?.try_into().ok()?));
    let is_png = png.starts_with(b"\x89PNG\r\n\x1a\n");
    let (width, height) = (number(16)?, number(20)?);
    (is_png && width == height).then_some(width)
}

/// Debian's machine-readable copyright: ours, under either licence.
fn copyright(root: &Path) -> Result<String, String> {
    let path = root.join("LICENSE-MIT");
    let mit = fail("read", &path, fs::read_to_string(&path))?;
    let holder = mit.lines().find_map(|l| l.strip_prefix("Copyright")).unwrap_or_default().trim();
    let indented: String = mit
        .lines()
        .map(|l| if l.trim().is_empty() { " .\n".to_string() } else { format!(" {}\n", l.trim_end()) })
        .collect();
    Ok(format!(
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: Driftgate\n\n\
         Files: *\nCopyright: {holder}\nLicense: Expat or Apache-2.0\n\nLicense: Expat\n{indented}\n\
         License: Apache-2.0\n The text is in /usr/share/common-licenses/Apache-2.0.\n"
    ))
}

fn kibibytes(folder: &Path) -> Result<u64, String> {
    let mut sum = 0;
    for entry in fail("list", folder, fs::read_dir(folder))?.flatten().map(|e| e.path()) {
        sum += if entry.is_dir() { kibibytes(&entry)? } else { length(&entry)?.div_ceil(1024) };
    }
    Ok(sum)
}

/// The packages that have the libraries the programs are linked with; dpkg-shlibdeps wants a source package around it.
fn depends(work: &Path, tree: &Path) -> Result<String, String> {
    write(work, "debian/control", "Source: driftgate\n\nPackage: driftgate\nArchitecture: any\n")?;
    let mut command = Command::new("dpkg-shlibdeps");
    command.current_dir(work).arg("-O").args(PROGRAMS.map(|p| format!("-e{}", tree.join("usr/bin").join(p).display())));
    let text = output(&mut command)?;
    let found = text.lines().find_map(|l| l.strip_prefix("shlibs:Depends="));
    found.map(str::to_string).ok_or_else(|| format!("dpkg-shlibdeps wrote `{}`", text.trim()))
}

/// Lists the package; fails where something that a desktop needs is not in it.
fn contents(package: &Path) -> Result<End, String> {
    let list = output(Command::new("dpkg-deb").arg("-c").arg(package))?;
    print!("{list}");
    let wanted = [
        "root/root",
        "./usr/bin/driftgate\n",
        "./usr/bin/driftgate-desktop\n",
        "./usr/share/applications/driftgate.desktop\n",
        "./usr/share/doc/driftgate/copyright\n",
        "/apps/driftgate.png\n",
    ];
    match wanted.iter().find(|w| !list.contains(*w)) {
        Some(missing) => Err(format!("the package has no `{}`", missing.trim())),
        None => Ok(End::Passed),
    }
}

/// Unpacks the package, asks the command for its version, and waits for the window to open on a display without a screen.
fn start(ws: &Workspace, package: &Path) -> Result<End, String> {
    let dir = ws.target_dir.join("deb/unpacked");
    output(Command::new("dpkg-deb").arg("-x").arg(package).arg(&dir))?;
    print!("{}", output(Command::new(dir.join("usr/bin/driftgate")).arg("--version"))?);
    for tool in [["Xvfb", "-help"], ["xdotool", "--version"]] {
        if !system::succeeds(Command::new(tool[0]).arg(tool[1])) {
            return Ok(End::Skipped(format!("{} is not here to open the window without a screen", tool[0])));
        }
    }
    let mut xvfb = Command::new("Xvfb");
    xvfb.args(["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"]);
    let mut xvfb = Running(xvfb.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().map_err(|e| e.to_string())?);
    let mut display = String::new();
    let stdout = xvfb.0.stdout.take().ok_or("Xvfb has no output")?;
    BufReader::new(stdout).read_line(&mut display).map_err(|e| format!("Xvfb named no display: {e}"))?;
    let display = format!(":{}", display.trim());

    let home = dir.join("home");
    fail("make", &home, fs::create_dir_all(&home))?;
    let mut window = Command::new(dir.join("usr/bin").join(tools::WINDOW));
    window.env("DISPLAY", &display).env("HOME", &home).env("XDG_CONFIG_HOME", home.join("config"));
    window.env_remove("WAYLAND_DISPLAY").stdout(Stdio::null()).stderr(Stdio::null());
    let began = Instant::now();
    let mut window = Running(window.spawn().map_err(|e| format!("the window does not start: {e}"))?);
    while began.elapsed() < Duration::from_secs(60) {
        if let Some(status) = window.0.try_wait().map_err(|e| e.to_string())? {
            return Err(format!("the window ended with {status}"));
        }
        let mut search = Command::new("xdotool");
        search.args(["search", "--onlyvisible", "--name", "Driftgate"]).env("DISPLAY", &display);
        if system::succeeds(&mut search) {
            println!("the window was open after {:.1} s", began.elapsed().as_secs_f64());
            return Ok(End::Passed);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err("no window opened within a minute".into())
}

/// A program that ends with this one's scope.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_square_png_tells_its_side() {
        let png = |width: u32, height: u32| {
            let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
            bytes.extend(width.to_be_bytes());
            bytes.extend(height.to_be_bytes());
            bytes
        };
        assert_eq!(square(&png(128, 128)), Some(128));
        assert_eq!(square(&png(128, 64)), None);
        assert_eq!(square(b"GIF89a"), None);
    }

    #[test]
    fn the_copyright_names_both_licences() {
        let text = copyright(&crate::workspace::root()).unwrap();
        assert!(text.contains("License: Expat or Apache-2.0") && text.contains("\n .\n"), "{text}");
        assert!(!text.contains("Copyright: \n"), "{text}");
    }
}
