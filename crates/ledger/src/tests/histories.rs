//! Random histories: what is legal is appended and folds to the same bytes again; what is not is refused.

use super::builders::{Events, World, model, run_id, stamp, verify};
use crate::fold::{Change, fold};
use crate::index::IndexKeys;
use crate::projections::Projections;
use crate::tables;
use crate::view::View;
use crate::{LedgerError, Transaction};
use driftgate_model::config::Stage;
use driftgate_model::{Code, Coded, Digest, EventBody, RunRow, RunStatus, Task};
use proptest::prelude::*;

/// Every legal next event.
fn legal(t: &View, e: &Events, runs: u64) -> Vec<EventBody> {
    let mut next = Vec::new();
    for name in ["d", "e"] {
        let versions = t.dataset(name).unwrap().map_or(0, |d| d.versions.len());
        if versions < 4 {
            next.push(e.dataset(name, u32::try_from(versions).unwrap() + 1));
        }
        if versions > 0 {
            next.push(e.started(runs, name, "m"));
            next.push(e.started(runs, name, "n"));
        }
    }
    for n in 0..runs {
        let Some(row) = t.run(&run_id(n)).unwrap() else { continue };
        match row.status {
            RunStatus::Running => {
                use RunStatus::{AwaitingApproval, Blocked, Cancelled, Completed, Failed};
                next.push(e.stage(n, Stage::Training, false));
                next.push(e.stage(n, Stage::Evaluation, true));
                next.extend([Completed, Blocked, Failed, Cancelled].map(|status| e.finished(n, status)));
                next.extend([AwaitingApproval; 3].map(|status| e.finished(n, status)));
                next.push(EventBody::RunInterrupted { run: run_id(n) });
            }
            RunStatus::AwaitingApproval => {
                next.extend([e.gate(n, true), e.gate(n, false), e.rejected(n)]);
                next.extend(approval(t, e, n, &row).into_iter().cycle().take(3));
            }
            _ => {}
        }
    }
    for model in t.models().unwrap() {
        let name = model.name.as_str();
        match (&model.pending, model.production) {
            (Some(pending), Some(from)) => {
                next.push(e.completed(name, pending.seq, from, pending.to));
                next.push(EventBody::RollbackAbandoned { model: model.name.clone(), intent: pending.seq });
            }
            (None, Some(from)) => {
                let others = model.versions.iter().filter(|v| v.version != from);
                next.extend(others.map(|v| e.intended(name, from, v.version, v.artifact)));
            }
            _ => {}
        }
    }
    next
}

fn approval(t: &View, e: &Events, n: u64, row: &RunRow) -> Option<EventBody> {
    let name = row.subject.model.as_str();
    match t.model(name).unwrap() {
        None => Some(e.approved(n, name, 1, None)),
        Some(m) if m.pending.is_none() => {
            Some(e.approved(n, name, u32::try_from(m.versions.len()).unwrap() + 1, m.production))
        }
        Some(_) => None,
    }
}

/// Events that no state, or not this one, allows.
fn illegal(t: &View, e: &Events, runs: u64) -> Vec<EventBody> {
    let mut wrong = vec![
        e.dataset("d", 9),
        e.started(runs, "nowhere", "m"),
        e.finished(runs, RunStatus::Completed),
        e.stage(runs, Stage::Training, true),
        e.approved(runs, "m", 1, None),
        e.rejected(runs),
        e.intended("x", 2, 1, e.objects[0]),
        e.completed("m", 1, 2, 1),
        EventBody::RollbackAbandoned { model: model("m"), intent: 0 },
        EventBody::WorkspaceCreated {
            origin: "driftgate.local/x".into(),
            log_key: "x".into(),
            model_key: e.objects[0],
            driftgate_version: "0".into(),
        },
    ];
    for n in 0..runs {
        let Some(row) = t.run(&run_id(n)).unwrap() else { continue };
        wrong.push(e.started(n, &row.subject.dataset, "m"));
        wrong.extend([RunStatus::Running, RunStatus::Approved].map(|status| e.finished(n, status)));
        let name = row.subject.model.as_str();
        wrong.push(e.approved(n, name, 77, None));
        if row.status != RunStatus::Running {
            wrong.push(e.finished(n, RunStatus::Completed));
            wrong.push(EventBody::RunInterrupted { run: run_id(n) });
        }
        if row.status != RunStatus::AwaitingApproval {
            wrong.extend([e.rejected(n), e.gate(n, true), e.approved(n, name, 1, None)]);
        } else if let Some(EventBody::RunApproved {
            run,
            model,
            version,
            archived,
            task,
            target,
            labels,
            artifact,
            gate,
            deployment,
            lineage,
            reason,
            statement,
        }) = approval(t, e, n, &row)
        {
            // Each field that must fit, made not to.
            let with = |archived, artifact, gate, task| EventBody::RunApproved {
                run: run.clone(),
                model: model.clone(),
                version,
                archived,
                task,
                target: target.clone(),
                labels: labels.clone(),
                artifact,
                gate,
                deployment,
                lineage: lineage.clone(),
                reason,
                statement,
            };
            let other = |d: Digest| e.objects.iter().copied().find(|o| *o != d).unwrap();
            wrong.push(with(Some(archived.map_or(1, |v| v + 1)), artifact, gate, task));
            wrong.push(with(archived, other(artifact), gate, task));
            wrong.push(with(archived, artifact, other(gate), task));
            wrong.push(with(archived, artifact, gate, Task::Regression));
        }
    }
    wrong
}

/// Plays a history; `choices` pick among what is legal. A transaction holds up to four events.
fn play(w: &World, choices: &[u32]) {
    let e = w.events();
    let mut runs = 0;
    for batch in choices.chunks(4) {
        w.ledger
            .write(|t: &mut Transaction<'_>| {
                for choice in batch {
                    let wrong = illegal(t, &e, runs);
                    let pick = &wrong[*choice as usize % wrong.len()];
                    let size = t.size()?;
                    let error = t.append(&stamp(1), pick.clone()).unwrap_err();
                    assert!(matches!(error.code(), Code::Refused | Code::Conflict), "{pick:?}: {error}");
                    assert_eq!(t.size()?, size);
                    let mut next = legal(t, &e, runs);
                    let pick = next.swap_remove((choice >> 8) as usize % next.len());
                    runs += u64::from(matches!(pick, EventBody::RunStarted { .. }));
                    t.append(&stamp(i64::from(choice % 1000)), pick)?;
                }
                Ok::<_, LedgerError>(())
            })
            .unwrap();
    }
}

/// All projection tables, byte for byte.
fn dump(w: &World) -> Vec<(&'static str, String, Vec<u8>)> {
    let mut out = Vec::new();
    w.ledger
        .read(|v| {
            for (name, table) in [("datasets", tables::DATASETS), ("models", tables::MODELS)] {
                for entry in v.source.table(table)?.iter(|k, b| (name, k.to_owned(), b.to_vec()))? {
                    out.push(entry?);
                }
            }
            for entry in v.source.table(tables::RUNS)?.iter(|k, b| ("runs", k.to_string(), b.to_vec()))? {
                out.push(entry?);
            }
            for (name, table) in [("run_ids", tables::RUN_IDS), ("run_endings", tables::RUN_ENDINGS)] {
                for entry in v.source.table(table)?.iter(|k, s| (name, k.to_owned(), s.to_le_bytes().to_vec()))? {
                    out.push(entry?);
                }
            }
            for entry in v.source.table(tables::RUNNING)?.iter(|k, ()| ("running", k.to_string(), Vec::new()))? {
                out.push(entry?);
            }
            for (name, table) in [("by_kind", tables::BY_KIND), ("by_subject", tables::BY_SUBJECT)] {
                for entry in v.source.table(table)?.iter(|k, ()| (name, format!("{k:?}"), Vec::new()))? {
                    out.push(entry?);
                }
            }
            for (name, table) in [("by_object", tables::BY_OBJECT), ("by_actor", tables::BY_ACTOR)] {
                for entry in v.source.table(table)?.iter(|k, ()| (name, format!("{k:?}"), Vec::new()))? {
                    out.push(entry?);
                }
            }
            Ok::<_, LedgerError>(())
        })
        .unwrap();
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_rebuild_gives_the_same_bytes_and_illegal_events_are_refused(
        choices in prop::collection::vec(any::<u32>(), 1..90),
    ) {
        let w = World::new();
        play(&w, &choices);
        let report = verify(&w.ledger);
        prop_assert!(report.is_clean(), "{:?}", report.faults);
        let before = dump(&w);
        let head = w.ledger.checkpoint().unwrap();
        w.ledger.rebuild_projections().unwrap();
        prop_assert_eq!(dump(&w), before);
        prop_assert_eq!(w.ledger.checkpoint().unwrap(), head);
        prop_assert!(verify(&w.ledger).is_clean());
    }
}

#[test]
fn a_long_history_reaches_every_kind_of_event() {
    let w = World::new();
    let choices: Vec<u32> =
        (0_u32..400).map(|i| u32::from_le_bytes(Digest::of(&i.to_le_bytes()).0[..4].try_into().unwrap())).collect();
    play(&w, &choices);
    let kinds: std::collections::BTreeSet<&str> =
        w.ledger.audit_log(&Default::default()).unwrap().iter().map(|e| e.body.kind()).collect();
    assert_eq!(kinds.len(), 12, "{kinds:?}");
    assert!(verify(&w.ledger).is_clean());
}

#[test]
fn a_rollback_moves_production_and_keeps_the_history() {
    let w = World::new();
    for body in w.events().two_versions() {
        w.append(body).unwrap();
    }
    let e = w.events();
    let artifact = w.ledger.read(|v| v.model("m")).unwrap().unwrap().version(1).unwrap().artifact;
    let intent = w.append(e.intended("m", 2, 1, artifact)).unwrap();
    let pending = w.ledger.read(|v| v.pending_rollbacks()).unwrap();
    assert_eq!((pending.len(), pending[0].1.seq, pending[0].1.to), (1, intent, 1));
    // While one is under way, neither another nor an approval gets through.
    assert_eq!(w.append(e.intended("m", 2, 1, artifact)).unwrap_err().code(), Code::Conflict);
    w.append(e.started(3, "d", "m")).unwrap();
    w.append(e.finished(3, RunStatus::AwaitingApproval)).unwrap();
    assert_eq!(w.append(e.approved(3, "m", 3, Some(2))).unwrap_err().code(), Code::Conflict);
    w.append(e.completed("m", intent, 2, 1)).unwrap();
    let model = w.ledger.read(|v| v.model("m")).unwrap().unwrap();
    assert_eq!((model.production, model.pending.is_none(), model.versions.len()), (Some(1), true, 2));
    let moves: Vec<_> = model.history.iter().map(|m| (m.cause.as_str(), m.from, m.to)).collect();
    assert_eq!(moves, [("approval", None, 1), ("approval", Some(1), 2), ("rollback", Some(2), 1)]);
    assert_eq!(w.append(e.completed("m", intent, 2, 1)).unwrap_err().code(), Code::Conflict);
    // The approval that was prepared against version 2 is stale now; against version 1 it goes through.
    assert_eq!(w.append(e.approved(3, "m", 3, Some(2))).unwrap_err().code(), Code::Conflict);
    w.append(e.approved(3, "m", 3, Some(1))).unwrap();
    assert!(w.verify().is_clean());
}

#[test]
fn the_fold_depends_on_nothing_but_rows_and_event() {
    let w = World::new();
    for body in w.events().two_versions() {
        w.append(body).unwrap();
    }
    let events = w.ledger.audit_log(&Default::default()).unwrap();
    let mut rows = Projections::default();
    for event in &events {
        let bytes = driftgate_model::to_canonical(event).unwrap();
        assert_eq!(crate::parse::parse_event(event.seq, &bytes).unwrap(), driftgate_model::from_json(&bytes).unwrap());
        let first: Vec<Change> = fold(&mut rows.clone(), event).unwrap();
        assert_eq!(fold(&mut rows.clone(), event).unwrap(), first);
        rows.apply(event, IndexKeys::of(event)).unwrap();
    }
    let stored = w.ledger.read(|v| v.model("m")).unwrap();
    assert_eq!(rows.models.get("m"), stored.as_ref());
}
