use crate::fold::{Change, Rows as _, fold};
use crate::guard::guarded;
use crate::index::IndexKeys;
use crate::ledger::Inner;
use crate::note::{Head, sign_checkpoint};
use crate::reviewer;
use crate::rows::encode;
use crate::tables::{self, Source};
use crate::tree::{self, leaf_hash};
use crate::view::{View, backwards};
use crate::{LedgerError, MAX_EVENT_BYTES, Result, Stamp};
use driftgate_model::{
    Digest, EVENT_FORMAT, Event, EventBody, ObjectRole, RunRow, RunStatus, Sealed, from_json, to_canonical,
};
use redb::WriteTransaction;
use std::ops::Deref;

/// A write in progress: reads see what was appended so far, and nothing lasts until the closure returns `Ok`.
pub struct Transaction<'l> {
    view: View,
    ledger: &'l Inner,
    size: u64,
    last_leaf: Digest,
    appended: bool,
    /// An append failed half-way: the transaction can only be rolled back.
    broken: bool,
}

impl std::fmt::Debug for Transaction<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transaction").field("size", &self.size).finish_non_exhaustive()
    }
}

impl Deref for Transaction<'_> {
    type Target = View;

    fn deref(&self) -> &View {
        &self.view
    }
}

impl<'l> Transaction<'l> {
    pub(crate) fn new(ledger: &'l Inner, transaction: WriteTransaction) -> Result<Transaction<'l>> {
        let view = View { source: Source::writing(transaction) };
        let size = view.size()?;
        let last_leaf = match size.checked_sub(1) {
            Some(last) => tree::Nodes::node(&view.nodes()?, 0, last)?,
            None => Digest::ZERO,
        };
        Ok(Transaction { view, ledger, size, last_leaf, appended: false, broken: false })
    }

    /// Appends an event and updates every projection it changes; returns its sequence number.
    ///
    /// Errors, all before anything is written: an event that the state does not allow ([`LedgerError::Refused`]), or
    /// does not allow any more ([`LedgerError::Conflict`]); one that names an object or a segment that is not stored;
    /// one that is longer than [`MAX_EVENT_BYTES`] or has no canonical JSON.
    pub fn append(&mut self, stamp: &Stamp, body: EventBody) -> Result<u64> {
        if self.broken {
            return Err(LedgerError::Internal("an earlier append in this transaction failed half-way".into()));
        }
        self.check_named(&body)?;
        let kind = body.kind();
        let mut event = Event {
            v: EVENT_FORMAT,
            seq: self.size,
            time: stamp.time,
            actor: self.ledger.actor(&self.view, &stamp.actor)?,
            via: stamp.via.clone(),
            prev: self.last_leaf,
            signed: None,
            body,
        };
        self.sign(&mut event, stamp)?;
        let bytes = to_canonical(&event)?;
        if bytes.len() > MAX_EVENT_BYTES {
            return Err(LedgerError::EventTooLarge { kind, size: bytes.len() });
        }
        // The fold sees what a later reader will see: the event as its bytes say it.
        let event: Event = from_json(&bytes)
            .map_err(|e| LedgerError::Internal(format!("the event `{kind}` cannot be read back: {e}")))?;
        let changes = fold(&mut &self.view, &event)?;
        self.broken = true;
        let leaf = leaf_hash(&bytes);
        guarded(|| {
            self.write_event(&event, &bytes, leaf)?;
            changes.iter().try_for_each(|change| self.write_change(change))
        })?;
        self.last_leaf = leaf;
        self.broken = false;
        self.appended = true;
        self.size += 1;
        Ok(event.seq)
    }

    /// The commitment to an actor's name: the one used before, or a new one.
    pub fn actor(&self, name: &str) -> Result<Sealed> {
        self.ledger.actor(&self.view, name)
    }

    /// Signs the event where it needs a reviewer's signature; the fold looks at the signature like any later reader.
    fn sign(&self, event: &mut Event, stamp: &Stamp) -> Result<()> {
        if !reviewer::may_be_signed(&event.body) {
            return Ok(());
        }
        let registered = (&self.view).reviewer(&event.actor.commitment)?;
        let Some(needed) = reviewer::needed_key(event, registered.as_ref()) else { return Ok(()) };
        let key = stamp.reviewer.as_deref().filter(|key| key.public_key() == needed);
        let Some(key) = key else { return Err(LedgerError::ReviewerKey(stamp.actor.clone())) };
        event.signed = Some(key.sign(event)?);
        Ok(())
    }

    fn check_named(&self, body: &EventBody) -> Result<()> {
        let stored = body.objects().into_iter().filter(|(role, _)| *role == ObjectRole::Stored);
        for (_, digest) in stored {
            if !self.ledger.objects.has(&digest) {
                return Err(LedgerError::ObjectNotFound(digest));
            }
        }
        if let EventBody::RunStage { segments, .. } = body {
            for name in segments.keys() {
                if !crate::segment::path_of(&self.ledger.place.segments(), name)?.is_file() {
                    return Err(LedgerError::NotFound(format!("the segment `{name}`")));
                }
            }
        }
        Ok(())
    }

    fn write_event(&self, event: &Event, bytes: &[u8], leaf: Digest) -> Result<()> {
        let completed = tree::completed_by(&self.view.nodes()?, event.seq, leaf)?;
        let transaction = self.view.source.write_transaction()?;
        transaction.open_table(tables::EVENTS)?.insert(event.seq, bytes)?;
        let mut nodes = transaction.open_table(tables::NODES)?;
        for (level, index, hash) in &completed {
            nodes.insert(tables::node_key(*level, *index), hash.as_bytes())?;
        }
        drop(nodes);
        let keys = IndexKeys::of(event);
        transaction.open_table(tables::BY_KIND)?.insert((event.body.kind(), event.seq), ())?;
        transaction.open_table(tables::BY_ACTOR)?.insert((event.actor.commitment.as_bytes(), event.seq), ())?;
        let mut by_subject = transaction.open_table(tables::BY_SUBJECT)?;
        for subject in &keys.subjects {
            by_subject.insert((subject.as_str(), event.seq), ())?;
        }
        drop(by_subject);
        let mut by_object = transaction.open_table(tables::BY_OBJECT)?;
        for object in &keys.objects {
            by_object.insert((object, event.seq), ())?;
        }
        Ok(())
    }

    fn write_change(&self, change: &Change) -> Result<()> {
        let transaction = self.view.source.write_transaction()?;
        match change {
            Change::Dataset(row) => {
                let bytes = encode(row)?;
                transaction.open_table(tables::DATASETS)?.insert(row.name.as_str(), bytes.as_slice())?;
            }
            Change::Model(row) => {
                let bytes = encode(row)?;
                transaction.open_table(tables::MODELS)?.insert(row.name.as_str(), bytes.as_slice())?;
            }
            Change::Check(row) => {
                let bytes = encode(row)?;
                let key = (row.model.as_str(), row.check.as_str());
                transaction.open_table(tables::CHECKS)?.insert(key, bytes.as_slice())?;
            }
            Change::Server(row) => {
                let mut servers = transaction.open_table(tables::SERVERS)?;
                if row.stopped {
                    servers.remove(row.server.as_str())?;
                } else {
                    servers.insert(row.server.as_str(), encode(row)?.as_slice())?;
                }
            }
            Change::Reviewer(row) => {
                let bytes = encode(row)?;
                transaction.open_table(tables::REVIEWERS)?.insert(row.actor.commitment.as_bytes(), bytes.as_slice())?;
            }
            Change::Run(row) => write_run(transaction, row)?,
        }
        Ok(())
    }

    /// Signs the new head and commits; `None` when nothing was appended.
    pub(crate) fn commit(self) -> Result<Option<String>> {
        if self.broken {
            return Err(LedgerError::Internal("an append in this transaction failed half-way".into()));
        }
        if !self.appended {
            return Ok(None);
        }
        let head = Head { size: self.size, root: tree::root(&self.view.nodes()?, self.size)? };
        let note = sign_checkpoint(&self.ledger.origin, &head, &self.ledger.keys()?.log);
        guarded(|| {
            let transaction = self.view.source.write_transaction()?;
            transaction.open_table(tables::META)?.insert(tables::META_CHECKPOINT, note.as_bytes())?;
            Ok(())
        })?;
        self.view.source.commit()?;
        Ok(Some(note))
    }
}

/// Writes the row of a run and the tables that find it.
pub(crate) fn write_run(transaction: &WriteTransaction, row: &RunRow) -> Result<()> {
    let (seq, id) = (row.started_seq, row.subject.run.as_str());
    let bytes = encode(row)?;
    transaction.open_table(tables::RUNS)?.insert(seq, bytes.as_slice())?;
    if row.last_seq == seq {
        transaction.open_table(tables::RUN_IDS)?.insert(id, seq)?;
        transaction.open_table(tables::RUN_ENDINGS)?.insert(backwards(id).as_str(), seq)?;
    }
    let mut running = transaction.open_table(tables::RUNNING)?;
    if row.status == RunStatus::Running {
        running.insert(seq, ())?;
    } else {
        running.remove(seq)?;
    }
    Ok(())
}
