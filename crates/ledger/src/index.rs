use driftgate_model::{Event, EventBody};

/// What an event is found by, besides its kind, actor and time. Sorted, nothing twice.
pub(crate) struct IndexKeys {
    /// `run:ID`, `model:NAME`, …
    pub(crate) subjects: Vec<String>,
    /// Digests of objects and segments it names.
    pub(crate) objects: Vec<[u8; 32]>,
}

impl IndexKeys {
    pub(crate) fn of(event: &Event) -> IndexKeys {
        let mut objects: Vec<[u8; 32]> = event.body.objects().iter().map(|(_, digest)| digest.0).collect();
        if let EventBody::RunStage { segments, .. } = &event.body {
            objects.extend(segments.values().map(|digest| digest.0));
        }
        objects.sort_unstable();
        objects.dedup();
        let mut subjects = event.body.subjects();
        subjects.sort_unstable();
        subjects.dedup();
        IndexKeys { subjects, objects }
    }
}
