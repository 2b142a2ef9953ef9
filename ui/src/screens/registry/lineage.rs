use super::texts;
use crate::answer::answer;
use crate::bridge::ask;
use crate::parts::{Icon, IconSvg, Shown, StageChip};
use crate::words;
use driftgate_model::views::{ModelView, RunView, ServingLine, VersionView};
use leptos::prelude::*;
use leptos_router::components::A;
use serde_json::json;

/// Where a version comes from and where it went: data, run, version, deployment, servers.
#[component]
pub fn Lineage(model: ModelView, chosen: RwSignal<Option<u32>>) -> impl IntoView {
    let (production, versions, serving) = (model.production, model.versions, model.serving);
    let version = Memo::new(move |_| {
        let number = chosen.get().or(production);
        versions.iter().find(|v| Some(v.version) == number).or_else(|| versions.first()).cloned()
    });
    let run = answer::<RunView>(move || version.with(|v| v.as_ref().map(|v| ask("run", json!({ "id": v.run })))));
    view! {
        <section class="stack tight" aria-labelledby="lineage">
            <h3 id="lineage">{move || version.with(|v| v.as_ref().map(|v| format!("Lineage of version {}", v.version)))}</h3>
            <Shown answer=run children=move |r: RunView| {
                // The run of another version may still be on its way out.
                let of = version.get().filter(|v| v.run == r.run.subject.run);
                of.map(|v| view! { <Cards version=v run=r serving=serving.clone()/> })
            }/>
        </section>
    }
}

#[component]
fn Cards(version: VersionView, run: RunView, serving: Vec<ServingLine>) -> impl IntoView {
    let subject = run.run.subject;
    let by = texts::who(version.approved_by.as_deref());
    let commit = run.environment.git_commit.map(|c| format!("commit {}", c.get(..10).unwrap_or(&c)));
    let serves: Vec<ServingLine> = serving.into_iter().filter(|s| s.version == Some(version.version)).collect();
    view! {
        <ol class="lineage">
            <li>
                <A href=format!("/datasets/{}", subject.dataset) {..} class="card">
                    <span class="what"><IconSvg icon=Icon::Table/>"Data"</span>
                    <strong>{format!("{} version {}", subject.dataset, run.dataset_number)}</strong>
                    <span class="mono small">{version.dataset_version.short()}</span>
                    <span class="faint small">{format!("{} / {} / {} rows", run.counts.train, run.counts.val, run.counts.test)}</span>
                </A>
            </li>
            <li>
                <A href=format!("/runs/{}", version.run) {..} class="card">
                    <span class="what"><IconSvg icon=Icon::Play/>"Run"</span>
                    <strong>{words::spelled(&version.algorithm)}</strong>
                    <span class="mono small">{version.run.short().to_owned()}</span>
                    <span class="faint small">{format!("config {}", version.config.short())}</span>
                    <span class="faint small">{commit}</span>
                </A>
            </li>
            <li>
                <A href=format!("/audit?object={}", version.artifact) {..} class="card">
                    <span class="what"><IconSvg icon=Icon::Stack/>"Version"</span>
                    <strong>{format!("Version {}", version.version)}</strong>
                    <span class="mono small">{version.artifact.short()}</span>
                    <StageChip stage=version.stage.clone()/>
                </A>
            </li>
            <li>
                <A href=format!("/audit?object={}", version.deployment) {..} class="card">
                    <span class="what"><IconSvg icon=Icon::Seal/>"Deployment"</span>
                    <strong>"Approved"</strong>
                    <span class="mono small">{version.deployment.short()}</span>
                    <span class="faint small">{format!("by {by}, {}", words::ago(version.registered_at))}</span>
                </A>
            </li>
            <li>
                <A href="/serving" {..} class="card">
                    <span class="what"><IconSvg icon=Icon::Plug/>"Servers"</span>
                    {if serves.is_empty() {
                        view! { <strong>"None answers with it"</strong> }.into_any()
                    } else {
                        view! {
                            <strong>{words::count(serves.len() as u64, "server")}</strong>
                            {serves.into_iter().map(|s| view! { <span class="mono small">{s.address}</span> }).collect_view()}
                        }.into_any()
                    }}
                </A>
            </li>
        </ol>
    }
}
