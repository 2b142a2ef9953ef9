//! The tables of the ledger file, and one way to read them inside a read or a write transaction.

use crate::guard::{Held, guarded};
use crate::{LedgerError, Result};
use redb::{
    AccessGuard, Key, Range, ReadOnlyTable, ReadTransaction, ReadableTable, ReadableTableMetadata, Table,
    TableDefinition, TableHandle, Value, WriteTransaction,
};
use std::borrow::Borrow;
use std::ops::RangeBounds;

/// Facts about the file: see the `META_` keys.
pub(crate) const META: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("meta");
/// Sequence number to canonical bytes.
pub(crate) const EVENTS: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("events");
/// Complete subtrees of the Merkle tree, by [`node_key`].
pub(crate) const NODES: TableDefinition<'static, u64, &[u8; 32]> = TableDefinition::new("nodes");

/// Name to [`driftgate_model::DatasetRow`].
pub(crate) const DATASETS: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("datasets");
/// Sequence number of the start to [`driftgate_model::RunRow`].
pub(crate) const RUNS: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("runs");
/// Run id to the sequence number of its start.
pub(crate) const RUN_IDS: TableDefinition<'static, &str, u64> = TableDefinition::new("run_ids");
/// Run id read backwards, so that an ending can be looked up, to the sequence number of its start.
pub(crate) const RUN_ENDINGS: TableDefinition<'static, &str, u64> = TableDefinition::new("run_endings");
/// Starts of the runs that are running.
pub(crate) const RUNNING: TableDefinition<'static, u64, ()> = TableDefinition::new("running");
/// Name to [`driftgate_model::ModelRow`].
pub(crate) const MODELS: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("models");
/// Model and check id to [`driftgate_model::CheckRow`]: ids grow with time.
pub(crate) const CHECKS: TableDefinition<'static, (&str, &str), &[u8]> = TableDefinition::new("checks");
/// Id to the [`driftgate_model::ServerRow`] of each server that runs.
pub(crate) const SERVERS: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("servers");
/// Commitment to the name to the [`driftgate_model::ReviewerRow`].
pub(crate) const REVIEWERS: TableDefinition<'static, &[u8; 32], &[u8]> = TableDefinition::new("reviewers");

/// Events by kind.
pub(crate) const BY_KIND: TableDefinition<'static, (&str, u64), ()> = TableDefinition::new("by_kind");
/// Events by subject (`run:ID`, …).
pub(crate) const BY_SUBJECT: TableDefinition<'static, (&str, u64), ()> = TableDefinition::new("by_subject");
/// Events by a digest they name.
pub(crate) const BY_OBJECT: TableDefinition<'static, (&[u8; 32], u64), ()> = TableDefinition::new("by_object");
/// Events by the commitment to their actor.
pub(crate) const BY_ACTOR: TableDefinition<'static, (&[u8; 32], u64), ()> = TableDefinition::new("by_actor");

/// Version of the file's layout: events, nodes, meta.
pub(crate) const META_SCHEMA: &str = "schema";
/// Version of the projections: their tables, rows and fold. An older one is folded again.
pub(crate) const META_PROJECTIONS: &str = "projections";
/// Origin line of the checkpoints.
pub(crate) const META_ORIGIN: &str = "origin";
/// The signed checkpoint of the newest event.
pub(crate) const META_CHECKPOINT: &str = "checkpoint";

/// The layout this crate writes.
pub(crate) const SCHEMA: u32 = 1;
/// The projections this crate writes.
pub(crate) const PROJECTIONS: u32 = 5;

/// The key of a node: the level in the highest byte, so that a level lies together and in order.
pub(crate) fn node_key(level: u8, index: u64) -> u64 {
    u64::from(level) << 56 | index
}

/// The transaction that a view looks through.
pub(crate) enum Source {
    Read(Held<ReadTransaction>),
    Write(Box<Held<WriteTransaction>>),
}

impl Source {
    pub(crate) fn reading(transaction: ReadTransaction) -> Source {
        Source::Read(Held::new(transaction))
    }

    pub(crate) fn writing(transaction: WriteTransaction) -> Source {
        Source::Write(Box::new(Held::new(transaction)))
    }

    pub(crate) fn table<'t, K: Key + 'static, V: Value + 'static>(
        &'t self,
        definition: TableDefinition<'static, K, V>,
    ) -> Result<AnyTable<'t, K, V>> {
        guarded(|| {
            Ok(match self {
                Source::Read(transaction) => AnyTable::Read(transaction.get()?.open_table(definition)?),
                Source::Write(transaction) => AnyTable::Write(transaction.get()?.open_table(definition)?),
            })
        })
    }

    pub(crate) fn write_transaction(&self) -> Result<&WriteTransaction> {
        match self {
            Source::Write(transaction) => transaction.get(),
            Source::Read(_) => Err(LedgerError::Internal("a write went to a read transaction".into())),
        }
    }

    pub(crate) fn commit(self) -> Result<()> {
        match self {
            Source::Write(mut transaction) => {
                let transaction = transaction.take()?;
                guarded(|| Ok(transaction.commit()?))
            }
            Source::Read(_) => Err(LedgerError::Internal("a read transaction has nothing to commit".into())),
        }
    }
}

/// A table opened for reading in either kind of transaction.
///
/// Keys and values are read by closures, since reading them can panic on a damaged file too.
pub(crate) enum AnyTable<'t, K: Key + 'static, V: Value + 'static> {
    Read(ReadOnlyTable<K, V>),
    Write(Table<'t, K, V>),
}

impl<K: Key + 'static, V: Value + 'static> AnyTable<'_, K, V> {
    pub(crate) fn get<'a, T>(
        &self,
        key: impl Borrow<K::SelfType<'a>>,
        read: impl FnOnce(V::SelfType<'_>) -> T,
    ) -> Result<Option<T>> {
        guarded(|| {
            let found = match self {
                AnyTable::Read(table) => ReadableTable::get(table, key)?,
                AnyTable::Write(table) => table.get(key)?,
            };
            Ok(found.map(|value| read(value.value())))
        })
    }

    pub(crate) fn range<'a, Q: Borrow<K::SelfType<'a>> + 'a, T, F: FnMut(K::SelfType<'_>, V::SelfType<'_>) -> T>(
        &self,
        range: impl RangeBounds<Q> + 'a,
        read: F,
    ) -> Result<Entries<'_, K, V, F>> {
        guarded(|| {
            let range = match self {
                AnyTable::Read(table) => ReadableTable::range(table, range)?,
                AnyTable::Write(table) => table.range(range)?,
            };
            Ok(Entries { range: Some(range), read })
        })
    }

    pub(crate) fn iter<T, F: FnMut(K::SelfType<'_>, V::SelfType<'_>) -> T>(
        &self,
        read: F,
    ) -> Result<Entries<'_, K, V, F>> {
        guarded(|| {
            let range = match self {
                AnyTable::Read(table) => ReadableTable::iter(table)?,
                AnyTable::Write(table) => table.iter()?,
            };
            Ok(Entries { range: Some(range), read })
        })
    }

    pub(crate) fn len(&self) -> Result<u64> {
        guarded(|| {
            Ok(match self {
                AnyTable::Read(table) => table.len()?,
                AnyTable::Write(table) => table.len()?,
            })
        })
    }

    pub(crate) fn last_key<T>(&self, read: impl FnOnce(K::SelfType<'_>) -> T) -> Result<Option<T>> {
        guarded(|| {
            let last = match self {
                AnyTable::Read(table) => ReadableTable::last(table)?,
                AnyTable::Write(table) => table.last()?,
            };
            Ok(last.map(|(key, _)| read(key.value())))
        })
    }
}

/// Entries of a table in order, as `read` makes them. It ends after an error.
pub(crate) struct Entries<'t, K: Key + 'static, V: Value + 'static, F> {
    range: Option<Range<'t, K, V>>,
    read: F,
}

impl<'t, K: Key + 'static, V: Value + 'static, F> Entries<'t, K, V, F> {
    fn step<T>(
        &mut self,
        step: impl FnOnce(&mut Range<'t, K, V>) -> Option<redb::Result<Entry<'t, K, V>, redb::StorageError>>,
    ) -> Option<Result<T>>
    where
        F: FnMut(K::SelfType<'_>, V::SelfType<'_>) -> T,
    {
        let (range, read) = (self.range.as_mut()?, &mut self.read);
        let next = guarded(|| match step(range) {
            Some(entry) => {
                let (key, value) = entry?;
                Ok(Some(read(key.value(), value.value())))
            }
            None => Ok(None),
        });
        if next.is_err() {
            self.range = None;
        }
        next.transpose()
    }
}

/// An entry as redb hands it out.
type Entry<'t, K, V> = (AccessGuard<'t, K>, AccessGuard<'t, V>);

impl<K: Key + 'static, V: Value + 'static, T, F: FnMut(K::SelfType<'_>, V::SelfType<'_>) -> T> Iterator
    for Entries<'_, K, V, F>
{
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        self.step(Range::next)
    }
}

impl<K: Key + 'static, V: Value + 'static, T, F: FnMut(K::SelfType<'_>, V::SelfType<'_>) -> T> DoubleEndedIterator
    for Entries<'_, K, V, F>
{
    fn next_back(&mut self) -> Option<Result<T>> {
        self.step(Range::next_back)
    }
}

/// Creates every table, so that a reader never meets a missing one.
pub(crate) fn create_all(transaction: &WriteTransaction) -> Result<()> {
    transaction.open_table(META)?;
    transaction.open_table(EVENTS)?;
    transaction.open_table(NODES)?;
    create_projections(transaction)
}

/// Creates the tables that follow from the events.
pub(crate) fn create_projections(transaction: &WriteTransaction) -> Result<()> {
    transaction.open_table(DATASETS)?;
    transaction.open_table(RUNS)?;
    transaction.open_table(RUN_IDS)?;
    transaction.open_table(RUN_ENDINGS)?;
    transaction.open_table(RUNNING)?;
    transaction.open_table(MODELS)?;
    transaction.open_table(CHECKS)?;
    transaction.open_table(SERVERS)?;
    transaction.open_table(REVIEWERS)?;
    transaction.open_table(BY_KIND)?;
    transaction.open_table(BY_SUBJECT)?;
    transaction.open_table(BY_OBJECT)?;
    transaction.open_table(BY_ACTOR)?;
    Ok(())
}

/// Drops every table but those of the log itself: also ones that an older version kept.
pub(crate) fn delete_projections(transaction: &WriteTransaction) -> Result<()> {
    let log = [META.name(), EVENTS.name(), NODES.name()];
    let others: Vec<_> = transaction.list_tables()?.filter(|t| !log.contains(&t.name())).collect();
    for table in others {
        transaction.delete_table(table)?;
    }
    Ok(())
}
