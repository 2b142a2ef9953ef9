use crate::fold::Rows;
use crate::note::{Head, read_checkpoint};
use crate::parallel::{default_threads, on_threads};
use crate::parse::parse_event;
use crate::rows::decode;
use crate::tables::{self, AnyTable, Source};
use crate::tree::{self, Nodes};
use crate::{LedgerError, Result};
use driftgate_model::{
    CheckRow, DatasetRow, Digest, Event, ModelName, ModelRow, PendingRollback, ReviewerRow, RunId, RunRow, RunStatus,
    Sealed, ServerRow,
};
use redb::Key;

/// What a list of runs is narrowed by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Candidates for this model.
    pub model: Option<ModelName>,
    /// Runs on this data set.
    pub dataset: Option<String>,
    /// Runs that stand here.
    pub status: Option<RunStatus>,
    /// At most so many.
    pub limit: Option<usize>,
    /// After so many that were left out.
    pub offset: usize,
}

impl RunFilter {
    fn admits(&self, row: &RunRow) -> bool {
        self.model.as_ref().is_none_or(|m| *m == row.subject.model)
            && self.dataset.as_ref().is_none_or(|d| *d == row.subject.dataset)
            && self.status.is_none_or(|s| s == row.status)
    }
}

/// One consistent state of the ledger, for reading. A [`Transaction`](crate::Transaction) is one too.
pub struct View {
    pub(crate) source: Source,
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View").finish_non_exhaustive()
    }
}

impl View {
    /// The data set of that name.
    pub fn dataset(&self, name: &str) -> Result<Option<DatasetRow>> {
        let table = self.source.table(tables::DATASETS)?;
        row(&table, name, || format!("row `{name}` of the table `datasets`"))
    }

    /// All data sets, by name.
    pub fn datasets(&self) -> Result<Vec<DatasetRow>> {
        let table = self.source.table(tables::DATASETS)?;
        table
            .iter(|name, bytes| decode(bytes, || format!("row `{name}` of the table `datasets`")))?
            .map(flatten)
            .collect()
    }

    /// The run of that id.
    pub fn run(&self, run: &RunId) -> Result<Option<RunRow>> {
        let Some(seq) = self.source.table(tables::RUN_IDS)?.get(run.as_str(), |seq| seq)? else {
            return Ok(None);
        };
        self.run_started_at(seq).map(Some)
    }

    fn run_started_at(&self, seq: u64) -> Result<RunRow> {
        let place = || format!("row {seq} of the table `runs`");
        let table = self.source.table(tables::RUNS)?;
        row(&table, seq, place)?.ok_or_else(|| LedgerError::corrupt(place(), "it is missing"))
    }

    /// Ids that begin or end with `text`, at most `limit`, oldest first; the ending is what people see as the short form.
    pub fn runs_by_prefix(&self, text: &str, limit: usize) -> Result<Vec<RunId>> {
        let text = text.to_ascii_lowercase();
        let mut seqs = starting_with(&self.source.table(tables::RUN_IDS)?, &text, limit)?;
        seqs.extend(starting_with(&self.source.table(tables::RUN_ENDINGS)?, &backwards(&text), limit)?);
        seqs.sort_unstable();
        seqs.dedup();
        seqs.truncate(limit);
        seqs.into_iter().map(|seq| Ok(self.run_started_at(seq)?.subject.run)).collect()
    }

    /// Runs, the newest start first.
    pub fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRow>> {
        let table = self.source.table(tables::RUNS)?;
        let mut stored = table.iter(|seq, bytes| (seq, bytes.to_vec()))?.rev();
        let read = |(seq, bytes): &(u64, Vec<u8>)| -> Result<RunRow> {
            decode(bytes, || format!("row {seq} of the table `runs`"))
        };
        let (mut found, mut skip) = (Vec::new(), filter.offset);
        let limit = filter.limit.unwrap_or(usize::MAX);
        while found.len() < limit {
            // Rows are read in batches, of which a large one is worth several threads.
            let batch = stored.by_ref().take(limit.saturating_add(skip).clamp(16, 4096)).collect::<Result<Vec<_>>>()?;
            if batch.is_empty() {
                break;
            }
            for row in on_threads(&batch, default_threads(), read) {
                let row = row?;
                if !filter.admits(&row) {
                    continue;
                }
                if skip > 0 {
                    skip -= 1;
                } else if found.len() < limit {
                    found.push(row);
                }
            }
        }
        Ok(found)
    }

    /// How many runs there are in all.
    pub fn run_count(&self) -> Result<u64> {
        self.source.table(tables::RUNS)?.len()
    }

    /// Runs that are recorded as running, oldest first; whether their holder lives is for the caller to ask.
    pub fn running(&self) -> Result<Vec<RunRow>> {
        let table = self.source.table(tables::RUNNING)?;
        let seqs: Vec<u64> = table.iter(|seq, ()| seq)?.collect::<Result<_>>()?;
        drop(table);
        seqs.into_iter().map(|seq| self.run_started_at(seq)).collect()
    }

    /// The model of that name.
    pub fn model(&self, name: &str) -> Result<Option<ModelRow>> {
        let table = self.source.table(tables::MODELS)?;
        row(&table, name, || format!("row `{name}` of the table `models`"))
    }

    /// All models, by name.
    pub fn models(&self) -> Result<Vec<ModelRow>> {
        let table = self.source.table(tables::MODELS)?;
        table
            .iter(|name, bytes| decode(bytes, || format!("row `{name}` of the table `models`")))?
            .map(flatten)
            .collect()
    }

    /// Reviewers with a registered key, in no particular order.
    pub fn reviewers(&self) -> Result<Vec<ReviewerRow>> {
        let table = self.source.table(tables::REVIEWERS)?;
        let place = |name: &[u8; 32]| format!("row `{}` of the table `reviewers`", Digest(*name));
        table.iter(|name, bytes| decode(bytes, || place(name)))?.map(flatten).collect()
    }

    /// The drift checks of a model, oldest first.
    pub fn checks(&self, model: &str) -> Result<Vec<CheckRow>> {
        let table = self.source.table(tables::CHECKS)?;
        let rows = table.range((model, "").., |(name, id), bytes| {
            (name == model).then(|| decode(bytes, || format!("row `{name}`, `{id}` of the table `checks`")))
        })?;
        let mut found = Vec::new();
        for row in rows {
            match row? {
                Some(row) => found.push(row?),
                None => break,
            }
        }
        Ok(found)
    }

    /// The drift check of that id.
    pub fn check(&self, model: &str, check: &RunId) -> Result<Option<CheckRow>> {
        let table = self.source.table(tables::CHECKS)?;
        row(&table, (model, check.as_str()), || format!("row `{model}`, `{check}` of the table `checks`"))
    }

    /// Prediction servers that confirmed what they answer with and did not say that they stopped, by id; whether they
    /// live is for the caller to ask.
    pub fn servers(&self) -> Result<Vec<ServerRow>> {
        let table = self.source.table(tables::SERVERS)?;
        table.iter(|id, bytes| decode(bytes, || format!("row `{id}` of the table `servers`")))?.map(flatten).collect()
    }

    /// Rollbacks that were journalled and neither completed nor abandoned.
    pub fn pending_rollbacks(&self) -> Result<Vec<(ModelName, PendingRollback)>> {
        let pending = |model: ModelRow| model.pending.map(|p| (model.name, p));
        Ok(self.models()?.into_iter().filter_map(pending).collect())
    }

    /// How many events there are.
    pub fn size(&self) -> Result<u64> {
        let last = self.source.table(tables::EVENTS)?.last_key(|seq| seq)?;
        let after = |last: u64| {
            last.checked_add(1).ok_or_else(|| LedgerError::corrupt(format!("event {last}"), "no log is that long"))
        };
        last.map_or(Ok(0), after)
    }

    /// The Merkle root over all events.
    pub fn root(&self) -> Result<Digest> {
        tree::root(&self.nodes()?, self.size()?)
    }

    /// Size and root.
    pub fn head(&self) -> Result<Head> {
        Ok(Head { size: self.size()?, root: self.root()? })
    }

    /// The signed checkpoint of the newest event.
    pub fn checkpoint(&self) -> Result<String> {
        self.meta_text(tables::META_CHECKPOINT)
    }

    /// The event of that sequence number.
    pub fn event(&self, seq: u64) -> Result<Option<Event>> {
        self.event_bytes(seq)?.map(|bytes| parse_event(seq, &bytes)).transpose()
    }

    /// The exact bytes of an event: the entry of the log, without the leaf prefix.
    pub fn event_bytes(&self, seq: u64) -> Result<Option<Vec<u8>>> {
        self.source.table(tables::EVENTS)?.get(seq, <[u8]>::to_vec)
    }

    /// The events from `start` up to, not with, `end`, as their exact bytes.
    pub fn entries(&self, start: u64, end: u64) -> Result<Vec<Vec<u8>>> {
        let table = self.source.table(tables::EVENTS)?;
        table.range(start..end, |_, bytes| bytes.to_vec())?.collect()
    }

    /// RFC 6962 audit path of event `seq` in the tree over the first `size` events.
    pub fn inclusion_proof(&self, seq: u64, size: u64) -> Result<Vec<Digest>> {
        self.check_within(size, seq.saturating_add(1))?;
        tree::inclusion_proof(&self.nodes()?, seq, size)
    }

    /// RFC 6962 proof that the first `old` events are a prefix of the first `new` ones.
    pub fn consistency_proof(&self, old: u64, new: u64) -> Result<Vec<Digest>> {
        self.check_within(new, old)?;
        tree::consistency_proof(&self.nodes()?, old, new)
    }

    /// The Merkle root over the first `size` events.
    pub fn root_at(&self, size: u64) -> Result<Digest> {
        self.check_within(size, 0)?;
        tree::root(&self.nodes()?, size)
    }

    fn check_within(&self, size: u64, smaller: u64) -> Result<()> {
        let all = self.size()?;
        if size <= all && smaller <= size {
            return Ok(());
        }
        Err(LedgerError::BadInput(format!(
            "sizes {smaller} and {size} do not lie within the {all} events of the ledger"
        )))
    }

    /// The distinct commitments to actors.
    pub fn actors(&self) -> Result<Vec<Sealed>> {
        let table = self.source.table(tables::BY_ACTOR)?;
        let mut found = Vec::new();
        let mut from = ([0; 32], 0);
        while let Some(actor) = table.range((&from.0, from.1).., |(actor, _), ()| *actor)?.next() {
            let actor = actor?;
            found.push(Sealed { commitment: Digest(actor) });
            from = (actor, u64::MAX);
        }
        Ok(found)
    }

    pub(crate) fn nodes(&self) -> Result<StoredNodes<'_>> {
        Ok(StoredNodes(self.source.table(tables::NODES)?))
    }

    pub(crate) fn meta(&self, key: &str) -> Result<Option<Vec<u8>>> {
        self.source.table(tables::META)?.get(key, <[u8]>::to_vec)
    }

    pub(crate) fn meta_text(&self, key: &str) -> Result<String> {
        let place = || format!("entry `{key}` of the table `meta`");
        let bytes = self.meta(key)?.ok_or_else(|| LedgerError::corrupt(place(), "it is missing"))?;
        String::from_utf8(bytes).map_err(|_| LedgerError::corrupt(place(), "it is not text"))
    }

    pub(crate) fn meta_number(&self, key: &str) -> Result<u32> {
        let text = self.meta_text(key)?;
        text.parse().map_err(|_| {
            LedgerError::corrupt(format!("entry `{key}` of the table `meta`"), format!("`{text}` is not a number"))
        })
    }

    /// The head that the stored checkpoint claims.
    pub(crate) fn checkpoint_head(&self) -> Result<Head> {
        Ok(read_checkpoint(&self.checkpoint()?)?.1)
    }
}

/// Rows decoded from the tables are copies anyway.
impl Rows for &View {
    fn has_version(&self, dataset: &str, version: &Digest) -> Result<bool> {
        Ok(self.dataset(dataset)?.is_some_and(|d| d.versions.iter().any(|v| v.version == *version)))
    }

    fn has_run(&self, run: &RunId) -> Result<bool> {
        Ok(self.source.table(tables::RUN_IDS)?.get(run.as_str(), |_| ())?.is_some())
    }

    fn take_dataset(&mut self, name: &str) -> Result<Option<DatasetRow>> {
        self.dataset(name)
    }

    fn take_run(&mut self, run: &RunId) -> Result<Option<RunRow>> {
        self.run(run)
    }

    fn take_model(&mut self, name: &str) -> Result<Option<ModelRow>> {
        self.model(name)
    }

    fn take_check(&mut self, model: &str, check: &RunId) -> Result<Option<CheckRow>> {
        self.check(model, check)
    }

    fn take_server(&mut self, server: &RunId) -> Result<Option<ServerRow>> {
        let table = self.source.table(tables::SERVERS)?;
        row(&table, server.as_str(), || format!("row `{server}` of the table `servers`"))
    }

    fn reviewer(&self, name: &Digest) -> Result<Option<ReviewerRow>> {
        let table = self.source.table(tables::REVIEWERS)?;
        row(&table, name.as_bytes(), || format!("row `{name}` of the table `reviewers`"))
    }
}

pub(crate) struct StoredNodes<'t>(AnyTable<'t, u64, &'static [u8; 32]>);

impl Nodes for StoredNodes<'_> {
    type Error = LedgerError;

    fn node(&self, level: u8, index: u64) -> Result<Digest> {
        match self.0.get(tables::node_key(level, index), |hash| Digest(*hash))? {
            Some(hash) => Ok(hash),
            None => Err(LedgerError::corrupt(format!("node {index} of level {level} of the tree"), "it is missing")),
        }
    }
}

/// The text read backwards: ids are ASCII.
pub(crate) fn backwards(text: &str) -> String {
    text.chars().rev().collect()
}

fn flatten<T>(nested: Result<Result<T>>) -> Result<T> {
    nested.and_then(|inner| inner)
}

fn row<'k, K: Key + 'static, T: serde::de::DeserializeOwned>(
    table: &AnyTable<'_, K, &'static [u8]>,
    key: impl std::borrow::Borrow<K::SelfType<'k>>,
    place: impl FnOnce() -> String,
) -> Result<Option<T>> {
    table.get(key, |bytes| decode(bytes, place))?.transpose()
}

fn starting_with(table: &AnyTable<'_, &'static str, u64>, prefix: &str, limit: usize) -> Result<Vec<u64>> {
    let mut found = Vec::new();
    for entry in table.range(prefix.., |key, seq| key.starts_with(prefix).then_some(seq))?.take(limit) {
        let Some(seq) = entry? else { break };
        found.push(seq);
    }
    Ok(found)
}
