//! The shell: navigation on the left, a screen, a line of status, and what lies in front of them.

use crate::nav::{PLACES, within};
use crate::parts::{Button, FailureView, Icon, IconSvg, JobTray, Kind, Logo, Notice, Palette, Toasts};
use crate::screens;
use crate::shortcuts::{self, Shortcuts};
use crate::store::{Layer, Store, store};
use crate::{theme, words};
use driftgate_model::views::{JobState, Overview};
use leptos::prelude::*;
use leptos_router::components::{A, Route, Router, Routes};
use leptos_router::hooks::{use_location, use_navigate};
use leptos_router::path;

/// The whole page.
#[component]
pub fn App() -> impl IntoView {
    let store = Store::provide();
    theme::follow_desktop(move || {
        store.state.with_untracked(|s| s.as_ref().map(|s| s.settings.theme).unwrap_or_default())
    });
    view! {
        <Router>
            <Inside/>
            <Toasts/>
        </Router>
    }
}

#[component]
fn Inside() -> impl IntoView {
    let store = store();
    shortcuts::listen();
    let go = use_navigate();
    Effect::new(move |_| {
        if let Some(route) = store.go.get() {
            store.go.set(None);
            go(&route, Default::default());
        }
    });
    let open =
        Memo::new(move |_| store.state.with(|s| s.as_ref().and_then(|s| s.workspace.as_ref().map(|w| w.root.clone()))));
    let ready = Memo::new(move |_| store.state.with(Option::is_some));
    view! {
        {move || {
            if let Some(failure) = store.broken.get() {
                view! { <main class="welcome"><FailureView failure=failure/></main> }.into_any()
            } else if !ready.get() {
                view! { <main class="welcome" aria-busy="true"></main> }.into_any()
            } else if open.get().is_none() {
                view! { <screens::Welcome/> }.into_any()
            } else {
                // Another workspace is another page: nothing of the one before it stays.
                view! { <Shell/> }.into_any()
            }
        }}
        <Palette/>
        <Shortcuts/>
        <screens::WorkspaceDialogs/>
        <screens::ClosingDialog/>
        <screens::DroppedDialog/>
    }
}

#[component]
fn Shell() -> impl IntoView {
    let store = store();
    let overview = crate::answer::answer::<Overview>(|| Some(crate::bridge::ask("overview", serde_json::json!({}))));
    provide_context(overview);
    view! {
        <div class="app">
            <a class="button skip" href="#main" on:click=|e| {
                e.prevent_default();
                focus_main();
            }>"Skip to the content"</a>
            <Side/>
            <main id="main" tabindex="-1">
                {move || store.lost.get().map(|failure| view! {
                    <div class="above"><FailureView failure=failure/></div>
                })}
                <screens::TokenNotice/>
                <Routes fallback=|| view! { <screens::Nowhere/> }>
                    <Route path=path!("/") view=screens::OverviewScreen/>
                    <Route path=path!("/datasets/:name?") view=screens::DatasetsScreen/>
                    <Route path=path!("/runs/compare") view=screens::CompareScreen/>
                    <Route path=path!("/runs/:id?") view=screens::RunsScreen/>
                    <Route path=path!("/registry/:model?") view=screens::RegistryScreen/>
                    <Route path=path!("/drift/:model?/:check?") view=screens::DriftScreen/>
                    <Route path=path!("/serving") view=screens::ServingScreen/>
                    <Route path=path!("/audit") view=screens::AuditScreen/>
                    <Route path=path!("/settings") view=screens::SettingsScreen/>
                </Routes>
            </main>
            <Status/>
            <JobTray/>
        </div>
    }
}

fn focus_main() {
    use wasm_bindgen::JsCast;
    let main = web_sys::window().and_then(|w| w.document()).and_then(|d| d.get_element_by_id("main"));
    if let Some(main) = main.and_then(|m| m.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = main.focus();
    }
}

#[component]
fn Side() -> impl IntoView {
    let store = store();
    let path = use_location().pathname;
    let overview = expect_context::<crate::answer::Answer<Overview>>();
    // What waits for a person, beside the place where it is decided.
    let waiting = move |route: &str| {
        overview.value.with(|o| {
            o.as_ref().map_or((0, "", ""), |o| match route {
                "/registry" => (o.awaiting.len(), "count", "waiting for a decision"),
                "/drift" => (o.alarms.len(), "count bad", "open alarms"),
                _ => (0, "", ""),
            })
        })
    };
    view! {
        <nav class="side" aria-label="Main">
            <button type="button" class="place" on:click=move |_| store.layer.set(Some(Layer::OpenWorkspace)) title="Open another workspace…">
                <span class="mark"><Logo/></span>
                <span class="grow">
                    <strong class="cut">{move || store.state.with(|s| s.as_ref().and_then(|s| s.workspace.as_ref().map(|w| w.name.clone())))}</strong>
                    <span class="faint small">"Workspace"</span>
                </span>
            </button>
            <ul>
                {PLACES.iter().map(|place| {
                    let here = move || within(place, &path.get());
                    let count = move || {
                        let (n, class, what) = waiting(place.route);
                        (n > 0).then(|| view! {
                            <span class=class>{n}<span class="heard">" " {what}</span></span>
                        })
                    };
                    view! {
                        <li><a href=place.route aria-current=move || here().then_some("page")>
                            <IconSvg icon=place.icon/>{place.name}{count}
                        </a></li>
                    }
                }).collect_view()}
            </ul>
            <div class="push"></div>
            <button type="button" class="button plain" on:click=move |_| store.layer.set(Some(Layer::Palette))>
                <IconSvg icon=Icon::Search/> "Commands" <kbd>"Ctrl K"</kbd>
            </button>
        </nav>
    }
}

#[component]
fn Status() -> impl IntoView {
    let store = store();
    let running = move || {
        store
            .jobs
            .with(|jobs| jobs.iter().filter(|j| matches!(j.state, JobState::Running | JobState::Stopping)).count())
    };
    let jobs = Signal::derive(move || match running() {
        0 => "Jobs".to_owned(),
        n => format!("{} running", words::count(n as u64, "job")),
    });
    let place = move || store.state.with(|s| s.as_ref().and_then(|s| s.workspace.as_ref().map(|w| w.root.clone())));
    let events = move || {
        store.state.with(|s| s.as_ref().and_then(|s| s.workspace.as_ref().map(|w| words::count(w.events, "event"))))
    };
    let server = move || {
        store.server.with(|s| {
            if s.running {
                format!("Serving at {}", s.address.clone().unwrap_or_default())
            } else {
                "Not serving".into()
            }
        })
    };
    view! {
        <footer class="status">
            <span class="cut">{place}</span>
            <span class="row">
                <span>{events}</span>
                <A href="/serving">{server}</A>
                <Button text=jobs kind=Kind::Plain icon=Icon::Clock on_press=move |_| store.tray.update(|t| *t = !*t)/>
            </span>
        </footer>
    }
}

/// What opening the workspace settled, above the first screen.
#[component]
pub fn Settled() -> impl IntoView {
    let store = store();
    let settled = move || {
        store
            .state
            .with(|s| s.as_ref().and_then(|s| s.workspace.as_ref().map(|w| w.settled.clone())).unwrap_or_default())
    };
    move || {
        settled().into_iter().map(|text| view! { <Notice tone="info">{words::sentence(&text)}</Notice> }).collect_view()
    }
}
