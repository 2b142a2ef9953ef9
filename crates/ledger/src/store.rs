//! Opening the redb file for one transaction.

use crate::place::Place;
use crate::tables;
use crate::{LedgerError, Result};
use redb::{Database, DatabaseError, ReadOnlyDatabase, ReadTransaction, ReadableDatabase, WriteTransaction};
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Pages kept in memory while the file is open: enough for a verification, far below redb's default of 1 GiB.
const CACHE_BYTES: usize = 1 << 28;

/// Where the database lies.
#[derive(Debug, Clone)]
pub(crate) enum Medium {
    /// In the workspace's file.
    File,
    /// On a simulated disk.
    #[cfg(test)]
    Simulated(crate::sim::Disk),
}

/// A database opened in either mode; closing happens on drop.
pub(crate) enum Opened {
    Writable(Database),
    ReadOnly(ReadOnlyDatabase),
}

impl Opened {
    pub(crate) fn begin_read(&self) -> Result<ReadTransaction> {
        Ok(match self {
            Opened::Writable(database) => database.begin_read()?,
            Opened::ReadOnly(database) => database.begin_read()?,
        })
    }

    /// A durable transaction: two-phase, since the checksum of the one-phase commit is not cryptographic; with quick
    /// repair, so that the file opens at once after a crash.
    pub(crate) fn begin_write(&self) -> Result<WriteTransaction> {
        match self {
            Opened::Writable(database) => {
                let mut transaction = database.begin_write()?;
                transaction.set_durability(redb::Durability::Immediate)?;
                transaction.set_two_phase_commit(true);
                transaction.set_quick_repair(true);
                Ok(transaction)
            }
            Opened::ReadOnly(_) => Err(LedgerError::Internal("a write began in a file opened for reading".into())),
        }
    }
}

fn builder() -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    builder.set_repair_callback(|session| {
        tracing::info!(progress = session.progress(), "repairing the ledger file after a crash");
    });
    builder
}

impl Medium {
    /// Makes the file with all tables and what does not change.
    pub(crate) fn create(&self, place: &Place, origin: &str) -> Result<()> {
        let opened = match self {
            Medium::File => Opened::Writable(builder().create(place.ledger())?),
            #[cfg(test)]
            Medium::Simulated(disk) => Opened::Writable(builder().create_with_backend(disk.backend())?),
        };
        let transaction = opened.begin_write()?;
        tables::create_all(&transaction)?;
        {
            let mut meta = transaction.open_table(tables::META)?;
            meta.insert(tables::META_SCHEMA, tables::SCHEMA.to_string().as_bytes())?;
            meta.insert(tables::META_PROJECTIONS, tables::PROJECTIONS.to_string().as_bytes())?;
            meta.insert(tables::META_ORIGIN, origin.as_bytes())?;
        }
        transaction.commit()?;
        Ok(())
    }

    pub(crate) fn open_to_write(&self, place: &Place) -> Result<Opened> {
        guarded(place, || {
            Ok(Opened::Writable(match self {
                Medium::File => builder().open(place.ledger())?,
                #[cfg(test)]
                Medium::Simulated(disk) => builder().create_with_backend(disk.backend())?,
            }))
        })
    }

    /// Opens for reading. `None` when the file needs a repair first, which needs [`Medium::open_to_write`].
    pub(crate) fn open_to_read(&self, place: &Place) -> Result<Option<Opened>> {
        guarded(place, || {
            let opened = match self {
                Medium::File => builder().open_read_only(place.ledger()).map(Opened::ReadOnly),
                #[cfg(test)]
                Medium::Simulated(disk) => builder().create_with_backend(disk.backend()).map(Opened::Writable),
            };
            match opened {
                Ok(opened) => Ok(Some(opened)),
                Err(DatabaseError::RepairAborted) => Ok(None),
                Err(error) => Err(error),
            }
        })
    }
}

/// Opens the file, and turns what redb says about it into what a person can use.
///
/// A damaged file can make redb panic while it opens; that is an error about the file too.
fn guarded<T>(place: &Place, open: impl FnOnce() -> Result<T, DatabaseError>) -> Result<T> {
    let path = place.ledger();
    let damaged = |detail: String| LedgerError::corrupt(format!("`{}`", path.display()), detail);
    match catch_unwind(AssertUnwindSafe(open)) {
        Ok(Ok(opened)) => Ok(opened),
        Ok(Err(DatabaseError::DatabaseAlreadyOpen)) => {
            Err(LedgerError::Busy { holder: "a program that opened the ledger file itself".into(), waited_ms: 0 })
        }
        Ok(Err(DatabaseError::Storage(redb::StorageError::Io(source)))) => Err(match source.kind() {
            ErrorKind::NotFound => damaged("the file is missing".into()),
            ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::UnexpectedEof => damaged(source.to_string()),
            _ => LedgerError::Io { what: "open", path, source },
        }),
        Ok(Err(DatabaseError::Storage(redb::StorageError::Corrupted(detail)))) => Err(damaged(detail)),
        Ok(Err(other)) => Err(other.into()),
        Err(_) => Err(damaged("its contents make no sense".into())),
    }
}
