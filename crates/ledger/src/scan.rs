use crate::{LedgerError, Result};
use driftgate_model::Digest;
use sha2::Digest as _;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// What is found by reading an object through, a piece at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanned {
    /// Digests that stand in the text of a JSON object, in order; other objects name none.
    pub names: Vec<Digest>,
    /// Whether its bytes are the ones it is named for.
    pub intact: bool,
}

/// Bytes read at a time.
const CHUNK: usize = 1 << 16;

/// How a list of pictures begins: it names the packs that hold their bytes.
pub const LIST_OF_PICTURES: &[u8] = b"file,label,group,picture,pack,";

/// Reads the file of the object `digest` through.
pub(crate) fn scan(path: &Path, digest: &Digest) -> Result<Scanned> {
    let mut file = File::open(path).map_err(|e| match e.kind() {
        ErrorKind::NotFound => LedgerError::ObjectNotFound(*digest),
        _ => LedgerError::io("read", path)(e),
    })?;
    let mut hasher = sha2::Sha256::new();
    let mut finder: Option<Finder> = None;
    let mut buffer = vec![0; CHUNK];
    loop {
        let n = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(e) if e.kind() == ErrorKind::Interrupted => continue,
            Err(e) => return Err(LedgerError::io("read", path)(e)),
        };
        let piece = buffer.get(..n).unwrap_or_default();
        hasher.update(piece);
        let tells = piece.first() == Some(&b'{') || piece.starts_with(LIST_OF_PICTURES);
        finder.get_or_insert_with(|| Finder { json: tells, ..Finder::default() }).read(piece);
    }
    let names = finder.map(Finder::end).unwrap_or_default();
    Ok(Scanned { names, intact: Digest(hasher.finalize().into()) == *digest })
}

/// Finds runs of exactly 64 hexadecimal digits, also where they lie across two pieces.
#[derive(Default)]
struct Finder {
    json: bool,
    run: String,
    found: Vec<Digest>,
}

impl Finder {
    fn read(&mut self, piece: &[u8]) {
        if !self.json {
            return;
        }
        for byte in piece {
            if !byte.is_ascii_hexdigit() {
                self.end_run();
            } else if self.run.len() <= 64 {
                self.run.push(char::from(*byte));
            }
        }
    }

    fn end_run(&mut self) {
        if self.run.len() == 64 {
            self.found.extend(self.run.parse::<Digest>());
        }
        self.run.clear();
    }

    fn end(mut self) -> Vec<Digest> {
        self.end_run();
        self.found
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn names_are_found_across_pieces_and_only_in_json() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("object");
        let name = Digest::of(b"named");
        for padding in CHUNK - 70..CHUNK + 2 {
            let text = format!("{{{}\"{name}\",\"{name}0\",\"{}\"}}", " ".repeat(padding), &name.to_string()[1..]);
            std::fs::write(&path, &text).unwrap();
            let digest = Digest::of(text.as_bytes());
            assert_eq!(scan(&path, &digest).unwrap(), Scanned { names: vec![name], intact: true });
            assert!(!scan(&path, &name).unwrap().intact);
        }
        std::fs::write(&path, format!("weights {name}")).unwrap();
        assert!(scan(&path, &name).unwrap().names.is_empty());
        std::fs::write(&path, "").unwrap();
        assert_eq!(scan(&path, &Digest::of(b"")).unwrap(), Scanned { names: Vec::new(), intact: true });
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(scan(&path, &name), Err(LedgerError::ObjectNotFound(_))));
    }
}
