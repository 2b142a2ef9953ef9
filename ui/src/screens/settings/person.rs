use super::{Kept, change};
use crate::answer::{act, answer};
use crate::bridge::{ask, call};
use crate::parts::{Button, Check, Chip, Icon, Kind, Pick, Shown, TextField};
use crate::store::store;
use crate::theme;
use crate::words;
use driftgate_model::views::{DeviceView, Settings, Theme, WindowState};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::json;

/// A part of the settings as a signal of its own, which follows changes made elsewhere.
fn part<T: Clone + PartialEq + Send + Sync + 'static>(
    of: impl Fn(&Settings) -> T + Send + Sync + 'static,
) -> RwSignal<T> {
    let store = store();
    let first = store.state.with_untracked(|s| s.as_ref().map(|s| s.settings.clone()).unwrap_or_default());
    let shown = RwSignal::new(of(&first));
    let kept = Memo::new(move |_| store.state.with(|s| s.as_ref().map(|s| of(&s.settings))));
    Effect::new(move |_| {
        if let Some(value) = kept.get()
            && shown.with_untracked(|s| *s != value)
        {
            shown.set(value);
        }
    });
    shown
}

/// Keeps a part whenever the person changes it.
fn keeping<T: Clone + PartialEq + Send + Sync + 'static>(
    shown: RwSignal<T>,
    said: &'static str,
    put: impl Fn(&mut Settings, T) + Copy + 'static,
) {
    let (store, Kept(kept)) = (store(), expect_context::<Kept>());
    Effect::new(move |before: Option<()>| {
        let value = shown.get();
        if before.is_some() {
            change(store, kept, said, move |s| put(s, value));
        }
    });
}

/// Who acts.
#[component]
pub fn You() -> impl IntoView {
    let (store, Kept(kept)) = (store(), expect_context::<Kept>());
    let name = part(|s| s.reviewer.clone());
    let actor = move || store.state.with(|s| s.as_ref().map(|s| format!("Recorded now as {}", s.actor)));
    let keep = move || {
        let name = name.get_untracked().trim().to_owned();
        change(store, kept, "The reviewer's name", move |s| s.reviewer = name);
    };
    view! {
        <section class="panel" aria-labelledby="set-you">
            <header><h2 id="set-you">"You"</h2></header>
            // `change` comes when the field is left or Enter is pressed: a name half typed is not kept.
            <div class="inside stack tight" on:change=move |_| keep()>
                <TextField label="Reviewer" value=name
                    help="The name your decisions are recorded under. Empty takes the system's user"/>
                <p class="small" role="status">{actor}</p>
            </div>
            <div class="inside"><super::key::YourKey/></div>
        </section>
    }
}

/// How the window looks and what it tells.
#[component]
pub fn Look() -> impl IntoView {
    let (store, Kept(kept)) = (store(), expect_context::<Kept>());
    let chosen = part(|s| s.theme);
    let (notify, keys) = (part(|s| s.notify), part(|s| s.single_keys));
    keeping(notify, "The choice about notifications", |s, v| s.notify = v);
    keeping(keys, "The choice about shortcuts", |s, v| s.single_keys = v);
    let choices = [(Theme::Light, "Light"), (Theme::Dark, "Dark"), (Theme::System, "As the desktop says")];
    view! {
        <section class="panel" aria-labelledby="set-look">
            <header><h2 id="set-look">"Look and keys"</h2></header>
            <div class="inside stack">
                <fieldset class="radios">
                    <legend>"Theme"</legend>
                    {choices.into_iter().map(|(value, text)| view! {
                        <label class="check">
                            <input type="radio" name="theme" value=theme::name(value) prop:checked=move || chosen.get() == value
                                on:change=move |_| { chosen.set(value); change(store, kept, "The theme", move |s| s.theme = value); }/>
                            {text}
                        </label>
                    }).collect_view()}
                </fieldset>
                <Check label="Tell the desktop when a job ends" value=notify help="Only while the window is not looked at"/>
                <Check label="Single keys are shortcuts" value=keys help="? for the list, g and a letter for a place. Ctrl K works either way"/>
            </div>
        </section>
    }
}

/// How much of the machine is used.
#[component]
pub fn Work() -> impl IntoView {
    let store = store();
    let threads = part(|s| s.threads.to_string());
    keeping(threads, "The number of threads", |s, v| s.threads = v.parse().unwrap_or(0));
    let cores = web_sys::window().map_or(1.0, |w| w.navigator().hardware_concurrency()) as u16;
    let choices = move || thread_choices(cores, threads.get().parse().unwrap_or(0));
    let said = move || store.state.with(|s| s.as_ref().map(|s| words::sentence(&s.device)));
    let devices = answer::<Vec<DeviceView>>(|| Some(ask("devices", json!({}))));
    view! {
        <section class="panel" aria-labelledby="set-work">
            <header><h2 id="set-work">"Work"</h2></header>
            <div class="inside stack">
                <Pick label="Worker threads" value=threads choices=Signal::derive(choices) help="Results do not depend on it"/>
                <section class="stack tight" aria-labelledby="set-devices">
                    <h3 id="set-devices">"Devices"</h3>
                    <p class="faint small">{said}</p>
                    <Shown answer=devices children=device_lines/>
                </section>
            </div>
        </section>
    }
}

fn device_lines(all: Vec<DeviceView>) -> impl IntoView + use<> {
    view! { <ul class="lines checks">{all.into_iter().map(|d| view! { <DeviceLine device=d/> }).collect_view()}</ul> }
}

#[component]
fn DeviceLine(device: DeviceView) -> impl IntoView {
    let (icon, tone, word) =
        if device.usable { (Icon::Check, "good", "Usable") } else { (Icon::Dash, "", "Not usable") };
    let kind = if device.kind == "gpu" { "Graphics card" } else { "Processor" };
    view! {
        <li>
            <Chip icon=icon text=word tone=tone/>
            <strong>{kind}</strong>
            <div class="grow wrapped">
                {device.name}
                {device.why_not.map(|why| view! { <div class="faint">{words::sentence(&why)}</div> })}
            </div>
        </li>
    }
}

/// Numbers of threads to choose from: all, up to as many as there are cores, and what is set.
fn thread_choices(cores: u16, set: u16) -> Vec<(String, String)> {
    let mut numbers: Vec<u16> =
        (1..=cores.min(8)).chain((8..=cores).step_by(8)).chain([cores, set]).filter(|n| *n > 0).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let all = std::iter::once(("0".to_owned(), "All cores".to_owned()));
    all.chain(numbers.into_iter().map(|n| (n.to_string(), n.to_string()))).collect()
}

/// Workspaces that were opened before.
#[component]
pub fn Recent() -> impl IntoView {
    let store = store();
    let remember = part(|s| s.remember);
    keeping(remember, "The choice about recent workspaces", |s, v| s.remember = v);
    let recent = move || store.state.with(|s| s.as_ref().map(|s| s.recent.clone()).unwrap_or_default());
    let forget_all = move |_| {
        let paths: Vec<String> = recent().into_iter().map(|r| r.path).collect();
        spawn_local(async move {
            for path in paths {
                match call::<WindowState>(&ask("forget_recent", json!({ "path": path }))).await {
                    Ok(state) => store.take(state),
                    Err(failure) => return store.failed(&failure),
                }
            }
            store.good("Recent workspaces are forgotten");
        });
    };
    view! {
        <section class="panel" aria-labelledby="set-recent">
            <header>
                <h2 id="set-recent">"Recent workspaces"</h2>
                {move || (!recent().is_empty()).then(|| view! { <Button text="Forget all" icon=Icon::Cross on_press=forget_all/> })}
            </header>
            <div class="inside stack">
                <Check label="Remember workspaces that were opened" value=remember/>
                {move || {
                    let all = recent();
                    if all.is_empty() {
                        return view! { <p class="faint">"None is remembered"</p> }.into_any();
                    }
                    view! {
                        <ul class="lines">{all.into_iter().map(|r| {
                            let (forget, name) = (r.path.clone(), r.name.clone());
                            view! {
                                <li>
                                    <span class="grow wrapped">{r.path}</span>
                                    <span class="faint small">{words::ago(r.opened_at)}</span>
                                    <Button text=format!("Forget {name}") icon=Icon::Cross icon_only=true kind=Kind::Plain on_press=move |_| {
                                        act::<WindowState>(ask("forget_recent", json!({ "path": forget })), move |s| store.take(s));
                                    }/>
                                </li>
                            }
                        }).collect_view()}</ul>
                    }.into_any()
                }}
            </div>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_go_from_all_to_as_many_as_there_are() {
        let keys = |cores, set| thread_choices(cores, set).into_iter().map(|c| c.0).collect::<Vec<_>>().join(" ");
        assert_eq!(keys(2, 0), "0 1 2");
        assert_eq!(keys(12, 0), "0 1 2 3 4 5 6 7 8 12");
        assert_eq!(keys(2, 7), "0 1 2 7", "what another machine was set to stays to be seen");
        assert_eq!(thread_choices(1, 0).first().map(|c| c.1.clone()), Some("All cores".into()));
    }
}
