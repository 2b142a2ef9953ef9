//! Checkpoints and verifications, as far as the window reads them.

use crate::words;
use driftgate_model::Digest;
use serde::Deserialize;

/// What a checkpoint states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its origin line.
    pub origin: String,
    /// Events on the ledger.
    pub size: u64,
    /// The root over them, in hexadecimal digits.
    pub root: String,
}

/// Reads the head of a checkpoint: origin, size, root in base64.
pub fn head(checkpoint: &str) -> Option<Head> {
    let mut lines = checkpoint.lines();
    let origin = lines.next()?.to_owned();
    let size = lines.next()?.parse().ok()?;
    let bytes = base64(lines.next()?)?;
    if bytes.len() != 32 {
        return None;
    }
    let root = bytes.iter().map(|b| format!("{b:02x}")).collect();
    Some(Head { origin, size, root })
}

/// The bytes behind standard base64 with padding.
fn base64(text: &str) -> Option<Vec<u8>> {
    let plain = text.trim_end_matches('=');
    if !text.len().is_multiple_of(4) || text.len() - plain.len() > 2 {
        return None;
    }
    let (mut bits, mut held, mut out) = (0u32, 0u32, Vec::new());
    for c in plain.bytes() {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    Some(out)
}

/// What is wrong with a text that should be a checkpoint; `None` where it may be one.
pub fn wrong_checkpoint(text: &str) -> Option<String> {
    if text.trim().is_empty() {
        return Some("Paste the checkpoint that was kept elsewhere".into());
    }
    head(text)
        .is_none()
        .then(|| "This is no checkpoint: it begins with an origin, the number of events, and a root".into())
}

/// One thing that is wrong with the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Fault {
    /// What kind of thing is wrong.
    pub kind: String,
    /// Where.
    pub place: String,
    /// In what way.
    pub detail: String,
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Verified {
    /// Events checked.
    pub events: u64,
    /// Tree nodes checked.
    pub nodes: u64,
    /// Rows and index entries compared with the fold of the events.
    pub rows: u64,
    /// Objects hashed.
    pub objects: u64,
    /// Segments hashed.
    pub segments: u64,
    /// Commitments whose plain text is not in the store.
    pub redacted: u64,
    /// Files left in place.
    pub external: u64,
    /// The root over the events.
    pub root: Digest,
    /// The first fault.
    pub first_fault: Option<Fault>,
    /// The first so many faults.
    pub faults: Vec<Fault>,
    /// All faults.
    pub fault_count: u64,
}

impl Verified {
    /// What was checked, in words.
    pub fn checked(&self) -> String {
        let mut parts = vec![
            words::count(self.events, "event"),
            words::count(self.nodes, "node") + " of the tree",
            words::count(self.rows, "row") + " of the projections",
            words::count(self.objects, "object"),
        ];
        if self.segments > 0 {
            parts.push(words::count(self.segments, "segment"));
        }
        parts.join(", ")
    }

    /// What a verification cannot look at, in words.
    pub fn unseen(&self) -> Option<String> {
        let mut parts = Vec::new();
        if self.redacted > 0 {
            parts.push(format!("{} redacted: their commitments stand", words::count(self.redacted, "text")));
        }
        if self.external > 0 {
            parts.push(format!(
                "{} left in place: a run checks them when it reads them",
                words::count(self.external, "file")
            ));
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

/// What a kind of fault is about.
pub fn fault_kind(kind: &str) -> &'static str {
    match kind.to_lowercase().as_str() {
        "file" => "The ledger file",
        "event" => "An event",
        "node" => "The tree",
        "checkpoint" => "A checkpoint",
        "projection" => "A projection",
        "meta" => "The file's own entries",
        "head" => "The head file",
        "key" => "A key",
        "object" => "An object",
        "segment" => "A segment",
        _ => "Something else",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECKPOINT: &str = "driftgate.local/f66ad8191fd2f272\n41\n7te1M3PXaWOOcbPLqb6qE29AMzFlDO9QAPmn1TYUZQo=\n\n— driftgate.local/f66ad8191fd2f272 LZV5eJRu+vLXieXRRUkKRt4TsxauRyhLRiXt+5qeVf3zPrOAfg7z3lWldqL+e+RODBPN2yWG8s5Ml4owFDp8KEOYsgg=\n";

    #[test]
    fn a_checkpoint_states_size_and_root() {
        let head = head(CHECKPOINT).expect("a head");
        assert_eq!(head.size, 41);
        assert_eq!(head.origin, "driftgate.local/f66ad8191fd2f272");
        assert_eq!(head.root, "eed7b53373d769638e71b3cba9beaa136f403331650cef5000f9a7d53614650a");
    }

    #[test]
    fn what_is_no_checkpoint_is_told() {
        assert_eq!(wrong_checkpoint(CHECKPOINT), None);
        for text in ["", "  \n", "hello", "a\n41\nAAAA\n", "a\nmany\n7te1M3PXaWOOcbPLqb6qE29AMzFlDO9QAPmn1TYUZQo=\n"] {
            assert!(wrong_checkpoint(text).is_some(), "{text:?}");
        }
        assert_eq!(base64("TWE="), Some(b"Ma".to_vec()));
        assert_eq!((base64("TWE"), base64("T*E=")), (None, None));
    }

    #[test]
    fn what_was_checked_is_counted() {
        let text = r#"{"schema":"driftgate/verification/1","events":41,"nodes":79,"rows":275,"objects":164,"segments":0,"redacted":1,
            "external":2,"root":"eed7b53373d769638e71b3cba9beaa136f403331650cef5000f9a7d53614650a","checkpoint":"",
            "first_fault":{"kind":"event","place":"event 12","detail":"it is missing"},"faults":[],"fault_count":1}"#;
        let verified: Verified = serde_json::from_str(text).expect("a report");
        assert_eq!(verified.checked(), "41 events, 79 nodes of the tree, 275 rows of the projections, 164 objects");
        assert!(verified.unseen().is_some_and(|t| t.starts_with("1 text redacted") && t.contains("2 files")));
        assert_eq!(verified.first_fault.map(|f| fault_kind(&f.kind)), Some("An event"));
    }
}
