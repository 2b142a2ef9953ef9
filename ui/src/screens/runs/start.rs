//! *Start a run…*: which config, and its fields.

use super::fields::{Control, Shape, edit, group_name, groups, is_network, shapes, text_of};
use super::follow;
use super::make::Make;
use crate::answer::{act, answer};
use crate::bridge::{ask, call};
use crate::parts::{Button, Check, Dialog, FailureView, Icon, Kind, Notice, Pick};
use crate::words;
use driftgate_model::views::{ConfigLine, ConfigList, ConfigView, DeviceView, Failure};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_navigate;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long typing rests before the config is checked.
const REST: Duration = Duration::from_millis(300);

/// The device that is taken where nobody says which.
const AUTO: &str = "auto";

/// What the form knows. It outlives every change of the ledger.
#[derive(Clone, Copy)]
struct Form {
    path: RwSignal<String>,
    before: RwSignal<Option<ConfigView>>,
    shapes: RwSignal<Vec<Shape>>,
    edits: RwSignal<BTreeMap<String, Value>>,
    problems: RwSignal<Vec<String>>,
    failure: RwSignal<Option<Failure>>,
    /// Whether the newest changes wait to be checked.
    checking: RwSignal<bool>,
    /// Whether it goes on from the version in Production.
    fine_tune: RwSignal<bool>,
    /// Where a network is trained.
    device: RwSignal<String>,
    turn: StoredValue<u64>,
}

impl Form {
    fn new() -> Form {
        Form {
            path: RwSignal::new(String::new()),
            before: RwSignal::new(None),
            shapes: RwSignal::new(Vec::new()),
            edits: RwSignal::new(BTreeMap::new()),
            problems: RwSignal::new(Vec::new()),
            failure: RwSignal::new(None),
            checking: RwSignal::new(false),
            fine_tune: RwSignal::new(false),
            device: RwSignal::new(AUTO.into()),
            turn: StoredValue::new(0),
        }
    }

    fn next_turn(self) -> u64 {
        self.turn.update_value(|t| *t += 1);
        self.turn.get_value()
    }

    /// Takes up a config.
    fn open(self, path: String) {
        let turn = self.next_turn();
        self.edits.set(BTreeMap::new());
        self.fine_tune.set(false);
        self.before.set(None);
        self.shapes.set(Vec::new());
        self.problems.set(Vec::new());
        self.failure.set(None);
        self.checking.set(!path.is_empty());
        self.path.set(path.clone());
        if path.is_empty() {
            return;
        }
        spawn_local(async move {
            let read = call::<ConfigView>(&ask("config", json!({ "path": path }))).await;
            if self.turn.try_get_value() != Some(turn) {
                return;
            }
            self.checking.set(false);
            match read {
                Ok(view) => {
                    self.shapes.set(shapes(&view.fields, &view.fields, &BTreeMap::new(), &[]));
                    self.problems.set(view.problems.clone());
                    self.before.set(Some(view));
                }
                Err(failure) => self.failure.set(Some(failure)),
            }
        });
    }

    /// Asks what is wrong with the changed config, once typing rests.
    fn check(self) {
        let turn = self.next_turn();
        self.checking.set(true);
        set_timeout(
            move || {
                if self.turn.try_get_value() == Some(turn) {
                    spawn_local(self.ask(turn));
                }
            },
            REST,
        );
    }

    async fn ask(self, turn: u64) {
        let edits = self.edits.get_untracked();
        let arguments = json!({ "path": self.path.get_untracked(), "edits": edits });
        let checked = call::<ConfigView>(&ask("check_config", arguments)).await;
        if self.turn.try_get_value() != Some(turn) {
            return;
        }
        self.checking.set(false);
        match checked {
            Ok(view) => {
                self.failure.set(None);
                // Without fields it could not be read at all: the form stays, so that the change can be taken back.
                if !view.fields.is_empty() {
                    let before =
                        self.before.with_untracked(|b| b.as_ref().map(|b| b.fields.clone()).unwrap_or_default());
                    let now = self.shapes.with_untracked(|last| shapes(&before, &view.fields, &edits, last));
                    if self.shapes.with_untracked(|last| *last != now) {
                        self.shapes.set(now);
                    }
                }
                self.problems.set(view.problems);
            }
            Err(failure) => self.failure.set(Some(failure)),
        }
    }

    /// Whether the config trains a network on pictures.
    fn network(self) -> bool {
        self.shapes.with(|s| is_network(s))
    }

    /// What the job is asked.
    fn job(self) -> Value {
        let network = untrack(|| self.network());
        json!({
            "kind": "run", "config": self.path.get_untracked(), "edits": self.edits.get_untracked(),
            "fine_tune": network && self.fine_tune.get_untracked(),
            "device": if network { self.device.get_untracked() } else { AUTO.into() },
        })
    }

    fn ready(self) -> bool {
        self.before.with(Option::is_some)
            && !self.checking.get()
            && self.problems.with(Vec::is_empty)
            && self.failure.with(Option::is_none)
    }
}

/// The dialog; it is open while `config` has something: a config's path, or `1` for none yet.
#[component]
pub fn StartDialog(
    config: Signal<Option<String>>,
    /// The run that is shown behind it.
    id: Signal<Option<String>>,
) -> impl IntoView {
    let go = StoredValue::new(use_navigate());
    let close = move || {
        let place = id.get_untracked().map_or_else(|| "/runs".into(), |id| format!("/runs/{id}"));
        go.with_value(|go| go(&place, Default::default()));
    };
    let form = Form::new();
    // Each time that it opens, it begins anew.
    Effect::new(move |_| {
        if let Some(config) = config.get() {
            form.open(if config == "1" { String::new() } else { config });
        }
    });
    let follow = follow();
    let start = move |_| {
        act::<u64>(ask("start_job", json!({ "ask": form.job() })), move |job| {
            close();
            follow(job);
        });
    };
    view! {
        <Dialog title="Start a run" wide=true open=Signal::derive(move || config.with(Option::is_some)) on_close=close
            footer=move || view! {
                <Changed form=form/>
                <Button text="Cancel" on_press=move |_| close()/>
                <Button text="Start the run" icon=Icon::Play kind=Kind::Primary disabled=Signal::derive(move || !form.ready()) on_press=start/>
            }>
            <div class="stack">
                <Which form=form/>
                {move || form.failure.get().map(|failure| view! { <FailureView failure=failure/> })}
                <Problems form=form/>
                <Show when=move || form.network()><Network form=form/></Show>
                <Fields form=form/>
            </div>
        </Dialog>
    }
}

/// How many fields are changed, and a way back.
#[component]
fn Changed(form: Form) -> impl IntoView {
    let many = Memo::new(move |_| form.edits.with(BTreeMap::len));
    let back = move |_| form.open(form.path.get_untracked());
    view! {
        <div class="row grow">
            <span class="faint" role="status">
                {move || if form.checking.get() { "Checking…".to_owned() } else if many.get() == 0 { String::new() } else { format!("{} changed", words::count(many.get() as u64, "field")) }}
            </span>
            <Show when=move || many.get() != 0>
                <Button text="Take all changes back" icon=Icon::Back kind=Kind::Plain on_press=back/>
            </Show>
        </div>
    }
}

fn called(line: &ConfigLine) -> String {
    match (&line.problem, &line.model, &line.algorithm) {
        (Some(_), ..) => format!("{} (has a problem)", line.path),
        (None, Some(model), Some(algorithm)) => format!("{}: {} of {model}", line.path, words::spelled(algorithm)),
        _ => line.path.clone(),
    }
}

/// Which config it is.
#[component]
fn Which(form: Form) -> impl IntoView {
    let configs = answer::<ConfigList>(|| Some(ask("configs", json!({}))));
    let choices = Memo::new(move |_| {
        let named = configs.value.with(|c| {
            let lines = c.iter().flat_map(|c| &c.configs);
            lines.map(|l| (l.path.clone(), called(l))).collect::<Vec<_>>()
        });
        std::iter::once((String::new(), "Choose a config".to_owned())).chain(named).collect::<Vec<_>>()
    });
    let none = Memo::new(move |_| configs.value.with(|c| c.as_ref().is_some_and(|c| c.configs.is_empty())));
    let making = RwSignal::new(false);
    let picked = RwSignal::new(form.path.get_untracked());
    Effect::new(move |_| {
        let path = picked.get();
        if form.path.with_untracked(|p| *p != path) {
            form.open(path);
        }
    });
    Effect::new(move |_| {
        let path = form.path.get();
        if picked.with_untracked(|p| *p != path) {
            picked.set(path);
        }
    });
    let made = move |path: String| {
        making.set(false);
        configs.reload();
        form.open(path);
    };
    view! {
        {move || configs.failure.get().map(|failure| view! { <FailureView failure=failure/> })}
        <Show when=move || !none.get() fallback=|| view! {
            <p>"No config yet. A config says which data set a run learns from, with which algorithm, and what the gate asks for"</p>
        }>
            <div class="row end">
                <div class="grow"><Pick label="Config" value=picked choices=Signal::from(choices)/></div>
                <Button text="New config…" icon=Icon::Plus on_press=move |_| making.update(|m| *m = !*m)/>
            </div>
        </Show>
        <Show when=move || making.get() || none.get()>
            <section class="panel" aria-label="New config"><div class="inside stack"><Make on_made=made/></div></section>
        </Show>
    }
}

#[component]
fn Problems(form: Form) -> impl IntoView {
    view! {
        <div aria-live="polite">
            {move || Some(form.problems.get()).filter(|p| !p.is_empty()).map(|problems| view! {
                <Notice tone="bad">
                    <div>"This config cannot run as it is"</div>
                    <ul class="bullets">{problems.into_iter().map(|p| view! { <li class="wrapped">{p}</li> }).collect_view()}</ul>
                </Notice>
            })}
        </div>
    }
}

/// The devices to choose from, and what each is called; a kind that no device of this machine has is not offered.
fn devices(found: &[DeviceView]) -> Vec<(String, String)> {
    let card = found.iter().find(|d| d.kind == "gpu" && d.usable);
    let auto = match card {
        Some(card) => format!("The best there is: {}", card.name),
        None => "The best there is: the processor".into(),
    };
    let cpu = Some(("cpu".to_owned(), "The processor: the same bytes every time".to_owned()));
    let gpu = card.map(|card| ("gpu".to_owned(), format!("The graphics card: {}", card.name)));
    std::iter::once((AUTO.to_owned(), auto)).chain(cpu).chain(gpu).collect()
}

/// What a network is asked besides its config.
#[component]
fn Network(form: Form) -> impl IntoView {
    let found = answer::<Vec<DeviceView>>(|| Some(ask("devices", json!({}))));
    let choices = Signal::derive(move || found.value.with(|d| devices(d.as_deref().unwrap_or_default())));
    view! {
        <div class="pair">
            <Pick label="Device" value=form.device choices=choices help="Answers are given by the processor, wherever it was trained"/>
            <Check label="Fine-tune the version in Production" value=form.fine_tune
                help="Goes on from its weights, as the fields of Fine tune under Training say. Without such a version the run is refused"/>
        </div>
    }
}

/// The fields, part by part.
#[component]
fn Fields(form: Form) -> impl IntoView {
    let names = Memo::new(move |_| form.shapes.with(|s| groups(s)));
    view! {
        <For each=move || names.get() key=|name| name.clone() let:name>
            <Group form=form name=name/>
        </For>
    }
}

#[component]
fn Group(form: Form, name: String) -> impl IntoView {
    let title = group_name(&name);
    let open = matches!(name.as_str(), "run" | "training");
    let mine = Memo::new({
        let name = name.clone();
        move |_| form.shapes.with(|s| s.iter().filter(|s| s.group == name).cloned().collect::<Vec<_>>())
    });
    let changed =
        Memo::new(move |_| mine.with(|m| form.edits.with(|e| m.iter().filter(|s| e.contains_key(&s.path)).count())));
    let count = move || match changed.get() {
        0 => words::count(mine.with(Vec::len) as u64, "field"),
        n => format!("{}, {n} changed", words::count(mine.with(Vec::len) as u64, "field")),
    };
    view! {
        <details class="group" open=open>
            <summary><strong>{title}</strong> <span class="faint small">{count}</span></summary>
            <div class="fields">
                <For each=move || mine.get() key=|s| format!("{s:?}") let:shape>
                    <Field form=form shape=shape/>
                </For>
            </div>
        </details>
    }
}

#[component]
fn Field(form: Form, shape: Shape) -> impl IntoView {
    let path = shape.path.clone();
    let now = form.edits.with_untracked(|e| e.get(&path).cloned()).unwrap_or_else(|| shape.original.clone());
    let text = RwSignal::new(text_of(&now));
    let changed = Memo::new({
        let path = path.clone();
        move |_| form.edits.with(|e| e.contains_key(&path))
    });
    let wrong = Memo::new({
        let key = path.clone();
        move |_| {
            form.problems.with(|all| all.iter().find_map(|p| p.strip_prefix(&format!("{key}: ")).map(words::sentence)))
        }
    });
    let id = format!("config-{}", path.replace(|c: char| !c.is_ascii_alphanumeric(), "-"));
    let original = text_of(&shape.original);
    let label = shape.label.clone();
    let about = shape.about.clone();
    let shape = StoredValue::new(shape);
    let typed = move |value: String| {
        text.set(value.clone());
        form.edits.update(|e| shape.with_value(|s| edit(e, s, &value)));
        form.check();
    };
    let reset = move |_| {
        text.set(original.clone());
        form.edits.update(|e| {
            e.remove(&path);
        });
        form.check();
    };
    let input = control(&id, shape.with_value(|s| s.control.clone()), text, wrong, typed);
    view! {
        <div class="config-field" class:changed=move || changed.get()>
            <div class="field">
                <label for=id.clone()>{label.clone()}</label>
                {input}
                <span class="wrong" id=format!("{id}-wrong") aria-live="polite">{move || wrong.get()}</span>
                <span class="help" id=format!("{id}-help")>{about}</span>
            </div>
            <Show when=move || changed.get()>
                <div class="row small">
                    <span class="faint">"Changed"</span>
                    <Button text=format!("Reset {label}") icon=Icon::Back icon_only=true kind=Kind::Plain on_press=reset.clone()/>
                </div>
            </Show>
        </div>
    }
}

/// The element that a field is edited with.
fn control(
    id: &str,
    control: Control,
    text: RwSignal<String>,
    wrong: Memo<Option<String>>,
    typed: impl Fn(String) + Copy + 'static,
) -> AnyView {
    let described = format!("{id}-wrong {id}-help");
    let invalid = move || wrong.with(Option::is_some).to_string();
    let id = id.to_owned();
    match control {
        Control::Bool => view! {
            <select class="select" id=id aria-describedby=described prop:value=move || text.get() on:change=move |e| typed(event_target_value(&e))>
                <option value="true" selected=move || text.get() == "true">"Yes"</option>
                <option value="false" selected=move || text.get() != "true">"No"</option>
            </select>
        }
        .into_any(),
        Control::Choice(choices) => {
            let none = (!choices.iter().any(|c| text.with_untracked(|t| t == c))).then(|| view! { <option value="">"Not set"</option> });
            view! {
                <select class="select" id=id aria-describedby=described aria-invalid=invalid prop:value=move || text.get()
                    on:change=move |e| typed(event_target_value(&e))>
                    {none}
                    {choices.into_iter().map(|c| {
                        let key = c.clone();
                        view! { <option value=c.clone() selected=move || text.with(|t| *t == key)>{c.clone()}</option> }
                    }).collect_view()}
                </select>
            }
            .into_any()
        }
        Control::Json => view! {
            <textarea class="textarea code" id=id rows="3" aria-describedby=described aria-invalid=invalid spellcheck="false"
                prop:value=move || text.get() on:input=move |e| typed(event_target_value(&e))></textarea>
        }
        .into_any(),
        Control::Number | Control::Text | Control::List => view! {
            <input class="input" id=id type="text" aria-describedby=described aria-invalid=invalid autocomplete="off" spellcheck="false"
                inputmode=if control == Control::Number { "decimal" } else { "text" } placeholder="Not set"
                prop:value=move || text.get() on:input=move |e| typed(event_target_value(&e))/>
        }
        .into_any(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_offered_where_it_can_be_used() {
        let device =
            |kind: &str, usable| DeviceView { kind: kind.into(), name: format!("a {kind}"), usable, why_not: None };
        let keys = |all: &[DeviceView]| devices(all).into_iter().map(|d| d.0).collect::<Vec<_>>().join(" ");
        assert_eq!(keys(&[]), "auto cpu");
        assert_eq!(keys(&[device("cpu", true), device("gpu", false)]), "auto cpu");
        let all = [device("cpu", true), device("gpu", true)];
        assert_eq!(keys(&all), "auto cpu gpu");
        assert_eq!(devices(&all)[0].1, "The best there is: a gpu");
    }
}
