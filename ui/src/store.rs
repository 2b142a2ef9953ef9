//! What every screen shares: the state of the window, jobs, the server, messages.

use crate::bridge::{self, ask, call};
use crate::theme;
use driftgate_model::views::{Failure, JobState, JobView, MetricPoint, ServerView, Settings, WindowEvent, WindowState};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::json;
use std::collections::BTreeMap;

/// How a message is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Something went well.
    Good,
    /// Something to know.
    Info,
    /// Something went wrong.
    Bad,
}

/// A message that stays until it is dismissed, or for some seconds when it went well.
#[derive(Debug, Clone, PartialEq)]
pub struct Toast {
    /// Its number.
    pub id: u64,
    /// How it is meant.
    pub tone: Tone,
    /// What it says.
    pub text: String,
    /// What to do.
    pub hint: Option<String>,
    /// A route that shows more, and what the link says.
    pub link: Option<(String, String)>,
}

/// A dialog or layer of the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// The command palette.
    Palette,
    /// The list of shortcuts.
    Shortcuts,
    /// Which workspace to open.
    OpenWorkspace,
    /// Where to make a new workspace.
    NewWorkspace,
    /// Jobs run while the window is to be closed.
    Closing,
    /// What dropped files are, where the screen in sight takes none.
    Dropped,
}

/// The shared state. Copy it freely: it holds signals only.
#[derive(Clone, Copy)]
pub struct Store {
    /// The state of the window; `None` until the engine answered.
    pub state: RwSignal<Option<WindowState>>,
    /// Why the engine did not answer at start.
    pub broken: RwSignal<Option<Failure>>,
    /// Grows whenever something was recorded: every answer is asked anew.
    pub changed: RwSignal<u64>,
    /// A token that was made with the open workspace, until the person has it.
    pub token: RwSignal<Option<String>>,
    /// Why the open workspace cannot be read, while it cannot.
    pub lost: RwSignal<Option<Failure>>,
    /// Jobs of this session, newest first.
    pub jobs: RwSignal<Vec<JobView>>,
    /// Points of the metrics of jobs, by job.
    pub points: RwSignal<BTreeMap<u64, Vec<MetricPoint>>>,
    /// The prediction server of this window.
    pub server: RwSignal<ServerView>,
    /// Whether files hang over the window.
    pub dragging: RwSignal<bool>,
    /// Files that were dropped and that the screen in sight has not taken yet.
    pub dropped: RwSignal<Option<Vec<String>>>,
    /// Messages.
    pub toasts: RwSignal<Vec<Toast>>,
    /// What people who listen are told.
    pub said: RwSignal<String>,
    /// The layer in front.
    pub layer: RwSignal<Option<Layer>>,
    /// Whether the tray of jobs is open.
    pub tray: RwSignal<bool>,
    /// A route that an event asks for.
    pub go: RwSignal<Option<String>>,
    /// How many jobs run, and whether the server does, when the window was asked to close.
    pub closing: RwSignal<(u64, bool)>,
    next_toast: StoredValue<u64>,
}

/// The shared state of the page.
pub fn store() -> Store {
    expect_context::<Store>()
}

impl Store {
    /// Provides the shared state and begins to listen.
    pub fn provide() -> Store {
        let store = Store {
            state: RwSignal::new(None),
            broken: RwSignal::new(None),
            changed: RwSignal::new(0),
            token: RwSignal::new(None),
            lost: RwSignal::new(None),
            jobs: RwSignal::new(Vec::new()),
            points: RwSignal::new(BTreeMap::new()),
            server: RwSignal::new(ServerView::default()),
            dragging: RwSignal::new(false),
            dropped: RwSignal::new(None),
            toasts: RwSignal::new(Vec::new()),
            said: RwSignal::new(String::new()),
            layer: RwSignal::new(None),
            tray: RwSignal::new(false),
            go: RwSignal::new(None),
            closing: RwSignal::new((0, false)),
            next_toast: StoredValue::new(1),
        };
        provide_context(store);
        spawn_local(async move {
            if let Err(failure) = bridge::subscribe(move |event| store.hear(event)).await {
                store.broken.set(Some(failure));
                return;
            }
            match call::<WindowState>(&ask("state", json!({}))).await {
                Ok(state) => store.take(state),
                Err(failure) => store.broken.set(Some(failure)),
            }
            if let Ok(jobs) = call::<Vec<JobView>>(&ask("jobs", json!({}))).await {
                store.jobs.set(jobs);
            }
            if let Ok(server) = call::<ServerView>(&ask("server", json!({}))).await {
                store.server.set(server);
            }
        });
        store
    }

    /// Takes a new state of the window.
    pub fn take(&self, state: WindowState) {
        theme::apply(state.settings.theme);
        self.lost.set(None);
        let root = |s: &WindowState| s.workspace.as_ref().map(|w| w.root.clone());
        let other = self.state.with_untracked(|s| s.as_ref().and_then(root)) != root(&state);
        if other || state.new_token.is_some() {
            self.token.set(state.new_token.clone());
        }
        self.state.set(Some(state));
        self.changed.update(|n| *n += 1);
    }

    /// The settings, or those of a first start.
    pub fn settings(&self) -> Settings {
        self.state.with(|s| s.as_ref().map(|s| s.settings.clone()).unwrap_or_default())
    }

    /// Keeps changed settings.
    pub fn keep(&self, settings: Settings) {
        theme::apply(settings.theme);
        let store = *self;
        spawn_local(async move {
            match call::<WindowState>(&ask("save_settings", json!({ "settings": settings }))).await {
                Ok(state) => store.take(state),
                Err(failure) => store.failed(&failure),
            }
        });
    }

    fn hear(&self, event: WindowEvent) {
        match event {
            WindowEvent::Changed { events } => {
                self.state.update(|s| {
                    if let Some(open) = s.as_mut().and_then(|s| s.workspace.as_mut()) {
                        open.events = events;
                    }
                });
                self.changed.update(|n| *n += 1);
            }
            WindowEvent::Workspace { state } => self.take(*state),
            WindowEvent::Lost { failure } => self.lost.set(Some(failure)),
            WindowEvent::Found => {
                self.lost.set(None);
                self.changed.update(|n| *n += 1);
            }
            WindowEvent::Job { job } => self.job(*job),
            WindowEvent::Metrics { job, points } => {
                self.points.update(|all| all.entry(job).or_default().extend(points))
            }
            WindowEvent::Server { server } => self.server.set(*server),
            WindowEvent::DragOver { .. } => {
                if !self.dragging.get_untracked() {
                    self.dragging.set(true);
                }
            }
            WindowEvent::DragLeft => self.dragging.set(false),
            WindowEvent::Dropped { paths, .. } => {
                self.dragging.set(false);
                self.dropped.set(Some(paths));
                // A screen that takes files has taken them by then.
                let store = *self;
                let ask = move || {
                    if store.dropped.with_untracked(Option::is_some) {
                        store.layer.set(Some(Layer::Dropped));
                    }
                };
                set_timeout(ask, std::time::Duration::from_millis(100));
            }
            WindowEvent::CloseAsked { jobs, serving } => {
                self.closing.set((jobs, serving));
                self.layer.set(Some(Layer::Closing));
            }
            WindowEvent::Menu { id } => self.menu(&id),
        }
    }

    fn job(&self, job: JobView) {
        let ended = !matches!(job.state, JobState::Running | JobState::Stopping);
        let known = self.jobs.with_untracked(|jobs| jobs.iter().find(|j| j.id == job.id).map(|j| j.state));
        let was_running = known.is_none_or(|s| matches!(s, JobState::Running | JobState::Stopping));
        if ended && was_running {
            self.say_how_it_ended(&job);
        }
        self.jobs.update(|jobs| match jobs.iter_mut().find(|j| j.id == job.id) {
            Some(place) => *place = job,
            None => jobs.insert(0, job),
        });
    }

    fn say_how_it_ended(&self, job: &JobView) {
        let link = job.outcome.as_ref().and_then(crate::words::outcome_link);
        match (&job.state, &job.failure) {
            (JobState::Failed, Some(failure)) => {
                self.toast(Tone::Bad, format!("{}: {}", job.title, failure.message), failure.hint.clone(), link);
            }
            (JobState::Cancelled, _) => self.toast(Tone::Info, format!("{}: stopped", job.title), None, link),
            _ => {
                let text = job.outcome.as_ref().map_or_else(|| "done".into(), crate::words::outcome);
                self.toast(Tone::Good, format!("{}: {text}", job.title), None, link);
            }
        }
    }

    fn menu(&self, id: &str) {
        match id {
            "open" => self.layer.set(Some(Layer::OpenWorkspace)),
            "new" => self.layer.set(Some(Layer::NewWorkspace)),
            "palette" => self.layer.set(Some(Layer::Palette)),
            "shortcuts" => self.layer.set(Some(Layer::Shortcuts)),
            "close" => self.close_workspace(),
            other => {
                if let Some(route) = other.strip_prefix("go:") {
                    self.go.set(Some(route.to_owned()));
                } else if let Some(theme) = other.strip_prefix("theme:") {
                    let mut settings = self.settings_now();
                    settings.theme = theme::named(theme);
                    self.keep(settings);
                }
            }
        }
    }

    fn settings_now(&self) -> Settings {
        self.state.with_untracked(|s| s.as_ref().map(|s| s.settings.clone()).unwrap_or_default())
    }

    /// Closes the open workspace: back to the welcome.
    pub fn close_workspace(&self) {
        let store = *self;
        spawn_local(async move {
            match call::<WindowState>(&ask("close_workspace", json!({}))).await {
                Ok(state) => {
                    store.take(state);
                    store.go.set(Some("/".into()));
                }
                Err(failure) => store.failed(&failure),
            }
        });
    }

    /// Opens the workspace in `path`, and shows its overview.
    pub fn open_workspace(&self, path: String) {
        let store = *self;
        spawn_local(async move {
            let granted = call::<String>(&ask("name_path", json!({ "path": path, "kind": "folder" }))).await;
            let opened = match granted {
                Ok(path) => call::<WindowState>(&ask("open_workspace", json!({ "path": path }))).await,
                Err(failure) => Err(failure),
            };
            match opened {
                Ok(state) => {
                    store.take(state);
                    store.layer.set(None);
                    store.go.set(Some("/".into()));
                }
                Err(failure) => store.failed(&failure),
            }
        });
    }

    /// Shows and says a message. One that went well goes by itself.
    pub fn toast(&self, tone: Tone, text: String, hint: Option<String>, link: Option<(String, String)>) {
        let id = self.next_toast.get_value();
        self.next_toast.set_value(id + 1);
        self.said.set(match &hint {
            Some(hint) => format!("{text}. {hint}"),
            None => text.clone(),
        });
        self.toasts.update(|all| {
            all.push(Toast { id, tone, text, hint, link });
            let many = all.len().saturating_sub(5);
            all.drain(..many);
        });
        if tone != Tone::Bad {
            let store = *self;
            set_timeout(move || store.dismiss(id), std::time::Duration::from_secs(10));
        }
    }

    /// Something went well.
    pub fn good(&self, text: impl Into<String>) {
        self.toast(Tone::Good, text.into(), None, None);
    }

    /// Something went wrong.
    pub fn failed(&self, failure: &Failure) {
        self.toast(Tone::Bad, crate::words::sentence(&failure.message), failure.hint.clone(), None);
    }

    /// Takes a message away.
    pub fn dismiss(&self, id: u64) {
        self.toasts.update(|all| all.retain(|t| t.id != id));
    }
}
