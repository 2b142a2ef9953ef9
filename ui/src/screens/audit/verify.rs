use super::proof::{self, Verified, fault_kind};
use crate::answer::{Answer, act, answer};
use crate::bridge::ask;
use crate::parts::{Button, CopyButton, Dialog, FailureView, Icon, Kind, Notice, Progress, Shown, TextArea};
use crate::store::store;
use crate::words;
use driftgate_model::views::{JobState, JobView};
use leptos::prelude::*;
use serde_json::json;

/// Begins a verification, against a checkpoint where one is given. One at a time.
pub fn start(checkpoint: Option<String>) {
    let store = store();
    let runs = store.jobs.with_untracked(|jobs| jobs.iter().any(|j| j.kind == "verify" && going(j)));
    if !runs {
        act::<u64>(ask("start_job", json!({ "ask": { "kind": "verify", "checkpoint": checkpoint } })), |_| ());
    }
}

fn going(job: &JobView) -> bool {
    matches!(job.state, JobState::Running | JobState::Stopping)
}

/// What the ledger is: its size, its root, and what can be proved.
#[component]
pub fn Ledger(checkpoint: Answer<String>, keys: RwSignal<bool>) -> impl IntoView {
    let store = store();
    let against = RwSignal::new(false);
    let head = Memo::new(move |_| checkpoint.value.with(|c| c.as_deref().and_then(proof::head)));
    let text = Signal::derive(move || checkpoint.value.get().unwrap_or_default());
    let busy = Memo::new(move |_| store.jobs.with(|jobs| jobs.iter().any(|j| j.kind == "verify" && going(j))));
    view! {
        <section class="ledger" aria-label="The ledger">
            <dl class="figures">
                <div><dt>"Events"</dt><dd>{move || head.with(|h| h.as_ref().map(|h| words::whole(h.size)))}</dd></div>
                <div class="grow"><dt>"Root"</dt><dd class="mono cut" title=move || head.with(|h| h.as_ref().map(|h| h.root.clone()))>
                    {move || head.with(|h| h.as_ref().map(|h| h.root.clone()))}
                </dd></div>
            </dl>
            <div class="row wrap">
                <CopyButton text=text what="The checkpoint" label="Copy checkpoint"/>
                <Button text="Public keys…" on_press=move |_| keys.set(true)/>
                <Button text="Verify against a checkpoint…" on_press=move |_| against.set(true)/>
                <Button text="Verify" icon=Icon::Seal kind=Kind::Primary disabled=busy on_press=move |_| start(None)/>
            </div>
            <p class="faint small why">
                "A checkpoint kept elsewhere proves later that nothing before it was changed since somebody else saw it, and not more"
            </p>
        </section>
        <Against open=against/>
    }
}

#[component]
fn Against(open: RwSignal<bool>) -> impl IntoView {
    let text = RwSignal::new(String::new());
    let wrong = RwSignal::new(None::<String>);
    let begin = move |_| {
        let given = text.get_untracked();
        wrong.set(proof::wrong_checkpoint(given.trim_start()));
        if wrong.with_untracked(Option::is_none) {
            open.set(false);
            start(Some(format!("{}\n", given.trim())));
        }
    };
    view! {
        <Dialog title="Verify against a checkpoint" open=open on_close=move || open.set(false)
            footer=move || view! {
                <Button text="Verify against it" icon=Icon::Seal kind=Kind::Primary on_press=begin/>
            }>
            <div class="stack">
                <p>"The ledger must extend the checkpoint: the events that it covers are still there, unchanged and in their order"</p>
                <TextArea label="Checkpoint" value=text wrong=wrong code=true rows=6
                    help="The whole text, as Copy checkpoint gave it, with its signature line"/>
            </div>
        </Dialog>
    }
}

/// How the newest verification of this session goes, or ended.
#[component]
pub fn Verification() -> impl IntoView {
    let store = store();
    let job = Memo::new(move |_| store.jobs.with(|jobs| jobs.iter().find(|j| j.kind == "verify").cloned()));
    let ended = Memo::new(move |_| job.with(|j| j.as_ref().filter(|j| j.state == JobState::Done).map(|j| j.id)));
    let hidden = RwSignal::new(None::<u64>);
    let shown = move || job.get().filter(|j| hidden.get() != Some(j.id) || going(j));
    let found = answer::<Verified>(move || ended.get().map(|id| ask("job_answer", json!({ "id": id }))));
    let away = move || hidden.set(job.with_untracked(|j| j.as_ref().map(|j| j.id)));
    view! {
        <div class="verification" role="status">
            {move || shown().map(|j| match j.state {
                JobState::Running | JobState::Stopping => {
                    let stage = j.stages.last().map_or_else(|| "Starting".into(), |s| words::spelled(&s.name));
                    view! {
                        <div class="panel"><div class="inside stack tight">
                            <div class="row spread"><strong>"Verifying the ledger"</strong><span class="faint small">{stage}</span></div>
                            <Progress what="Verifying the ledger" progress=j.progress/>
                        </div></div>
                    }.into_any()
                }
                JobState::Done => view! {
                    <Shown answer=found children=move |v: Verified| view! { <Found verified=v/> }/>
                    <Button text="Hide the result" kind=Kind::Plain on_press=move |_| away()/>
                }.into_any(),
                JobState::Cancelled => view! { <Notice tone="info">"The verification was stopped: nothing is said about the ledger"</Notice> }.into_any(),
                JobState::Failed => j.failure.map(|f| view! { <FailureView failure=f/> }).into_any(),
            })}
        </div>
    }
}

#[component]
fn Found(verified: Verified) -> impl IntoView {
    let (checked, unseen) = (verified.checked(), verified.unseen());
    if verified.fault_count == 0 {
        return view! {
            <Notice tone="good">
                <strong>"Everything holds"</strong>
                <div>{format!("Checked: {checked}")}</div>
                {unseen.map(|u| view! { <div class="faint">{u}</div> })}
                <div class="faint small mono wrapped">{format!("Root {}", verified.root)}</div>
            </Notice>
        }
        .into_any();
    }
    let first = verified.first_fault.clone();
    let others: Vec<_> = verified.faults.iter().filter(|f| Some(*f) != first.as_ref()).cloned().collect();
    let unlisted = verified.fault_count.saturating_sub(verified.faults.len() as u64);
    view! {
        <Notice tone="bad">
            <strong>{format!("{} found", words::count(verified.fault_count, "fault"))}</strong>
            {first.map(|f| view! {
                <div>{format!("{}: ", fault_kind(&f.kind))}<span class="mono">{f.place}</span>": " {f.detail}</div>
            })}
            {(!others.is_empty()).then(|| view! {
                <details>
                    <summary>"All that were listed"</summary>
                    <ul class="faults">{others.into_iter().map(|f| view! {
                        <li>{format!("{}: {}: {}", fault_kind(&f.kind), f.place, f.detail)}</li>
                    }).collect_view()}</ul>
                    {(unlisted > 0).then(|| format!("and {} more", words::whole(unlisted)))}
                </details>
            })}
            <div class="faint">{format!("Checked: {checked}")}</div>
            <div>"Stop working in this workspace, keep a copy of its folder as it is, and compare it with a backup"</div>
        </Notice>
    }
    .into_any()
}
