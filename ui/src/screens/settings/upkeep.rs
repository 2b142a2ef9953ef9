use crate::answer::act;
use crate::bridge::{ask, call};
use crate::parts::{Button, Chip, CopyButton, Facts, FailureView, Icon, Kind};
use crate::store::store;
use crate::words;
use driftgate_model::views::{Collected, DoctorCheck, DoctorReport, Failure};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::json;

/// The build and the machine.
#[component]
pub fn Build() -> impl IntoView {
    let store = store();
    let facts = move || {
        store.state.with(|s| {
            s.as_ref().map(|s| vec![("Driftgate", s.build.clone()), ("Machine", s.machine.clone())]).unwrap_or_default()
        })
    };
    let text = Signal::derive(move || {
        facts().into_iter().map(|(name, value)| format!("{name} {value}\n")).collect::<String>()
    });
    view! {
        <section class="panel" aria-labelledby="set-build">
            <header>
                <h2 id="set-build">"Build and machine"</h2>
                <CopyButton text=text what="Build and machine" label="Copy build" kind=Kind::Plain/>
            </header>
            <div class="inside">{move || view! { <Facts facts=facts()/> }}</div>
        </section>
    }
}

/// The state of the workspace and of the build: looked at once, then when asked.
#[component]
pub fn Doctor() -> impl IntoView {
    let report = RwSignal::new(None::<DoctorReport>);
    let failure = RwSignal::new(None::<Failure>);
    let busy = RwSignal::new(false);
    let look = move || {
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            let got = call::<DoctorReport>(&ask("doctor", json!({}))).await;
            busy.try_set(false);
            match got {
                Ok(found) => report.try_set(Some(found)).map_or((), |_| ()),
                Err(why) => failure.try_set(Some(why)).map_or((), |_| ()),
            }
        });
    };
    look();
    let says = move || {
        if busy.get() {
            return "Checking…".to_owned();
        }
        report.with(|r| r.as_ref().map(|r| verdict(&r.checks)).unwrap_or_default())
    };
    view! {
        <section class="panel" aria-labelledby="set-doctor">
            <header>
                <h2 id="set-doctor">"Doctor"</h2>
                <div class="row">
                    <span role="status" class="faint small">{says}</span>
                    <Button text="Check again" icon=Icon::Refresh disabled=busy on_press=move |_| look()/>
                </div>
            </header>
            <div class="inside">
                {move || failure.get().map(|f| view! { <FailureView failure=f/> })}
                {move || report.get().map(|r| view! {
                    <ul class="lines checks">{r.checks.into_iter().map(|c| view! { <DoctorLine check=c/> }).collect_view()}</ul>
                })}
            </div>
        </section>
    }
}

#[component]
fn DoctorLine(check: DoctorCheck) -> impl IntoView {
    let (icon, tone, word) = match check.status.as_str() {
        "ok" => (Icon::Check, "good", "OK"),
        "warning" => (Icon::Warning, "warn", "Warning"),
        _ => (Icon::Stop, "bad", "Fault"),
    };
    view! {
        <li>
            <Chip icon=icon text=word tone=tone/>
            <strong>{words::spelled(&check.name)}</strong>
            <div class="grow wrapped">
                {words::sentence(&check.detail)}
                {check.hint.map(|hint| view! { <div class="faint">{hint}</div> })}
            </div>
        </li>
    }
}

/// What all checks come to.
fn verdict(checks: &[DoctorCheck]) -> String {
    let of = |status: &str| checks.iter().filter(|c| c.status == status).count() as u64;
    let faults = checks.len() as u64 - of("ok") - of("warning");
    match (faults, of("warning")) {
        (0, 0) => "Everything is as it should be".into(),
        (0, n) => words::count(n, "warning"),
        (n, 0) => words::count(n, "fault"),
        (n, w) => format!("{}, {}", words::count(n, "fault"), words::count(w, "warning")),
    }
}

/// What no event leads to: first what would be freed, then the button.
#[component]
pub fn Space() -> impl IntoView {
    let store = store();
    let seen = RwSignal::new(None::<Collected>);
    let look = move |_| {
        act::<Collected>(ask("collect_garbage", json!({ "dry_run": true })), move |c| {
            seen.try_set(Some(c));
        })
    };
    let free = move |_| {
        act::<Collected>(ask("collect_garbage", json!({ "dry_run": false })), move |c| {
            store.good(freed(&c));
            seen.try_set(Some(c));
        })
    };
    let can = move || seen.with(|s| s.as_ref().is_some_and(|c| c.dry_run && c.bytes > 0));
    view! {
        <section class="panel" aria-labelledby="set-space">
            <header><h2 id="set-space">"Free space"</h2></header>
            <div class="inside stack">
                <p class="faint">"Runs that were stopped leave bytes that no event leads to. What the ledger names is never touched"</p>
                <p role="status">{move || seen.with(|s| s.as_ref().map(freed))}</p>
                <div class="row wrap">
                    <Button text="Look what can be freed" icon=Icon::Search on_press=look/>
                    {move || can().then(|| view! {
                        <Button text=seen.with(|s| s.as_ref().map(|c| format!("Free {}", size(c.bytes))).unwrap_or_default())
                            icon=Icon::Archive kind=Kind::Danger on_press=free/>
                    })}
                </div>
            </div>
        </section>
    }
}

/// What was freed, or would be.
fn freed(c: &Collected) -> String {
    let damaged = if c.damaged > 0 {
        let are = if c.damaged == 1 { "is" } else { "are" };
        format!("; {} {are} damaged and kept: verify the ledger", words::count(c.damaged, "object"))
    } else {
        String::new()
    };
    if c.bytes == 0 && c.objects == 0 {
        return format!("Nothing to free{damaged}");
    }
    let what = format!("{} in {}", size(c.bytes), words::count(c.objects, "object"));
    if c.dry_run { format!("{what} can be freed{damaged}") } else { format!("{what} freed{damaged}") }
}

/// Bytes for a person.
fn size(bytes: u64) -> String {
    match bytes {
        0..1000 => words::count(bytes, "byte"),
        1000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collected(dry_run: bool, objects: u64, bytes: u64, damaged: u64) -> Collected {
        Collected { schema: "driftgate/gc/1".into(), dry_run, objects, bytes, damaged }
    }

    #[test]
    fn what_is_freed_is_told_before_and_after() {
        assert_eq!(freed(&collected(true, 0, 0, 0)), "Nothing to free");
        assert_eq!(freed(&collected(true, 1, 2_500, 0)), "2.5 kB in 1 object can be freed");
        assert_eq!(freed(&collected(false, 12, 3_400_000, 0)), "3.4 MB in 12 objects freed");
        assert_eq!(
            freed(&collected(true, 0, 0, 1)),
            "Nothing to free; 1 object is damaged and kept: verify the ledger"
        );
        assert_eq!(
            freed(&collected(true, 0, 0, 2)),
            "Nothing to free; 2 objects are damaged and kept: verify the ledger"
        );
    }

    #[test]
    fn the_worst_counts() {
        let check =
            |status: &str| DoctorCheck { name: "log".into(), status: status.into(), detail: String::new(), hint: None };
        assert_eq!(verdict(&[check("ok"), check("ok")]), "Everything is as it should be");
        assert_eq!(verdict(&[check("ok"), check("warning")]), "1 warning");
        assert_eq!(verdict(&[check("fault"), check("warning"), check("warning")]), "1 fault, 2 warnings");
    }
}
