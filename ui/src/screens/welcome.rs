//! The first launch, and the dialogs about workspaces.

use crate::answer::{act, done};
use crate::bridge::ask;
use crate::parts::{Button, Dialog, Icon, IconSvg, JobCard, Kind, Logo, Notice, PathField, Top};
use crate::store::{Layer, store};
use crate::words;
use driftgate_model::views::{JobState, PathKind, WindowState};
use leptos::prelude::*;
use leptos_router::components::A;
use serde_json::json;

/// What a person sees before a workspace is open.
#[component]
pub fn Welcome() -> impl IntoView {
    let store = store();
    let demo = Memo::new(move |_| store.jobs.with(|jobs| jobs.iter().find(|j| j.kind == "demo").cloned()));
    let busy = Memo::new(move |_| {
        demo.with(|d| d.as_ref().is_some_and(|d| matches!(d.state, JobState::Running | JobState::Stopping)))
    });
    let folder = move || store.state.with(|s| s.as_ref().map(|s| s.demo_folder.clone()).unwrap_or_default());
    let play = move |_| {
        let folder = store.state.with_untracked(|s| s.as_ref().map(|s| s.demo_folder.clone()).unwrap_or_default());
        act::<u64>(ask("start_job", json!({ "ask": { "kind": "demo", "folder": folder } })), |_| ());
    };
    let recent = move || store.state.with(|s| s.as_ref().map(|s| s.recent.clone()).unwrap_or_default());
    view! {
        <main class="welcome" id="main" tabindex="-1">
            <div class="card">
                <div class="brand"><Logo/><h1>"Driftgate"</h1></div>
                <p class="lead">
                    "Know which data made a model, who let it into production, and why it fails now. Everything stays on this machine."
                </p>
                <div class="stack">
                    <div class="row wrap">
                        <Button text="Open the demo" icon=Icon::Play kind=Kind::Primary large=true disabled=busy on_press=play/>
                        <Button text="New workspace…" icon=Icon::Plus large=true on_press=move |_| store.layer.set(Some(Layer::NewWorkspace))/>
                        <Button text="Open workspace…" icon=Icon::Folder large=true on_press=move |_| store.layer.set(Some(Layer::OpenWorkspace))/>
                    </div>
                    <p class="faint small">
                        "The demo trains real models on real data in " <span class="mono">{folder}</span>
                        ": one in Production, one that waits for your approval, and a drift alarm"
                    </p>
                    {move || demo.get().map(|job| view! { <div class="panel"><div class="inside"><JobCard job=job/></div></div> })}
                </div>
                <Show when=move || !recent().is_empty()>
                    <section class="stack tight" aria-labelledby="recent-title">
                        <h2 id="recent-title">"Recent workspaces"</h2>
                        <ul class="panel recent">
                            {move || recent().into_iter().map(|r| {
                                let (path, forget) = (r.path.clone(), r.path.clone());
                                view! {
                                    <li>
                                        <button type="button" class="open grow" disabled=!r.exists on:click=move |_| store.open_workspace(path.clone())>
                                            <strong>{r.name}</strong>
                                            <span class="faint small wrapped">
                                                {r.path} {if r.exists { format!(", opened {}", words::ago(r.opened_at)) } else { ": not there any more".into() }}
                                            </span>
                                        </button>
                                        <Button text="Forget" icon=Icon::Cross icon_only=true kind=Kind::Plain on_press=move |_| {
                                            act::<WindowState>(ask("forget_recent", json!({ "path": forget })), move |s| store.take(s));
                                        }/>
                                    </li>
                                }
                            }).collect_view()}
                        </ul>
                    </section>
                </Show>
                <p class="faint small row wrap">
                    "Press " <kbd>"Ctrl K"</kbd> " for commands, " <kbd>"?"</kbd> " for shortcuts"
                </p>
            </div>
        </main>
    }
}

/// The dialogs that open a workspace and make one.
#[component]
pub fn WorkspaceDialogs() -> impl IntoView {
    let store = store();
    let close = move || store.layer.set(None);
    let make = move |path: String| {
        act::<WindowState>(ask("init_workspace", json!({ "path": path })), move |state| {
            store.take(state);
            store.layer.set(None);
            store.go.set(Some("/".into()));
        });
    };
    view! {
        <Dialog title="Open workspace" open=Signal::derive(move || store.layer.get() == Some(Layer::OpenWorkspace)) on_close=close>
            <div class="stack">
                <p>"A workspace is a folder with a " <span class="mono">".driftgate"</span> " folder in it"</p>
                <PathField label="Folder of the workspace" kind=PathKind::Folder take="Open" on_path=move |path| store.open_workspace(path)/>
                {move || {
                    let recent = store.state.with(|s| s.as_ref().map(|s| s.recent.clone()).unwrap_or_default());
                    (!recent.is_empty()).then(|| view! {
                        <div class="stack tight">
                            <h3>"Recent"</h3>
                            {recent.into_iter().filter(|r| r.exists).map(|r| {
                                let path = r.path.clone();
                                view! {
                                    <button type="button" class="button plain left" on:click=move |_| store.open_workspace(path.clone())>
                                        <IconSvg icon=Icon::Folder/>{r.name} <span class="faint small cut">{r.path}</span>
                                    </button>
                                }
                            }).collect_view()}
                        </div>
                    })
                }}
                <div class="row wrap">
                    <Button text="New workspace…" icon=Icon::Plus on_press=move |_| store.layer.set(Some(Layer::NewWorkspace))/>
                    <Show when=move || store.state.with(|s| s.as_ref().is_some_and(|s| s.workspace.is_some()))>
                        <Button text="Close this workspace" on_press=move |_| { store.layer.set(None); store.close_workspace(); }/>
                    </Show>
                </div>
            </div>
        </Dialog>
        <Dialog title="New workspace" open=Signal::derive(move || store.layer.get() == Some(Layer::NewWorkspace)) on_close=close>
            <div class="stack">
                <p>"Name a folder, new or with your own files in it. Driftgate adds a " <span class="mono">".driftgate"</span>
                    " folder with the ledger, and changes nothing else"</p>
                <PathField label="Folder" kind=PathKind::NewFolder take="Make it" on_path=make/>
            </div>
        </Dialog>
    }
}

/// Jobs run and the window is to be closed: which of both?
#[component]
pub fn ClosingDialog() -> impl IntoView {
    let store = store();
    let what = move || {
        let (jobs, serving) = store.closing.get();
        match (jobs, serving) {
            (0, _) => "The prediction server runs. Closing the window stops it".to_owned(),
            (n, false) => format!(
                "{} at work. Closing the window stops what runs; what is recorded stays",
                words::count(n, "job")
            ),
            (n, true) => format!(
                "{} at work, and the prediction server runs. Closing the window stops both",
                words::count(n, "job")
            ),
        }
    };
    let close = move || store.layer.set(None);
    view! {
        <Dialog title="Close the window?" open=Signal::derive(move || store.layer.get() == Some(Layer::Closing)) on_close=close
            footer=move || view! {
                <Button text="Stop and close" kind=Kind::Danger on_press=move |_| done(ask("close_window", json!({})), || ())/>
                <Button text="Keep working" kind=Kind::Primary on_press=move |_| close()/>
            }>
            <p>{what}</p>
        </Dialog>
    }
}

/// Files were dropped where nothing takes any: what are they?
#[component]
pub fn DroppedDialog() -> impl IntoView {
    let store = store();
    let open = Memo::new(move |_| store.state.with(|s| s.as_ref().is_some_and(|s| s.workspace.is_some())));
    let files = move || store.dropped.get().unwrap_or_default();
    let close = move || {
        store.dropped.set(None);
        store.layer.set(None);
    };
    // The screen that comes into sight takes the files.
    let hand_to = move |route: &str| {
        store.layer.set(None);
        store.go.set(Some(route.to_owned()));
    };
    let as_workspace = move |_| {
        let path = store.dropped.get_untracked().and_then(|p| p.into_iter().next());
        close();
        if let Some(path) = path {
            store.open_workspace(path);
        }
    };
    view! {
        <Dialog title="What are these?" open=Signal::derive(move || store.layer.get() == Some(Layer::Dropped)) on_close=close
            footer=move || view! {
                <Show when=move || open.get() fallback=move || view! {
                    <Button text="Open as workspace" kind=Kind::Primary on_press=as_workspace/>
                }>
                    <Button text="Check for drift" icon=Icon::Wave on_press=move |_| hand_to("/drift")/>
                    <Button text="Import as data set" icon=Icon::Table kind=Kind::Primary on_press=move |_| hand_to("/datasets")/>
                </Show>
            }>
            <ul class="stack tight">
                {move || files().into_iter().map(|path| view! { <li class="mono wrapped">{path}</li> }).collect_view()}
            </ul>
        </Dialog>
    }
}

/// The token of the prediction server, right after a workspace was made: it is shown once.
#[component]
pub fn TokenNotice() -> impl IntoView {
    let store = store();
    move || {
        store.token.get().map(|token| {
            let copy = token.clone();
            view! {
                <div class="above">
                    <Notice tone="info">
                        <div>"Token of the prediction server, for its guarded endpoints. It is kept nowhere and shown only now"</div>
                        <div class="row wrap">
                            <code class="wrapped">{token}</code>
                            <Button text="Copy" icon=Icon::Copy kind=Kind::Plain on_press=move |_| {
                                done(ask("copy_text", json!({ "text": copy })), move || store.good("The token is on the clipboard"));
                            }/>
                            <Button text="I have it" kind=Kind::Plain on_press=move |_| store.token.set(None)/>
                        </div>
                    </Notice>
                </div>
            }
        })
    }
}

/// A route that leads nowhere.
#[component]
pub fn Nowhere() -> impl IntoView {
    view! {
        <div class="screen">
            <Top title="There is nothing here"/>
            <div class="body"><A href="/">"Back to the overview"</A></div>
        </div>
    }
}
