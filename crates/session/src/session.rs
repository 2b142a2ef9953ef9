//! The session: what is open, who acts, and who is told.

use crate::jobs::Jobs;
use crate::paths::{Granted, checked};
use crate::server::Serving;
use crate::store::{Store, name_of};
use crate::watch::Watch;
use crate::{Result, SessionError, lock};
use driftgate_engine::{Host, Workspace};
use driftgate_model::views::{OpenWorkspace, PathKind, Settings, WindowEvent, WindowState};
use driftgate_model::{Code, Timestamp};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

/// The longest name of a reviewer.
const LONGEST_NAME: usize = 200;

/// What the session wants to know of the world for one piece of work.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// `window` or `server`.
    pub via: &'static str,
    /// Who acts; `None` is the operating system's user.
    pub actor: Option<&'a str>,
    /// Worker threads; 0 is all cores.
    pub threads: u16,
    /// The folder whose commit is recorded; `None` where nothing records it.
    pub git_at: Option<&'a Path>,
}

/// Reads the world for the session.
type MakeHost = Box<dyn Fn(&Wanted) -> Host + Send + Sync>;
/// Tells the front what happened.
type Teller = Arc<dyn Fn(&WindowEvent) + Send + Sync>;

/// What a front hands to the session.
pub struct Setup {
    /// The file of settings and recent workspaces.
    pub settings: PathBuf,
    /// Where the demo goes.
    pub demo: PathBuf,
    /// Reads the world.
    pub host: MakeHost,
}

/// What a front that stays open keeps. Cheap to clone, and shared between threads.
#[derive(Clone)]
pub struct Session(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) setup: Setup,
    /// The world at the start, for the clock and for what never changes.
    pub(crate) world: Host,
    pub(crate) store: Mutex<Store>,
    pub(crate) open: RwLock<Option<Arc<Workspace>>>,
    pub(crate) granted: Mutex<Granted>,
    pub(crate) jobs: Jobs,
    pub(crate) serving: Serving,
    watch: Watch,
    teller: RwLock<Option<Teller>>,
    notices: Mutex<Vec<String>>,
}

impl Session {
    /// Starts a session with nothing open.
    pub fn new(setup: Setup) -> Session {
        let (store, said) = Store::open(setup.settings.clone());
        let world = (setup.host)(&Wanted { via: "window", actor: None, threads: 0, git_at: None });
        let inner = Arc::new_cyclic(|weak: &Weak<Inner>| Inner {
            setup,
            world,
            store: Mutex::new(store),
            open: RwLock::new(None),
            granted: Mutex::default(),
            jobs: Jobs::default(),
            serving: Serving::default(),
            watch: Watch::start(weak.clone()),
            teller: RwLock::new(None),
            notices: Mutex::new(said.into_iter().collect()),
        });
        Session(inner)
    }

    /// Tells `teller` from now on what happens; the one before is told nothing more.
    pub fn subscribe(&self, teller: impl Fn(&WindowEvent) + Send + Sync + 'static) {
        *self.0.teller.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(teller));
    }

    /// Tells the front something.
    pub fn tell(&self, event: &WindowEvent) {
        self.0.tell(event);
    }

    /// What the window knows before it asks anything.
    pub fn state(&self) -> WindowState {
        let (settings, recent) = {
            let store = lock(&self.0.store);
            (store.settings().clone(), store.recent())
        };
        let build = &self.0.world.build;
        WindowState {
            schema: "driftgate/window/1".into(),
            build: format!("{} ({}, lock {})", build.version, build.build, build.lock_hash.short()),
            machine: self.0.world.machine.clone(),
            device: "tables are learned on the processor, networks on the device that a run asks for".into(),
            actor: actor(&settings).map_or_else(|| self.0.world.actor.clone(), str::to_owned),
            workspace: self.opened().map(|w| view_of(&w)),
            recent,
            settings,
            settings_file: self.0.setup.settings.display().to_string(),
            demo_folder: self.0.setup.demo.display().to_string(),
            new_token: None,
            notices: lock(&self.0.notices).clone(),
        }
    }

    /// Opens the workspace in a folder that the person chose or that was open before.
    ///
    /// Errors: the folder was not chosen; it is no workspace, a newer one, or held by another process.
    pub fn open_workspace(&self, path: &str) -> Result<WindowState> {
        let root = checked(Path::new(path), PathKind::Folder)?;
        if !self.is_granted(&root) && !lock(&self.0.store).is_recent(&root) {
            return Err(not_granted(path));
        }
        let workspace = Workspace::open_to_look(&root, self.host(None)).map_err(|e| wrong_folder(&root, e.into()))?;
        self.take(workspace);
        Ok(self.changed_workspace(None))
    }

    /// Makes a workspace in a folder that the person chose, and opens it. The state has the server's token, once.
    pub fn init_workspace(&self, path: &str) -> Result<WindowState> {
        let root = checked(Path::new(path), PathKind::NewFolder)?;
        if !self.is_granted(&root) {
            return Err(not_granted(path));
        }
        let (workspace, made) = Workspace::init(&root, self.host(None))?;
        self.take(workspace);
        Ok(self.changed_workspace(Some(made.server_token)))
    }

    /// Closes the workspace. Jobs go on; the server stops.
    pub fn close_workspace(&self) -> Result<WindowState> {
        self.stop_server()?;
        *self.0.open.write().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(self.changed_workspace(None))
    }

    /// Takes a workspace out of the recent ones; its files stay.
    pub fn forget_recent(&self, path: &str) -> Result<WindowState> {
        lock(&self.0.store).forget(path)?;
        Ok(self.state())
    }

    /// Keeps the settings. A new name or number of threads holds from now on.
    pub fn save_settings(&self, mut settings: Settings) -> Result<WindowState> {
        settings.reviewer = settings.reviewer.trim().to_owned();
        if settings.reviewer.chars().count() > LONGEST_NAME || settings.reviewer.chars().any(char::is_control) {
            return Err(SessionError::bad_input(
                "The reviewer's name is too long, or has a character that cannot be shown",
                format!("Give a name of one line and at most {LONGEST_NAME} characters"),
            ));
        }
        if settings.threads > 1024 {
            return Err(SessionError::bad_input(
                format!("{} threads are too many", settings.threads),
                "Give at most 1024, or 0 for all cores",
            ));
        }
        lock(&self.0.store).save_settings(settings)?;
        let mut open = self.0.open.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(workspace) = open.take() {
            *open = Some(Arc::new(workspace.acting(self.host(None))));
        }
        drop(open);
        Ok(self.state())
    }

    /// Keeps a sentence about something that went wrong outside every workspace.
    pub fn notice(&self, text: &str) {
        lock(&self.0.notices).push(text.into());
    }

    /// Whether anybody is told what happens.
    pub(crate) fn is_heard(&self) -> bool {
        self.0.teller.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// The settings.
    pub fn settings(&self) -> Settings {
        lock(&self.0.store).settings().clone()
    }

    /// The open workspace.
    ///
    /// Errors: none is open.
    pub fn workspace(&self) -> Result<Arc<Workspace>> {
        self.opened().ok_or_else(|| {
            SessionError::told(Code::NotAWorkspace, "No workspace is open", "Open one, make one, or open the demo")
        })
    }

    /// Asks the open workspace, and looks at once whether that changed anything.
    pub fn ask<T>(&self, ask: impl FnOnce(&Workspace) -> driftgate_engine::Result<T>) -> Result<T> {
        let answer = ask(&*self.workspace()?);
        self.0.watch.nudge();
        Ok(answer?)
    }

    pub(crate) fn opened(&self) -> Option<Arc<Workspace>> {
        self.0.opened()
    }

    /// Puts a workspace in the place of the open one, and remembers it.
    pub(crate) fn take(&self, workspace: Workspace) {
        let root = workspace.root().to_path_buf();
        let same = self.opened().is_some_and(|open| open.root() == root);
        if !same && let Err(error) = self.stop_server() {
            tracing::warn!(?error, "the server of the workspace before did not stop");
        }
        *self.0.open.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(workspace));
        let kept = lock(&self.0.store).remember(&root, self.now());
        if let Err(SessionError::Told(failure)) = kept {
            self.notice(&failure.message);
        }
    }

    /// Tells the front which workspace is open, and gives the state back; with the token of one that was made now.
    pub(crate) fn changed_workspace(&self, new_token: Option<String>) -> WindowState {
        let state = WindowState { new_token, ..self.state() };
        if let Some(open) = &state.workspace {
            self.0.watch.begin_anew(PathBuf::from(&open.root), open.events);
        }
        self.tell(&WindowEvent::Workspace { state: Box::new(state.clone()) });
        state
    }

    pub(crate) fn nudge(&self) {
        self.0.watch.nudge();
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.world.clock.now()
    }

    /// The world as work in the open workspace may know it now.
    pub(crate) fn host(&self, git_at: Option<&Path>) -> Host {
        let settings = self.settings();
        let wanted = Wanted { via: "window", actor: actor(&settings), threads: settings.threads, git_at };
        (self.0.setup.host)(&wanted)
    }

    /// The world as the server may know it.
    pub(crate) fn server_host(&self) -> Host {
        let settings = self.settings();
        let wanted = Wanted { via: "server", actor: actor(&settings), threads: settings.threads, git_at: None };
        (self.0.setup.host)(&wanted)
    }

    /// Takes a path that the person typed: absolute, of the kind asked for, and not a ledger's own.
    pub fn name_path(&self, path: &str, kind: PathKind) -> Result<String> {
        Ok(self.grant(Path::new(path.trim()), kind)?.display().to_string())
    }

    /// Takes a path that the person chose in a dialog or dropped.
    pub fn grant(&self, path: &Path, kind: PathKind) -> Result<PathBuf> {
        let found = checked(path, kind)?;
        lock(&self.0.granted).grant(found.clone());
        Ok(found)
    }

    /// A path of the kind asked for that the person chose, or that lies in the open workspace. One that is not absolute is seen
    /// from the workspace.
    pub fn allowed(&self, path: &str, kind: PathKind) -> Result<PathBuf> {
        let given = Path::new(path);
        let full = match (given.is_absolute(), self.opened()) {
            (false, Some(workspace)) => workspace.root().join(given),
            _ => given.to_path_buf(),
        };
        let found = checked(&full, kind)?;
        if self.is_granted(&found) { Ok(found) } else { Err(not_granted(path)) }
    }

    /// Writes a file that the person chose, whole or not at all.
    pub fn save(&self, path: &str, bytes: &[u8]) -> Result<()> {
        let file = self.allowed(path, PathKind::NewFile)?;
        crate::paths::write_whole(&file, bytes).map_err(|e| SessionError::io("write", &file, &e))
    }

    fn is_granted(&self, path: &Path) -> bool {
        let in_workspace = || {
            let root = self.opened()?.root().canonicalize().ok()?;
            Some(path.starts_with(root))
        };
        lock(&self.0.granted).covers(path) || in_workspace() == Some(true)
    }
}

impl Inner {
    pub(crate) fn opened(&self) -> Option<Arc<Workspace>> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn tell(&self, event: &WindowEvent) {
        let teller = self.teller.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(teller) = teller {
            teller(event);
        }
    }
}

/// The name that decisions are recorded under, where one was set.
fn actor(settings: &Settings) -> Option<&str> {
    Some(settings.reviewer.as_str()).filter(|name| !name.is_empty())
}

fn view_of(workspace: &Workspace) -> OpenWorkspace {
    OpenWorkspace {
        root: workspace.root().display().to_string(),
        name: name_of(workspace.root()),
        settled: workspace.settled().to_vec(),
        events: workspace.events().unwrap_or(0),
    }
}

fn not_granted(path: &str) -> SessionError {
    SessionError::told(
        Code::Refused,
        format!("`{path}` was not chosen"),
        "Choose it with the button, drop it on the window, or type its full path",
    )
}

/// Says what to do where a folder holds no workspace.
fn wrong_folder(root: &Path, error: SessionError) -> SessionError {
    if error.code() != Code::NotAWorkspace {
        return error;
    }
    let message = format!("{} is not a Driftgate workspace", root.display());
    match Workspace::discover(root) {
        Some(above) => SessionError::told(
            Code::NotAWorkspace,
            message,
            format!("The folder {} above it is one: choose that", above.display()),
        ),
        None => SessionError::told(
            Code::NotAWorkspace,
            message,
            "Choose the folder that holds .driftgate, or make a new workspace here",
        ),
    }
}
