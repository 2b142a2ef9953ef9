//! `audit log`: events by kind, subject, actor and time.

use crate::ledger::Inner;
use crate::parse::parse_event;
use crate::tables;
use crate::view::View;
use crate::{LedgerError, Result};
use driftgate_model::{Digest, Event, Sealed, Timestamp};
use std::collections::BTreeSet;

/// What the log is narrowed by; the default admits everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Any of these kinds; all where empty.
    pub kinds: Vec<String>,
    /// `run:ID`, `model:NAME`, `dataset:NAME` or `workspace`; a unique beginning of what follows the colon (for a run, a
    /// unique ending too); the same without the word before the colon; or the digest of an object the event names.
    pub subject: Option<String>,
    /// The actor's name in plain text.
    pub actor: Option<String>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Not after.
    pub until: Option<Timestamp>,
    /// Only the newest so many.
    pub limit: Option<usize>,
}

/// The kinds of subjects that have names.
const NAMED: [&str; 4] = ["run", "model", "dataset", "server"];

/// What `make` makes of the events that the filter admits and of their exact bytes, oldest first.
pub(crate) fn audit_log<T>(
    ledger: &Inner,
    view: &View,
    filter: &EventFilter,
    make: impl Fn(Event, Vec<u8>) -> T,
) -> Result<Vec<T>> {
    let actors = filter.actor.as_ref().map(|name| actors_named(ledger, view, name)).transpose()?;
    let admits = |event: &Event| {
        (filter.kinds.is_empty() || filter.kinds.iter().any(|k| k == event.body.kind()))
            && actors.as_ref().is_none_or(|a| a.contains(&event.actor))
            && filter.since.is_none_or(|t| event.time >= t)
            && filter.until.is_none_or(|t| event.time <= t)
    };
    let mut found = Vec::new();
    let mut visit = |seq: u64| -> Result<bool> {
        let bytes = view
            .event_bytes(seq)?
            .ok_or_else(|| LedgerError::corrupt(format!("event {seq}"), "it is missing, though the index names it"))?;
        let event = parse_event(seq, &bytes)?;
        if admits(&event) {
            found.push(make(event, bytes));
        }
        Ok(filter.limit.is_none_or(|limit| found.len() < limit))
    };
    let candidates = candidates(view, filter, actors.as_deref())?;
    // The recorded time may jump, so only the sequence number says what is newest.
    if filter.limit != Some(0) {
        match candidates {
            Some(seqs) => {
                for seq in seqs.into_iter().rev() {
                    if !visit(seq)? {
                        break;
                    }
                }
            }
            None => {
                for seq in (0..view.size()?).rev() {
                    if !visit(seq)? {
                        break;
                    }
                }
            }
        }
    }
    found.reverse();
    Ok(found)
}

/// The sequence numbers an index yields; `None` where no index applies and every event is a candidate.
fn candidates(view: &View, filter: &EventFilter, actors: Option<&[Sealed]>) -> Result<Option<BTreeSet<u64>>> {
    let mut seqs = BTreeSet::new();
    if let Some(subject) = &filter.subject {
        seqs = by_subject(view, subject)?;
    } else if !filter.kinds.is_empty() {
        let table = view.source.table(tables::BY_KIND)?;
        for kind in &filter.kinds {
            for entry in table.range((kind.as_str(), 0)..=(kind.as_str(), u64::MAX), |(_, seq), ()| seq)? {
                seqs.insert(entry?);
            }
        }
    } else if let Some(actors) = actors {
        let table = view.source.table(tables::BY_ACTOR)?;
        for actor in actors {
            let key = actor.commitment.as_bytes();
            for entry in table.range((key, 0)..=(key, u64::MAX), |(_, seq), ()| seq)? {
                seqs.insert(entry?);
            }
        }
    } else {
        return Ok(None);
    }
    Ok(Some(seqs))
}

/// Commitments whose plain text is `name`: normally one, more where an earlier one was redacted.
fn actors_named(ledger: &Inner, view: &View, name: &str) -> Result<Vec<Sealed>> {
    let mut found = Vec::new();
    for actor in view.actors()? {
        if ledger.is_named(&actor, name)? {
            found.push(actor);
        }
    }
    Ok(found)
}

fn by_subject(view: &View, text: &str) -> Result<BTreeSet<u64>> {
    if let Ok(digest) = text.parse::<Digest>() {
        let table = view.source.table(tables::BY_OBJECT)?;
        let key = digest.as_bytes();
        return table.range((key, 0)..=(key, u64::MAX), |(_, seq), ()| seq)?.collect();
    }
    let subjects = match text.split_once(':') {
        Some((kind, name)) => subjects_named(view, kind, name)?,
        None => {
            let mut all = if text == "workspace" { vec![text.to_owned()] } else { Vec::new() };
            for kind in NAMED {
                all.extend(subjects_named(view, kind, text)?);
            }
            // A full name beats beginnings of others.
            let exact: Vec<String> =
                all.iter().filter(|s| s.split_once(':').is_some_and(|(_, name)| name == text)).cloned().collect();
            if exact.is_empty() { all } else { exact }
        }
    };
    match subjects.as_slice() {
        [] => Err(LedgerError::NotFound(format!("an event about `{text}`"))),
        [subject] => seqs_of(view, subject),
        several => {
            let shown: Vec<&str> = several.iter().take(3).map(String::as_str).collect();
            let more = if several.len() > 3 { " and others" } else { "" };
            Err(LedgerError::Ambiguous { text: text.to_owned(), matches: format!("{}{more}", shown.join(", ")) })
        }
    }
}

fn seqs_of(view: &View, subject: &str) -> Result<BTreeSet<u64>> {
    let table = view.source.table(tables::BY_SUBJECT)?;
    table.range((subject, 0)..=(subject, u64::MAX), |(_, seq), ()| seq)?.collect()
}

/// The subjects `kind:NAME` whose name is `name` or, failing that, begins with it (a run may also end with it).
fn subjects_named(view: &View, kind: &str, name: &str) -> Result<Vec<String>> {
    let table = view.source.table(tables::BY_SUBJECT)?;
    let prefix = format!("{kind}:{name}");
    let mut found: Vec<String> = Vec::new();
    let mut from = (prefix.clone(), 0);
    while let Some(subject) = table.range((from.0.as_str(), from.1).., |(s, _), ()| s.to_owned())?.next() {
        let subject = subject?;
        if !subject.starts_with(&prefix) {
            break;
        }
        if subject == prefix {
            return Ok(vec![subject]);
        }
        found.push(subject.clone());
        from = (subject, u64::MAX);
        if found.len() > 4 {
            break;
        }
    }
    drop(table);
    if kind == "run" && !name.is_empty() {
        let ids = view.runs_by_prefix(name, 5)?;
        found.extend(ids.into_iter().map(|id| format!("run:{id}")));
        found.sort();
        found.dedup();
    }
    Ok(found)
}
