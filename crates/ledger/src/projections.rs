//! The projections folded anew in memory: what the tables must hold, byte for byte.

use crate::fold::{Change, Rows, fold};
use crate::index::IndexKeys;
use crate::parse::parse_event;
use crate::rows::encode;
use crate::tables;
use crate::view::backwards;
use crate::{LedgerError, Result};
use driftgate_model::{
    CheckRow, DatasetRow, Digest, Event, ModelRow, ReviewerRow, RunId, RunRow, RunStatus, ServerRow,
};
use redb::WriteTransaction;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Default)]
pub(crate) struct Projections {
    pub(crate) datasets: BTreeMap<String, DatasetRow>,
    pub(crate) runs: BTreeMap<u64, RunRow>,
    pub(crate) run_ids: BTreeMap<String, u64>,
    pub(crate) models: BTreeMap<String, ModelRow>,
    pub(crate) checks: BTreeMap<(String, String), CheckRow>,
    pub(crate) servers: BTreeMap<String, ServerRow>,
    pub(crate) reviewers: BTreeMap<[u8; 32], ReviewerRow>,
    pub(crate) by_kind: BTreeMap<&'static str, Vec<u64>>,
    pub(crate) by_subject: BTreeMap<String, Vec<u64>>,
    pub(crate) by_object: BTreeMap<[u8; 32], Vec<u64>>,
    pub(crate) by_actor: BTreeMap<[u8; 32], Vec<u64>>,
}

impl Rows for Projections {
    fn has_version(&self, dataset: &str, version: &Digest) -> Result<bool> {
        Ok(self.datasets.get(dataset).is_some_and(|d| d.versions.iter().any(|v| v.version == *version)))
    }

    fn has_run(&self, run: &RunId) -> Result<bool> {
        Ok(self.run_ids.contains_key(run.as_str()))
    }

    fn take_dataset(&mut self, name: &str) -> Result<Option<DatasetRow>> {
        Ok(self.datasets.remove(name))
    }

    fn take_run(&mut self, run: &RunId) -> Result<Option<RunRow>> {
        Ok(self.run_ids.get(run.as_str()).and_then(|seq| self.runs.remove(seq)))
    }

    fn take_model(&mut self, name: &str) -> Result<Option<ModelRow>> {
        Ok(self.models.remove(name))
    }

    fn take_check(&mut self, model: &str, check: &RunId) -> Result<Option<CheckRow>> {
        Ok(self.checks.remove(&(model.to_owned(), check.as_str().to_owned())))
    }

    fn take_server(&mut self, server: &RunId) -> Result<Option<ServerRow>> {
        Ok(self.servers.remove(server.as_str()))
    }

    fn reviewer(&self, name: &Digest) -> Result<Option<ReviewerRow>> {
        Ok(self.reviewers.get(&name.0).cloned())
    }
}

impl Projections {
    /// Folds one event more, which is found by `keys`. Events must come in order; after an error, nothing here is of use.
    pub(crate) fn apply(&mut self, event: &Event, keys: IndexKeys) -> Result<()> {
        for change in fold(self, event)? {
            match change {
                Change::Dataset(row) => {
                    self.datasets.insert(row.name.clone(), *row);
                }
                Change::Model(row) => {
                    self.models.insert(row.name.as_str().to_owned(), *row);
                }
                Change::Check(row) => {
                    self.checks.insert((row.model.as_str().to_owned(), row.check.as_str().to_owned()), *row);
                }
                // One that stopped was taken, and leaves no row.
                Change::Server(row) if row.stopped => {}
                Change::Server(row) => {
                    self.servers.insert(row.server.as_str().to_owned(), *row);
                }
                Change::Reviewer(row) => {
                    self.reviewers.insert(row.actor.commitment.0, *row);
                }
                Change::Run(row) => {
                    if row.started_seq == event.seq {
                        self.run_ids.insert(row.subject.run.as_str().to_owned(), row.started_seq);
                    }
                    self.runs.insert(row.started_seq, *row);
                }
            }
        }
        self.by_kind.entry(event.body.kind()).or_default().push(event.seq);
        self.by_actor.entry(event.actor.commitment.0).or_default().push(event.seq);
        for subject in keys.subjects {
            self.by_subject.entry(subject).or_default().push(event.seq);
        }
        for object in keys.objects {
            self.by_object.entry(object).or_default().push(event.seq);
        }
        Ok(())
    }

    /// Run ids read backwards, in order.
    pub(crate) fn run_endings(&self) -> BTreeMap<String, u64> {
        self.run_ids.iter().map(|(id, seq)| (backwards(id), *seq)).collect()
    }

    /// Starts of the runs that are running, in order.
    pub(crate) fn running(&self) -> impl Iterator<Item = u64> + '_ {
        self.runs.iter().filter(|(_, row)| row.status == RunStatus::Running).map(|(seq, _)| *seq)
    }

    /// Writes everything into empty tables.
    pub(crate) fn write(&self, transaction: &WriteTransaction) -> Result<()> {
        write_rows(transaction, tables::DATASETS, self.datasets.iter().map(|(k, v)| (k.as_str(), v)))?;
        write_rows(transaction, tables::MODELS, self.models.iter().map(|(k, v)| (k.as_str(), v)))?;
        write_rows(transaction, tables::RUNS, self.runs.iter().map(|(k, v)| (*k, v)))?;
        let checks = self.checks.iter().map(|((model, id), row)| ((model.as_str(), id.as_str()), row));
        write_rows(transaction, tables::CHECKS, checks)?;
        write_rows(transaction, tables::SERVERS, self.servers.iter().map(|(k, v)| (k.as_str(), v)))?;
        write_rows(transaction, tables::REVIEWERS, self.reviewers.iter())?;
        let mut ids = transaction.open_table(tables::RUN_IDS)?;
        let mut endings = transaction.open_table(tables::RUN_ENDINGS)?;
        for (id, seq) in &self.run_ids {
            ids.insert(id.as_str(), seq)?;
            endings.insert(backwards(id).as_str(), seq)?;
        }
        let mut running = transaction.open_table(tables::RUNNING)?;
        for seq in self.running() {
            running.insert(seq, ())?;
        }
        let mut by_kind = transaction.open_table(tables::BY_KIND)?;
        for (key, seq) in flat(&self.by_kind) {
            by_kind.insert((*key, seq), ())?;
        }
        let mut by_subject = transaction.open_table(tables::BY_SUBJECT)?;
        for (key, seq) in flat(&self.by_subject) {
            by_subject.insert((key.as_str(), seq), ())?;
        }
        let mut by_object = transaction.open_table(tables::BY_OBJECT)?;
        for (key, seq) in flat(&self.by_object) {
            by_object.insert((key, seq), ())?;
        }
        let mut by_actor = transaction.open_table(tables::BY_ACTOR)?;
        for (key, seq) in flat(&self.by_actor) {
            by_actor.insert((key, seq), ())?;
        }
        Ok(())
    }
}

/// The entries of an index in the order of its table.
pub(crate) fn flat<K>(index: &BTreeMap<K, Vec<u64>>) -> impl Iterator<Item = (&K, u64)> {
    index.iter().flat_map(|(key, seqs)| seqs.iter().map(move |seq| (key, *seq)))
}

fn write_rows<'r, K: redb::Key + 'static, T: serde::Serialize + 'r>(
    transaction: &WriteTransaction,
    definition: redb::TableDefinition<'static, K, &'static [u8]>,
    rows: impl Iterator<Item = (K::SelfType<'r>, &'r T)>,
) -> Result<()> {
    let mut table = transaction.open_table(definition)?;
    for (key, row) in rows {
        table.insert(key, encode(row)?.as_slice())?;
    }
    Ok(())
}

/// Folds the events as they are stored, in one transaction.
pub(crate) fn refold(view: &crate::View) -> Result<Projections> {
    let mut projections = Projections::default();
    let size = view.size()?;
    let table = view.source.table(tables::EVENTS)?;
    let mut expected = 0;
    for entry in table.iter(|seq, bytes| (seq, parse_event(seq, bytes)))? {
        let (seq, event) = entry?;
        if seq != expected {
            return Err(LedgerError::corrupt(format!("event {expected}"), "it is missing"));
        }
        let event = event?;
        projections.apply(&event, IndexKeys::of(&event))?;
        expected += 1;
    }
    if expected == size { Ok(projections) } else { Err(LedgerError::corrupt("the table `events`", "it ends early")) }
}
