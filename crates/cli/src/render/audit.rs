//! The ledger as a timeline, its verification and its keys.

use super::format::{Tone, count, faint, paint, plural, strong, time, who, who_signed};
use super::table::{Align, Cell, Table, facts, paragraph};
use driftgate_engine::{PublicKeys, VerifyReport};
use driftgate_model::views::{AuditLog, ReviewerList, ReviewerRegistered};

/// The answer of `audit log`.
pub fn log(l: &AuditLog, width: usize) -> String {
    if l.lines.is_empty() {
        return format!("No event matches; the ledger holds {}\n", count(l.size));
    }
    let mut table = Table::new(&[
        ("event", Align::Right),
        ("time (UTC)", Align::Left),
        ("kind", Align::Left),
        ("who", Align::Left),
        ("what", Align::Left),
    ]);
    for line in &l.lines {
        table.row([
            count(line.event.seq).into(),
            time(line.event.time).into(),
            Cell::toned(line.event.body.kind(), Tone::Strong),
            who_signed(line.actor.as_deref(), line.event.signed.as_ref().map(|s| s.key)).into(),
            line.summary.as_str().into(),
        ]);
    }
    let shown = l.lines.len() as u64;
    let tail = if shown < l.size { format!("  {} of {} events\n", count(shown), count(l.size)) } else { String::new() };
    table.render(width) + &tail
}

/// Whether a verification found nothing wrong.
pub fn holds(report: &VerifyReport) -> bool {
    report.is_clean()
}

/// The answer of `audit verify`: what was checked, or the first thing wrong and the others after it.
pub fn verified(report: &VerifyReport, width: usize) -> String {
    let mut out = match report.first_fault.as_ref().or(report.faults.first()) {
        None => format!("{} · {}\n", paint(Tone::Good, "✓ Verified"), plural(report.events, "event", "events")),
        Some(first) => paragraph("✗ Fault in ", &format!("{}: {}", first.place, first.detail), width).replacen(
            "✗ Fault",
            &paint(Tone::Bad, "✗ Fault"),
            1,
        ),
    };
    let mut pairs = vec![
        ("tree nodes", count(report.nodes)),
        ("table rows", count(report.rows)),
        ("objects", count(report.objects)),
    ];
    if report.segments > 0 {
        pairs.push(("segments", count(report.segments)));
    }
    if report.redacted > 0 {
        pairs.push(("redacted", plural(report.redacted, "text", "texts")));
    }
    if report.external > 0 {
        pairs.push(("left in place", plural(report.external, "file", "files")));
    }
    pairs.push(("root", report.root.to_string()));
    out += &facts(pairs, width);
    let others: Vec<_> = report.faults.iter().skip(1).collect();
    if !others.is_empty() {
        out += &format!("\n{}\n", strong("More faults"));
        for fault in others {
            out += &paragraph("  ✗ ", &format!("{}: {}", fault.place, fault.detail), width);
        }
        let kept = report.faults.len() as u64;
        if kept < report.fault_count {
            out += &format!("  … and {} more\n", count(report.fault_count - kept));
        }
    }
    out
}

/// The answer of `audit keys show`.
pub fn keys(k: &PublicKeys, width: usize) -> String {
    let mut out = format!("{}\n", strong(&k.origin));
    out += &facts(
        [
            ("log key", k.log_vkey.clone()),
            ("log fingerprint", k.log_fingerprint.to_string()),
            ("model fingerprint", k.model_fingerprint.to_string()),
        ],
        width,
    );
    out += &format!(
        "\n{}\n{}\n{}\n{}",
        faint("Log key"),
        k.log_pem.trim_end(),
        faint("Key of model signatures"),
        k.model_pem
    );
    out
}

/// The answer of `audit reviewer add`.
pub fn registered(r: &ReviewerRegistered, width: usize) -> String {
    let mut out = format!("{} · {}\n", paint(Tone::Good, "✓ Registered"), r.name);
    let file = if r.made { format!("{} (made now: keep a copy)", r.key_file) } else { r.key_file.clone() };
    out += &facts([("key", r.fingerprint.to_string()), ("private key", file), ("event", count(r.seq))], width);
    out += &paragraph("", "Decisions under this name are signed with it from now on, and refused without it", width);
    out
}

/// The answer of `audit reviewer list`.
pub fn reviewers(l: &ReviewerList, width: usize) -> String {
    if l.reviewers.is_empty() {
        return paragraph(
            "",
            "No reviewer has a registered key: the names on decisions are declared, not authenticated. \
             `driftgate audit reviewer add` registers yours",
            width,
        );
    }
    let mut table = Table::new(&[
        ("name", Align::Left),
        ("key (SHA-256)", Align::Left),
        ("registered (UTC)", Align::Left),
        ("event", Align::Right),
        ("", Align::Left),
    ]);
    for r in &l.reviewers {
        table.row([
            Cell::toned(who(r.name.as_deref()), Tone::Strong),
            r.fingerprint.to_string().into(),
            time(r.at).into(),
            count(r.seq).into(),
            if r.here { "your key" } else { "" }.into(),
        ]);
    }
    table.render(width)
}
