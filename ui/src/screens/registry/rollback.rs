use super::texts;
use crate::answer::answer;
use crate::bridge::ask;
use crate::parts::{Button, Dialog, FailureView, Icon, Kind, Notice, Reason, Shown, TextField, VerdictChip};
use crate::store::{Tone, store};
use crate::words;
use driftgate_model::views::{CheckLine, Decided, RollbackPreview, VersionView};
use leptos::prelude::*;
use leptos_router::components::A;
use serde_json::json;

/// The return of a former version: both side by side, and the button.
#[component]
pub fn RollbackDialog(
    model: Memo<Option<String>>,
    /// The version to return to; nothing is shown without one.
    to: Memo<Option<u32>>,
    on_close: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let store = store();
    let preview = answer::<RollbackPreview>(move || {
        let (model, to) = (model.get()?, to.get()?);
        Some(ask("preview_rollback", json!({ "model": model, "to": to })))
    });
    let reason = Reason::new(move || to.track());
    let roll_back = move |_| {
        let (Some(model), Some(to)) = (model.get_untracked(), to.get_untracked()) else { return };
        let Some(why) = reason.required("Say why: a rollback needs a reason") else {
            super::focus_reason();
            return;
        };
        let asked = ask("rollback", json!({ "model": model, "to": to, "reason": why }));
        let decided = move |d: Decided| {
            on_close();
            store.toast(Tone::Good, texts::decided(&d), None, texts::undo(&d));
        };
        reason.ask(asked, decided, move || preview.reload());
    };
    let title = Signal::derive(move || match to.get() {
        Some(v) => format!("Roll back to version {v}"),
        None => "Roll back".into(),
    });
    let can = move || preview.value.with(Option::is_some);
    super::begin_with_reason(can);
    view! {
        <Dialog title=title wide=true open=Signal::derive(move || to.with(Option::is_some)) on_close=on_close
            footer=move || view! {
                {move || if can() {
                    view! {
                        <div class="grow"><TextField label="Reason" value=reason.text wrong=reason.wrong required=true help="Needed. Recorded with your name"/></div>
                        <Button text="Roll back" icon=Icon::Back kind=Kind::Danger disabled=reason.busy on_press=roll_back/>
                    }.into_any()
                } else {
                    view! { <Button text="Back" on_press=move |_| on_close()/> }.into_any()
                }}
            }>
            <div class="stack loose decide">
                {move || reason.failure.get().map(|f| view! { <FailureView failure=f/> })}
                <Shown answer=preview children=|p: RollbackPreview| view! { <Preview preview=p/> }/>
            </div>
        </Dialog>
    }
}

#[component]
fn Preview(preview: RollbackPreview) -> impl IntoView {
    let (from, to) = (preview.from, preview.to);
    let forgotten = preview.adaptation.map(|a| {
        format!(
            "Version {} learned from {} of a drifted batch (adaptation {}). Version {} does not know them: expect it to fail on such rows again",
            from.version, words::count(a.train, "row"), a.adaptation.short(), to.version
        )
    });
    view! {
        <Notice tone="info">
            <strong class="large">{texts::rollback(from.version, to.version)}</strong>
            <div class="faint">"It is loaded and proved on its recorded sample before anything changes. Nothing is deleted: you can return as easily"</div>
        </Notice>
        {forgotten.map(|text| view! { <Notice tone="warn">{text}</Notice> })}
        {(!preview.notes.is_empty()).then(|| view! {
            <ul class="notes">{preview.notes.into_iter().map(|note| view! { <li>{words::sentence(&note)}</li> }).collect_view()}</ul>
        })}
        <table class="table sides">
            <thead><tr>
                <th scope="col"><span class="heard">"What"</span></th>
                <th scope="col">{format!("Version {} leaves", from.version)}</th>
                <th scope="col">{format!("Version {} returns", to.version)}</th>
            </tr></thead>
            <tbody>
                <Side what="Algorithm" from=words::spelled(&from.algorithm) to=words::spelled(&to.algorithm)/>
                <Side what="Registered" from=registered(&from) to=registered(&to)/>
                <Side what="Data set version" from=from.dataset_version.short() to=to.dataset_version.short()/>
                <Side what="Config" from=from.config.short() to=to.config.short()/>
                <tr>
                    <th scope="row">"Run"</th>
                    <td><A href=format!("/runs/{}", from.run)>{from.run.short().to_owned()}</A></td>
                    <td><A href=format!("/runs/{}", to.run)>{to.run.short().to_owned()}</A></td>
                </tr>
                <tr>
                    <th scope="row">"Last drift check"</th>
                    <td><Check model=preview.model.to_string() line=preview.from_check/></td>
                    <td><Check model=preview.model.to_string() line=preview.to_check/></td>
                </tr>
                {preview.metrics.into_iter().map(|(name, left, back)| view! {
                    <tr>
                        <th scope="row">{format!("{} (test)", words::metric(&name))}</th>
                        <td>{words::number(left)}</td>
                        <td>{words::number(back)}</td>
                    </tr>
                }).collect_view()}
            </tbody>
        </table>
    }
}

fn registered(v: &VersionView) -> String {
    format!("{} by {}", words::moment(v.registered_at), texts::who(v.approved_by.as_deref()))
}

#[component]
fn Side(what: &'static str, from: String, to: String) -> impl IntoView {
    let differs = from != to;
    view! {
        <tr>
            <th scope="row">{what}</th>
            <td>{from}</td>
            <td class:differs=differs>{to} {differs.then(|| view! { <span class="heard">" (another)"</span> })}</td>
        </tr>
    }
}

#[component]
fn Check(model: String, line: Option<CheckLine>) -> impl IntoView {
    match line {
        Some(c) => view! {
            <A href=format!("/drift/{model}/{}", c.check)><VerdictChip verdict=c.verdict/></A>
            <span class="faint small">" " {words::ago(c.at)}</span>
        }
        .into_any(),
        None => view! { <span class="faint">"None"</span> }.into_any(),
    }
}
