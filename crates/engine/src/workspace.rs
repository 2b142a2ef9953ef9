use crate::pictures::PictureStore;
use crate::{EngineError, Host, Result};
use driftgate_ledger::{Ledger, Stamp};
use driftgate_model::{Digest, EventBody, Lease, RunId, views};
use std::path::{Path, PathBuf};

/// A workspace: a folder with a ledger, and everything a person can do in it.
pub struct Workspace {
    pub(crate) ledger: Ledger,
    pub(crate) host: Host,
    pub(crate) pictures: PictureStore,
    settled: Vec<String>,
}

impl Workspace {
    /// Makes a workspace in `root`, which may exist.
    ///
    /// Errors: there is one already; the folder is on a network or sync drive; it cannot be written.
    pub fn init(root: &Path, host: Host) -> Result<(Workspace, views::Initialised)> {
        let ledger = Ledger::create(root, host.open_options(), &host.stamp(), &host.build.version)?;
        let log_key = ledger.keys()?.log_vkey;
        let workspace =
            Workspace { pictures: PictureStore::new(ledger.clone(), &host.build), ledger, host, settled: Vec::new() };
        let view = views::Initialised {
            schema: "driftgate/init/1".into(),
            root: root.display().to_string(),
            log_key,
            server_token: workspace.new_server_token()?,
        };
        Ok((workspace, view))
    }

    /// Walks up from `start` to a folder that holds a workspace.
    pub fn discover(start: &Path) -> Option<PathBuf> {
        start.ancestors().find(|p| p.join(".driftgate").is_dir()).map(Path::to_path_buf)
    }

    /// Opens the workspace in `root` and settles what a dead process left: its runs, its rollbacks and its servers.
    ///
    /// Errors: no workspace there (none is made); written by a newer Driftgate; the ledger cannot be read, or not written to
    /// while something is to be settled.
    pub fn open(root: &Path, host: Host) -> Result<Workspace> {
        let mut workspace = Workspace::open_untouched(root, host)?;
        workspace.settle()?;
        Ok(workspace)
    }

    /// Opens the workspace in `root` to look at it: what a dead process left is settled where that is possible, and said
    /// among [`Workspace::settled`] where it is not.
    ///
    /// Errors: no workspace there (none is made); written by a newer Driftgate; the ledger cannot be read.
    pub fn open_to_look(root: &Path, host: Host) -> Result<Workspace> {
        let mut workspace = Workspace::open_untouched(root, host)?;
        if let Err(error) = workspace.settle() {
            workspace.settled = vec![format!("What a dead process left is not settled yet: {error}")];
        }
        Ok(workspace)
    }

    /// Opens the workspace in `root` as it is, to prove or clean it: nothing is settled.
    ///
    /// Errors: no workspace there (none is made); written by a newer Driftgate; the ledger cannot be read.
    pub fn open_untouched(root: &Path, host: Host) -> Result<Workspace> {
        let ledger = Ledger::open(root, host.open_options())?;
        Ok(Workspace { pictures: PictureStore::new(ledger.clone(), &host.build), ledger, host, settled: Vec::new() })
    }

    /// The same workspace as another host sees it: somebody else acts, or with another number of threads.
    pub fn acting(&self, host: Host) -> Workspace {
        let (ledger, pictures) = (self.ledger.clone(), self.pictures.clone());
        Workspace { ledger, host, pictures, settled: self.settled.clone() }
    }

    /// What opening settled, or could not settle, one sentence each.
    pub fn settled(&self) -> &[String] {
        &self.settled
    }

    /// The folder that holds `.driftgate`.
    pub fn root(&self) -> &Path {
        self.ledger.root()
    }

    fn settle(&mut self) -> Result<()> {
        let dead = self.ledger.read(|view| -> Result<bool> {
            Ok(view.running()?.iter().any(|run| self.is_dead(run.lease.as_ref()))
                || view.pending_rollbacks()?.iter().any(|(_, pending)| self.is_dead(Some(&pending.lease)))
                || view.servers()?.iter().any(|server| self.is_dead(Some(&server.lease))))
        })?;
        if !dead {
            return Ok(());
        }
        let stamp = self.stamp();
        let (settled, leases) = self.ledger.write(|tx| -> Result<(Vec<String>, Vec<Lease>)> {
            let (mut settled, mut leases) = (Vec::new(), Vec::new());
            for run in tx.running()?.into_iter().filter(|run| self.is_dead(run.lease.as_ref())) {
                let id = run.subject.run;
                settled.push(format!("Run {} was interrupted: its process is gone", id.short()));
                tx.append(&stamp, EventBody::RunInterrupted { run: id })?;
                leases.extend(run.lease);
            }
            for (model, pending) in tx.pending_rollbacks()? {
                if self.is_dead(Some(&pending.lease)) {
                    settled.push(format!(
                        "A rollback of {model} to version {} never happened: its process is gone; Production is unchanged",
                        pending.to
                    ));
                    tx.append(&stamp, EventBody::RollbackAbandoned { model, intent: pending.seq })?;
                    leases.push(pending.lease);
                }
            }
            for server in tx.servers()?.into_iter().filter(|server| self.is_dead(Some(&server.lease))) {
                settled.push(format!("The server at {} is gone: its process ended without a word", server.address));
                tx.append(&stamp, EventBody::ServerStopped { server: server.server })?;
                leases.push(server.lease);
            }
            Ok((settled, leases))
        })?;
        leases.iter().for_each(|lease| self.ledger.forget_lease(lease));
        self.settled = settled;
        Ok(())
    }

    fn is_dead(&self, lease: Option<&Lease>) -> bool {
        lease.is_none_or(|lease| !self.ledger.is_held(lease))
    }

    pub(crate) fn stamp(&self) -> Stamp {
        self.host.stamp()
    }

    pub(crate) fn new_run_id(&self) -> RunId {
        let mut random = [0u8; 10];
        self.host.entropy.fill(&mut random);
        let millis = u64::try_from(self.host.clock.now().as_millisecond()).unwrap_or(0);
        RunId::new(millis, random)
    }

    /// The one run whose id begins or ends with `text`.
    pub(crate) fn find_run(&self, text: &str) -> Result<RunId> {
        if text.len() < SHORTEST_ID {
            return Err(EngineError::bad_input(
                format!("`{text}` is too short to name a run"),
                format!("Give at least {SHORTEST_ID} digits of its id: `driftgate runs list` shows them"),
            ));
        }
        let found = self.ledger.read(|view| -> Result<Vec<RunId>> { Ok(view.runs_by_prefix(text, 6)?) })?;
        match found.as_slice() {
            [one] => Ok(one.clone()),
            [] => Err(EngineError::not_found(
                format!("no run is named `{text}`"),
                "`driftgate runs list` shows the runs of this workspace",
            )),
            many => {
                let ids: Vec<&str> = many.iter().map(RunId::as_str).collect();
                Err(EngineError::bad_input(
                    format!("`{text}` names several runs: {}", ids.join(", ")),
                    "Give more digits of the one you mean",
                ))
            }
        }
    }

    pub(crate) fn get_json<T: serde::de::DeserializeOwned>(&self, digest: &Digest) -> Result<T> {
        Ok(self.ledger.get_json(digest)?)
    }
}

/// Fewer digits could name a run by accident; none at all would name any.
const SHORTEST_ID: usize = 4;
