//! The server: start, stop, what it answers with, how it does.

use crate::answer::done;
use crate::bridge::{ask, call};
use crate::parts::{Button, ChartView, Chip, FailureView, Icon, Kind, Notice, TextField};
use crate::store::store;
use crate::words;
use driftgate_model::views::{Failure, ModelLine, ServerView};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::json;

/// The port that is offered at first.
const PORT: &str = "8000";

/// The port that is typed.
fn port(typed: &str) -> Result<u16, String> {
    typed.trim().parse().map_err(|_| "Type a port from 0 to 65535; 0 picks a free one".into())
}

/// How a model is answered.
#[derive(Debug, Clone, PartialEq)]
struct Answered {
    model: String,
    version: Option<u32>,
    /// The version in Production, where it is another one.
    awaited: Option<u32>,
}

/// What the server answers with, beside what is in Production now.
fn answered(server: &ServerView, models: &[ModelLine]) -> Vec<Answered> {
    let production = |name: &str| models.iter().find(|m| m.name.as_str() == name).and_then(|m| m.production);
    let loaded = server.models.iter().map(|(model, version)| Answered {
        model: model.clone(),
        version: Some(*version),
        awaited: production(model).filter(|p| p != version),
    });
    let failed = server.failed.iter().map(|model| Answered { model: model.clone(), version: None, awaited: None });
    loaded.chain(failed).collect()
}

/// What stopping came to.
fn drained(requests: u64) -> String {
    format!(
        "The server has stopped: it answered {}, those at work were finished first",
        words::count(requests, "request")
    )
}

/// Milliseconds of a request.
fn latency(ms: Option<f64>) -> String {
    ms.map_or_else(|| "–".into(), |ms| format!("{ms:.1} ms"))
}

/// The panel of the server.
#[component]
pub fn Server(models: Memo<Vec<ModelLine>>) -> impl IntoView {
    let store = store();
    let typed = RwSignal::new(PORT.to_owned());
    let failure = RwSignal::new(None::<Failure>);
    let busy = RwSignal::new(false);
    let running = Memo::new(move |_| store.server.with(|s| s.running));
    let wrong = Signal::derive(move || typed.with(|t| port(t).err()));
    let start = move |_| {
        let Ok(port) = port(&typed.get_untracked()) else { return };
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            match call::<ServerView>(&ask("start_server", json!({ "port": port }))).await {
                Ok(server) => {
                    store.good(format!("Serving at http://{}", server.address.clone().unwrap_or_default()));
                    store.server.set(server);
                }
                Err(why) => {
                    failure.try_set(Some(why));
                }
            }
            busy.try_set(false);
        });
    };
    let stop = move |_| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        spawn_local(async move {
            // What was answered until the last moment is known only before it stops.
            let before = call::<ServerView>(&ask("server", json!({}))).await.map(|s| s.requests);
            match call::<ServerView>(&ask("stop_server", json!({}))).await {
                Ok(server) => {
                    let requests = before.unwrap_or_else(|_| store.server.with_untracked(|s| s.requests));
                    store.server.set(server);
                    store.good(drained(requests));
                }
                Err(why) => {
                    failure.try_set(Some(why));
                }
            }
            busy.try_set(false);
        });
    };
    let broken = move || failure.get().or_else(|| store.server.with(|s| s.failure.clone()));
    view! {
        <section class="panel" aria-labelledby="server-title">
            <header>
                <h2 id="server-title">"Server"</h2>
                <span role="status">{move || if running.get() {
                    view! { <Chip icon=Icon::Check text="Running" tone="good"/> }
                } else {
                    view! { <Chip icon=Icon::Dash text="Stopped"/> }
                }}</span>
            </header>
            <div class="inside stack">
                {move || broken().map(|failure| view! { <FailureView failure=failure/> })}
                {move || if running.get() {
                    view! {
                        <Address/>
                        <Token/>
                        <Models models=models/>
                        <Live/>
                        <div><Button text="Stop the server" icon=Icon::Stop kind=Kind::Danger disabled=busy on_press=stop/></div>
                    }.into_any()
                } else {
                    view! {
                        <p>"Answers requests of programs on this machine with the versions in Production. Another approval is swapped in without a restart"</p>
                        <div class="row port">
                            <TextField label="Port" value=typed wrong=wrong help="0 picks a free one"/>
                            <Button text="Start the server" icon=Icon::Play kind=Kind::Primary on_press=start
                                disabled=Signal::derive(move || busy.get() || wrong.with(Option::is_some))/>
                        </div>
                    }.into_any()
                }}
            </div>
        </section>
    }
}

#[component]
fn Address() -> impl IntoView {
    let store = store();
    let address =
        Memo::new(move |_| store.server.with(|s| format!("http://{}", s.address.clone().unwrap_or_default())));
    let since = move || store.server.with(|s| s.since.map(|at| format!("since {}", words::moment(at))));
    let copy = move |_| {
        done(ask("copy_text", json!({ "text": address.get_untracked() })), move || {
            store.good("The address is on the clipboard")
        });
    };
    view! {
        <div class="row wrap">
            <code class="address">{address}</code>
            <Button text="Copy the address" icon=Icon::Copy kind=Kind::Plain on_press=copy/>
            <span class="faint small">{since}</span>
        </div>
    }
}

/// The token, where it was made now: it is kept nowhere.
#[component]
fn Token() -> impl IntoView {
    let store = store();
    let token = Memo::new(move |_| store.server.with(|s| s.new_token.clone()));
    let put_away = RwSignal::new(None::<String>);
    move || {
        token.get().filter(|t| put_away.with(|p| p.as_ref() != Some(t))).map(|token| {
            let (copy, away) = (token.clone(), token.clone());
            view! {
                <Notice tone="info">
                    <div>"Token of the guarded endpoints. It is kept nowhere and shown only now"</div>
                    <div class="row wrap">
                        <code class="wrapped">{token}</code>
                        <Button text="Copy the token" icon=Icon::Copy kind=Kind::Plain on_press=move |_| {
                            done(ask("copy_text", json!({ "text": copy })), move || store.good("The token is on the clipboard"));
                        }/>
                        <Button text="I have the token" kind=Kind::Plain on_press=move |_| put_away.set(Some(away.clone()))/>
                    </div>
                </Notice>
            }
        })
    }
}

#[component]
fn Models(models: Memo<Vec<ModelLine>>) -> impl IntoView {
    let store = store();
    let lines = Memo::new(move |_| store.server.with(|s| models.with(|m| answered(s, m))));
    view! {
        <table class="table">
            <thead><tr><th scope="col">"Model"</th><th scope="col">"Version"</th><th scope="col">"State"</th></tr></thead>
            <tbody>{move || lines.get().into_iter().map(|line| {
                let (icon, text, tone) = match (line.version, line.awaited) {
                    (None, _) => (Icon::Warning, "The version in Production does not load".to_owned(), "bad"),
                    (Some(_), Some(next)) => (Icon::Clock, format!("Version {next} is being swapped in"), "warn"),
                    (Some(_), None) => (Icon::Check, "Confirmed".into(), "good"),
                };
                view! {
                    <tr>
                        <td class="wrapped">{line.model}</td>
                        <td>{line.version.map_or_else(|| "–".into(), |v| v.to_string())}</td>
                        <td><Chip icon=icon text=text tone=tone/></td>
                    </tr>
                }
            }).collect_view()}</tbody>
        </table>
    }
}

#[component]
fn Live() -> impl IntoView {
    let store = store();
    let tile = move |name: &'static str, value: Signal<String>| {
        view! {
            <div class="tile"><dt>{name}</dt><dd>{move || value.get()}</dd></div>
        }
    };
    let now = Signal::derive(move || store.server.with(|s| format!("{:.1}/s", s.rate.last().copied().unwrap_or(0.0))));
    let p50 = Signal::derive(move || store.server.with(|s| latency(s.p50_ms)));
    let p95 = Signal::derive(move || store.server.with(|s| latency(s.p95_ms)));
    let requests = Signal::derive(move || store.server.with(|s| words::whole(s.requests)));
    let errors = Signal::derive(move || store.server.with(|s| words::whole(s.errors)));
    view! {
        <section class="stack" aria-labelledby="live-title">
            <h3 id="live-title">"Live"</h3>
            <dl class="tiles">
                {tile("Rate", now)}
                {tile("p50", p50)}
                {tile("p95", p95)}
                {tile("Requests", requests)}
                {tile("Errors", errors)}
            </dl>
            <Rate/>
        </section>
    }
}

#[component]
fn Rate() -> impl IntoView {
    let store = store();
    let rate = Memo::new(move |_| store.server.with(|s| s.rate.clone()));
    move || view! { <ChartView chart=driftgate_plots::rate_chart("serving-rate", &rate.get())/> }
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftgate_model::{ModelName, Task};

    #[test]
    fn ports_are_what_a_machine_has() {
        assert_eq!((port("8000"), port(" 0 ")), (Ok(8000), Ok(0)));
        assert!(port("").is_err() && port("70000").is_err() && port("-1").is_err() && port("http").is_err());
    }

    #[test]
    fn a_version_is_confirmed_once_it_is_the_one_in_production() {
        let line = |name: &str, production| ModelLine {
            name: ModelName::new(name).expect("a name"),
            task: Task::Regression,
            versions: 3,
            production,
            algorithm: None,
            since: None,
            awaiting: 0,
        };
        let server = ServerView {
            models: vec![("a".into(), 1), ("b".into(), 2)],
            failed: vec!["c".into()],
            ..ServerView::default()
        };
        let found = answered(&server, &[line("a", Some(1)), line("b", Some(3)), line("c", Some(1))]);
        let states: Vec<_> = found.iter().map(|a| (a.model.as_str(), a.version, a.awaited)).collect();
        assert_eq!(states, [("a", Some(1), None), ("b", Some(2), Some(3)), ("c", None, None)]);
    }

    #[test]
    fn latency_is_said_where_there_is_one() {
        assert_eq!((latency(Some(1.25)), latency(None)), ("1.2 ms".into(), "–".into()));
        assert!(drained(1).contains("1 request,"));
    }
}
