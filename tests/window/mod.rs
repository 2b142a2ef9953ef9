//! The real window in end-to-end tests: the desktop binary on a display without a screen, driven as a person would.
//!
//! A test opens a [`Window`] and says step by step what a person does: click what has this role and name, type into what has
//! that label, wait for words. Every step waits for what it needs, and one that waits in vain fails with a picture and the
//! page's text beside it, in `window/` of the target folder. Each window has a display, a home folder and a driver of its own;
//! `.config/nextest.toml` lets one test run at a time.
#![allow(dead_code, unused_imports, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stderr, reason = "a test speaks to whoever runs it")]

mod axe;
mod display;
mod drag;
mod fits;
mod keys;
mod page;
mod process;
mod screens;
pub mod shapes;

pub use page::Theme;
pub use screens::WORK;

use display::{Display, Program};
use fantoccini::wd::TimeoutConfiguration;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_driftgate-desktop");

/// Where the window and its driver write what they say, in the window's home folder.
const LOG: &str = "window.log";

/// The program that is opened: that of the tests, or the one that `DRIFTGATE_WINDOW` names.
fn program() -> PathBuf {
    std::env::var_os("DRIFTGATE_WINDOW").map_or_else(|| PROGRAM.into(), PathBuf::from)
}

/// How long a step waits for what it needs.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How a window is started.
#[derive(Default)]
pub struct Start {
    /// Arguments of the program.
    pub args: Vec<String>,
    /// A home folder that stays; without one, the window has an empty one of its own.
    pub home: Option<PathBuf>,
}

/// An open window, closed with its display and all it started when it goes out of scope.
pub struct Window {
    runtime: Runtime,
    client: Option<Client>,
    driver: Program,
    display: Display,
    home: PathBuf,
    /// Removed at the end.
    _own_home: Option<TempDir>,
    began: Instant,
}

impl Window {
    /// Opens the window with an empty home folder; `None` where this machine cannot, which is said aloud and fails in CI.
    pub fn open() -> Option<Window> {
        Window::start(Start::default())
    }

    /// Opens the window with a workspace in it.
    pub fn open_workspace(folder: &Path) -> Option<Window> {
        Window::start(Start { args: vec![folder.display().to_string()], home: None })
    }

    /// Opens the window as `start` says.
    pub fn start(start: Start) -> Option<Window> {
        if let Some(why) = lacking() {
            let must = std::env::var("CI").is_ok_and(|v| v == "true" || v == "1");
            assert!(!must && std::env::var_os("DRIFTGATE_SCREENSHOTS").is_none(), "the window cannot be tested: {why}");
            eprintln!("SKIPPED: the window: {why}");
            return None;
        }
        let own_home = start.home.is_none().then(|| tempfile::tempdir().unwrap());
        let home = start.home.unwrap_or_else(|| own_home.as_ref().unwrap().path().to_path_buf());
        let display = Display::open();
        let (port, native) = (free_port(), free_port());
        let began = Instant::now();
        let mut command = Command::new(tools().unwrap().join("bin/tauri-driver"));
        let ports = ["--port".to_string(), port.to_string(), "--native-port".into(), native.to_string()];
        world(&mut command, &display, &home).args(ports).args(["--native-driver", "/usr/bin/WebKitWebDriver"]);
        let driver = Program::spawn_logged(&mut command, &home.join(LOG));
        wait_for_port(port);
        wait_for_port(native);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let client = runtime.block_on(connect(port, &start.args));
        let client = client.unwrap_or_else(|e| panic!("the window does not open: {e}\n{}", said(&home)));
        let window = Window { runtime, client: Some(client), driver, display, home, _own_home: own_home, began };
        window.wait_until("the page has loaded", "return document.readyState === 'complete'");
        Some(window)
    }

    /// The window's home folder.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The `driftgate` command, built beside the window.
    pub fn command_line(&self) -> PathBuf {
        let program = Path::new(PROGRAM).with_file_name("driftgate");
        assert!(program.exists(), "{} is built with the workspace's tests", program.display());
        program
    }

    /// How long the window has been open, counted from before its process was started.
    pub fn age(&self) -> Duration {
        self.began.elapsed()
    }

    /// The process of the window itself.
    pub fn process(&self) -> Option<u32> {
        let program = program();
        let name = program.file_name()?.to_str()?;
        self.driver.descendants().into_iter().find(|pid| {
            let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let program = command.split(|b| *b == 0).next().unwrap_or_default();
            String::from_utf8_lossy(program).ends_with(name)
        })
    }

    /// Runs JavaScript in the page and gives back what it returns.
    pub fn js(&self, script: &str, args: Vec<Value>) -> Value {
        self.try_js(script, args).unwrap_or_else(|e| self.fail(&format!("the script `{script}` failed: {e}")))
    }

    /// As [`Window::js`]; a page that is just loading can answer with an error.
    fn try_js(&self, script: &str, args: Vec<Value>) -> Result<Value, String> {
        self.block(async |client| client.execute(script, args).await).map_err(|e| e.to_string())
    }

    /// Runs JavaScript that calls the function it gets last.
    pub fn js_async(&self, script: &str, args: Vec<Value>) -> Value {
        let answer = self.block(async |client| client.execute_async(script, args).await);
        answer.unwrap_or_else(|e| self.fail(&format!("a script failed: {e}")))
    }

    /// Waits until a script returns true.
    pub fn wait_until(&self, what: &str, script: &str) {
        self.wait_within(PATIENCE, what, || (self.try_js(script, Vec::new()) == Ok(json!(true))).then_some(()));
    }

    /// Asks until there is an answer; fails the test after `patience`, saying what was waited for.
    pub fn wait_within<T>(&self, patience: Duration, what: &str, ask: impl Fn() -> Option<T>) -> T {
        self.wait_or(patience, ask)
            .unwrap_or_else(|| self.fail(&format!("waited {} s in vain: {what}", patience.as_secs())))
    }

    /// Asks until there is an answer; `None` after `patience`.
    pub fn wait_or<T>(&self, patience: Duration, ask: impl Fn() -> Option<T>) -> Option<T> {
        let began = Instant::now();
        while began.elapsed() <= patience {
            if let Some(answer) = ask() {
                return Some(answer);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        None
    }

    /// Asks the window's Rust side, as its page does; `Err` is the failure it answers with.
    pub fn invoke(&self, command: &str, args: Value) -> Result<Value, Value> {
        let script = "
            const [command, args, done] = arguments;
            const read = a => a instanceof ArrayBuffer ? JSON.parse(new TextDecoder().decode(a) || 'null') : a;
            window.__TAURI_INTERNALS__.invoke(command, args)
                .then(a => done({ ok: read(a) }), e => done({ error: read(e) }));";
        let answer = self.js_async(script, vec![json!(command), args]);
        match answer.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(answer["ok"].clone()),
        }
    }

    /// Writes a picture of the page.
    pub fn screenshot(&self, path: &Path) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let png = self.block(async |client| client.screenshot().await).unwrap();
        std::fs::write(path, png).unwrap();
    }

    /// Loads the page anew.
    pub fn reload(&self) {
        self.block(async |client| client.refresh().await).unwrap();
        self.wait_until("the page has loaded", "return document.readyState === 'complete'");
    }

    /// Makes the window this large.
    pub fn resize(&self, width: u32, height: u32) {
        self.block(async |client| client.set_window_size(width, height).await).unwrap();
    }

    /// Fails the test, with a picture and the page's text beside the message.
    fn fail(&self, message: &str) -> ! {
        let test = std::thread::current().name().unwrap_or("test").replace("::", "-");
        let at = pictures().join(format!("FAILED-{test}"));
        let _ = std::fs::create_dir_all(pictures());
        if let Ok(png) = self.block(async |client| client.screenshot().await) {
            let _ = std::fs::write(at.with_extension("png"), png);
        }
        let text = self.try_js("return document.body.innerText + '\\n\\n' + document.body.outerHTML", Vec::new());
        let text = text.ok().and_then(|t| t.as_str().map(str::to_string)).unwrap_or_default();
        let _ = std::fs::write(at.with_extension("txt"), &text);
        let shown: String = text.chars().take(1500).collect();
        panic!("{message}\nThe window shows ({}.png):\n{shown}\nIt wrote:\n{}", at.display(), said(&self.home));
    }

    fn block<T>(&self, work: impl AsyncFnOnce(&Client) -> T) -> T {
        self.runtime.block_on(work(self.client.as_ref().unwrap()))
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // Processes are ended by their own drops; this lets the window end by itself first.
        if let Some(client) = self.client.take() {
            let close = async { tokio::time::timeout(Duration::from_secs(5), client.close()).await };
            let _ = self.runtime.block_on(close);
        }
    }
}

async fn connect(port: u16, args: &[String]) -> Result<Client, String> {
    let capabilities = json!({"browserName": "wry", "tauri:options": {"application": program(), "args": args}});
    let mut builder = ClientBuilder::new(HttpConnector::new());
    builder.capabilities(capabilities.as_object().unwrap().clone());
    let client = builder.connect(&format!("http://127.0.0.1:{port}")).await.map_err(|e| e.to_string())?;
    let minute = Some(Duration::from_secs(60));
    let timeouts = TimeoutConfiguration::new(minute, minute, Some(Duration::ZERO));
    client.update_timeouts(timeouts).await.map_err(|e| e.to_string())?;
    Ok(client)
}

/// The end of what the window and its driver wrote.
fn said(home: &Path) -> String {
    let log = std::fs::read(home.join(LOG)).unwrap_or_default();
    let log = String::from_utf8_lossy(&log);
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

/// An environment of the window's own: nothing of the person's who runs the tests.
fn world<'a>(command: &'a mut Command, display: &Display, home: &Path) -> &'a mut Command {
    let runtime = home.join("run");
    std::fs::create_dir_all(&runtime).unwrap();
    command.env_clear();
    for name in ["PATH", "LD_LIBRARY_PATH", "LLVM_PROFILE_FILE"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.env("HOME", home).env("USER", "tester").env("LANG", "C.UTF-8").env("TZ", "UTC");
    command.env("XDG_CONFIG_HOME", home.join(".config")).env("XDG_CACHE_HOME", home.join(".cache"));
    command.env("XDG_DATA_HOME", home.join(".local/share")).env("XDG_RUNTIME_DIR", runtime);
    command.env("DISPLAY", &display.name).env("GDK_BACKEND", "x11").env("RUST_BACKTRACE", "1");
    // No session bus: what speaks to the desktop has to do without, and no stray daemon is started.
    command
        .env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", home.join("no-bus").display()))
        .env("NO_AT_BRIDGE", "1")
}

/// What this machine lacks to test the window.
fn lacking() -> Option<String> {
    if !cfg!(target_os = "linux") {
        return Some("its tests run on Linux".into());
    }
    let page = repository().join("ui/dist/driftgate_ui_bg.wasm");
    if !page.exists() {
        return Some("its front end is not built; `cargo xtask ui` builds it".into());
    }
    for program in ["/usr/bin/Xvfb", "/usr/bin/WebKitWebDriver", "/usr/bin/xdotool"] {
        if !Path::new(program).exists() {
            return Some(format!("{program} is not there; `cargo xtask test` installs it"));
        }
    }
    let Some(tools) = tools() else { return Some("tauri-driver is not there; `cargo xtask test` installs it".into()) };
    let axe = tools.join(axe::SOURCE);
    (!axe.exists()).then(|| "axe-core is not there; `cargo xtask test` fetches it".into())
}

/// The folder of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Where `cargo xtask test` puts the tools of these tests: `tools` of the target folder.
fn tools() -> Option<PathBuf> {
    Path::new(PROGRAM).ancestors().map(|a| a.join("tools")).find(|t| t.join("bin/tauri-driver").exists())
}

/// Where pictures of passed and failed tests go: `window` of the target folder.
pub fn pictures() -> PathBuf {
    tools().unwrap().with_file_name("window")
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

fn wait_for_port(port: u16) {
    let began = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(began.elapsed() < PATIENCE, "the driver does not answer at port {port}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
