use crate::{Result, Workspace};
use driftgate_ledger::{EventFilter, PublicKeys, VerifyOptions, VerifyReport};
use driftgate_model::views::{AuditLine, AuditLog, DoctorCheck, DoctorReport};
use driftgate_model::{CancelToken, Code, Coded as _, Event, EventBody, Observer};
use driftgate_vision::DeviceSort;

impl Workspace {
    /// Events that match, oldest first, with their sealed texts opened.
    pub fn audit_log(&self, filter: &EventFilter) -> Result<AuditLog> {
        let size = self.ledger.head()?.size;
        let mut lines = Vec::new();
        for event in self.ledger.audit_log(filter)? {
            lines.push(AuditLine {
                actor: self.opened_or_said(&event.actor)?,
                summary: self.summarise(&event)?,
                event,
            });
        }
        Ok(AuditLog { schema: "driftgate/audit-log/1".into(), size, lines })
    }

    /// The exact leaf bytes of events that match, oldest first.
    pub fn raw_events(&self, filter: &EventFilter) -> Result<Vec<Vec<u8>>> {
        Ok(self.ledger.raw_log(filter)?)
    }

    /// Checks every leaf, node, projection and object, and names the first thing that is wrong.
    ///
    /// With the text of a `checkpoint` that was kept elsewhere, the ledger must extend it: nothing before it was changed.
    pub fn verify(
        &self,
        checkpoint: Option<String>,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<VerifyReport> {
        Ok(self.ledger.verify(&VerifyOptions { checkpoint, ..VerifyOptions::default() }, observer, cancel)?)
    }

    /// The signed checkpoint of the current head: keep it elsewhere, and later rewriting shows.
    pub fn checkpoint(&self) -> Result<String> {
        Ok(self.ledger.checkpoint()?)
    }

    /// The public keys of the workspace.
    pub fn keys(&self) -> Result<PublicKeys> {
        Ok(self.ledger.keys()?)
    }

    /// A sealed text; one whose object is damaged is said to be so, and hides nothing else.
    pub(crate) fn opened_or_said(&self, sealed: &driftgate_model::Sealed) -> Result<Option<String>> {
        match self.ledger.unseal(sealed) {
            Err(e) if e.code() == Code::Corrupt => Ok(Some("(damaged)".into())),
            other => Ok(other?),
        }
    }

    fn summarise(&self, event: &Event) -> Result<String> {
        let why = |sealed: &driftgate_model::Sealed| -> Result<String> {
            let text = self.opened_or_said(sealed)?.unwrap_or_else(|| "(redacted)".into());
            Ok(text.split_whitespace().collect::<Vec<_>>().join(" "))
        };
        Ok(match &event.body {
            EventBody::WorkspaceCreated { origin, driftgate_version, .. } => {
                format!("workspace {origin} made by Driftgate {driftgate_version}")
            }
            EventBody::DatasetAdded { dataset, number, rows, columns, .. } => {
                format!("{dataset} version {number}: {rows} rows, {columns} columns")
            }
            EventBody::RunStarted { subject: s, .. } => {
                format!("run {} of {}: {} on {}", s.run.short(), s.model, s.algorithm, s.dataset)
            }
            EventBody::RunStage { run, record, .. } => {
                format!("run {}: {} done in {} ms", run.short(), record.stage.as_str(), record.duration_ms)
            }
            EventBody::RunFinished { run, status, violations, .. } => {
                let rules = if violations.is_empty() { String::new() } else { format!(": {}", violations.join(", ")) };
                format!("run {} is {}{rules}", run.short(), status.as_str())
            }
            EventBody::RunInterrupted { run } => format!("run {} was interrupted", run.short()),
            EventBody::GateEvaluated { run, passed, .. } => {
                let verdict = if *passed { "passed" } else { "blocked" };
                format!("run {}: the gate was asked again and {verdict} it", run.short())
            }
            EventBody::RunApproved { run, model, version, archived, reason, .. } => {
                let archived = archived.map(|v| format!(", version {v} archived")).unwrap_or_default();
                let reason = match reason {
                    Some(reason) => format!(": {}", why(reason)?),
                    None => String::new(),
                };
                format!("run {} approved: {model} version {version} in Production{archived}{reason}", run.short())
            }
            EventBody::RunRejected { run, reason } => format!("run {} rejected: {}", run.short(), why(reason)?),
            EventBody::RollbackIntended { model, from, to, .. } => {
                format!("{model}: about to roll back from version {from} to {to}")
            }
            EventBody::RollbackCompleted { model, from, to, reason, .. } => {
                format!("{model}: rolled back from version {from} to {to}: {}", why(reason)?)
            }
            EventBody::RollbackAbandoned { model, .. } => format!("{model}: a rollback never happened"),
            EventBody::ProfileAdded { model, version, .. } => {
                format!("{model}: version {version} got a reference profile")
            }
            EventBody::AdaptationStaged {
                adaptation, model, model_version, dataset, number, train, holdout, ..
            } => {
                format!(
                    "{dataset} version {number}: {train} drifted rows to learn from, {holdout} held out, for {model} version \
                     {model_version} ({})",
                    adaptation.short()
                )
            }
            EventBody::AdaptationUndone { adaptation, dataset, number, reason, .. } => {
                format!("{dataset}: adaptation {} (version {number}) taken back: {}", adaptation.short(), why(reason)?)
            }
            EventBody::DriftChecked { check, model, version, rows, verdict, severity, .. } => format!(
                "{model}: batch of {rows} rows against version {version} is {}{} ({})",
                verdict.as_str(),
                if *severity == driftgate_model::DriftSeverity::None {
                    String::new()
                } else {
                    format!(", {} severity", severity.as_str())
                },
                check.short()
            ),
            EventBody::DriftResponded { check, model, action, reason } => {
                format!("{model}: {} on check {}: {}", action.as_str(), check.short(), why(reason)?)
            }
            EventBody::ServerConfirmed { server, address, models, .. } => {
                let served: Vec<String> = models.iter().map(|m| format!("{}@{}", m.model, m.version)).collect();
                let served = if served.is_empty() { "nothing".into() } else { served.join(", ") };
                format!("server {} at {address} answers with {served}", server.short())
            }
            EventBody::ReviewerAdded { .. } => match &event.signed {
                Some(signed) => format!("a reviewer's key registered, {}", signed.key.short()),
                None => "a reviewer's key registered".into(),
            },
            EventBody::ServerStopped { server } => format!("server {} stopped", server.short()),
        })
    }

    /// The state of the workspace and of this build.
    pub fn doctor(&self) -> Result<DoctorReport> {
        let mut checks = Vec::new();
        let mut push = |name: &str, status: &str, detail: String, hint: Option<&str>| {
            checks.push(DoctorCheck { name: name.into(), status: status.into(), detail, hint: hint.map(String::from) });
        };
        let head = self.ledger.head()?;
        push("ledger", "ok", format!("{} events, root {}", head.size, head.root.short()), None);
        let quick = VerifyOptions { objects: false, ..VerifyOptions::default() };
        let report = self.ledger.verify(&quick, &driftgate_model::NullObserver, &CancelToken::new())?;
        match &report.first_fault {
            None => push("log", "ok", "every leaf, node and projection is as it should be".into(), None),
            Some(fault) => push("log", "fault", fault.to_string(), Some("Run `driftgate audit verify` for all of it")),
        }
        let garbage = self.collect_garbage(true)?;
        if garbage.damaged > 0 {
            let detail = format!("{} damaged or unreadable of those that events lead to", garbage.damaged);
            push("objects", "fault", detail, Some("Run `driftgate audit verify`: it names each"));
        }
        if garbage.objects > 0 {
            let detail = format!("{} objects ({} bytes) that no event leads to", garbage.objects, garbage.bytes);
            push("objects", "warning", detail, Some("`driftgate gc` frees them"));
        } else if garbage.damaged == 0 {
            push("objects", "ok", "no leftover".into(), None);
        }
        let runs = self.ledger.read(|view| -> Result<u64> { Ok(view.run_count()?) })?;
        push("runs", "ok", format!("{runs} recorded"), None);
        let servers = self.live_servers()?;
        if !servers.is_empty() {
            let models = self.ledger.read(|view| -> Result<_> { Ok(view.models()?) })?;
            let mut behind = Vec::new();
            for model in &models {
                let late = self.serving(model)?.into_iter().filter(|line| !line.confirmed);
                behind.extend(late.map(|line| format!("{} at {}", model.name, line.address)));
            }
            if behind.is_empty() {
                push("servers", "ok", format!("{} answering with what is in Production", servers.len()), None);
            } else {
                let detail = format!("not confirmed yet: {}", behind.join(", "));
                push("servers", "warning", detail, Some("Ask again in a second; then look at the server's log"));
            }
        }
        let devices = driftgate_vision::Devices::list();
        let used = devices.iter().find(|d| d.usable && d.sort == DeviceSort::Gpu).or(devices.first());
        for device in &devices {
            let name = match device.sort {
                DeviceSort::Cpu => "cpu",
                DeviceSort::Gpu => "gpu",
            };
            let role = if Some(device) == used { ": networks are trained here" } else { "" };
            let why = device.why_not.as_ref().map(|why| format!(": not used, since it is {why}")).unwrap_or_default();
            push(name, "ok", format!("{}{role}{why}", device.name), None);
        }
        if !cfg!(feature = "gpu") {
            push("gpu", "ok", "this build has no support for GPUs".into(), None);
        } else if devices.len() == 1 {
            push("gpu", "ok", "none found: the machine has none, or its driver is missing".into(), None);
        }
        let b = &self.host.build;
        Ok(DoctorReport {
            schema: "driftgate/doctor/1".into(),
            driftgate: format!("{} ({}, lock {})", b.version, b.build, b.lock_hash.short()),
            checks,
        })
    }
}
