//! The state of the import dialog: what is planned for a file, and the `dataset.yaml` that results.

use crate::bridge::{ask, call};
use driftgate_model::views::{Failure, ImportPlan, SpecDraft};
use driftgate_model::{DatasetSpec, Task, ValidationReport};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// How long typing rests before the engine is asked.
const REST: Duration = Duration::from_millis(300);

/// A data set that gets a new version.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// Its name.
    pub name: String,
    /// The spec of its newest version.
    pub spec: DatasetSpec,
}

/// Everything the dialog knows. It outlives every change of the ledger.
#[derive(Clone, Copy)]
pub struct Draft {
    /// The file.
    pub path: RwSignal<String>,
    /// The data set that gets a new version, where it is one.
    pub known: RwSignal<Option<Known>>,
    /// What import would do.
    pub plan: RwSignal<Option<ImportPlan>>,
    /// The spec, once no question is open.
    pub spec: RwSignal<Option<DatasetSpec>>,
    /// Its text.
    pub text: RwSignal<String>,
    /// What is wrong with the text.
    pub problems: RwSignal<Vec<String>>,
    /// Fields that hold what cannot be read.
    pub wrong: RwSignal<BTreeSet<String>>,
    /// Why there is no plan.
    pub failure: RwSignal<Option<Failure>>,
    /// Whether an answer is waited for.
    pub busy: RwSignal<bool>,
    /// What validation finds in the data, as far as it is known.
    pub found: RwSignal<Option<ValidationReport>>,
    /// Why the data could not be validated.
    pub unknown: RwSignal<Option<Failure>>,
    /// Whether the data are being validated, which holds up nothing.
    pub validating: RwSignal<bool>,
    /// Whether a `dataset.yaml` beside the file says it all.
    pub by_file: RwSignal<bool>,
    /// Grows whenever the form is to begin anew.
    pub form: RwSignal<u64>,
    turn: StoredValue<u64>,
    /// The newest turn and its text that the data are still to be validated against.
    waiting: StoredValue<Option<(u64, String)>>,
}

impl Draft {
    /// An empty one.
    pub fn new() -> Draft {
        Draft {
            path: RwSignal::new(String::new()),
            known: RwSignal::new(None),
            plan: RwSignal::new(None),
            spec: RwSignal::new(None),
            text: RwSignal::new(String::new()),
            problems: RwSignal::new(Vec::new()),
            wrong: RwSignal::new(BTreeSet::new()),
            failure: RwSignal::new(None),
            busy: RwSignal::new(false),
            found: RwSignal::new(None),
            unknown: RwSignal::new(None),
            validating: RwSignal::new(false),
            by_file: RwSignal::new(false),
            form: RwSignal::new(0),
            turn: StoredValue::new(0),
            waiting: StoredValue::new(None),
        }
    }

    fn next_turn(self) -> u64 {
        self.turn.update_value(|t| *t += 1);
        self.turn.get_value()
    }

    fn current(self, turn: u64) -> bool {
        self.turn.try_get_value() == Some(turn)
    }

    /// Looks at a file.
    pub fn begin(self, path: String, known: Option<Known>) {
        self.path.set(path.clone());
        self.known.set(known.clone());
        let first = plan_arguments(&path, None, None, None);
        self.plan_with(first, move |plan| {
            self.by_file.set(plan.spec_given);
            match known.filter(|_| !plan.spec_given) {
                // A new version keeps the contract of the versions before it.
                Some(known) => self.take_text_of(known.spec),
                None => self.take_plan(plan),
            }
        });
    }

    /// Answers the questions, and plans anew with what was answered.
    pub fn answer(self, target: Option<String>, task: Option<Task>) {
        let name = self.spec.with_untracked(|s| s.as_ref().map(|s| s.name.clone()));
        let arguments = plan_arguments(&self.path.get_untracked(), name, target, task);
        self.plan_with(arguments, move |plan| self.take_plan(plan));
    }

    fn plan_with(self, arguments: Value, then: impl FnOnce(ImportPlan) + 'static) {
        let turn = self.next_turn();
        self.busy.set(true);
        self.failure.set(None);
        self.plan.set(None);
        self.spec.set(None);
        self.problems.set(Vec::new());
        self.found.set(None);
        self.unknown.set(None);
        spawn_local(async move {
            let planned = call::<ImportPlan>(&ask("plan_import", arguments)).await;
            if !self.current(turn) {
                return;
            }
            self.busy.set(false);
            match planned {
                Ok(plan) => then(plan),
                Err(failure) => self.failure.set(Some(failure)),
            }
        });
    }

    fn take_plan(self, plan: ImportPlan) {
        let complete = plan.questions.is_empty();
        let spec = plan.spec.clone();
        self.plan.set(Some(plan));
        if complete {
            self.spec.set(Some(spec));
            self.form.update(|f| *f += 1);
            self.changed();
        }
    }

    /// Makes the text of a spec, and plans with it.
    fn take_text_of(self, spec: DatasetSpec) {
        let turn = self.next_turn();
        self.busy.set(true);
        spawn_local(async move {
            let drafted = call::<SpecDraft>(&ask("draft_spec", json!({ "spec": spec }))).await;
            if !self.current(turn) {
                return;
            }
            match drafted {
                Ok(draft) => self.plan_text(draft.text),
                Err(failure) => {
                    self.busy.set(false);
                    self.failure.set(Some(failure));
                }
            }
        });
    }

    fn plan_text(self, text: String) {
        let arguments = spec_arguments(&self.path.get_untracked(), Some(text));
        self.plan_with(arguments, move |plan| self.take_plan(plan));
    }

    /// The form changed the spec: its text follows.
    pub fn changed(self) {
        let turn = self.next_turn();
        self.busy.set(true);
        set_timeout(
            move || {
                if self.current(turn) {
                    spawn_local(self.redraft(turn));
                }
            },
            REST,
        );
    }

    async fn redraft(self, turn: u64) {
        let Some(spec) = self.spec.get_untracked() else { return };
        let drafted = call::<SpecDraft>(&ask("draft_spec", json!({ "spec": spec }))).await;
        if !self.current(turn) {
            return;
        }
        match drafted {
            Ok(draft) => {
                self.text.set(draft.text.clone());
                if draft.problems.is_empty() {
                    self.check(turn, draft.text).await;
                } else {
                    self.problems.set(draft.problems);
                    self.busy.set(false);
                }
            }
            Err(failure) => {
                self.busy.set(false);
                self.failure.set(Some(failure));
            }
        }
    }

    /// What the data say against the text.
    async fn check(self, turn: u64, text: String) -> bool {
        let path = self.path.get_untracked();
        let checked = call::<SpecDraft>(&ask("check_spec", json!({ "path": path, "text": &text }))).await;
        if !self.current(turn) {
            return false;
        }
        self.busy.set(false);
        match checked {
            Ok(draft) => {
                let holds = draft.problems.is_empty();
                self.failure.set(None);
                self.problems.set(draft.problems);
                if holds {
                    self.validate(turn, text);
                }
                holds
            }
            Err(failure) => {
                self.failure.set(Some(failure));
                false
            }
        }
    }

    /// Validates the data against the text. One validation runs at a time; of those that wait, the newest counts.
    fn validate(self, turn: u64, text: String) {
        self.waiting.set_value(Some((turn, text)));
        if !self.validating.get_untracked() {
            self.validating.set(true);
            spawn_local(self.validate_waiting());
        }
    }

    async fn validate_waiting(self) {
        while let Some((turn, text)) = self.waiting.try_update_value(Option::take).flatten() {
            let Some((path, by_file)) = self.path.try_get_untracked().zip(self.by_file.try_get_untracked()) else {
                return;
            };
            let arguments = spec_arguments(&path, (!by_file).then_some(text));
            let found = call::<ValidationReport>(&ask("validate_import", arguments)).await;
            if !self.current(turn) {
                continue;
            }
            let (found, unknown) = match found {
                Ok(report) => (Some(report), None),
                Err(failure) => (None, Some(failure)),
            };
            self.found.try_set(found);
            self.unknown.try_set(unknown);
        }
        self.validating.try_set(false);
    }

    /// The text was changed by hand: the form follows once it holds.
    pub fn typed(self, text: String) {
        self.text.set(text.clone());
        let turn = self.next_turn();
        self.busy.set(true);
        set_timeout(
            move || {
                if self.current(turn) {
                    spawn_local(self.reread(turn, text));
                }
            },
            REST,
        );
    }

    async fn reread(self, turn: u64, text: String) {
        if !self.check(turn, text.clone()).await {
            return;
        }
        let arguments = spec_arguments(&self.path.get_untracked(), Some(text));
        let planned = call::<ImportPlan>(&ask("plan_import", arguments)).await;
        if let Ok(plan) = planned
            && self.current(turn)
        {
            self.wrong.set(BTreeSet::new());
            self.spec.set(Some(plan.spec));
            self.form.update(|f| *f += 1);
        }
    }

    /// Changes the spec from the form.
    pub fn edit(self, change: impl FnOnce(&mut DatasetSpec)) {
        self.spec.update(|spec| {
            if let Some(spec) = spec {
                change(spec);
            }
        });
        self.changed();
    }

    /// Whether it can be imported as it is.
    pub fn ready(self) -> bool {
        self.spec.with(Option::is_some)
            && !self.busy.get()
            && self.problems.with(Vec::is_empty)
            && self.wrong.with(BTreeSet::is_empty)
            && self.failure.with(Option::is_none)
            && self.found.with(|f| f.as_ref().is_none_or(|f| f.errors() == 0))
    }

    /// What the job is asked.
    pub fn job(self, reference: bool) -> Value {
        let text = (!self.by_file.get_untracked()).then(|| self.text.get_untracked());
        json!({
            "kind": "import", "path": self.path.get_untracked(), "name": null, "target": null, "task": null,
            "reference": reference, "spec": text,
        })
    }
}

/// The arguments of a plan or a validation with the text of a spec, or with the one beside the file.
fn spec_arguments(path: &str, spec: Option<String>) -> Value {
    json!({ "path": path, "name": null, "target": null, "task": null, "spec": spec })
}

fn plan_arguments(path: &str, name: Option<String>, target: Option<String>, task: Option<Task>) -> Value {
    json!({ "path": path, "name": name, "target": target, "task": task, "spec": null })
}
