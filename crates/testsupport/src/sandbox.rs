use crate::{Answer, Pipeline};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A folder of one's own that goes away with it, and the `driftgate` command in it.
#[derive(Debug)]
pub struct Sandbox {
    folder: TempDir,
    root: PathBuf,
    binary: PathBuf,
}

impl Sandbox {
    /// An empty folder. `binary` is the `driftgate` under test, `env!("CARGO_BIN_EXE_driftgate")`.
    pub fn new(binary: impl Into<PathBuf>) -> Sandbox {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        // The command names folders as the operating system does: without symbolic links.
        let root = folder.path().canonicalize().expect("a temporary folder exists");
        let binary = binary.into().canonicalize().expect("the command was built");
        Sandbox { folder, root, binary }
    }

    /// A folder that is a workspace.
    pub fn workspace(binary: impl Into<PathBuf>) -> Sandbox {
        let sandbox = Sandbox::new(binary);
        sandbox.driftgate(["init"]).exits(0);
        sandbox
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        debug_assert!(self.folder.path().exists());
        &self.root
    }

    /// A path within.
    pub fn at(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Writes a file, and the folders above it.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.at(name);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder can be made");
        std::fs::write(&path, content).expect("a file can be written");
    }

    /// Reads a text file.
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.at(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// Copies a data set of the repository to `data/NAME`.
    pub fn data(&self, name: &str) {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data").join(name);
        for file in ["data.csv", "dataset.yaml"] {
            let bytes = std::fs::read(from.join(file)).unwrap_or_else(|e| panic!("data/{name}/{file}: {e}"));
            self.write(&format!("data/{name}/{file}"), bytes);
        }
    }

    /// Writes a pipeline's file.
    pub fn pipeline(&self, name: &str, pipeline: &Pipeline) {
        self.write(name, pipeline.to_yaml());
    }

    /// Writes a pipeline as `NAME.yaml`, runs it, expects it to wait or to be done, and gives its id.
    #[track_caller]
    pub fn run(&self, name: &str, pipeline: &Pipeline) -> String {
        self.run_ending(name, pipeline, 0)
    }

    /// Like [`Sandbox::run`], for another end.
    #[track_caller]
    pub fn run_ending(&self, name: &str, pipeline: &Pipeline, exit: i32) -> String {
        let file = format!("{name}.yaml");
        self.pipeline(&file, pipeline);
        let answer = self.driftgate(["run", &file, "--json"]).exits(exit).json();
        answer["run"]["subject"]["run"].as_str().expect("a run has an id").to_owned()
    }

    /// Begins a run on iris that takes far longer than any test, and comes back once it is recorded. Kill it.
    #[track_caller]
    pub fn endless_run(&self) -> Child {
        self.data("iris");
        let forest = Pipeline::iris().algorithm("random_forest").with("n_estimators", 100_000);
        self.pipeline("endless.yaml", &forest);
        let child = self.command().args(["run", "endless.yaml", "--quiet"]).stdout(Stdio::null()).spawn();
        let mut child = child.expect("the command can be started");
        for _ in 0..600 {
            let log = self.driftgate(["audit", "log", "--kind", "run.started", "--json"]).exits(0).json();
            if log["lines"].as_array().is_some_and(|lines| !lines.is_empty()) {
                return child;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        child.kill().expect("a child can be killed");
        panic!("the run did not begin: {:?}", child.wait());
    }

    /// Leaves a run behind whose process was killed.
    #[track_caller]
    pub fn killed_run(&self) {
        let mut child = self.endless_run();
        child.kill().expect("a child can be killed");
        child.wait().expect("a child can be waited for");
    }

    /// The command, ready for arguments: in this folder, with a known user, no colours and no terminal.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.current_dir(&self.root).stdin(Stdio::null()).env("USER", "ada").env("NO_COLOR", "1");
        // A person's own key is none of a test's business.
        command.env("DRIFTGATE_REVIEWER_KEY", self.root.join("reviewer.ed25519.pem"));
        for key in ["DRIFTGATE_WORKSPACE", "CLICOLOR_FORCE", "COLUMNS"] {
            command.env_remove(key);
        }
        command
    }

    /// Runs the command to its end.
    pub fn driftgate<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Answer {
        let output = self.command().args(args).output().expect("the command can be started");
        Answer::of(&output, &self.root)
    }

    /// Fails unless the ledger verifies: nothing is half-written.
    #[track_caller]
    pub fn verifies(&self) {
        self.driftgate(["audit", "verify"]).exits(0);
    }

    /// How many events the ledger holds.
    #[track_caller]
    pub fn events(&self) -> u64 {
        let log = self.driftgate(["audit", "log", "--limit", "1", "--json"]).exits(0).json();
        log["size"].as_u64().expect("a log has a size")
    }
}
