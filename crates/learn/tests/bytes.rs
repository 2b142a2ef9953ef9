//! Bytes that are not a model are refused: no panic, no loop, no memory for what is not there.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use common::{every_estimator, fit_with, friedman};
use driftgate_learn::{LearnError, Model};
use driftgate_model::{Code, Coded, Digest, Matrix};
use proptest::prelude::*;
use std::sync::OnceLock;

fn models() -> &'static Vec<(&'static str, Vec<u8>)> {
    static MODELS: OnceLock<Vec<(&'static str, Vec<u8>)>> = OnceLock::new();
    MODELS.get_or_init(|| {
        let (x, y) = friedman(120, 5, 31);
        let bytes = |(name, config, target)| (name, fit_with(&config, &x, &target, 1, 1).unwrap().model.to_bytes());
        every_estimator(&y).into_iter().map(bytes).collect()
    })
}

/// Replaces the digest at the end by the right one, as somebody would who forges a model.
fn forge(bytes: &mut [u8]) {
    let body = bytes.len() - 32;
    let digest = Digest::of(&bytes[..body]);
    bytes[body..].copy_from_slice(digest.as_bytes());
}

/// Whatever is accepted must also answer.
fn ask(model: &Model) {
    if model.features() < 100 {
        let x = Matrix::from_columns(3, model.features(), vec![0.4; 3 * model.features()]).unwrap();
        assert_eq!(model.predict(&x).unwrap().len(), 3);
    }
}

#[test]
fn cut_files_are_refused_at_every_length() {
    for (name, bytes) in models() {
        for length in (0..bytes.len()).step_by(1 + bytes.len() / 400) {
            let error = Model::from_bytes(&bytes[..length]).unwrap_err();
            assert_eq!(error.code(), Code::Corrupt, "{name}, {length} of {} bytes: {error}", bytes.len());
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert!(Model::from_bytes(&longer).is_err(), "{name}");
    }
}

#[test]
fn newer_formats_say_so() {
    let mut bytes = models()[0].1.clone();
    bytes[b"driftgate-model".len()] = 9;
    assert_eq!(Model::from_bytes(&bytes).unwrap_err(), LearnError::Newer { found: 9, newest: 1 });
    assert!(matches!(Model::from_bytes(b"PK\x03\x04 a zip file").unwrap_err(), LearnError::Decode(_)));
}

#[test]
fn a_length_that_is_not_there_takes_no_memory() {
    // A forest whose label list claims 2^60 entries.
    let mut bytes = b"driftgate-model\x01".to_vec();
    bytes.extend([0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10, 1, 65]);
    bytes.extend([0; 32]);
    forge(&mut bytes);
    assert!(matches!(Model::from_bytes(&bytes).unwrap_err(), LearnError::Decode(_)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn altered_files_are_refused(which in 0usize..10, at in any::<prop::sample::Index>(), with in 1u8..=255) {
        let (_, bytes) = &models()[which];
        let mut bytes = bytes.clone();
        let at = at.index(bytes.len());
        bytes[at] ^= with;
        prop_assert!(Model::from_bytes(&bytes).is_err());
    }

    #[test]
    fn forged_files_never_panic(
        which in 0usize..10,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        cuts in any::<bool>(),
    ) {
        let (_, bytes) = &models()[which];
        let mut bytes = bytes.clone();
        let body = 16..bytes.len() - 32;
        for (at, with) in changes {
            bytes[body.start + at.index(body.len())] = with;
        }
        if cuts {
            let from = body.start + cut.index(body.len());
            bytes.drain(from..body.end);
        }
        forge(&mut bytes);
        if let Ok(model) = Model::from_bytes(&bytes) {
            ask(&model);
        }
    }

    #[test]
    fn random_bodies_never_panic(kind in 0u8..5, noise in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut bytes = b"driftgate-model\x01".to_vec();
        bytes.push(kind);
        bytes.extend(noise);
        bytes.extend([0; 32]);
        forge(&mut bytes);
        if let Ok(model) = Model::from_bytes(&bytes) {
            ask(&model);
        }
    }
}
