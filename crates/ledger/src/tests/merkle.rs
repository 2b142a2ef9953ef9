//! The stored tree against the recursive definitions of RFC 6962, written down here a second time and naively.

use crate::tree::{self, Nodes};
use driftgate_model::Digest;
use proptest::prelude::*;
use sha2::Digest as _;
use std::collections::BTreeMap;

fn sha(parts: &[&[u8]]) -> Digest {
    let mut h = sha2::Sha256::new();
    parts.iter().for_each(|p| h.update(p));
    Digest(h.finalize().into())
}

/// MTH of section 2.1.
fn mth(d: &[Vec<u8>]) -> Digest {
    match d {
        [] => sha(&[]),
        [one] => sha(&[&[0], one]),
        _ => {
            let k = largest_power_below(d.len());
            sha(&[&[1], &mth(&d[..k]).0, &mth(&d[k..]).0])
        }
    }
}

fn largest_power_below(n: usize) -> usize {
    let mut k = 1;
    while k * 2 < n {
        k *= 2;
    }
    k
}

/// PATH of section 2.1.1.
fn path(m: usize, d: &[Vec<u8>]) -> Vec<Digest> {
    if d.len() == 1 {
        return Vec::new();
    }
    let k = largest_power_below(d.len());
    if m < k {
        [path(m, &d[..k]), vec![mth(&d[k..])]].concat()
    } else {
        [path(m - k, &d[k..]), vec![mth(&d[..k])]].concat()
    }
}

/// SUBPROOF of section 2.1.2.
fn subproof(m: usize, d: &[Vec<u8>], b: bool) -> Vec<Digest> {
    if m == d.len() {
        return if b { Vec::new() } else { vec![mth(d)] };
    }
    let k = largest_power_below(d.len());
    if m <= k {
        [subproof(m, &d[..k], b), vec![mth(&d[k..])]].concat()
    } else {
        [subproof(m - k, &d[k..], false), vec![mth(&d[..k])]].concat()
    }
}

#[derive(Default)]
struct InMemory(BTreeMap<(u8, u64), Digest>);

impl Nodes for InMemory {
    type Error = (u8, u64);

    fn node(&self, level: u8, index: u64) -> Result<Digest, (u8, u64)> {
        self.0.get(&(level, index)).copied().ok_or((level, index))
    }
}

fn build(leaves: &[Vec<u8>]) -> InMemory {
    let mut nodes = InMemory::default();
    for (seq, bytes) in leaves.iter().enumerate() {
        let completed = tree::completed_by(&nodes, seq as u64, tree::leaf_hash(bytes)).unwrap();
        nodes.0.extend(completed.into_iter().map(|(level, index, hash)| ((level, index), hash)));
    }
    nodes
}

fn check(leaves: &[Vec<u8>]) {
    let nodes = build(leaves);
    let n = leaves.len();
    for size in 0..=n {
        assert_eq!(tree::root(&nodes, size as u64).unwrap(), mth(&leaves[..size]), "root of {size}");
    }
    for index in 0..n {
        assert_eq!(
            tree::inclusion_proof(&nodes, index as u64, n as u64).unwrap(),
            path(index, leaves),
            "path of {index} in {n}"
        );
    }
    for old in 1..=n {
        assert_eq!(
            tree::consistency_proof(&nodes, old as u64, n as u64).unwrap(),
            subproof(old, leaves, true),
            "consistency of {old} and {n}"
        );
    }
}

#[test]
fn every_tree_of_up_to_70_leaves_fits_the_definition() {
    let leaves: Vec<Vec<u8>> = (0_u32..70).map(|i| i.to_be_bytes().to_vec()).collect();
    for n in 0..=leaves.len() {
        check(&leaves[..n]);
    }
}

#[test]
fn the_published_roots_of_the_certificate_transparency_test_vectors_hold() {
    // Leaves and roots of the reference implementation's tests (google/certificate-transparency, `merkletree`).
    let leaves: Vec<Vec<u8>> =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
            .map(|h| hex::decode(h).unwrap())
            .to_vec();
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let nodes = build(&leaves);
    for (i, root) in roots.iter().enumerate() {
        assert_eq!(tree::root(&nodes, i as u64 + 1).unwrap().to_string(), *root);
    }
    assert_eq!(tree::empty_root().to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_trees_fit_the_definition(leaves in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9), 0..180)) {
        check(&leaves);
    }
}
