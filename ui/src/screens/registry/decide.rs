use super::texts;
use crate::answer::{Answer, answer};
use crate::bridge::ask;
use crate::parts::{
    Button, Chip, Dialog, Facts, FailureView, GateView, Icon, Kind, Notice, Reason, Shown, TextField, VerdictChip,
};
use crate::store::{Tone, store};
use crate::words;
use driftgate_model::views::{ApprovalPreview, Decided, Overview, RunView};
use driftgate_model::{RunStatus, VersionNumber};
use leptos::prelude::*;
use leptos_router::components::A;
use serde_json::json;

/// The decision about a candidate: what would change, why it may, and the two answers.
#[component]
pub fn DecideDialog(
    /// The run to decide about; nothing is shown without one.
    run: Memo<Option<String>>,
    on_close: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let store = store();
    let preview =
        answer::<ApprovalPreview>(move || run.get().map(|run| ask("preview_approval", json!({ "run": run }))));
    let reason = Reason::new(move || run.track());
    let decide = move |command: &'static str| {
        let Some(run) = run.get_untracked() else { return };
        if command == "reject" && reason.required("Say why: a rejection needs a reason").is_none() {
            super::focus_reason();
            return;
        }
        let asked = ask(command, json!({ "run": run, "reason": reason.given() }));
        let decided = move |d: Decided| {
            on_close();
            store.toast(Tone::Good, texts::decided(&d), texts::asked_again_since(&d), None);
        };
        reason.ask(asked, decided, move || preview.reload());
    };
    let waits =
        move || preview.value.with(|p| p.as_ref().is_some_and(|p| p.run.run.status == RunStatus::AwaitingApproval));
    super::begin_with_reason(waits);
    let title = Signal::derive(move || {
        preview.value.with(|p| match p {
            Some(p) => format!("Decide about the candidate of {}", p.run.run.subject.model),
            None => "Decide about the candidate".into(),
        })
    });
    view! {
        <Dialog title=title wide=true open=Signal::derive(move || run.with(Option::is_some)) on_close=on_close
            footer=move || view! {
                {move || if waits() {
                    view! {
                        <div class="grow">
                            <TextField label="Reason" value=reason.text wrong=reason.wrong help="Needed to reject, welcome to approve. Recorded with your name"/>
                        </div>
                        <Button text="Reject" icon=Icon::Cross kind=Kind::Danger disabled=reason.busy on_press=move |_| decide("reject")/>
                        <Button text="Approve" icon=Icon::Check kind=Kind::Primary disabled=reason.busy on_press=move |_| decide("approve")/>
                    }.into_any()
                } else {
                    view! { <Button text="Back" on_press=move |_| on_close()/> }.into_any()
                }}
            }>
            <div class="stack loose decide">
                {move || reason.failure.get().map(|f| view! { <FailureView failure=f/> })}
                <Shown answer=preview children=|p: ApprovalPreview| view! { <Preview preview=p/> }/>
            </div>
        </Dialog>
    }
}

#[component]
fn Preview(preview: ApprovalPreview) -> impl IntoView {
    let ApprovalPreview { run, next_version, archives, comparison, .. } = preview;
    let status = run.run.status;
    let again = comparison.as_ref().and_then(|c| texts::asked_again(c, archives));
    view! {
        {if status == RunStatus::AwaitingApproval {
            view! { <Change next=next_version archives=archives model=run.run.subject.model.to_string() again=again/> }.into_any()
        } else {
            let said = texts::decided_already(status, run.run.version);
            let tone = if status == RunStatus::Blocked { "bad" } else { "info" };
            let why = run.decision_reason.clone();
            view! {
                <Notice tone=tone><div role="status">{said}</div>{why.map(|why| view! { <div class="faint">{why}</div> })}</Notice>
            }.into_any()
        }}
        {run.gate.clone().map(|gate| view! {
            <section class="stack tight" aria-labelledby="decide-gate">
                <h3 id="decide-gate">"Gate"</h3>
                <GateView gate=gate model=run.run.subject.model.to_string()/>
            </section>
        })}
        <Drift model=run.run.subject.model.to_string()/>
        <WhatItIs run=run/>
    }
}

/// What an approval changes, above everything else.
#[component]
fn Change(next: VersionNumber, archives: Option<VersionNumber>, model: String, again: Option<String>) -> impl IntoView {
    let overview = expect_context::<Answer<Overview>>();
    let servers = move || {
        let n = overview.value.with(|o| {
            o.as_ref().and_then(|o| o.models.iter().find(|m| m.line.name.as_str() == model)).map_or(0, |m| m.servers)
        });
        texts::servers(n)
    };
    view! {
        <Notice tone="info">
            <strong class="large">{texts::approval(next, archives)}</strong>
            <div class="faint">{servers}</div>
            {again.map(|again| view! { <div>{again}</div> })}
        </Notice>
    }
}

/// What stands open now: since the gate was asked, more may have been checked.
#[component]
fn Drift(model: String) -> impl IntoView {
    let overview = expect_context::<Answer<Overview>>();
    let (name, of) = (model.clone(), model.clone());
    let open = Memo::new(move |_| {
        overview.value.with(|o| {
            let all = o.as_ref().map(|o| o.alarms.as_slice()).unwrap_or_default();
            all.iter().filter(|a| a.model.as_str() == name).map(|a| a.check.clone()).collect::<Vec<_>>()
        })
    });
    let last = Memo::new(move |_| {
        overview.value.with(|o| o.as_ref()?.models.iter().find(|m| m.line.name.as_str() == of)?.last_check.clone())
    });
    let route = StoredValue::new(format!("/drift/{model}"));
    let link = move |check: &driftgate_model::RunId| format!("{}/{check}", route.get_value());
    view! {
        <section class="stack tight" aria-labelledby="decide-drift">
            <h3 id="decide-drift">"Drift now"</h3>
            {move || {
                let open = open.get();
                if open.is_empty() {
                    view! { <div class="row"><Chip icon=Icon::Check text="No open alarm" tone="good"/></div> }.into_any()
                } else {
                    view! {
                        <div class="row wrap">
                            <Chip icon=Icon::Warning text=words::count(open.len() as u64, "open alarm") tone="bad"/>
                            {open.iter().map(|c| view! { <A href=link(&c.check)>{format!("Check {}", c.check.short())}</A> }).collect_view()}
                        </div>
                    }.into_any()
                }
            }}
            {move || last.get().map(|c| view! {
                <div class="row wrap">
                    <span>{format!("The newest check of version {}, {}", c.version, words::ago(c.at))}</span>
                    <VerdictChip verdict=c.verdict/>
                    <A href=link(&c.check)>"Show the check"</A>
                </div>
            })}
        </section>
    }
}

#[component]
fn WhatItIs(run: RunView) -> impl IntoView {
    let subject = run.run.subject.clone();
    let mut facts = vec![
        ("Algorithm", words::spelled(&subject.algorithm)),
        ("Data", format!("{} version {}, {}", subject.dataset, run.dataset_number, subject.dataset_version.short())),
        (
            "Rows",
            format!(
                "{} to learn from, {} for validation, {} for the test",
                run.counts.train, run.counts.val, run.counts.test
            ),
        ),
        ("Config", subject.config.short()),
        ("Started", format!("{} by {}", words::moment(run.run.started_at), texts::who(run.actor.as_deref()))),
        ("Seed", subject.random_seed.to_string()),
    ];
    if let Some(commit) = &run.environment.git_commit {
        facts.push(("Commit", commit.clone()));
    }
    if let Some(gate) = &run.gate {
        facts.push(("Test split looked at", texts::looks(gate.test_looks)));
    }
    view! {
        <section class="stack tight" aria-labelledby="decide-what">
            <div class="row wrap">
                <h3 id="decide-what">"What it is made of"</h3>
                <A href=format!("/runs/{}", subject.run)>{format!("Run {}", subject.run.short())}</A>
            </div>
            <Facts facts=facts/>
        </section>
    }
}
