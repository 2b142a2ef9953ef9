use super::kinds;
use crate::parts::{Button, CopyButton, Facts, Icon, IconSvg, Kind};
use crate::words;
use driftgate_model::views::AuditLine;
use leptos::prelude::*;
use leptos_router::components::A;

/// One event: what it means, what it is about, and its very text.
#[component]
pub fn EventDetail(line: AuditLine, on_close: impl Fn() + Copy + 'static) -> impl IntoView {
    let said = kinds::said(&line);
    let event = line.event;
    let (name, icon) = kinds::called(event.body.kind());
    let links = kinds::links(&event.body);
    let proof = match &event.signed {
        Some(signed) => format!("Signed with the reviewer's key {}", signed.key.short()),
        None if event.body.is_decision() => "The name is declared, not authenticated".to_owned(),
        None => String::new(),
    };
    let mut facts = vec![
        ("When", format!("{} ({})", words::moment(event.time), event.time)),
        ("Who", line.actor.unwrap_or_else(|| "Redacted".into())),
        ("Through", through(&event.via).to_owned()),
        ("Kind", event.body.kind().to_owned()),
        ("Hash before it", event.prev.to_string()),
    ];
    if !proof.is_empty() {
        facts.insert(2, ("Proof of who", proof));
    }
    let json = serde_json::to_string_pretty(&event).unwrap_or_default();
    let text = json.clone();
    let label = format!("Text of event {}", event.seq);
    view! {
        <header>
            <div class="grow">
                <h2>{format!("Event {}", event.seq)}</h2>
                <div class="row"><IconSvg icon=icon/>{name}</div>
            </div>
            <Button text="Close" icon=Icon::Cross icon_only=true kind=Kind::Plain on_press=move |_| on_close()/>
        </header>
        <div class="inside">
            <p>{said}</p>
            <p class="faint">{kinds::meaning(&event.body)}</p>
            {(!links.is_empty()).then(|| view! {
                <ul class="row wrap">{links.into_iter().map(|(text, route)| view! { <li><A href=format!("{route}") {..} class="button">{text}</A></li> }).collect_view()}</ul>
            })}
            <Facts facts=facts/>
            <section class="stack tight" aria-labelledby="event-text">
                <div class="row spread">
                    <h3 id="event-text">"As recorded"</h3>
                    <CopyButton text=text what="The event" label="Copy event" kind=Kind::Plain/>
                </div>
                <pre class="panel text" tabindex="0" role="region" aria-label=label>{json}</pre>
            </section>
        </div>
    }
}

fn through(via: &str) -> &str {
    match via {
        "cli" => "The command line",
        "window" => "The window",
        "server" => "The prediction server",
        other => other,
    }
}
