//! Prediction servers: what they answer with, and their end.

use super::{Change, Changes, Rows, mismatch, refused};
use driftgate_model::{Event, EventBody, RunId, ServerRow};

pub(super) fn confirmed(rows: &mut dyn Rows, event: &Event) -> Changes {
    let EventBody::ServerConfirmed { server, address, lease, models } = &event.body else { return Err(mismatch()) };
    if !models.is_sorted_by(|a, b| a.model < b.model) {
        return Err(refused(format!("the server {server} names a model twice, or not in order")));
    }
    let mut changes = Vec::new();
    for served in models {
        let name = &served.model;
        let known = rows.take_model(name.as_str())?.ok_or_else(|| {
            refused(format!("the server {server} cannot answer with the model `{name}`: there is none"))
        })?;
        if known.version(served.version).map(|v| v.artifact) != Some(served.artifact) {
            return Err(refused(format!(
                "the server {server} confirms an artifact that is not version {} of the model `{name}`",
                served.version
            )));
        }
        changes.push(Change::Model(Box::new(known)));
    }
    let started_at = rows.take_server(server)?.map_or(event.time, |earlier| earlier.started_at);
    changes.push(Change::Server(Box::new(ServerRow {
        server: server.clone(),
        address: address.clone(),
        actor: event.actor,
        started_at,
        seq: event.seq,
        at: event.time,
        lease: lease.clone(),
        models: models.clone(),
        stopped: false,
    })));
    Ok(changes)
}

pub(super) fn stopped(rows: &mut dyn Rows, event: &Event, server: &RunId) -> Changes {
    let mut row =
        rows.take_server(server)?.ok_or_else(|| refused(format!("no server {server} runs that could stop")))?;
    row.seq = event.seq;
    row.at = event.time;
    row.stopped = true;
    Ok(vec![Change::Server(Box::new(row))])
}
