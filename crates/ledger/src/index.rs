use driftgate_model::{Event, EventBody};
use std::collections::BTreeSet;

/// What an event is found by, besides its kind, actor and time.
pub(crate) struct IndexKeys {
    /// `run:ID`, `model:NAME`, …
    pub(crate) subjects: BTreeSet<String>,
    /// Digests of objects and segments it names.
    pub(crate) objects: BTreeSet<[u8; 32]>,
}

impl IndexKeys {
    pub(crate) fn of(event: &Event) -> IndexKeys {
        let mut objects: BTreeSet<[u8; 32]> = event.body.objects().iter().map(|(_, digest)| digest.0).collect();
        if let EventBody::RunStage { segments, .. } = &event.body {
            objects.extend(segments.values().map(|digest| digest.0));
        }
        IndexKeys { subjects: event.body.subjects().into_iter().collect(), objects }
    }
}
