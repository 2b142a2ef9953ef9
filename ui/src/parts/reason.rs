use crate::bridge::{Ask, call};
use driftgate_model::views::Failure;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::de::DeserializeOwned;

/// A decision that is recorded with a reason: what is typed, what is wrong with it, and how the engine took it.
#[derive(Clone, Copy)]
pub struct Reason {
    /// What is typed.
    pub text: RwSignal<String>,
    /// What is wrong with it, once it was tried: it goes as soon as something is typed.
    pub wrong: Signal<Option<String>>,
    /// Why the engine refused.
    pub failure: RwSignal<Option<Failure>>,
    /// Whether the engine is at work.
    pub busy: RwSignal<bool>,
    needed: RwSignal<Option<&'static str>>,
}

impl Reason {
    /// An empty one, which is emptied again whenever what `about` reads changes.
    pub fn new(about: impl Fn() + 'static) -> Reason {
        let text = RwSignal::new(String::new());
        let needed = RwSignal::new(None::<&'static str>);
        let wrong =
            Signal::derive(move || needed.get().filter(|_| text.with(|t| t.trim().is_empty())).map(str::to_owned));
        let reason = Reason { text, wrong, failure: RwSignal::new(None), busy: RwSignal::new(false), needed };
        Effect::new(move |_| {
            about();
            reason.text.set(String::new());
            reason.needed.set(None);
            reason.failure.set(None);
        });
        reason
    }

    /// What was typed; `None` where nothing was.
    pub fn given(self) -> Option<String> {
        Some(self.text.get_untracked().trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// What was typed; where nothing was, `why` is said below the field.
    pub fn required(self, why: &'static str) -> Option<String> {
        self.needed.set(Some(why));
        self.given()
    }

    /// Asks the engine, unless it is at work already, and hands its answer to `then`; what it refuses is shown, and `refused` is called.
    pub fn ask<T: DeserializeOwned + 'static>(
        self,
        asked: Ask,
        then: impl FnOnce(T) + 'static,
        refused: impl FnOnce() + 'static,
    ) {
        if self.busy.get_untracked() {
            return;
        }
        self.needed.set(None);
        self.failure.set(None);
        self.busy.set(true);
        spawn_local(async move {
            let got = call::<T>(&asked).await;
            self.busy.try_set(false);
            match got {
                Ok(answer) => then(answer),
                Err(failure) => {
                    self.failure.try_set(Some(failure));
                    refused();
                }
            }
        });
    }
}
