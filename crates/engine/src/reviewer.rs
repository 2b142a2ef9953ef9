//! Reviewers: who signs decisions with a key of their own.

use crate::{EngineError, Result, Workspace};
use driftgate_ledger::{LedgerError, ReviewerKey, Stamp};
use driftgate_model::views::{ReviewerLine, ReviewerList, ReviewerRegistered};
use driftgate_model::{EventBody, ReviewerRow};
use std::sync::Arc;

impl Workspace {
    /// Reviewers with a registered key, by the order of their registration, and the key of whoever acts.
    pub fn reviewers(&self) -> Result<ReviewerList> {
        let here = self.own_key()?.map(|key| key.fingerprint());
        let mut rows = self.ledger.read(|view| -> Result<Vec<ReviewerRow>> { Ok(view.reviewers()?) })?;
        rows.sort_unstable_by_key(|row| row.seq);
        let reviewers = rows.into_iter().map(|row| {
            Ok(ReviewerLine {
                name: self.opened_or_said(&row.actor)?,
                fingerprint: row.fingerprint,
                at: row.at,
                seq: row.seq,
                here: here == Some(row.fingerprint),
            })
        });
        Ok(ReviewerList {
            schema: "driftgate/reviewers/1".into(),
            reviewers: reviewers.collect::<Result<_>>()?,
            actor: self.host.actor.clone(),
            key: here,
            key_file: self.host.reviewer_key.as_ref().map(|path| path.display().to_string()),
        })
    }

    /// Registers the key of whoever acts under the name of whoever acts, and makes the key first where there is none. From now
    /// on decisions under this name need its signature, in this workspace.
    ///
    /// Errors: a key is registered under the name already; there is no place for the key.
    pub fn register_reviewer(&self) -> Result<ReviewerRegistered> {
        let name = self.host.actor.clone();
        let path = self.host.reviewer_key.clone().ok_or_else(|| {
            EngineError::refused(
                "there is no folder for the reviewer's key",
                "Set HOME, or name the file of the key in DRIFTGATE_REVIEWER_KEY",
            )
        })?;
        if let Some(row) = self.registered(&name)? {
            let here = self.own_key()?.is_some_and(|key| key.fingerprint() == row.fingerprint);
            let hint = match here {
                true => "It is the key that is here: decisions under this name are signed with it".to_owned(),
                false => format!("Bring that key to `{}`, or register under another name", path.display()),
            };
            return Err(EngineError::refused(
                format!("`{name}` has a registered key, {}", row.fingerprint.short()),
                hint,
            ));
        }
        let (key, made) = match ReviewerKey::read(&path)? {
            Some(key) => (key, false),
            None => {
                let key = ReviewerKey::generate(self.host.entropy.as_ref())?;
                key.write_new(&path)?;
                (key, true)
            }
        };
        let body = EventBody::ReviewerAdded { public_key: key.public_key().to_owned() };
        let fingerprint = key.fingerprint();
        let stamp = Stamp { reviewer: Some(Arc::new(key)), ..self.stamp() };
        let seq = self.ledger.write(|tx| -> Result<u64> { Ok(tx.append(&stamp, body)?) })?;
        Ok(ReviewerRegistered {
            schema: "driftgate/reviewer/1".into(),
            name,
            fingerprint,
            key_file: path.display().to_string(),
            made,
            seq,
        })
    }

    /// The stamp of a decision, with the key that signs it. Errors: the name of whoever acts has a registered key, which is not
    /// at hand. Asked before the work of a decision too, so that nobody waits for a refusal.
    pub(crate) fn decision_stamp(&self) -> Result<Stamp> {
        let stamp = self.stamp();
        let Some(row) = self.registered(&stamp.actor)? else { return Ok(stamp) };
        match self.own_key()? {
            Some(key) if key.fingerprint() == row.fingerprint => Ok(Stamp { reviewer: Some(Arc::new(key)), ..stamp }),
            _ => Err(LedgerError::ReviewerKey(stamp.actor).into()),
        }
    }

    fn own_key(&self) -> Result<Option<ReviewerKey>> {
        match &self.host.reviewer_key {
            Some(path) => Ok(ReviewerKey::read(path)?),
            None => Ok(None),
        }
    }

    /// The reviewer of that name.
    fn registered(&self, name: &str) -> Result<Option<ReviewerRow>> {
        for row in self.ledger.read(|view| -> Result<Vec<ReviewerRow>> { Ok(view.reviewers()?) })? {
            if self.opened_or_said(&row.actor)?.as_deref() == Some(name) {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }
}
