//! A session over real folders.
#![allow(dead_code, reason = "each test file uses its own part")]

use driftgate_engine::{Host, Workspace};
use driftgate_host::Ask;
use driftgate_model::views::{Failure, JobAsk, JobState, JobView, PathKind, WindowEvent};
use driftgate_session::{Session, SessionError, Setup, Wanted};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A session with a folder of its own, and everything that it told.
pub struct Desk {
    folder: tempfile::TempDir,
    pub session: Session,
    heard: Arc<Mutex<Vec<WindowEvent>>>,
}

/// The world, as a test wants it.
pub fn host(via: &str, actor: Option<&str>) -> Host {
    let host = driftgate_host::gather(Ask { via, actor, threads: 2, ..Ask::default() });
    Host { lock_timeout: Duration::from_millis(400), ..host }
}

impl Desk {
    pub fn new() -> Desk {
        Desk::in_folder(tempfile::tempdir().unwrap())
    }

    pub fn in_folder(folder: tempfile::TempDir) -> Desk {
        let session = session_in(folder.path());
        let heard: Arc<Mutex<Vec<WindowEvent>>> = Arc::default();
        let own = heard.clone();
        session.subscribe(move |event| own.lock().unwrap().push(event.clone()));
        Desk { folder, session, heard }
    }

    /// With a new workspace in the folder `work`, open.
    pub fn with_workspace() -> Desk {
        let desk = Desk::new();
        let root = desk.at("work");
        desk.session.grant(&root, PathKind::NewFolder).unwrap();
        desk.session.init_workspace(&root.display().to_string()).unwrap();
        desk
    }

    /// With the files of the repository that `iris` needs, too.
    pub fn with_iris() -> Desk {
        let desk = Desk::with_workspace();
        for name in ["data/iris/data.csv", "data/iris/dataset.yaml"] {
            copy(name, &desk.at("work"));
        }
        for file in std::fs::read_dir(repository().join("configs")).unwrap() {
            let path = file.unwrap().path();
            if path.is_file() {
                copy(&format!("configs/{}", path.file_name().unwrap().to_string_lossy()), &desk.at("work"));
            }
        }
        desk
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> String {
        let path = self.at(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// What the session told so far.
    pub fn heard(&self) -> Vec<WindowEvent> {
        self.heard.lock().unwrap().clone()
    }

    pub fn forget(&self) {
        self.heard.lock().unwrap().clear();
    }

    /// Waits until something was told; how long that took.
    pub fn hears(&self, what: &str, most: Duration, wanted: impl Fn(&WindowEvent) -> bool) -> Duration {
        let from = Instant::now();
        while !self.heard.lock().unwrap().iter().any(&wanted) {
            assert!(from.elapsed() < most, "{what} is not told: {:#?}", self.heard());
            std::thread::sleep(Duration::from_millis(5));
        }
        from.elapsed()
    }

    /// Starts a job and waits until it is over.
    pub fn does(&self, ask: JobAsk) -> JobView {
        let id = self.session.start_job(ask).unwrap_or_else(|e| panic!("{e:?}"));
        self.ends(id)
    }

    pub fn ends(&self, id: u64) -> JobView {
        let from = Instant::now();
        loop {
            let job = self.job(id);
            if !matches!(job.state, JobState::Running | JobState::Stopping) {
                return job;
            }
            assert!(from.elapsed() < Duration::from_secs(120), "{job:#?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn job(&self, id: u64) -> JobView {
        self.session.jobs().into_iter().find(|j| j.id == id).unwrap()
    }

    /// The open workspace, as the command line would open it.
    pub fn second(&self) -> Workspace {
        Workspace::open(&self.at("work"), host("cli", Some("somebody else"))).unwrap()
    }
}

pub fn session_in(folder: &Path) -> Session {
    Session::new(Setup {
        settings: folder.join("config/driftgate/window.json"),
        demo: folder.join("Driftgate demo"),
        host: Box::new(|wanted: &Wanted| {
            let mut host = host(wanted.via, wanted.actor);
            if wanted.threads > 0 {
                host.threads = usize::from(wanted.threads);
            }
            host
        }),
    })
}

pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_path_buf()
}

pub fn copy(name: &str, to: &Path) {
    let path = to.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::copy(repository().join(name), path).unwrap();
}

/// What a person reads of an error.
pub fn said<T>(result: Result<T, SessionError>) -> Failure {
    match result {
        Ok(_) => panic!("it was expected to be refused"),
        Err(error) => error.into(),
    }
}
