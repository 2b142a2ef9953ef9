//! A request to try: a form from the model's signature, the answer, and the same for a terminal.

use super::picture::{Chosen, Said, takes_pictures};
use super::row;
use crate::answer::{answer, done};
use crate::bridge::{Ask, ask, call};
use crate::parts::{Button, Chip, FailureView, Icon, Kind, Pick, Shown};
use crate::store::store;
use crate::words;
use driftgate_model::Task;
use driftgate_model::views::{Failure, ModelLine, Signature, SignatureColumn, TriedRequest};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long typing must rest before the line for a terminal follows.
const REST: Duration = Duration::from_millis(150);

/// What the server offers besides.
const OTHERS: [(&str, &str); 5] = [
    ("GET /openapi.json", "every endpoint, described"),
    ("GET /docs", "the same, to read"),
    ("POST /invocations", "the dialect of MLflow"),
    ("POST /v2/models/{model}/infer", "the Open Inference Protocol"),
    ("GET /metrics", "for Prometheus"),
];

/// The form of a request.
#[derive(Clone, Copy)]
struct Form {
    model: RwSignal<String>,
    typed: RwSignal<BTreeMap<String, String>>,
    /// Whether the model takes a picture file instead of a row.
    pictures: Memo<bool>,
    /// What is sent, while it can be: the model's name with a row, or with the path of a picture.
    sent: Memo<Option<Value>>,
}

impl Form {
    fn ask(self, row: &'static str, picture: &'static str, arguments: Value) -> Ask {
        ask(if self.pictures.get_untracked() { picture } else { row }, arguments)
    }
}

/// The tester.
#[component]
pub fn Tester(
    models: Memo<Vec<ModelLine>>,
    /// The picture to ask about, granted already; empty where none was chosen.
    picture: RwSignal<String>,
) -> impl IntoView {
    let model = RwSignal::new(String::new());
    let names = Memo::new(move |_| models.with(|m| m.iter().map(|m| m.name.to_string()).collect::<Vec<_>>()));
    Effect::new(move |_| {
        let names = names.get();
        if !names.contains(&model.get_untracked()) {
            model.set(names.into_iter().next().unwrap_or_default());
        }
    });
    let signature = answer::<Signature>(move || {
        let name = model.get();
        (!name.is_empty()).then(|| ask("signature", json!({ "model": name })))
    });
    let typed = RwSignal::new(BTreeMap::new());
    Effect::new(move |_| {
        if let Some(s) = signature.value.get() {
            typed.set(row::examples(&s));
        }
    });
    let pictures = Memo::new(move |_| signature.value.with(|s| s.as_ref().is_some_and(takes_pictures)));
    let sent = Memo::new(move |_| {
        let model = model.get();
        if pictures.get() {
            let path = picture.get();
            return (!path.is_empty()).then(|| json!({ "model": model, "path": path }));
        }
        let row = signature.value.with(|s| s.as_ref().and_then(|s| typed.with(|t| row::row(s, t))));
        row.map(|row| json!({ "model": model, "row": row }))
    });
    let form = Form { model, typed, pictures, sent };
    let choices = Signal::derive(move || names.get().into_iter().map(|n| (n.clone(), n)).collect());
    view! {
        <section class="panel tester" aria-labelledby="tester-title">
            <header>
                <h2 id="tester-title">"Try a request"</h2>
                <Pick label="Model to ask" quiet=true value=model choices=choices/>
            </header>
            <div class="inside stack loose">
                <Shown answer=signature children=move |s: Signature| {
                    if takes_pictures(&s) {
                        view! { <Chosen signature=s picture=picture/> }.into_any()
                    } else {
                        view! { <Fields signature=s form=form/> }.into_any()
                    }
                }/>
                <Send form=form/>
                <Curl form=form/>
                <section class="stack tight" aria-labelledby="others-title">
                    <h3 id="others-title">"Other endpoints"</h3>
                    <ul class="endpoints">{OTHERS.iter().map(|(path, what)| view! {
                        <li><code>{*path}</code>" "<span class="faint">{*what}</span></li>
                    }).collect_view()}</ul>
                </section>
            </div>
        </section>
    }
}

#[component]
fn Fields(signature: Signature, form: Form) -> impl IntoView {
    let what = match signature.task {
        Task::Regression => format!("Version {} answers {} with a number", signature.version, signature.target),
        _ => format!(
            "Version {} answers {} with one of {}",
            signature.version,
            signature.target,
            signature.labels.join(", ")
        ),
    };
    let again = StoredValue::new(signature.clone());
    view! {
        <div class="stack">
            <div class="row spread">
                <span class="faint wrapped grow">{what}</span>
                <Button text="Example row" icon=Icon::Refresh kind=Kind::Plain on_press=move |_| form.typed.set(again.with_value(row::examples))/>
            </div>
            <div class="fields">
                {signature.columns.into_iter().enumerate().map(|(i, c)| view! { <Field index=i column=c form=form/> }).collect_view()}
            </div>
        </div>
    }
}

#[component]
fn Field(index: usize, column: SignatureColumn, form: Form) -> impl IntoView {
    let (id, note) = (format!("ask-{index}"), format!("ask-{index}-note"));
    let name = column.name.clone();
    let choices = row::choices(&column);
    let column = StoredValue::new(column);
    let text =
        Memo::new(move |_| column.with_value(|c| form.typed.with(|t| t.get(&c.name).cloned().unwrap_or_default())));
    let set = move |value: String| {
        column.with_value(|c| {
            form.typed.update(|t| {
                t.insert(c.name.clone(), value);
            })
        })
    };
    let wrong = Memo::new(move |_| column.with_value(|c| text.with(|t| row::value(c, t).err())));
    let help = move || column.with_value(|c| text.with(|t| row::help(c, t)));
    view! {
        <div class="field">
            <label for=id.clone() class="cut" title=name.clone()>{name.clone()}</label>
            {if choices.is_empty() {
                view! {
                    <input class="input" id=id type="text" autocomplete="off" spellcheck="false" aria-describedby=note.clone()
                        aria-invalid=move || wrong.with(Option::is_some).to_string()
                        prop:value=move || text.get() on:input=move |e| set(event_target_value(&e))/>
                }.into_any()
            } else {
                view! {
                    <select class="select" id=id aria-describedby=note.clone() prop:value=move || text.get() on:change=move |e| set(event_target_value(&e))>
                        {choices.into_iter().map(|(key, shown)| {
                            let is = key.clone();
                            view! { <option value=key selected=move || text.with(|t| *t == is)>{shown}</option> }
                        }).collect_view()}
                    </select>
                }.into_any()
            }}
            <span id=note class=move || if wrong.with(Option::is_some) { "wrong" } else { "help" } aria-live="polite">
                {move || wrong.get().unwrap_or_else(help)}
            </span>
        </div>
    }
}

/// Sends it, and shows what came.
#[component]
fn Send(form: Form) -> impl IntoView {
    let store = store();
    let running = Memo::new(move |_| store.server.with(|s| s.running));
    let busy = RwSignal::new(false);
    let tried = RwSignal::new(None::<Result<TriedRequest, Failure>>);
    Effect::new(move |_| {
        // An answer to another picture is none to this one.
        form.model.track();
        if form.pictures.get() {
            form.sent.track();
        }
        tried.set(None);
    });
    let send = move |_| {
        let Some(sent) = form.sent.get_untracked().filter(|_| !busy.get_untracked()) else { return };
        busy.set(true);
        let asked = form.ask("try_request", "try_picture", sent);
        spawn_local(async move {
            let got = call::<TriedRequest>(&asked).await;
            tried.try_set(Some(got));
            busy.try_set(false);
        });
    };
    let stuck = Signal::derive(move || busy.get() || !running.get() || form.sent.with(Option::is_none));
    let why = move || match (running.get(), form.sent.with(Option::is_none)) {
        (false, _) => "Start the server first",
        (true, true) if form.pictures.get() => "Choose a picture first",
        (true, true) => "A field holds what cannot be sent",
        (true, false) => "",
    };
    view! {
        <div class="stack">
            <div class="row">
                <Button text="Send" icon=Icon::Right kind=Kind::Primary disabled=stuck on_press=send/>
                <span class="faint" role="status">{why}</span>
            </div>
            {move || tried.get().map(|tried| match tried {
                Ok(answer) => {
                    let said = form.pictures.get_untracked().then(|| answer.body.clone());
                    view! {
                        <Came answer=answer/>
                        {said.map(|body| view! { <Said body=body/> })}
                    }.into_any()
                }
                Err(failure) => view! { <FailureView failure=failure/> }.into_any(),
            })}
        </div>
    }
}

#[component]
fn Came(answer: TriedRequest) -> impl IntoView {
    let (icon, tone) = match answer.status {
        200..300 => (Icon::Check, "good"),
        400..500 => (Icon::Warning, "warn"),
        _ => (Icon::Stop, "bad"),
    };
    view! {
        <div class="stack tight" role="status">
            <div class="row wrap">
                <Chip icon=icon text=format!("Status {}", answer.status) tone=tone/>
                <span class="faint">{format!("{:.1} ms", answer.ms)}</span>
            </div>
            <pre class="body-text" tabindex="0" role="region" aria-label="Body of the answer">{answer.body}</pre>
        </div>
    }
}

/// The same request for a terminal: it follows the form.
#[component]
fn Curl(form: Form) -> impl IntoView {
    let store = store();
    let line = RwSignal::new(String::new());
    let newest = StoredValue::new(0u64);
    let address = Memo::new(move |_| store.server.with(|s| s.address.clone()));
    Effect::new(move |_| {
        address.track();
        let model = form.model.get();
        newest.update_value(|n| *n += 1);
        let mine = newest.get_value();
        let pictures = form.pictures.get();
        // A line for a picture can be read before one is chosen.
        let any = || pictures.then(|| json!({ "model": model, "path": "picture.png" }));
        let Some(sent) = form.sent.get().or_else(any).filter(|_| !model.is_empty()) else { return };
        let current = move || newest.try_get_value() == Some(mine);
        let ask_now = move || {
            if !current() {
                return;
            }
            spawn_local(async move {
                let got = call::<String>(&form.ask("curl", "curl_picture", sent)).await;
                if current() {
                    line.try_set(got.unwrap_or_else(|failure| words::sentence(&failure.message)));
                }
            });
        };
        set_timeout(ask_now, REST);
    });
    let copy = move |_| {
        done(ask("copy_text", json!({ "text": line.get_untracked() })), move || {
            store.good("The request is on the clipboard")
        });
    };
    view! {
        <section class="stack tight" aria-labelledby="curl-title">
            <div class="row spread">
                <h3 id="curl-title">"In a terminal"</h3>
                <Button text="Copy curl" icon=Icon::Copy kind=Kind::Plain on_press=copy/>
            </div>
            <pre class="body-text" tabindex="0" role="region" aria-label="The request for a terminal">{move || line.get()}</pre>
        </section>
    }
}
