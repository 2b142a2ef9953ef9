use crate::approve::{VERDICT, mandatory};
use crate::{EngineError, Result, Workspace};
use driftgate_ledger::EventFilter;
use driftgate_model::views::Decided;
use driftgate_model::{EventBody, ModelRow, RunId, VersionNumber};

impl Workspace {
    /// Brings a former version back to Production: proves it, journals the intent, changes, records.
    ///
    /// `to` is the version; `None` is the one that the newest approval archived, and is refused after a rollback. Errors: no
    /// such version; it is in Production already; it does not load, or does not answer bit for bit what it answered at training time; another decision won.
    pub fn rollback(&self, model: &str, to: Option<VersionNumber>, reason: &str) -> Result<Decided> {
        let reason = mandatory(reason)?;
        self.decision_stamp()?;
        let row = self.model_row(model)?;
        let (from, to) = target_of(&row, to)?;
        let version = row.version(to).ok_or_else(|| unknown(&row, to))?;
        self.load_model(&version.artifact)?.prove(&self.ledger)?;
        let run = self.run_row(&version.run)?;
        let gate_digest = run.gate.ok_or_else(|| EngineError::corrupt("the version's run has no gate report"))?;
        let compared = self.approved_with(&run.subject.run)?;
        let deployment = self.deployment_manifest(&run, to, "rolled_back", gate_digest, &compared)?;
        let sealed = self.ledger.seal(reason)?;
        let name = row.name.clone();
        let held = self.ledger.take_lease()?;
        let intended = EventBody::RollbackIntended {
            model: name.clone(),
            from,
            to,
            artifact: version.artifact,
            reason: sealed,
            lease: held.lease().clone(),
        };
        let stamp = self.decision_stamp()?;
        let intent = self.ledger.write(|tx| -> Result<u64> {
            let now = tx.model(model)?;
            if now.as_ref().and_then(|m| m.production) != Some(from) {
                return Err(EngineError::conflict(
                    format!("another decision changed what is in Production of {model} meanwhile"),
                    format!("Look at it with `driftgate models show {model}`, then decide again"),
                ));
            }
            if now.is_some_and(|m| m.pending.is_some()) {
                return Err(EngineError::conflict(
                    format!("another process is rolling {model} back at this moment"),
                    "Wait for it, then look again",
                ));
            }
            Ok(tx.append(&stamp, intended)?)
        })?;
        let completed =
            EventBody::RollbackCompleted { model: name.clone(), intent, from, to, deployment, reason: sealed };
        let stamp = self.decision_stamp()?;
        self.ledger.write(|tx| -> Result<()> {
            tx.append(&stamp, completed)?;
            Ok(())
        })?;
        Ok(Decided {
            schema: "driftgate/decision/1".into(),
            outcome: "rolled_back".into(),
            model: name,
            run: Some(version.run.clone()),
            from: Some(from),
            to: Some(to),
            actor: self.host.actor.clone(),
            signed_by: stamp.signer(),
            reason: Some(reason.into()),
            deployment: Some(deployment),
            gate_reevaluated: None,
        })
    }

    /// The gate's verdict that the run was approved with, as the ledger tells it: the way back needs no report of that day,
    /// which may be damaged by now.
    fn approved_with(&self, run: &RunId) -> Result<String> {
        let filter = EventFilter {
            kinds: vec!["run.approved".into()],
            subject: Some(format!("run:{run}")),
            ..EventFilter::default()
        };
        let approved = self.ledger.audit_log(&filter)?.into_iter().find_map(|event| match event.body {
            EventBody::RunApproved { mut lineage, .. } => lineage.remove(VERDICT),
            _ => None,
        });
        approved.ok_or_else(|| EngineError::corrupt(format!("the approval of run {run} is not in the ledger")))
    }
}

fn unknown(row: &ModelRow, to: VersionNumber) -> EngineError {
    EngineError::not_found(
        format!("{} has no version {to}", row.name),
        format!("It has versions 1 to {}: see `driftgate models show {}`", row.versions.len(), row.name),
    )
}

/// The version that the newest approval archived. After a rollback there is no such thing: returning to what was just
/// left would undo the decision by accident.
fn before(row: &ModelRow, from: VersionNumber) -> Result<VersionNumber> {
    let last = row.history.last();
    if last.is_some_and(|m| m.cause == "rollback") {
        return Err(EngineError::refused(
            format!("version {from} of {} is in Production by a rollback already", row.name),
            "Name the version you want with `--to`",
        ));
    }
    last.and_then(|m| m.from).ok_or_else(|| {
        EngineError::refused(
            format!("no version of {} was in Production before version {from}", row.name),
            "There is nothing to return to",
        )
    })
}

/// The version that would leave Production, and the one that would return.
pub(crate) fn target_of(row: &ModelRow, to: Option<VersionNumber>) -> Result<(VersionNumber, VersionNumber)> {
    let from = row.production.ok_or_else(|| {
        EngineError::refused(format!("nothing of {} is in Production", row.name), "There is nothing to roll back")
    })?;
    let to = match to {
        Some(to) => to,
        None => before(row, from)?,
    };
    if row.version(to).is_none() {
        return Err(unknown(row, to));
    }
    if to == from {
        return Err(EngineError::refused(
            format!("version {to} of {} is in Production already", row.name),
            "Name another version with `--to`",
        ));
    }
    Ok((from, to))
}
