use super::icon::{Icon, IconSvg};
use crate::words;
use driftgate_model::{DriftSeverity, DriftVerdict, RunStatus};
use leptos::prelude::*;

/// A short state: an icon and a word. `tone` is `good`, `warn`, `bad`, `accent` or empty.
#[component]
pub fn Chip(icon: Icon, #[prop(into)] text: String, #[prop(optional)] tone: &'static str) -> impl IntoView {
    view! { <span class=format!("chip {tone}")><IconSvg icon=icon/>{text}</span> }
}

/// Where a run stands.
#[component]
pub fn StatusChip(status: RunStatus) -> impl IntoView {
    let (icon, tone) = match status {
        RunStatus::Running => (Icon::Play, "accent"),
        RunStatus::Completed => (Icon::Check, ""),
        RunStatus::AwaitingApproval => (Icon::Clock, "warn"),
        RunStatus::Approved => (Icon::Check, "good"),
        RunStatus::Rejected => (Icon::Cross, "bad"),
        RunStatus::Blocked => (Icon::Stop, "bad"),
        RunStatus::Failed => (Icon::Warning, "bad"),
        RunStatus::Cancelled | RunStatus::Interrupted => (Icon::Dash, ""),
    };
    view! { <Chip icon=icon text=words::status(status) tone=tone/> }
}

/// The stage of a version: `production`, `archived`.
#[component]
pub fn StageChip(#[prop(into)] stage: String) -> impl IntoView {
    let (icon, tone) = match stage.as_str() {
        "production" => (Icon::Check, "good"),
        "candidate" | "staging" => (Icon::Clock, "warn"),
        _ => (Icon::Archive, ""),
    };
    view! { <Chip icon=icon text=words::spelled(&stage) tone=tone/> }
}

/// What a drift check says.
#[component]
pub fn VerdictChip(verdict: DriftVerdict) -> impl IntoView {
    let (icon, tone) = match verdict {
        DriftVerdict::Stable => (Icon::Check, "good"),
        DriftVerdict::Inconclusive => (Icon::Question, "warn"),
        DriftVerdict::Drifted => (Icon::Warning, "bad"),
    };
    view! { <Chip icon=icon text=words::verdict(verdict) tone=tone/> }
}

/// How bad a drift is; nothing where there is none.
#[component]
pub fn SeverityChip(severity: DriftSeverity) -> impl IntoView {
    let tone = match severity {
        DriftSeverity::None => return None,
        DriftSeverity::Low => "warn",
        DriftSeverity::Medium | DriftSeverity::High => "bad",
    };
    Some(view! { <Chip icon=Icon::Wave text=format!("{} severity", words::spelled(severity.as_str())) tone=tone/> })
}
