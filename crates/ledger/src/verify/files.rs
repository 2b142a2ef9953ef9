//! What lies beside the ledger file: objects, segments, keys.

use super::events::Replay;
use super::{FaultKind, Faults, VerifyOptions};
use crate::keys::Keys;
use crate::ledger::Inner;
use crate::objects::hash_file;
use crate::{LedgerError, Result, segment};
use driftgate_model::{CancelToken, Digest, EventBody, ObjectRole, Observer, Progress};
use std::io::ErrorKind;

/// What was found.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) objects: u64,
    pub(super) segments: u64,
    pub(super) redacted: u64,
    pub(super) external: u64,
}

pub(super) fn check(
    inner: &Inner,
    options: &VerifyOptions,
    replay: &Replay,
    faults: &mut Faults,
    observer: &dyn Observer,
    cancel: &CancelToken,
) -> Result<Counts> {
    let mut counts = Counts::default();
    check_keys(inner, replay, faults);
    check_objects(inner, options, &mut counts, faults, observer, cancel)?;
    for (digest, (role, seq)) in &replay.named {
        let present = inner.objects.has(digest);
        match role {
            ObjectRole::Stored if !present => {
                faults.add(
                    FaultKind::Object,
                    format!("object {digest}"),
                    format!("event {seq} names it, and it is missing"),
                );
            }
            ObjectRole::Sealed if !present => counts.redacted += 1,
            ObjectRole::External => counts.external += 1,
            ObjectRole::Stored | ObjectRole::Sealed => {}
        }
    }
    for ((name, digest), seq) in &replay.segments {
        cancel.check()?;
        counts.segments += 1;
        check_segment(inner, options, name, digest, *seq, faults)?;
    }
    Ok(counts)
}

fn check_objects(
    inner: &Inner,
    options: &VerifyOptions,
    counts: &mut Counts,
    faults: &mut Faults,
    observer: &dyn Observer,
    cancel: &CancelToken,
) -> Result<()> {
    // A file that no digest names is no object: nothing can rest on it.
    let digests: Vec<Digest> = inner.objects.list()?.into_iter().flatten().collect();
    let total = digests.len() as u64;
    for digest in &digests {
        cancel.check()?;
        counts.objects += 1;
        if !options.objects {
            continue;
        }
        match inner.objects.check(digest) {
            // Removed since it was listed: a redaction, or told below when an event rests on it.
            Ok(_) | Err(LedgerError::ObjectNotFound(_)) => {}
            Err(LedgerError::Corrupt { place, detail }) => faults.add(FaultKind::Object, place, detail),
            Err(e) => faults.add(FaultKind::Object, format!("object {digest}"), e.to_string()),
        }
        if counts.objects.is_multiple_of(64) {
            observer.progress("objects", Progress { done: counts.objects, total });
        }
    }
    Ok(())
}

fn check_segment(
    inner: &Inner,
    options: &VerifyOptions,
    name: &str,
    digest: &Digest,
    seq: u64,
    faults: &mut Faults,
) -> Result<()> {
    let place = format!("segment `{name}`");
    let path = match segment::path_of(&inner.place.segments(), name) {
        Ok(path) => path,
        Err(e) => {
            faults.add(FaultKind::Segment, place, e.to_string());
            return Ok(());
        }
    };
    let missing = |faults: &mut Faults, place| {
        faults.add(FaultKind::Segment, place, format!("event {seq} names it, and it is missing"));
    };
    if !options.objects {
        if !path.is_file() {
            missing(faults, place);
        }
        return Ok(());
    }
    match hash_file(&path) {
        Ok((found, _)) if found == *digest => {}
        Ok((found, _)) => {
            let detail = format!("its bytes hash to {found}, and event {seq} names {digest}");
            faults.add(FaultKind::Segment, place, detail);
        }
        Err(LedgerError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => missing(faults, place),
        Err(e) => faults.add(FaultKind::Segment, place, e.to_string()),
    }
    Ok(())
}

/// Key files must be the keys that the first event names. Who may not read them can still verify everything else.
fn check_keys(inner: &Inner, replay: &Replay, faults: &mut Faults) {
    let Some(EventBody::WorkspaceCreated { origin, log_key, model_key, .. }) = &replay.created else { return };
    let public = match Keys::read(&inner.place.keys()).and_then(|keys| keys.public(origin)) {
        Ok(public) => public,
        Err(LedgerError::Corrupt { place, detail }) => return faults.add(FaultKind::Key, place, detail),
        Err(error) => {
            tracing::debug!(%error, "the key files were not compared");
            return;
        }
    };
    if public.log_vkey != *log_key {
        faults.add(FaultKind::Key, "the log key", "it is not the one that event 0 names");
    }
    if Digest::of(public.model_pem.as_bytes()) != *model_key {
        faults.add(FaultKind::Key, "the model key", "it is not the one that event 0 names");
    }
}
