use driftgate_model::{DatasetSpec, Digest, FileFormat, FileKind};
use serde_json::{Value, json};

/// What the file of a data set of one file is called within it, whatever its name on disk: renaming it is no new version.
pub fn logical_name(format: &FileFormat) -> &'static str {
    match format.kind {
        FileKind::Csv => "data.csv",
        FileKind::Parquet => "data.parquet",
    }
}

/// The canonical manifest of a data set version: what its id is the digest of.
///
/// `files` are (name within the data set, SHA-256, bytes). The meaning is everything the spec says but `about`: the split
/// policy belongs to it, since seed and shares are frozen with the first version. The version id is the digest of the
/// object's RFC 8785 form. The order of `files` does not matter; the seed is a string, since it may be beyond 2^53.
pub fn content_version(files: &[(String, Digest, u64)], spec: &DatasetSpec) -> Value {
    let mut sorted: Vec<&(String, Digest, u64)> = files.iter().collect();
    sorted.sort();
    let files: Vec<Value> = sorted
        .into_iter()
        .map(|(name, digest, size)| json!({"name": name, "sha256": digest.to_string(), "size": size}))
        .collect();
    let split = &spec.split;
    let mut manifest = json!({
        "schema": "driftgate/dataset-version/1",
        "files": files,
        "meaning": {
            "name": spec.name,
            "task": spec.task,
            "features": spec.features,
            "target": spec.target,
            "schema": spec.schema,
            "format": spec.format,
            "constraints": spec.constraints,
            "split": {
                "train": split.train,
                "val": split.val,
                "test": split.test,
                "seed": split.seed.to_string(),
                "stratify": split.stratify,
                "group_column": split.group_column,
                "time_column": split.time_column,
                "key_column": split.key_column,
            },
        },
    });
    if let Some(images) = &spec.images {
        manifest["meaning"]["images"] = json!(images);
    }
    manifest
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;
    use crate::testing::spec;
    use driftgate_model::to_canonical;

    fn id(files: &[(String, Digest, u64)], spec: &DatasetSpec) -> Digest {
        Digest::of(&to_canonical(&content_version(files, spec)).unwrap())
    }

    fn file(bytes: &[u8]) -> (String, Digest, u64) {
        ("data.csv".into(), Digest::of(bytes), bytes.len() as u64)
    }

    #[test]
    fn every_byte_counts_and_about_does_not() {
        let spec = spec(&["a", "b"], "y");
        let base = id(&[file(b"a,b,y\n1,2,3\n")], &spec);
        assert_eq!(base, id(&[file(b"a,b,y\n1,2,3\n")], &spec));
        assert_ne!(base, id(&[file(b"a,b,y\n1,2,4\n")], &spec));
        assert_ne!(base, id(&[file(b"a,b,y\r\n1,2,3\r\n")], &spec));
        let mut told = spec.clone();
        told.about.description = Some("Told better".into());
        assert_eq!(base, id(&[file(b"a,b,y\n1,2,3\n")], &told));
    }

    #[test]
    fn every_part_of_the_meaning_counts() {
        let spec = spec(&["a", "b"], "y");
        let files = [file(b"x")];
        let base = id(&files, &spec);
        let changes: [fn(&mut DatasetSpec); 8] = [
            |s| s.features.reverse(),
            |s| s.target = "a".into(),
            |s| s.split.seed = u64::MAX,
            |s| s.split.train = 0.8,
            |s| s.split.key_column = Some("id".into()),
            |s| s.format.delimiter = ';',
            |s| s.constraints.min_rows = Some(3),
            |s| s.schema.clear(),
        ];
        for change in changes {
            let mut changed = spec.clone();
            change(&mut changed);
            assert_ne!(base, id(&files, &changed), "{changed:?}");
        }
    }

    #[test]
    fn the_order_of_files_does_not_count() {
        let spec = spec(&["a"], "y");
        let (a, b) = (file(b"1"), ("more.csv".to_owned(), Digest::of(b"2"), 1));
        assert_eq!(id(&[a.clone(), b.clone()], &spec), id(&[b, a], &spec));
    }
}
