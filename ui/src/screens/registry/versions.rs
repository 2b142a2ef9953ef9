use super::texts;
use crate::answer::answer;
use crate::bridge::ask;
use crate::parts::{Button, Icon, Kind, StageChip};
use crate::words;
use driftgate_model::views::{ModelView, RunList, VersionView};
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_navigate;
use serde_json::json;

/// The versions of a model, newest first. The number chooses whose lineage is shown.
#[component]
pub fn Versions(model: ModelView, chosen: RwSignal<Option<u32>>) -> impl IntoView {
    let name = model.name.to_string();
    let lead = texts::lead_metrics(model.task);
    let production = model.production;
    let of = name.clone();
    let runs = answer::<RunList>(move || Some(ask("runs", json!({ "model": of, "status": "approved" }))));
    let dataset = move |run: &str| {
        runs.value.with(|l| l.as_ref()?.runs.iter().find(|r| r.run.as_str() == run).map(|r| r.dataset.clone()))
    };
    let row = move |v: VersionView| {
        let number = v.version;
        let is = move || chosen.get().or(production) == Some(number);
        let run = v.run.to_string();
        view! {
            <tr class:chosen=is>
                <th scope="row">
                    <button type="button" class="button plain" aria-pressed=move || is().to_string()
                        on:click=move |_| chosen.set(Some(number))>{format!("Version {number}")}</button>
                </th>
                <td><StageChip stage=v.stage.clone()/></td>
                <td>{(v.stage == "archived" && production.is_some()).then(|| view! { <RollBack model=name.clone() version=number/> })}</td>
                <td>{words::spelled(&v.algorithm)}</td>
                {lead.iter().map(|key| view! { <td class="number">{words::number(v.metrics.get(*key).copied())}</td> }).collect_view()}
                <td>{move || dataset(&run)} " " <span class="mono faint" title=v.dataset_version.to_string()>{v.dataset_version.short()}</span></td>
                <td><A href=format!("/runs/{}", v.run)><span class="mono">{v.run.short().to_owned()}</span></A></td>
                <td>{texts::who(v.approved_by.as_deref())}</td>
                <td title=words::moment(v.registered_at)>{words::ago(v.registered_at)}</td>
            </tr>
        }
    };
    view! {
        <div class="panel scroll" tabindex="0" role="region" aria-label="Versions">
            <table class="table versions">
                <thead><tr>
                    <th scope="col">"Version"</th>
                    <th scope="col">"Stage"</th>
                    <th scope="col"><span class="heard">"What can be done"</span></th>
                    <th scope="col">"Algorithm"</th>
                    {lead.iter().map(|key| view! { <th scope="col" class="number">{words::metric(key)}</th> }).collect_view()}
                    <th scope="col">"Data set version"</th>
                    <th scope="col">"Run"</th>
                    <th scope="col">"Approved by"</th>
                    <th scope="col">"When"</th>
                </tr></thead>
                <tbody>{model.versions.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}

#[component]
fn RollBack(model: String, version: u32) -> impl IntoView {
    let go = use_navigate();
    view! {
        <Button text=format!("Roll back to {version}…") icon=Icon::Back kind=Kind::Plain
            on_press=move |_| go(&format!("/registry/{model}?rollback={version}"), Default::default())/>
    }
}
