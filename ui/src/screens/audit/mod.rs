//! The ledger's log, and its proof.

mod event;
mod filter;
mod keys;
mod kinds;
mod proof;
mod verify;

pub use keys::{KeyList, Keys, keys};

use crate::answer::{Answer, answer};
use crate::bridge::ask;
use crate::parts::{Button, Column, Empty, Grid, Icon, IconSvg, Kind, Line, Pick, Shown, Top};
use crate::words;
use driftgate_model::views::AuditLog;
use filter::{Filter, PAGE, Row};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use serde_json::json;
use std::collections::BTreeSet;

impl Line for Row {
    fn key(&self) -> String {
        self.seq.to_string()
    }

    fn label(&self) -> String {
        format!("Event {}, {}, {}", self.seq, kinds::called(self.kind).0, self.summary)
    }
}

/// The screen.
#[component]
pub fn AuditScreen() -> impl IntoView {
    let query = use_query_map();
    let go = StoredValue::new(use_navigate());
    let chosen = RwSignal::new(None::<u64>);
    let filter = RwSignal::new(Filter { limit: PAGE, ..Filter::default() });
    let log = answer::<AuditLog>(move || Some(ask("audit_log", filter.get().arguments())));
    let checkpoint = answer::<String>(|| Some(ask("checkpoint", json!({}))));
    // What a link asks for is taken once: the address is plain again, and coming back does not verify anew.
    Effect::new(move |_| {
        let (event, object, verify) = query.with(|q| (q.get("event"), q.get("object"), q.get("verify")));
        if event.is_none() && object.is_none() && verify.is_none() {
            return;
        }
        if let Some(seq) = event.and_then(|e| e.parse().ok()) {
            chosen.set(Some(seq));
        }
        if let Some(object) = object {
            filter.update(|f| f.object = object);
        }
        if verify.is_some() {
            verify::start(None);
        }
        go.with_value(|go| go("/audit", NavigateOptions { replace: true, ..Default::default() }));
    });
    reach(log, filter, chosen);
    let below = Signal::derive(move || {
        log.value.with(|l| {
            l.as_ref()
                .map(|l| format!("{} on the ledger, newest first", words::count(l.size, "event")))
                .unwrap_or_default()
        })
    });
    let keys = RwSignal::new(false);
    view! {
        <div class="screen audit">
            <Top title="Audit" below=below/>
            <verify::Ledger checkpoint=checkpoint keys=keys/>
            <verify::Verification/>
            <Timeline log=log filter=filter chosen=chosen/>
            <keys::KeysDialog open=keys/>
        </div>
    }
}

/// Asks for as many events as it takes to show the chosen one.
fn reach(log: Answer<AuditLog>, filter: RwSignal<Filter>, chosen: RwSignal<Option<u64>>) {
    Effect::new(move |_| {
        let Some(seq) = chosen.get() else { return };
        let missing = log.value.with(|l| {
            let l = l.as_ref()?;
            let there = l.lines.iter().any(|line| line.event.seq == seq);
            (!there && seq < l.size).then(|| (l.size - seq) as usize)
        });
        let Some(needed) = missing else { return };
        if filter.with_untracked(|f| f.is_open() && f.limit < needed) {
            filter.update(|f| f.limit = needed + PAGE);
        }
    });
}

#[component]
fn Timeline(log: Answer<AuditLog>, filter: RwSignal<Filter>, chosen: RwSignal<Option<u64>>) -> impl IntoView {
    let text = RwSignal::new(String::new());
    let rows = Memo::new(move |_| {
        log.value.with(|l| l.as_ref().map(|l| filter::rows(&l.lines, &text.get())).unwrap_or_default())
    });
    let line = Memo::new(move |_| {
        let seq = chosen.get()?;
        log.value.with(|l| l.as_ref()?.lines.iter().find(|l| l.event.seq == seq).cloned())
    });
    let open = Memo::new(move |_| line.with(Option::is_some));
    let there = Memo::new(move |_| log.value.with(Option::is_some));
    let none = Memo::new(move |_| rows.with(Vec::is_empty));
    // The columns are described once for each time that the table is drawn.
    let columns = || {
        vec![
            Column::new("Event", "72px", |r: &Row| r.seq.to_string()).number(),
            Column::new("When", "156px", |r: &Row| words::moment(r.at)),
            Column::new("What", "176px", |r: &Row| {
                let (name, icon) = kinds::called(r.kind);
                view! { <span class="row kind"><IconSvg icon=icon/>{name}</span> }
            }),
            Column::new("Who", "120px", |r: &Row| r.actor.clone().unwrap_or_else(|| "Redacted".into())),
            Column::new("Summary", "", |r: &Row| r.summary.clone()),
        ]
    };
    view! {
        <div class="split" class:open=move || open.get()>
            <div class="list">
                <Filters filter=filter text=text log=log/>
                {move || if !there.get() {
                    view! { <Shown answer=log children=|_| ()/> }.into_any()
                } else if none.get() {
                    view! { <Empty icon=Icon::Search title="No event fits" text="Take a filter away, or look for something else"/> }.into_any()
                } else {
                    view! {
                        <Grid label="Events" rows=rows columns=columns()
                            chosen=Signal::derive(move || chosen.get().map(|s| s.to_string())) on_choose=move |r: Row| chosen.set(Some(r.seq))/>
                    }.into_any()
                }}
                <More log=log filter=filter/>
            </div>
            {move || open.get().then(|| view! {
                <aside class="detail" aria-label="Event" on:keydown=move |e| if e.key() == "Escape" { chosen.set(None) }>
                    {move || line.get().map(|line| view! { <event::EventDetail line=line on_close=move || chosen.set(None)/> })}
                </aside>
            })}
        </div>
    }
}

#[component]
fn Filters(filter: RwSignal<Filter>, text: RwSignal<String>, log: Answer<AuditLog>) -> impl IntoView {
    let group = RwSignal::new(String::new());
    let actor = RwSignal::new(String::new());
    let seen = RwSignal::new(BTreeSet::<String>::new());
    // Names stay to be chosen from while the log is narrowed to one of them.
    Effect::new(move |_| {
        let names: Vec<String> =
            log.value.with(|l| l.iter().flat_map(|l| l.lines.iter().filter_map(|l| l.actor.clone())).collect());
        if seen.with_untracked(|s| names.iter().any(|n| !s.contains(n))) {
            seen.update(|s| s.extend(names));
        }
    });
    Effect::new(move |_| {
        let (group, actor) = (group.get(), actor.get());
        if filter.with_untracked(|f| f.group != group || f.actor != actor) {
            filter.update(|f| (f.group, f.actor) = (group, actor));
        }
    });
    let groups = || {
        let all = std::iter::once((String::new(), "Everything".to_owned()));
        all.chain(kinds::GROUPS.iter().map(|g| (g.0.to_owned(), g.1.to_owned()))).collect::<Vec<_>>()
    };
    let actors = move || {
        let all = std::iter::once((String::new(), "Everybody".to_owned()));
        seen.with(|s| all.chain(s.iter().map(|a| (a.clone(), a.clone()))).collect::<Vec<_>>())
    };
    let narrowed = Memo::new(move |_| filter.with(|f| !f.is_open()) || text.with(|t| !t.trim().is_empty()));
    let clear = move |_| {
        text.set(String::new());
        group.set(String::new());
        actor.set(String::new());
        filter.update(|f| *f = Filter { limit: f.limit, ..Filter::default() });
    };
    view! {
        <div class="filters" role="search" aria-label="Events">
            <input class="input grow" type="search" data-filter="" aria-label="Find in the log" placeholder="Find in the log"
                autocomplete="off" spellcheck="false" prop:value=move || text.get() on:input=move |e| text.set(event_target_value(&e))/>
            <Pick label="Kinds" quiet=true value=group choices=Signal::derive(groups)/>
            <Pick label="Who" quiet=true value=actor choices=Signal::derive(actors)/>
            <input class="input object" type="search" aria-label="About" placeholder="About: model:NAME, run:ID, dataset:NAME, check:ID"
                title="model:NAME, run:ID, dataset:NAME, check:ID, adaptation:ID, server:ID, or the digest of an object; Enter takes it"
                autocomplete="off" spellcheck="false" prop:value=move || filter.with(|f| f.object.clone())
                on:change=move |e| { let object = event_target_value(&e); filter.update(|f| f.object = object); }/>
            {move || narrowed.get().then(|| view! { <Button text="Clear filters" kind=Kind::Plain icon=Icon::Cross on_press=clear/> })}
        </div>
    }
}

/// That older events are not shown yet, and a way to them.
#[component]
fn More(log: Answer<AuditLog>, filter: RwSignal<Filter>) -> impl IntoView {
    let cut = Memo::new(move |_| {
        let limit = filter.with(|f| f.limit);
        log.value.with(|l| l.as_ref().filter(|l| l.lines.len() >= limit).map(|l| (l.lines.len() as u64, l.size)))
    });
    move || {
        let (shown, size) = cut.get().filter(|(shown, size)| shown < size)?;
        Some(view! {
            <div class="row spread more">
                <span class="faint small">{format!("The newest {} that fit, of {}", words::whole(shown), words::count(size, "event"))}</span>
                <Button text="Show older events" kind=Kind::Plain icon=Icon::Down on_press=move |_| filter.update(|f| f.limit *= 4)/>
            </div>
        })
    }
}
