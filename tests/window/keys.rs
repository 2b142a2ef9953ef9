//! Keys by name.

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::key::Key;

/// Keys of one chord: down from the first to the last, up from the last to the first.
pub fn chord(chord: &str) -> KeyActions {
    // A plus alone is the key itself.
    let names: Vec<&str> = if chord == "+" { vec!["+"] } else { chord.split('+').collect() };
    let keys: Vec<char> = names.iter().map(|name| key(name)).collect();
    let mut actions = KeyActions::new("keyboard".into());
    for value in &keys {
        actions = actions.then(KeyAction::Down { value: *value });
    }
    for value in keys.iter().rev() {
        actions = actions.then(KeyAction::Up { value: *value });
    }
    actions
}

fn key(name: &str) -> char {
    match name {
        "ctrl" => Key::Control.into(),
        "shift" => Key::Shift.into(),
        "alt" => Key::Alt.into(),
        "meta" => Key::Meta.into(),
        "Enter" => Key::Enter.into(),
        "Tab" => Key::Tab.into(),
        "Escape" => Key::Escape.into(),
        "Space" => ' ',
        "Backspace" => Key::Backspace.into(),
        "Delete" => Key::Delete.into(),
        "Home" => Key::Home.into(),
        "End" => Key::End.into(),
        "PageUp" => Key::PageUp.into(),
        "PageDown" => Key::PageDown.into(),
        "ArrowUp" => Key::Up.into(),
        "ArrowDown" => Key::Down.into(),
        "ArrowLeft" => Key::Left.into(),
        "ArrowRight" => Key::Right.into(),
        other => {
            let mut chars = other.chars();
            match (chars.next(), chars.next()) {
                (Some(c), None) => c,
                _ => panic!("there is no key `{other}`"),
            }
        }
    }
}
