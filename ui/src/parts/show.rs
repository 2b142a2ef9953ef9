use super::controls::{Button, Kind};
use super::icon::{Icon, IconSvg};
use crate::answer::Answer;
use crate::words;
use driftgate_model::views::Failure;
use leptos::prelude::*;

/// The top of a screen: its name, a line below it, and what can be done on the right.
#[component]
pub fn Top(
    #[prop(into)] title: Signal<String>,
    #[prop(optional, into)] below: Signal<String>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <header class="top">
            <div class="grow">
                <h1 class="cut">{move || title.get()}</h1>
                <div class="faint small cut">{move || below.get()}</div>
            </div>
            <div class="row">{children.map(|c| c())}</div>
        </header>
    }
}

/// Nothing is here yet: what this place is for, and the one thing to do.
#[component]
pub fn Empty(
    icon: Icon,
    #[prop(into)] title: String,
    #[prop(into)] text: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <IconSvg icon=icon/>
            <h2>{title}</h2>
            <p>{text}</p>
            <div class="row">{children.map(|c| c())}</div>
        </div>
    }
}

/// Something a person should read. `tone` is `good`, `info`, `warn` or `bad`.
#[component]
pub fn Notice(tone: &'static str, children: Children) -> impl IntoView {
    let icon = match tone {
        "good" => Icon::Check,
        "info" => Icon::Info,
        _ => Icon::Warning,
    };
    view! { <div class=format!("notice {tone}")><IconSvg icon=icon/><div class="grow wrapped">{children()}</div></div> }
}

/// What went wrong, and what to do.
#[component]
pub fn FailureView(failure: Failure, #[prop(optional, into)] again: Option<Callback<()>>) -> impl IntoView {
    view! {
        <div role="alert">
            <Notice tone="bad">
                <div>{words::sentence(&failure.message)}</div>
                {failure.hint.map(|hint| view! { <div class="faint">{hint}</div> })}
                {again.map(|again| view! {
                    <div><Button text="Try again" icon=Icon::Refresh kind=Kind::Plain on_press=move |_| again.run(())/></div>
                })}
            </Notice>
        </div>
    }
}

/// An answer once it is there; before that nothing, then that it takes a while, or why there is none.
#[component]
pub fn Shown<T, V>(answer: Answer<T>, children: impl Fn(T) -> V + Send + Sync + 'static) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    // What went wrong is looked at only where there is no answer: an answer that is there is drawn once.
    move || {
        match answer.value.get() {
        Some(value) => children(value).into_any(),
        None => match answer.failure.get() {
            Some(failure) => view! {
                <div class="body"><FailureView failure=failure again=Callback::new(move |()| answer.reload())/></div>
            }
            .into_any(),
            None => view! {
                <div class="empty" aria-busy="true"><Show when=move || answer.slow.get()><p role="status">"Asking the engine…"</p></Show></div>
            }
            .into_any(),
        },
    }
    }
}

/// Names with what they are, in two columns.
#[component]
pub fn Facts(facts: Vec<(&'static str, String)>) -> impl IntoView {
    view! {
        <dl class="facts">
            {facts.into_iter().map(|(name, value)| view! { <dt>{name}</dt><dd>{value}</dd> }).collect_view()}
        </dl>
    }
}
