//! A simulated disk: it remembers every write and sync, so that a crash at any point can be replayed.

use redb::StorageBackend;
use std::io::{Error, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a process asked of the disk.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    Write { offset: usize, data: Vec<u8> },
    SetLen(usize),
    Sync,
}

#[derive(Debug, Default)]
struct State {
    live: Vec<u8>,
    ops: Vec<Op>,
    record: bool,
    /// Operations that still succeed before every one fails; `None` is all.
    budget: Option<usize>,
}

/// A disk that outlives the databases on it. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk(Arc<Mutex<State>>);

impl Disk {
    pub(crate) fn holding(image: Vec<u8>) -> Disk {
        Disk(Arc::new(Mutex::new(State { live: image, ..State::default() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn backend(&self) -> Backend {
        Backend(self.clone())
    }

    pub(crate) fn image(&self) -> Vec<u8> {
        self.state().live.clone()
    }

    /// Remembers operations from now on.
    pub(crate) fn record(&self) {
        self.state().record = true;
    }

    pub(crate) fn op_count(&self) -> usize {
        self.state().ops.len()
    }

    pub(crate) fn ops(&self) -> Vec<Op> {
        self.state().ops.clone()
    }

    /// From now on, so many operations succeed and all later ones fail as on a full disk.
    pub(crate) fn fail_after(&self, budget: Option<usize>) {
        self.state().budget = budget;
    }
}

impl State {
    fn spend(&mut self) -> Result<(), Error> {
        match &mut self.budget {
            Some(0) => Err(Error::from(ErrorKind::StorageFull)),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn note(&mut self, op: Op) {
        if self.record {
            self.ops.push(op);
        }
    }
}

/// Applies an operation to an image, as far as it got: `torn` keeps only the first half of a write.
pub(crate) fn apply(image: &mut Vec<u8>, op: &Op, torn: bool) {
    match op {
        Op::Write { offset, data } => {
            let data = if torn { &data[..data.len() / 2] } else { data };
            if image.len() < offset + data.len() {
                image.resize(offset + data.len(), 0);
            }
            image[*offset..offset + data.len()].copy_from_slice(data);
        }
        Op::SetLen(len) => image.resize(*len, 0),
        Op::Sync => {}
    }
}

#[derive(Debug)]
pub(crate) struct Backend(Disk);

fn position(offset: u64) -> Result<usize, Error> {
    usize::try_from(offset).map_err(|_| Error::from(ErrorKind::InvalidInput))
}

impl StorageBackend for Backend {
    fn len(&self) -> Result<u64, Error> {
        Ok(self.0.state().live.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), Error> {
        let start = position(offset)?;
        let state = self.0.state();
        let bytes = state.live.get(start..start + out.len()).ok_or_else(|| Error::from(ErrorKind::UnexpectedEof))?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<(), Error> {
        let op = Op::SetLen(position(len)?);
        let mut state = self.0.state();
        state.spend()?;
        apply(&mut state.live, &op, false);
        state.note(op);
        Ok(())
    }

    fn sync_data(&self) -> Result<(), Error> {
        let mut state = self.0.state();
        state.spend()?;
        state.note(Op::Sync);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), Error> {
        let op = Op::Write { offset: position(offset)?, data: data.to_vec() };
        let mut state = self.0.state();
        state.spend()?;
        apply(&mut state.live, &op, false);
        state.note(op);
        Ok(())
    }
}
