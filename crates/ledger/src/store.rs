//! Opening the redb file for one transaction.

use crate::guard::{Held, guarded};
use crate::place::Place;
use crate::tables;
use crate::{LedgerError, Result};
use redb::{Database, DatabaseError, ReadOnlyDatabase, ReadTransaction, ReadableDatabase, WriteTransaction};
use std::io::ErrorKind;

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
    Writable(Held<Database>),
    ReadOnly(Held<ReadOnlyDatabase>),
}

impl Opened {
    fn writable(database: Database) -> Opened {
        Opened::Writable(Held::new(database))
    }

    pub(crate) fn begin_read(&self) -> Result<ReadTransaction> {
        guarded(|| {
            Ok(match self {
                Opened::Writable(database) => database.get()?.begin_read()?,
                Opened::ReadOnly(database) => database.get()?.begin_read()?,
            })
        })
    }

    /// A durable transaction: two-phase, since the checksum of the one-phase commit is not cryptographic; with quick
    /// repair, so that the file opens at once after a crash.
    pub(crate) fn begin_write(&self) -> Result<WriteTransaction> {
        let Opened::Writable(database) = self else {
            return Err(LedgerError::Internal("a write began in a file opened for reading".into()));
        };
        guarded(|| {
            let mut transaction = database.get()?.begin_write()?;
            transaction.set_durability(redb::Durability::Immediate)?;
            transaction.set_two_phase_commit(true);
            transaction.set_quick_repair(true);
            Ok(transaction)
        })
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
            Medium::File => Opened::writable(builder().create(place.ledger())?),
            #[cfg(test)]
            Medium::Simulated(disk) => Opened::writable(builder().create_with_backend(disk.backend())?),
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
        opening(place, || {
            Ok(Opened::writable(match self {
                Medium::File => builder().open(place.ledger())?,
                #[cfg(test)]
                Medium::Simulated(disk) => builder().create_with_backend(disk.backend())?,
            }))
        })
    }

    /// Opens for reading. `None` when a crash left the file open: then [`Medium::open_to_write`] opens and closes it properly.
    pub(crate) fn open_to_read(&self, place: &Place) -> Result<Option<Opened>> {
        opening(place, || {
            let opened = match self {
                Medium::File => builder().open_read_only(place.ledger()).map(|d| Opened::ReadOnly(Held::new(d))),
                #[cfg(test)]
                Medium::Simulated(disk) => builder().create_with_backend(disk.backend()).map(Opened::writable),
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
fn opening<T>(place: &Place, open: impl FnOnce() -> Result<T, DatabaseError>) -> Result<T> {
    let path = place.ledger();
    let name = format!("`{}`", path.display());
    let opened = guarded(|| Ok(open()));
    match opened.map_err(|_| LedgerError::corrupt(name.clone(), "its contents make no sense"))? {
        Ok(opened) => Ok(opened),
        Err(DatabaseError::DatabaseAlreadyOpen) => {
            Err(LedgerError::Busy { holder: "a program that opened the ledger file itself".into(), waited_ms: 0 })
        }
        Err(DatabaseError::Storage(redb::StorageError::Io(source))) => Err(match source.kind() {
            ErrorKind::NotFound => LedgerError::corrupt(name, "the file is missing"),
            ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::UnexpectedEof => {
                LedgerError::corrupt(name, source.to_string())
            }
            _ => LedgerError::Io { what: "open", path, source },
        }),
        Err(DatabaseError::Storage(redb::StorageError::Corrupted(detail))) => Err(LedgerError::corrupt(name, detail)),
        Err(other) => Err(other.into()),
    }
}
