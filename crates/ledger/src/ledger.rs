use crate::guard::guarded;
use crate::keys::Keys;
use crate::lock::{Lock, Use};
use crate::log::{EventFilter, audit_log};
use crate::note::{Head, NoteVerifier, read_checkpoint};
use crate::objects::ObjectStore;
use crate::place::{self, Place, Unfinished, lay_out, sync_folder};
use crate::projections::refold;
use crate::store::{Medium, Opened};
use crate::tables::{self, Source};
use crate::{
    HeldLease, LedgerError, OpenOptions, PublicKeys, Result, Scanned, SegmentReader, SegmentWriter, Stamp, Transaction,
    VerifyOptions, VerifyReport, View, attest, lease, scan, verify,
};
use driftgate_model::{
    CancelToken, Digest, Event, EventBody, Lease, Observer, Sealed, SealedText, from_json, to_canonical,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

/// A workspace's ledger, objects, segments and keys. Cheap to clone, and shared between threads.
///
/// No file stays open between calls: [`Ledger::write`] and [`Ledger::read`] lock, open, do their work and close.
#[derive(Clone)]
pub struct Ledger(Arc<Inner>);

/// A file in the object store, as [`Ledger::objects`] lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredObject {
    /// An object, not hashed again.
    Object(Digest),
    /// A file that no digest names.
    Stray(PathBuf),
}

pub(crate) struct Inner {
    pub(crate) place: Place,
    pub(crate) objects: ObjectStore,
    pub(crate) origin: String,
    options: OpenOptions,
    medium: Medium,
    keys: OnceLock<Keys>,
    actors: Mutex<BTreeMap<String, Sealed>>,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger").field("root", &self.0.place.root).finish_non_exhaustive()
    }
}

impl Ledger {
    /// Makes a workspace in `root`, which is created where it is missing: the `.driftgate` folder appears whole or not at all.
    ///
    /// Errors: a workspace is there already; the folder is on a network or synchronised drive; it cannot be written.
    pub fn create(root: &Path, options: OpenOptions, stamp: &Stamp, driftgate_version: &str) -> Result<Ledger> {
        Ledger::create_on(Medium::File, root, options, stamp, driftgate_version)
    }

    pub(crate) fn create_on(
        medium: Medium,
        root: &Path,
        options: OpenOptions,
        stamp: &Stamp,
        driftgate_version: &str,
    ) -> Result<Ledger> {
        place::make_durably(root)?;
        place::check_suitable(root)?;
        let place = Place::of(root);
        if place.ledger().exists() {
            return Err(LedgerError::AlreadyAWorkspace(root.to_owned()));
        }
        let mut salt = [0; 8];
        options.entropy.fill(&mut salt);
        let origin = format!("driftgate.local/{}", hex::encode(salt));
        // Built aside under a name nobody looks for, and renamed when it is whole.
        let unfinished = Unfinished(root.join(format!("{}.tmp-{}", place::FOLDER, hex::encode(salt))));
        let building = Place { root: root.to_owned(), folder: unfinished.0.clone() };
        lay_out(&building)?;
        let keys = Keys::generate(options.entropy.as_ref())?;
        keys.write(&building.keys())?;
        medium.create(&building, &origin)?;
        let builder = Inner::new(building, options.clone(), medium.clone(), origin.clone());
        let public = keys.public(&origin)?;
        let model_key = builder.objects.put(public.model_pem.as_bytes())?;
        let created = EventBody::WorkspaceCreated {
            origin: origin.clone(),
            log_key: public.log_vkey,
            model_key,
            driftgate_version: driftgate_version.to_owned(),
        };
        Ledger(Arc::new(builder)).write(|transaction| transaction.append(stamp, created))?;
        sync_folder(&unfinished.0.join("keys"))?;
        sync_folder(&unfinished.0)?;
        std::fs::rename(&unfinished.0, &place.folder).map_err(|source| match source.kind() {
            ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists | ErrorKind::NotADirectory => {
                match place.ledger().exists() {
                    true => LedgerError::AlreadyAWorkspace(root.to_owned()),
                    false => LedgerError::FolderInTheWay(root.to_owned()),
                }
            }
            _ => LedgerError::Io { what: "create", path: place.folder.clone(), source },
        })?;
        sync_folder(root)?;
        Ok(Ledger(Arc::new(Inner::new(place, options, medium, origin))))
    }

    /// Opens the workspace in `root`. Nothing is ever created; what an interrupted process left is put right: a head that
    /// is behind, and projections that an older Driftgate wrote.
    ///
    /// Errors: no workspace there, a newer one, a damaged ledger file, a network or synchronised drive, or somebody who
    /// does not give the ledger back.
    pub fn open(root: &Path, options: OpenOptions) -> Result<Ledger> {
        Ledger::open_on(Medium::File, root, options)
    }

    pub(crate) fn open_on(medium: Medium, root: &Path, options: OpenOptions) -> Result<Ledger> {
        let place = Place::of(root);
        if matches!(medium, Medium::File) && !place.ledger().is_file() {
            return Err(match place.objects().is_dir() {
                true => LedgerError::corrupt(format!("`{}`", place.ledger().display()), "the file is missing"),
                false => LedgerError::NotAWorkspace(root.to_owned()),
            });
        }
        place::check_suitable(root)?;
        let mut inner = Inner::new(place, options, medium, String::new());
        let (origin, projections) = inner.read(|view| {
            let newer = |found: u32, known: u32| match found > known {
                true => Err(LedgerError::Newer { path: root.to_owned(), found, known }),
                false => Ok(found),
            };
            newer(view.meta_number(tables::META_SCHEMA)?, tables::SCHEMA)?;
            let projections = newer(view.meta_number(tables::META_PROJECTIONS)?, tables::PROJECTIONS)?;
            inner.repair_head(view)?;
            Ok::<_, LedgerError>((view.meta_text(tables::META_ORIGIN)?, projections))
        })?;
        inner.origin = origin;
        let ledger = Ledger(Arc::new(inner));
        if projections < tables::PROJECTIONS {
            tracing::info!(found = projections, written = tables::PROJECTIONS, "folding the projections anew");
            ledger.rebuild_projections()?;
        }
        Ok(ledger)
    }

    /// The folder of the workspace.
    pub fn root(&self) -> &Path {
        &self.0.place.root
    }

    /// The folder for what can be made again at any time (`.driftgate/cache`).
    pub fn cache_folder(&self) -> PathBuf {
        self.0.place.folder.join("cache")
    }

    /// Origin line of the checkpoints, such as `driftgate.local/0123456789abcdef`.
    pub fn origin(&self) -> &str {
        &self.0.origin
    }

    /// Stores a text under a salted commitment.
    pub fn seal(&self, text: &str) -> Result<Sealed> {
        self.0.seal(text)
    }

    /// The text behind a commitment; `None` when it was redacted.
    pub fn unseal(&self, sealed: &Sealed) -> Result<Option<String>> {
        self.0.unseal(sealed)
    }

    /// Stores bytes as an object; bytes that are stored already are left alone.
    pub fn put(&self, bytes: &[u8]) -> Result<Digest> {
        self.0.objects.put(bytes)
    }

    /// Stores a copy of a file as an object (sharing its blocks where the file system can); returns digest and size.
    pub fn put_file(&self, path: &Path) -> Result<(Digest, u64)> {
        self.0.objects.put_file(path)
    }

    /// The same for a file that may be large: `watch` is told how many bytes of how many are done (each counts twice, once
    /// copied and once hashed), at least every 16 MiB, and stops it with `false`; then nothing is stored, and `None` comes back.
    pub fn put_file_watched(
        &self,
        path: &Path,
        watch: &mut dyn FnMut(u64, u64) -> bool,
    ) -> Result<Option<(Digest, u64)>> {
        self.0.objects.put_file_watched(path, watch)
    }

    /// The bytes of an object, hashed again.
    ///
    /// Errors: [`LedgerError::ObjectNotFound`]; [`LedgerError::Corrupt`] when the bytes are not the ones it is named for.
    pub fn get(&self, digest: &Digest) -> Result<Vec<u8>> {
        self.0.objects.get(digest)
    }

    /// Stores a value as an object of canonical JSON.
    pub fn put_json<T: Serialize>(&self, value: &T) -> Result<Digest> {
        self.put(&to_canonical(value)?)
    }

    /// Reads an object of JSON.
    pub fn get_json<T: DeserializeOwned>(&self, digest: &Digest) -> Result<T> {
        from_json(&self.get(digest)?).map_err(|e| {
            LedgerError::corrupt(format!("object {digest}"), format!("it is not what was looked for: {e}"))
        })
    }

    /// Whether the object is stored; its bytes are not hashed.
    pub fn has(&self, digest: &Digest) -> bool {
        self.0.objects.has(digest)
    }

    /// The file of an object, for readers that stream; it must not be changed.
    pub fn object_path(&self, digest: &Digest) -> PathBuf {
        self.0.objects.path(digest)
    }

    /// Hashes an object again without loading it; returns its size.
    pub fn check_object(&self, digest: &Digest) -> Result<u64> {
        self.0.objects.check(digest)
    }

    /// Hashes a closed segment again, which must have that digest.
    ///
    /// Errors: it is missing; its bytes are others.
    pub fn check_segment(&self, name: &str, digest: &Digest) -> Result<()> {
        crate::segment::check(&self.0.place.segments(), name, digest)
    }

    /// Reads an object through, without keeping its bytes: whether they are intact, and which others its text names.
    pub fn scan_object(&self, digest: &Digest) -> Result<Scanned> {
        scan::scan(&self.object_path(digest), digest)
    }

    /// Every file of the object store, by digest.
    pub fn objects(&self) -> Result<Vec<StoredObject>> {
        let found = self.0.objects.list()?;
        Ok(found.into_iter().map(|f| f.map_or_else(StoredObject::Stray, StoredObject::Object)).collect())
    }

    /// Removes an object, for a redaction. Returns whether it was there.
    pub fn remove_object(&self, digest: &Digest) -> Result<bool> {
        self.0.objects.remove(digest)
    }

    /// Removes an object that nobody has put since `before`, for `gc`: within [`Ledger::alone`], once no event leads to
    /// it. Returns its size where it was removed.
    pub fn remove_object_older(&self, digest: &Digest, before: SystemTime) -> Result<Option<u64>> {
        self.0.objects.remove_older(digest, before)
    }

    /// Removes temporary files and lease files that dead processes left before `before`; returns how many.
    pub fn sweep(&self, before: SystemTime) -> Result<usize> {
        Ok(self.0.objects.sweep(before)? + lease::sweep(&self.0.place.leases(), before))
    }

    /// Runs `f` in one durable transaction: committed when it returns `Ok`, rolled back otherwise.
    ///
    /// Waits for other holders of the ledger up to the lock timeout. Do not call [`Ledger::write`] or [`Ledger::read`]
    /// from within `f`: they would wait for this very transaction.
    pub fn write<T, E: From<LedgerError>>(&self, f: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>) -> Result<T, E> {
        let inner = &*self.0;
        let lock = inner.lock(Use::Write)?;
        let opened = inner.medium.open_to_write(&inner.place)?;
        let mut transaction = Transaction::new(inner, opened.begin_write()?)?;
        inner.refuse_lost_events(&transaction)?;
        let value = f(&mut transaction)?;
        let note = transaction.commit()?;
        drop(opened);
        if let Some(note) = note {
            inner.write_head(&note);
        }
        drop(lock);
        Ok(value)
    }

    /// Runs `f` on the newest committed state. Other readers read at the same time; writers wait.
    pub fn read<T, E: From<LedgerError>>(&self, f: impl FnOnce(&View) -> Result<T, E>) -> Result<T, E> {
        self.0.read(f)
    }

    /// Runs `f` on the newest committed state while nobody else reads or writes: no event is appended meanwhile.
    pub fn alone<T, E: From<LedgerError>>(&self, f: impl FnOnce(&View) -> Result<T, E>) -> Result<T, E> {
        let inner = &*self.0;
        let _lock = inner.lock(Use::Write)?;
        // For reading, since a disk without room must not be in the way.
        let opened = match inner.medium.open_to_read(&inner.place)? {
            Some(opened) => opened,
            None => inner.medium.open_to_write(&inner.place)?,
        };
        f(&View { source: Source::reading(opened.begin_read()?) })
    }

    /// The events that the filter admits, oldest first.
    pub fn audit_log(&self, filter: &EventFilter) -> Result<Vec<Event>> {
        self.read(|view| audit_log(&self.0, view, filter, |event, _| event))
    }

    /// The exact bytes of the events that the filter admits, oldest first: the entries of the log, without the leaf prefix.
    pub fn raw_log(&self, filter: &EventFilter) -> Result<Vec<Vec<u8>>> {
        self.read(|view| audit_log(&self.0, view, filter, |_, bytes| bytes))
    }

    /// Checks everything: see [`VerifyReport`]. Faults are reported, not returned as errors.
    ///
    /// Errors: what keeps it from looking at all, such as a file that cannot be opened, or a cancellation.
    pub fn verify(
        &self,
        options: &VerifyOptions,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<VerifyReport> {
        verify::verify(&self.0, options, observer, cancel)
    }

    /// Drops the projections and folds them again from the events.
    pub fn rebuild_projections(&self) -> Result<()> {
        let inner = &*self.0;
        let _lock = inner.lock(Use::Write)?;
        let opened = inner.medium.open_to_write(&inner.place)?;
        let view = View { source: Source::writing(opened.begin_write()?) };
        let projections = refold(&view)?;
        guarded(|| {
            let transaction = view.source.write_transaction()?;
            tables::delete_projections(transaction)?;
            tables::create_projections(transaction)?;
            projections.write(transaction)?;
            let version = tables::PROJECTIONS.to_string();
            transaction.open_table(tables::META)?.insert(tables::META_PROJECTIONS, version.as_bytes())?;
            Ok(())
        })?;
        view.source.commit()
    }

    /// The signed checkpoint of the newest event, a C2SP note.
    pub fn checkpoint(&self) -> Result<String> {
        self.read(View::checkpoint)
    }

    /// Size and root as the head file says, without opening the ledger: cheap enough to poll.
    pub fn head(&self) -> Result<Head> {
        match self.0.read_head() {
            Some(head) => Ok(head),
            None => self.read(View::checkpoint_head),
        }
    }

    /// Signs an in-toto statement about `subjects` with the log key and stores its DSSE envelope.
    pub fn attest(
        &self,
        predicate_type: &str,
        subjects: &[(String, Digest)],
        predicate: serde_json::Value,
    ) -> Result<Digest> {
        let keys = self.0.keys()?;
        let key_id = keys.public(&self.0.origin)?.log_fingerprint;
        self.put_json(&attest::envelope(keys, &key_id, predicate_type, subjects, &predicate)?)
    }

    /// Signs with the P-256 key of models: ECDSA over SHA-256, as DER.
    pub fn sign_model(&self, message: &[u8]) -> Result<Vec<u8>> {
        Ok(self.0.keys()?.sign_model(message))
    }

    /// Takes a lease, held until it is dropped: for work whose event is settled when its process dies.
    pub fn take_lease(&self) -> Result<HeldLease> {
        HeldLease::take(&self.0.place.leases(), self.0.options.entropy.as_ref())
    }

    /// Whether somebody still holds the lease that an event names.
    pub fn is_held(&self, lease: &Lease) -> bool {
        lease::is_held(&self.0.place.leases(), lease)
    }

    /// Removes what a dead lease left: for whoever settled its event.
    pub fn forget_lease(&self, lease: &Lease) {
        lease::forget(&self.0.place.leases(), lease);
    }

    /// Begins a segment; its name must be new.
    pub fn segment(&self, name: &str) -> Result<SegmentWriter> {
        SegmentWriter::create(&self.0.place.segments(), name)
    }

    /// Reads a segment record by record.
    pub fn read_segment<T: DeserializeOwned>(&self, name: &str) -> Result<SegmentReader<T>> {
        SegmentReader::open(&self.0.place.segments(), name)
    }

    /// Names and sizes in bytes of the segments whose name begins with `prefix`, by name.
    pub fn segments(&self, prefix: &str) -> Result<Vec<(String, u64)>> {
        crate::segment::list(&self.0.place.segments(), prefix)
    }

    /// Removes a segment that no event names, such as an old part of a prediction log.
    pub fn remove_segment(&self, name: &str) -> Result<()> {
        crate::segment::remove(&self.0.place.segments(), name)
    }

    /// Keeps a secret of that name beside the keys, in a file for its owner alone; an earlier one is replaced.
    pub fn put_secret(&self, name: &str, bytes: &[u8]) -> Result<()> {
        crate::keys::replace_private(&crate::segment::path_of(&self.0.place.keys(), name)?, bytes)
    }

    /// The secret of that name, if there is one.
    pub fn secret(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let path = crate::segment::path_of(&self.0.place.keys(), name)?;
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(LedgerError::io("read", &path)(e)),
        }
    }

    /// The public keys of the workspace; in a backup without its private ones, those that the first event names.
    pub fn keys(&self) -> Result<PublicKeys> {
        match self.0.keys() {
            Err(LedgerError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => self.recorded_keys(),
            keys => keys?.public(&self.0.origin),
        }
    }

    fn recorded_keys(&self) -> Result<PublicKeys> {
        match self.read(|view| view.event(0))?.map(|event| event.body) {
            Some(EventBody::WorkspaceCreated { origin, log_key, model_key, .. }) => {
                PublicKeys::recorded(&origin, &log_key, &self.get(&model_key)?)
            }
            _ => Err(LedgerError::corrupt("event 0", "it does not say with which keys the workspace was made")),
        }
    }
}

impl Inner {
    fn new(place: Place, options: OpenOptions, medium: Medium, origin: String) -> Inner {
        Inner {
            objects: ObjectStore::at(place.objects()),
            place,
            origin,
            options,
            medium,
            keys: OnceLock::new(),
            actors: Mutex::default(),
        }
    }

    pub(crate) fn lock(&self, usage: Use) -> Result<Lock> {
        Lock::acquire(&self.place, &self.options, usage)
    }

    pub(crate) fn read<T, E: From<LedgerError>>(&self, f: impl FnOnce(&View) -> Result<T, E>) -> Result<T, E> {
        let mut _lock = self.lock(Use::Read)?;
        let opened: Opened = match self.medium.open_to_read(&self.place)? {
            Some(opened) => opened,
            None => {
                drop(_lock);
                _lock = self.lock(Use::Write)?;
                self.medium.open_to_write(&self.place)?
            }
        };
        let view = View { source: Source::reading(opened.begin_read()?) };
        f(&view)
    }

    /// The private keys, read once and only when something is signed.
    pub(crate) fn keys(&self) -> Result<&Keys> {
        if let Some(keys) = self.keys.get() {
            return Ok(keys);
        }
        let keys = Keys::read(&self.place.keys())?;
        Ok(self.keys.get_or_init(|| keys))
    }

    pub(crate) fn seal(&self, text: &str) -> Result<Sealed> {
        let mut salt = [0; 16];
        self.options.entropy.fill(&mut salt);
        let sealed = SealedText { salt: hex::encode(salt), text: text.to_owned() };
        Ok(Sealed { commitment: self.objects.put(&to_canonical(&sealed)?)? })
    }

    pub(crate) fn unseal(&self, sealed: &Sealed) -> Result<Option<String>> {
        match self.objects.get(&sealed.commitment) {
            Ok(bytes) => {
                let text: SealedText = from_json(&bytes).map_err(|e| {
                    LedgerError::corrupt(format!("object {}", sealed.commitment), format!("it is no sealed text: {e}"))
                })?;
                Ok(Some(text.text))
            }
            Err(LedgerError::ObjectNotFound(_)) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Whether the text behind the commitment is `name`; one that was redacted or is damaged is not.
    pub(crate) fn is_named(&self, actor: &Sealed, name: &str) -> Result<bool> {
        match self.unseal(actor) {
            Ok(text) => Ok(text.as_deref() == Some(name)),
            Err(LedgerError::Corrupt { .. }) => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// The commitment to an actor: the one the workspace has used for the name, or a new one.
    pub(crate) fn actor(&self, view: &View, name: &str) -> Result<Sealed> {
        let known = self.actors.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied();
        // A redaction since then takes the text away, and with it the reason to use the commitment again.
        if let Some(sealed) = known.filter(|s| self.objects.has(&s.commitment)) {
            return Ok(sealed);
        }
        let mut found = None;
        for actor in view.actors()? {
            if self.is_named(&actor, name)? {
                found = Some(actor);
                break;
            }
        }
        let sealed = match found {
            Some(sealed) => sealed,
            None => self.seal(name)?,
        };
        self.actors.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), sealed);
        Ok(sealed)
    }

    /// The head file, where it can be read.
    pub(crate) fn read_head(&self) -> Option<Head> {
        read_checkpoint(&std::fs::read_to_string(self.place.head()).ok()?).ok().map(|(_, head)| head)
    }

    /// Writes the head file; the commit it speaks of is durable already, so a failure is only noted: the next open or
    /// write puts it right.
    fn write_head(&self, note: &str) {
        if let Err(error) = self.try_write_head(note) {
            tracing::warn!(%error, "the head file is behind the ledger until the next write");
        }
    }

    fn try_write_head(&self, note: &str) -> std::io::Result<()> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let n = COUNTER.fetch_add(1, Ordering::Relaxed);
        let temporary = self.place.folder.join(format!("head.tmp-{}-{n}", std::process::id()));
        let written = std::fs::File::create(&temporary).and_then(|mut file| file.write_all(note.as_bytes()));
        match written.and_then(|()| std::fs::rename(&temporary, self.place.head())) {
            Ok(()) => Ok(()),
            Err(e) => {
                // Best effort: the name is not used again, and `head.tmp-*` is ignored.
                let _ = std::fs::remove_file(&temporary);
                Err(e)
            }
        }
    }

    /// Writes the head file again where it is missing, torn or behind.
    fn repair_head(&self, view: &View) -> Result<()> {
        let note = view.checkpoint()?;
        let (_, head) = read_checkpoint(&note)?;
        if self.read_head().is_none_or(|found| found.size < head.size)
            && let Err(error) = self.try_write_head(&note)
        {
            tracing::debug!(%error, "the head file cannot be repaired");
        }
        Ok(())
    }

    /// Refuses to write to a ledger that is older than a head this workspace signed: the log would fork.
    fn refuse_lost_events(&self, view: &View) -> Result<()> {
        let Ok(note) = std::fs::read_to_string(self.place.head()) else { return Ok(()) };
        let Ok((_, claimed)) = read_checkpoint(&note) else { return Ok(()) };
        let size = view.size()?;
        if claimed.size <= size {
            return Ok(());
        }
        let key = self.keys()?.log.verifying_key();
        match NoteVerifier::new(&self.origin, key).open_checkpoint(&note) {
            Ok(_) => Err(LedgerError::corrupt(
                format!("`{}`", self.place.ledger().display()),
                format!(
                    "it has {size} events, but the checkpoint in `{}` signs {}: events were lost",
                    self.place.head().display(),
                    claimed.size
                ),
            )),
            // Not signed by this log: nothing to defend.
            Err(_) => Ok(()),
        }
    }
}
