use super::controls::{Button, Kind};
use super::icon::{Icon, IconSvg};
use crate::store::{Tone, store};
use leptos::prelude::*;
use leptos_router::components::A;

/// Messages, newest last, and the place where people who listen are told what happened.
#[component]
pub fn Toasts() -> impl IntoView {
    let store = store();
    view! {
        <div class="heard" role="status" aria-live="polite">{move || store.said.get()}</div>
        <section class="toasts" aria-label="Messages">
            <For each=move || store.toasts.get() key=|t| t.id let:toast>
                {
                    let (tone, icon) = match toast.tone {
                        Tone::Good => ("good", Icon::Check),
                        Tone::Info => ("info", Icon::Info),
                        Tone::Bad => ("bad", Icon::Warning),
                    };
                    let id = toast.id;
                    view! {
                        <div class=format!("notice toast {tone}")>
                            <IconSvg icon=icon/>
                            <div class="body">
                                <div>{toast.text.clone()}</div>
                                {toast.hint.clone().map(|hint| view! { <div class="faint">{hint}</div> })}
                                {toast.link.clone().map(|(route, text)| view! {
                                    <A href=route on:click=move |_| store.dismiss(id)>{text}</A>
                                })}
                            </div>
                            <Button text="Dismiss" icon=Icon::Cross icon_only=true kind=Kind::Plain on_press=move |_| store.dismiss(id)/>
                        </div>
                    }
                }
            </For>
        </section>
    }
}
