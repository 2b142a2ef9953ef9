use crate::answer::{act, answer};
use crate::bridge::ask;
use crate::parts::{Button, Chip, Facts, Icon, Kind, Shown};
use crate::store::store;
use driftgate_model::views::{ReviewerList, ReviewerRegistered};
use leptos::prelude::*;
use serde_json::json;

/// The reviewer's key: whether it signs in this workspace, and how it comes to.
#[component]
pub fn YourKey() -> impl IntoView {
    let store = store();
    let actor = Memo::new(move |_| store.state.with(|s| s.as_ref().map(|s| s.actor.clone())));
    // The name is no part of the question, and changes the answer.
    let list = answer::<ReviewerList>(move || actor.get().map(|_| ask("reviewers", json!({}))));
    view! {
        <section class="stack tight" aria-labelledby="set-key">
            <h3 id="set-key">"Key"</h3>
            <Shown answer=list children=move |l: ReviewerList| view! { <KeyState list=l/> }/>
        </section>
    }
}

/// How a name and a key stand to each other in a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// The key signs.
    Signs,
    /// The name needs a key that is not here.
    Elsewhere,
    /// The name has no registered key.
    Declared,
}

fn standing(list: &ReviewerList) -> Standing {
    match list.reviewers.iter().find(|r| r.name.as_deref() == Some(list.actor.as_str())) {
        Some(r) if r.here => Standing::Signs,
        Some(_) => Standing::Elsewhere,
        None => Standing::Declared,
    }
}

#[component]
fn KeyState(list: ReviewerList) -> impl IntoView {
    let store = store();
    let asked = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let (name, file) = (list.actor.clone(), list.key_file.clone().unwrap_or_default());
    let register = move |_| {
        busy.set(true);
        asked.set(false);
        act::<ReviewerRegistered>(ask("register_reviewer", json!({})), move |r| {
            busy.try_set(false);
            store.good(format!("Decisions of {} are signed from now on", r.name));
        });
    };
    let (icon, tone, word, says) = match standing(&list) {
        Standing::Signs => (
            Icon::Check,
            "good",
            "Signs",
            format!("What {name} decides in this workspace is signed with this key, and refused without it"),
        ),
        Standing::Elsewhere => (
            Icon::Warning,
            "warn",
            "Not here",
            format!(
                "{name} has a registered key in this workspace, and it is not on this computer: bring it here, or act under another name"
            ),
        ),
        Standing::Declared => (
            Icon::Dash,
            "",
            "Not registered",
            format!("The name {name} is declared, not authenticated. With a key, the ledger proves who decided"),
        ),
    };
    let mut facts = Vec::new();
    facts.extend(list.key.map(|key| ("Fingerprint", key.to_string())));
    if !file.is_empty() {
        facts.push((if list.key.is_some() { "Private key" } else { "Would lie in" }, file));
    }
    let may = standing(&list) == Standing::Declared && list.key_file.is_some();
    let confirm = format!("Register key for {name}");
    view! {
        <div class="row"><Chip icon=icon text=word tone=tone/><p class="grow wrapped">{says}</p></div>
        <Facts facts=facts/>
        {may.then(|| view! {
            <div class="row wrap">
                <Button text="Sign my decisions" icon=Icon::Seal disabled=busy on_press=move |_| asked.update(|a| *a = !*a)/>
            </div>
            {move || asked.get().then(|| view! {
                <div class="stack tight" role="status">
                    <p>"The key is made when there is none, and the ledger keeps its public half. This cannot be taken back: keep a copy of the private key, for decisions under this name need it from now on"</p>
                    <div class="row wrap"><Button text=confirm.clone() icon=Icon::Check kind=Kind::Primary on_press=register/></div>
                </div>
            })}
        })}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftgate_model::views::ReviewerLine;
    use driftgate_model::{Digest, Timestamp};

    #[test]
    fn a_name_signs_only_with_the_key_registered_for_it() {
        let line = |name: &str, here| ReviewerLine {
            name: Some(name.into()),
            fingerprint: Digest::ZERO,
            at: Timestamp::UNIX_EPOCH,
            seq: 3,
            here,
        };
        let list = |reviewers| ReviewerList {
            schema: "driftgate/reviewers/1".into(),
            reviewers,
            actor: "ada".into(),
            key: Some(Digest::ZERO),
            key_file: None,
        };
        assert_eq!(standing(&list(vec![])), Standing::Declared);
        assert_eq!(standing(&list(vec![line("grace", true)])), Standing::Declared);
        assert_eq!(standing(&list(vec![line("grace", true), line("ada", false)])), Standing::Elsewhere);
        assert_eq!(standing(&list(vec![line("ada", true)])), Standing::Signs);
    }
}
