//! A field whose text is read as it is typed.

use super::draft::Draft;
use crate::parts::TextField;
use leptos::prelude::*;

/// A line of text that `take` reads and puts into the draft; what it cannot read is said below the field, and stops the import.
#[component]
pub fn Entry(
    draft: Draft,
    #[prop(into)] label: String,
    #[prop(into)] start: String,
    #[prop(optional, into)] help: Option<String>,
    #[prop(optional, into)] placeholder: String,
    take: impl Fn(&str) -> Result<(), String> + 'static,
) -> impl IntoView {
    let value = RwSignal::new(start);
    let wrong = RwSignal::new(None::<String>);
    let key = StoredValue::new(label.clone());
    Effect::new(move |before: Option<()>| {
        let text = value.get();
        if before.is_some() {
            let found = take(&text).err();
            let key = key.get_value();
            draft.wrong.update(|all| {
                if found.is_some() {
                    all.insert(key);
                } else {
                    all.remove(&key);
                }
            });
            wrong.set(found);
        }
    });
    on_cleanup(move || {
        let key = key.try_get_value();
        draft.wrong.try_update(|all| key.is_some_and(|key| all.remove(&key)));
    });
    view! { <TextField label=label value=value help=help.unwrap_or_default() placeholder=placeholder wrong=wrong/> }
}
