use crate::{EngineError, Result, Workspace};
use driftgate_ledger::{LedgerError, StoredObject, View};
use driftgate_model::Digest;
use driftgate_model::views::Collected;
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

impl Workspace {
    /// Frees objects that no event leads to: what refused imports and crashed runs left.
    ///
    /// An object is kept when an event names it, or when a kept object's text does. A damaged one is kept and counted.
    /// Other processes may go on: what they store meanwhile is young, and what they record meanwhile is looked at before
    /// anything is removed.
    pub fn collect_garbage(&self, dry_run: bool) -> Result<Collected> {
        let mut kept = Kept::default();
        self.ledger.read(|view| kept.note_new_events(view))?;
        self.follow(&mut kept)?;
        let before = self.grace_ended();
        let mut freed = Collected { schema: "driftgate/gc/1".into(), dry_run, objects: 0, bytes: 0, damaged: 0 };
        let mut unnamed = Vec::new();
        for found in self.ledger.objects()? {
            let StoredObject::Object(digest) = found else { continue };
            let Some(size) = self.old_and_unnamed(&digest, &kept, before) else { continue };
            unnamed.push(digest);
            if dry_run {
                freed.objects += 1;
                freed.bytes += size;
            }
        }
        if !dry_run {
            for batch in unnamed.chunks(BATCH) {
                self.free(batch, &mut kept, before, &mut freed)?;
            }
            self.ledger.sweep(before)?;
        }
        freed.damaged = kept.damaged;
        Ok(freed)
    }

    /// Removes those of a batch that still nothing leads to, while nothing can be recorded.
    fn free(&self, batch: &[Digest], kept: &mut Kept, before: SystemTime, freed: &mut Collected) -> Result<()> {
        self.ledger.alone(|view| {
            kept.note_new_events(view)?;
            self.follow(kept)?;
            for digest in batch.iter().filter(|digest| !kept.objects.contains(digest)) {
                if let Some(size) = self.ledger.remove_object_older(digest, before)? {
                    freed.objects += 1;
                    freed.bytes += size;
                }
            }
            Ok(())
        })
    }

    /// Keeps what is noted, and what its texts name.
    fn follow(&self, kept: &mut Kept) -> Result<()> {
        while let Some(digest) = kept.queue.pop() {
            if !kept.objects.insert(digest) {
                continue;
            }
            match self.ledger.scan_object(&digest) {
                Ok(scanned) => {
                    kept.damaged += u64::from(!scanned.intact);
                    kept.queue.extend(scanned.names);
                }
                // A file left in place, a redacted text, or a digest that names something else.
                Err(LedgerError::ObjectNotFound(_)) => {}
                Err(LedgerError::Io { source, path, .. }) => {
                    tracing::warn!(%source, path = %path.display(), "an object cannot be read");
                    kept.damaged += 1;
                }
                Err(other) => return Err(other.into()),
            }
        }
        Ok(())
    }

    /// The size of an object that may go.
    fn old_and_unnamed(&self, digest: &Digest, kept: &Kept, before: SystemTime) -> Option<u64> {
        if kept.objects.contains(digest) {
            return None;
        }
        let meta = std::fs::metadata(self.ledger.object_path(digest)).ok()?;
        meta.modified().is_ok_and(|written| written <= before).then_some(meta.len())
    }

    /// What was stored before this moment belongs to no event that another process is about to append.
    fn grace_ended(&self) -> SystemTime {
        SystemTime::from(self.host.clock.now()).checked_sub(GRACE).unwrap_or(SystemTime::UNIX_EPOCH)
    }
}

/// How long an object that no event names yet is left alone.
const GRACE: Duration = Duration::from_secs(3600);

/// Objects removed while the ledger is held: few enough that nobody waits long.
const BATCH: usize = 256;

/// What events lead to.
#[derive(Default)]
struct Kept {
    objects: BTreeSet<Digest>,
    /// Named, and not looked at yet.
    queue: Vec<Digest>,
    /// The next event to look at.
    next: u64,
    damaged: u64,
}

impl Kept {
    /// Notes what the events since the last time name.
    fn note_new_events(&mut self, view: &View) -> Result<()> {
        let size = view.size()?;
        for seq in self.next..size {
            let missing = || EngineError::corrupt(format!("event {seq} is missing"));
            let event = view.event(seq)?.ok_or_else(missing)?;
            self.queue.push(event.actor.commitment);
            self.queue.extend(event.body.objects().into_iter().map(|(_, digest)| digest));
        }
        self.next = size;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::{BuildInfo, Clock, Entropy, Host};
    use driftgate_model::{EventBody, Sealed, SplitCounts, Task, Timestamp};
    use std::sync::Arc;

    /// Two hours ahead: to this workspace everything is old.
    struct Ahead;

    impl Clock for Ahead {
        fn now(&self) -> Timestamp {
            Timestamp::try_from(SystemTime::now() + 2 * GRACE).unwrap()
        }

        fn elapsed_ms(&self) -> u64 {
            0
        }
    }

    struct Counting;

    impl Entropy for Counting {
        fn fill(&self, buf: &mut [u8]) {
            buf.fill(7);
        }
    }

    fn workspace(root: &std::path::Path) -> Workspace {
        let build = BuildInfo { version: "0".into(), lock_hash: Digest::ZERO, build: "test".into() };
        let host = Host {
            clock: Arc::new(Ahead),
            entropy: Arc::new(Counting),
            actor: "ada".into(),
            via: "test".into(),
            build,
            machine: "test".into(),
            git_commit: None,
            command: None,
            threads: 1,
            reviewer_key: None,
            lock_timeout: Duration::from_secs(30),
        };
        Workspace::init(root, host).unwrap().0
    }

    fn added(object: Digest, source: Sealed) -> EventBody {
        EventBody::DatasetAdded {
            dataset: "d".into(),
            number: 1,
            version: object,
            task: Task::Classification,
            target: "label".into(),
            spec: object,
            files: Vec::new(),
            validation: object,
            split: object,
            counts: SplitCounts { train: 1, val: 1, test: 1 },
            rows: 3,
            columns: 2,
            source,
        }
    }

    #[test]
    fn what_was_recorded_since_the_search_is_kept_with_what_it_names() {
        let dir = tempfile::tempdir().unwrap();
        let workspace = workspace(dir.path());
        let ledger = &workspace.ledger;
        let named = ledger.put(b"named by an object").unwrap();
        let manifest = ledger.put(format!("{{\"part\":\"{named}\"}}").as_bytes()).unwrap();
        let spare = ledger.put(b"named by nothing").unwrap();
        let mut kept = Kept::default();
        ledger.read(|view| kept.note_new_events(view)).unwrap();
        workspace.follow(&mut kept).unwrap();
        let before = workspace.grace_ended();
        assert!([named, manifest, spare].iter().all(|d| workspace.old_and_unnamed(d, &kept, before).is_some()));
        // Another process records one of them before anything is removed.
        let source = ledger.seal("here").unwrap();
        ledger.write(|tx| tx.append(&workspace.stamp(), added(manifest, source))).unwrap();
        let mut freed = Collected { schema: String::new(), dry_run: false, objects: 0, bytes: 0, damaged: 0 };
        workspace.free(&[named, manifest, spare], &mut kept, before, &mut freed).unwrap();
        assert_eq!((freed.objects, freed.bytes), (1, 16));
        assert!(ledger.has(&named) && ledger.has(&manifest) && !ledger.has(&spare));
        assert_eq!(workspace.collect_garbage(false).unwrap().objects, 0);
    }
}
