//! The workspace itself: made, checked, cleaned.

use super::format::{Tone, bytes, paint, plural, strong};
use super::table::{Align, Cell, Table, facts};
use driftgate_model::views::{Collected, DoctorReport, Initialised};

/// The answer of `init`.
pub fn initialised(i: &Initialised, width: usize) -> String {
    let mut out = format!("{} {}\n", paint(Tone::Good, "✓ Workspace made in"), strong(&i.root));
    out += &facts([("log key", i.log_key.clone()), ("server token", i.server_token.clone())], width);
    out += "  The token is shown this once; driftgate serve asks for it at /admin and /feedback\n";
    out += "\nNext: driftgate dataset add FILE, then driftgate run CONFIG\n";
    out
}

/// The answer of `doctor`.
pub fn doctor(d: &DoctorReport, width: usize) -> String {
    let mut out = format!("{}\n", strong(&format!("Driftgate {}", d.driftgate)));
    let mut table = Table::new(&[("", Align::Left), ("", Align::Left), ("", Align::Left)]);
    for c in &d.checks {
        let (mark, tone) = match c.status.as_str() {
            "ok" => ("✓", Tone::Good),
            "warning" => ("!", Tone::Warn),
            _ => ("✗", Tone::Bad),
        };
        let detail = match &c.hint {
            Some(hint) => format!("{} → {hint}", c.detail),
            None => c.detail.clone(),
        };
        table.row([Cell::toned(mark, tone), c.name.as_str().into(), detail.into()]);
    }
    out += &table.render(width);
    out
}

/// The answer of `gc`.
pub fn collected(c: &Collected, _width: usize) -> String {
    let what = format!("{}, {}", plural(c.objects, "object", "objects"), bytes(c.bytes));
    let freed = match (c.dry_run, c.objects == 0 && c.bytes == 0) {
        (_, true) => "Nothing to free: every object is named by an event\n".into(),
        (true, false) => format!("Would free {what}; run it without --dry-run to do so\n"),
        (false, false) => format!("{} {what}\n", paint(Tone::Good, "✓ Freed")),
    };
    match c.damaged {
        0 => freed,
        n => {
            let kept = plural(n, "damaged object was kept", "damaged objects were kept");
            format!("{freed}{} {kept}: driftgate audit verify names each\n", paint(Tone::Warn, "!"))
        }
    }
}
