//! The log itself: leaves, tree, checkpoint, and the fold.

use super::{FaultKind, Faults, VerifyOptions, tables as compare};
use crate::index::IndexKeys;
use crate::ledger::Inner;
use crate::note::{Head, NoteVerifier, read_checkpoint};
use crate::parallel::on_threads;
use crate::parse::parse_event;
use crate::projections::Projections;
use crate::tables;
use crate::tree::{self, Nodes, leaf_hash, node_hash};
use crate::view::View;
use crate::{LedgerError, Result};
use driftgate_model::{CancelToken, Digest, EVENT_FORMAT, Event, EventBody, ObjectRole, Observer, Progress};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;

/// Events read in one turn: some tens of milliseconds.
const TURN: u64 = 1 << 14;

/// The log, replayed.
pub(super) struct Replay {
    /// Stored nodes by level.
    levels: Vec<Vec<Digest>>,
    /// The next event to look at.
    next: u64,
    /// Where the events end that follow each other, once others were found behind a gap.
    gap: Option<u64>,
    /// The fold so far; `None` once an event was damaged, for what follows from it would only be noise.
    projections: Option<Projections>,
    /// The first event, which names the keys.
    pub(super) created: Option<EventBody>,
    /// Digests that events name, with the strictest role and the first event of that role.
    pub(super) named: BTreeMap<Digest, (ObjectRole, u64)>,
    /// Segments that events name.
    pub(super) segments: BTreeMap<(String, Digest), u64>,
}

impl Default for Replay {
    fn default() -> Self {
        Replay {
            levels: Vec::new(),
            next: 0,
            gap: None,
            projections: Some(Projections::default()),
            created: None,
            named: BTreeMap::new(),
            segments: BTreeMap::new(),
        }
    }
}

/// An event on its own: everything about it that needs no other event.
struct Examined {
    seq: u64,
    leaf: Digest,
    event: Result<(Event, IndexKeys), String>,
}

fn examine((seq, bytes): &(u64, Vec<u8>)) -> Examined {
    let event = match parse_event(*seq, bytes) {
        Ok(event) => {
            let keys = IndexKeys::of(&event);
            Ok((event, keys))
        }
        Err(LedgerError::Corrupt { detail, .. }) => Err(detail),
        Err(other) => Err(other.to_string()),
    };
    Examined { seq: *seq, leaf: leaf_hash(bytes), event }
}

/// What the replay ends with.
pub(super) struct Outcome {
    pub(super) head: Head,
    pub(super) checkpoint: String,
    pub(super) rows: u64,
}

impl Nodes for Replay {
    type Error = LedgerError;

    fn node(&self, level: u8, index: u64) -> Result<Digest> {
        let stored = self.levels.get(usize::from(level)).and_then(|l| l.get(usize::try_from(index).ok()?));
        stored.copied().ok_or_else(|| LedgerError::Internal(format!("node {index} of level {level} was not read")))
    }
}

impl Replay {
    pub(super) fn events(&self) -> u64 {
        self.next
    }

    pub(super) fn nodes(&self) -> u64 {
        self.levels.iter().map(|level| level.len() as u64).sum()
    }

    pub(super) fn run(
        &mut self,
        inner: &Inner,
        options: &VerifyOptions,
        faults: &mut Faults,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Outcome> {
        loop {
            cancel.check()?;
            let turn = inner.read(|view| self.turn(inner, view, options, faults, observer));
            let damaged = match turn {
                Ok(Some(outcome)) => return Ok(outcome),
                Ok(None) => continue,
                Err(LedgerError::Corrupt { place, detail }) => (place, detail),
                Err(other) => return Err(other),
            };
            faults.add(FaultKind::File, damaged.0, damaged.1);
            let head = Head { size: self.next, root: Digest::ZERO };
            return Ok(Outcome { head, checkpoint: String::new(), rows: 0 });
        }
    }

    /// Looks at some more events; when none are left, at what the whole amounts to.
    fn turn(
        &mut self,
        inner: &Inner,
        view: &View,
        options: &VerifyOptions,
        faults: &mut Faults,
        observer: &dyn Observer,
    ) -> Result<Option<Outcome>> {
        let size = self.size(view, faults)?;
        let end = size.min(self.next + TURN);
        let nodes = self.read_nodes(view, end, faults)?;
        self.read_events(view, end, options.threads, faults)?;
        // After the events: a changed leaf is told from its event, and only then from what is above it.
        for place in nodes {
            faults.add(FaultKind::Node, place, "it is not the hash of the two nodes below it");
        }
        observer.progress("events", Progress { done: self.next, total: size });
        if self.next < size {
            return Ok(None);
        }
        self.finish(inner, view, options, faults).map(Some)
    }

    /// How many events to look at: all of them or, where some are missing, those before the gap. A key may be any number,
    /// so what lies behind a gap is told and not counted up to.
    fn size(&mut self, view: &View, faults: &mut Faults) -> Result<u64> {
        if let Some(gap) = self.gap {
            return Ok(gap);
        }
        let table = view.source.table(tables::EVENTS)?;
        let (count, last) = (table.len()?, table.last_key(|seq| seq)?);
        if last.map_or(Some(0), |last| last.checked_add(1)) == Some(count) {
            return Ok(count);
        }
        let mut end = 0;
        for seq in table.iter(|seq, _| seq)? {
            let seq = seq?;
            if seq != end {
                let detail = format!("it is missing, and event {seq} comes next");
                faults.add(FaultKind::Event, format!("event {end}"), detail);
                break;
            }
            end += 1;
        }
        self.projections = None;
        self.gap = Some(end);
        Ok(end)
    }

    /// Reads the nodes that the events up to `end` complete and checks each against its children; gives the places of
    /// those that are not their hash.
    fn read_nodes(&mut self, view: &View, end: u64, faults: &mut Faults) -> Result<Vec<String>> {
        let mut wrong = Vec::new();
        let table = view.source.table(tables::NODES)?;
        for level in 0_u8..64 {
            let (from, to) = (self.next >> level, end >> level);
            if to == 0 {
                break;
            }
            if self.levels.len() <= usize::from(level) {
                self.levels.push(Vec::new());
            }
            let keys = tables::node_key(level, from)..tables::node_key(level, to);
            let mut stored = table.range(keys, |key, hash| (key, Digest(*hash)))?.peekable();
            for index in from..to {
                let key = tables::node_key(level, index);
                let found = match stored.next_if(|e| e.as_ref().map_or(true, |(k, _)| *k == key)) {
                    Some(entry) => Some(entry?.1),
                    None => None,
                };
                let children = match level.checked_sub(1) {
                    Some(below) => Some(node_hash(&self.node(below, 2 * index)?, &self.node(below, 2 * index + 1)?)),
                    None => None,
                };
                let place = || format!("node {index} of level {level} of the tree");
                match (found, children) {
                    (None, _) => faults.add(FaultKind::Node, place(), "it is missing"),
                    (Some(found), Some(children)) if found != children => wrong.push(place()),
                    _ => {}
                }
                let hash = found.or(children).unwrap_or(Digest::ZERO);
                if let Some(nodes) = self.levels.get_mut(usize::from(level)) {
                    nodes.push(hash);
                }
            }
        }
        Ok(wrong)
    }

    fn read_events(&mut self, view: &View, end: u64, threads: NonZeroUsize, faults: &mut Faults) -> Result<()> {
        let table = view.source.table(tables::EVENTS)?;
        let stored: Vec<(u64, Vec<u8>)> =
            table.range(self.next..end, |seq, bytes| (seq, bytes.to_vec()))?.collect::<Result<_>>()?;
        let mut examined = on_threads(&stored, threads, examine).into_iter().peekable();
        for seq in self.next..end {
            match examined.next_if(|e| e.seq == seq) {
                Some(entry) => self.take_event(entry, faults)?,
                None => {
                    self.projections = None;
                    faults.add(FaultKind::Event, format!("event {seq}"), "it is missing");
                }
            }
        }
        self.next = end;
        Ok(())
    }

    fn take_event(&mut self, entry: Examined, faults: &mut Faults) -> Result<()> {
        let Examined { seq, leaf, event } = entry;
        let fault = |faults: &mut Faults, detail: String| {
            faults.add(FaultKind::Event, format!("event {seq}"), detail);
        };
        if leaf != self.node(0, seq)? {
            self.projections = None;
            fault(faults, format!("its bytes hash to {leaf}, which is not its leaf in the tree"));
        }
        let (event, keys) = match event {
            Ok(read) => read,
            Err(detail) => {
                self.projections = None;
                fault(faults, format!("it cannot be read: {detail}"));
                return Ok(());
            }
        };
        let before = match seq.checked_sub(1) {
            Some(last) => self.node(0, last)?,
            None => Digest::ZERO,
        };
        if event.v != EVENT_FORMAT {
            fault(faults, format!("its format is {}, not {EVENT_FORMAT}", event.v));
        }
        if event.seq != seq {
            fault(faults, format!("it says that it is event {}", event.seq));
        }
        if event.prev != before {
            fault(faults, "it does not follow the event before it: `prev` is another leaf hash".into());
        }
        self.note_names(&event);
        if let Some(projections) = &mut self.projections
            && let Err(e) = projections.apply(&event, keys)
        {
            self.projections = None;
            fault(faults, format!("it could not happen: {e}"));
        }
        if seq == 0 {
            self.created = Some(event.body);
        }
        Ok(())
    }

    fn note_names(&mut self, event: &Event) {
        let actor = (ObjectRole::Sealed, event.actor.commitment);
        for (role, digest) in event.body.objects().into_iter().chain([actor]) {
            let known = self.named.entry(digest).or_insert((role, event.seq));
            // `Stored` is the strictest role: what one event may redact, another may still rest on.
            if role < known.0 {
                *known = (role, event.seq);
            }
        }
        if let EventBody::RunStage { segments, .. } = &event.body {
            for (name, digest) in segments {
                self.segments.entry((name.clone(), *digest)).or_insert(event.seq);
            }
        }
    }

    fn finish(&mut self, inner: &Inner, view: &View, options: &VerifyOptions, faults: &mut Faults) -> Result<Outcome> {
        if self.gap.is_none() {
            self.check_node_count(view, faults)?;
        }
        let head = Head { size: self.next, root: tree::root(self, self.next)? };
        let log = self.log_verifier(view, faults)?;
        let checkpoint = view.checkpoint().unwrap_or_default();
        self.check_stored_checkpoint(log.as_ref(), &checkpoint, &head, faults);
        self.check_head_file(inner, log.as_ref(), faults);
        if let Some(note) = &options.checkpoint {
            self.check_earlier(log.as_ref(), note, FaultKind::Checkpoint, "the checkpoint given", faults);
        }
        for (key, known) in [(tables::META_SCHEMA, tables::SCHEMA), (tables::META_PROJECTIONS, tables::PROJECTIONS)] {
            let found = view.meta_text(key).unwrap_or_default();
            if found != known.to_string() {
                let detail = format!("it says `{found}`, not `{known}`");
                faults.add(FaultKind::Meta, format!("entry `{key}` of the table `meta`"), detail);
            }
        }
        let rows = match &self.projections {
            Some(projections) => compare::check(view, projections, faults)?,
            None => 0,
        };
        Ok(Outcome { head, checkpoint, rows })
    }

    fn check_node_count(&self, view: &View, faults: &mut Faults) -> Result<()> {
        let table = view.source.table(tables::NODES)?;
        if table.len()? == self.nodes() {
            return Ok(());
        }
        for key in table.iter(|key, _| key)? {
            let key = key?;
            let (level, index) = (key >> 56, key & (u64::MAX >> 8));
            let known = usize::try_from(level)
                .ok()
                .and_then(|l| self.levels.get(l))
                .is_some_and(|nodes| index < nodes.len() as u64);
            if !known {
                let place = format!("node {index} of level {level} of the tree");
                faults.add(FaultKind::Node, place, "no event is below it");
            }
        }
        Ok(())
    }

    /// The key that the first event names.
    fn log_verifier(&self, view: &View, faults: &mut Faults) -> Result<Option<NoteVerifier>> {
        let Some(EventBody::WorkspaceCreated { origin, log_key, .. }) = &self.created else { return Ok(None) };
        let recorded = view.meta_text(tables::META_ORIGIN).unwrap_or_default();
        if recorded != *origin {
            let detail = format!("it says `{recorded}`, and the first event says `{origin}`");
            faults.add(FaultKind::Meta, format!("entry `{}` of the table `meta`", tables::META_ORIGIN), detail);
        }
        match NoteVerifier::from_vkey(log_key) {
            Ok(verifier) if verifier.name() == origin => Ok(Some(verifier)),
            Ok(_) => {
                faults.add(FaultKind::Event, "event 0", "its log key has another name than its origin");
                Ok(None)
            }
            Err(e) => {
                faults.add(FaultKind::Event, "event 0", format!("its log key cannot be read: {e}"));
                Ok(None)
            }
        }
    }

    fn check_stored_checkpoint(&self, log: Option<&NoteVerifier>, note: &str, head: &Head, faults: &mut Faults) {
        let Some(log) = log else { return };
        let place = "the checkpoint in the ledger";
        match log.open_checkpoint(note) {
            Err(LedgerError::Corrupt { detail, .. }) => faults.add(FaultKind::Checkpoint, place, detail),
            Err(e) => faults.add(FaultKind::Checkpoint, place, e.to_string()),
            Ok(claimed) if claimed == *head => {}
            Ok(claimed) => {
                let detail = format!(
                    "it signs {} events with root {}, and the {} events have root {}",
                    claimed.size, claimed.root, head.size, head.root
                );
                faults.add(FaultKind::Checkpoint, place, detail);
            }
        }
    }

    fn check_head_file(&self, inner: &Inner, log: Option<&NoteVerifier>, faults: &mut Faults) {
        let path = inner.place.head();
        // Missing or torn: it is written again at the next open, and proves nothing.
        let Ok(note) = std::fs::read_to_string(&path) else { return };
        if read_checkpoint(&note).is_ok() {
            self.check_earlier(log, &note, FaultKind::Head, &format!("`{}`", path.display()), faults);
        }
    }

    /// Checks that the ledger extends a checkpoint.
    fn check_earlier(&self, log: Option<&NoteVerifier>, note: &str, kind: FaultKind, place: &str, faults: &mut Faults) {
        let Some(log) = log else { return };
        let claimed = match log.open_checkpoint(note) {
            Ok(head) => head,
            Err(LedgerError::Corrupt { detail, .. }) => return faults.add(kind, place, detail),
            Err(e) => return faults.add(kind, place, e.to_string()),
        };
        if claimed.size > self.next {
            let detail =
                format!("it signs {} events, and the ledger has {}: events were lost", claimed.size, self.next);
            return faults.add(kind, place, detail);
        }
        match tree::root(self, claimed.size) {
            Ok(root) if root == claimed.root => {}
            _ => {
                let detail =
                    format!("the first {} events are not the ones it signs: history was rewritten", claimed.size);
                faults.add(kind, place, detail);
            }
        }
    }
}
