//! Answers of the engine that a screen shows: asked when the question changes and whenever the ledger grew.

use crate::bridge::{Ask, call};
use crate::store::store;
use driftgate_model::views::Failure;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::de::DeserializeOwned;

/// An answer, as far as there is one. While the same question is asked again the old answer stays.
pub struct Answer<T: Send + Sync + 'static> {
    /// What the engine said.
    pub value: RwSignal<Option<T>>,
    /// Why it said nothing.
    pub failure: RwSignal<Option<Failure>>,
    /// Whether a first answer has been waited for long enough to say so.
    pub slow: RwSignal<bool>,
    again: RwSignal<u32>,
}

impl<T: Send + Sync + 'static> Clone for Answer<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Answer<T> {}

impl<T: Send + Sync + 'static> Answer<T> {
    /// Asks again now.
    pub fn reload(&self) {
        self.again.update(|n| *n = n.wrapping_add(1));
    }
}

/// Waiting is shown only after so many milliseconds: what is quicker needs no spinner.
const SLOW_MS: u64 = 150;

/// The answer to the question that `question` states; `None` asks nothing and shows nothing.
pub fn answer<T>(question: impl Fn() -> Option<Ask> + 'static) -> Answer<T>
where
    T: DeserializeOwned + Clone + PartialEq + Send + Sync + 'static,
{
    let store = store();
    let answer = Answer {
        value: RwSignal::new(None),
        failure: RwSignal::new(None),
        slow: RwSignal::new(false),
        again: RwSignal::new(0),
    };
    let newest = StoredValue::new(0u64);
    Effect::new(move |before: Option<Option<Ask>>| {
        store.changed.track();
        answer.again.track();
        let asked = question();
        let other = before.flatten() != asked;
        newest.update_value(|n| *n += 1);
        let mine = newest.get_value();
        if other {
            answer.value.set(None);
            answer.failure.set(None);
        }
        answer.slow.set(false);
        if let Some(asked) = asked.clone() {
            let current = move || newest.try_get_value() == Some(mine);
            set_timeout(
                move || {
                    if current() && answer.value.try_with_untracked(Option::is_none) == Some(true) {
                        answer.slow.try_set(true);
                    }
                },
                std::time::Duration::from_millis(SLOW_MS),
            );
            spawn_local(async move {
                let got = call::<T>(&asked).await;
                if !current() {
                    return;
                }
                answer.slow.try_set(false);
                match got {
                    Ok(value) => {
                        // What did not fail before is not told anew: whoever shows it would draw it anew.
                        if answer.failure.try_with_untracked(Option::is_some) == Some(true) {
                            answer.failure.try_set(None);
                        }
                        // Equal answers draw nothing anew.
                        if answer.value.try_with_untracked(|old| old.as_ref() != Some(&value)) == Some(true) {
                            answer.value.try_set(Some(value));
                        }
                    }
                    Err(failure) => {
                        answer.failure.try_set(Some(failure));
                    }
                }
            });
        }
        asked
    });
    answer
}

/// Asks once and hands the answer on; what goes wrong is shown as a message.
pub fn act<T: DeserializeOwned + 'static>(ask: Ask, then: impl FnOnce(T) + 'static) {
    let store = store();
    act_in(store, ask, then);
}

/// Asks for something that has no answer but that it is done.
pub fn done(ask: Ask, then: impl FnOnce() + 'static) {
    act::<()>(ask, move |()| then());
}

/// As [`act`], for a place that has no owner any more, such as the end of another request.
pub fn act_in<T: DeserializeOwned + 'static>(store: crate::store::Store, ask: Ask, then: impl FnOnce(T) + 'static) {
    spawn_local(async move {
        match call::<T>(&ask).await {
            Ok(value) => then(value),
            Err(failure) => store.failed(&failure),
        }
    });
}
