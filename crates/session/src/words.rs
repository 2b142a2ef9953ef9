//! Words of the command line, said as a person sees them in the window.

/// Where the window does what a command does: the longest beginning counts.
const PLACES: [(&str, &str); 19] = [
    ("driftgate audit log", "the Audit screen"),
    ("driftgate audit verify", "Verify on the Audit screen"),
    ("driftgate adapt", "the Drift screen"),
    ("driftgate dataset add", "Import on the Data sets screen"),
    ("driftgate dataset", "the Data sets screen"),
    ("driftgate doctor", "the doctor on the Settings screen"),
    ("driftgate drift respond", "Respond on the Drift screen"),
    ("driftgate drift", "the Drift screen"),
    ("driftgate gc", "Clean up on the Settings screen"),
    ("driftgate init", "New workspace"),
    ("driftgate models", "the Registry"),
    ("driftgate reject", "Reject on the Registry screen"),
    ("driftgate runs compare", "Compare on the Runs screen"),
    ("driftgate runs", "the Runs screen"),
    ("driftgate run", "Start a run on the Runs screen"),
    ("driftgate serve", "the Serving screen"),
    ("driftgate", "the command line"),
    ("--device cpu", "the processor as its device"),
    ("--", ""),
];

/// The text with commands as the places where the window does the same, and options as fields.
pub(crate) fn for_window(text: &str) -> String {
    let mut out = String::new();
    let mut parts = text.split('`');
    out.push_str(parts.next().unwrap_or_default());
    while let Some(quoted) = parts.next() {
        let Some(rest) = parts.next() else {
            // A lone quote is the text's own.
            out.push('`');
            out.push_str(quoted);
            break;
        };
        let place = PLACES.iter().find(|(begin, _)| quoted.starts_with(begin));
        match place {
            Some(("--", _)) => {
                let name = quoted.trim_start_matches('-').split([' ', '=']).next().unwrap_or_default();
                out.push_str(&format!("“{}”", name.replace('-', " ")));
            }
            Some((_, place)) if out.is_empty() => out.push_str(&capital(place)),
            Some((_, place)) => out.push_str(place),
            None => out.push_str(&format!("`{quoted}`")),
        }
        out.push_str(rest);
    }
    out
}

/// The text with a capital first letter, unless it begins with a name: a first word that is not plain lower case.
pub(crate) fn sentence(text: &str) -> String {
    let first = text.split([' ', ':', ',']).next().unwrap_or_default();
    if !first.bytes().all(|b| b.is_ascii_lowercase()) {
        return text.to_owned();
    }
    capital(text)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |c| c.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_names_a_screen_instead_of_a_command() {
        for (cli, window) in [
            (
                "`driftgate runs list` shows the runs of this workspace",
                "The Runs screen shows the runs of this workspace",
            ),
            ("See `driftgate runs show 1a2b`; train a new candidate", "See the Runs screen; train a new candidate"),
            ("Run `driftgate audit verify` to see more", "Run Verify on the Audit screen to see more"),
            ("Name the version you want with `--to`", "Name the version you want with “to”"),
            (
                "check 1a2b waits for an answer: `driftgate drift respond 1a2b`",
                "check 1a2b waits for an answer: Respond on the Drift screen",
            ),
            ("there is no model `iris`", "there is no model `iris`"),
            ("leave `--target` and `--task` out", "leave “target” and “task” out"),
            ("run again with `--device cpu`", "run again with the processor as its device"),
            ("a lone ` quote", "a lone ` quote"),
            ("", ""),
        ] {
            assert_eq!(for_window(cli), window);
        }
    }

    #[test]
    fn a_name_keeps_its_case() {
        assert_eq!(sentence("there is no model `x`"), "There is no model `x`");
        assert_eq!(sentence("iris-2 has no version 9"), "iris-2 has no version 9");
        assert_eq!(sentence("`x` is twice here"), "`x` is twice here");
    }
}
