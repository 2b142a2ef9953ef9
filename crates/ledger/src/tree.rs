//! The Merkle tree of RFC 6962: SHA-256, leaves prefixed with 0x00, inner nodes with 0x01.
//!
//! Only complete subtrees are stored: node `(level, index)` covers the leaves `index * 2^level` up to, but not with,
//! `(index + 1) * 2^level`. Everything else follows from these in O(log n).

use driftgate_model::Digest;
use sha2::Digest as _;

/// The hash of a leaf: SHA-256(0x00 ‖ bytes).
pub fn leaf_hash(bytes: &[u8]) -> Digest {
    Digest(sha2::Sha256::new().chain_update([0]).chain_update(bytes).finalize().into())
}

/// The hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    Digest(sha2::Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// The root of a tree without leaves: SHA-256 of nothing.
pub fn empty_root() -> Digest {
    Digest::of(&[])
}

/// Reads stored nodes.
pub trait Nodes {
    /// Why a node cannot be read.
    type Error;
    /// The hash of the complete subtree `(level, index)`.
    fn node(&self, level: u8, index: u64) -> Result<Digest, Self::Error>;
}

/// The nodes that leaf number `seq` completes, bottom up, the leaf itself first.
///
/// Errors: those of `nodes`, which is asked for the left siblings.
pub fn completed_by<N: Nodes>(nodes: &N, seq: u64, leaf: Digest) -> Result<Vec<(u8, u64, Digest)>, N::Error> {
    let mut completed = vec![(0, seq, leaf)];
    let (mut level, mut index, mut hash) = (0, seq, leaf);
    while index % 2 == 1 {
        hash = node_hash(&nodes.node(level, index - 1)?, &hash);
        level += 1;
        index /= 2;
        completed.push((level, index, hash));
    }
    Ok(completed)
}

/// The root of the tree over the first `size` leaves.
pub fn root<N: Nodes>(nodes: &N, size: u64) -> Result<Digest, N::Error> {
    if size == 0 {
        return Ok(empty_root());
    }
    range_hash(nodes, 0, size)
}

/// RFC 6962 section 2.1.1: the audit path of leaf `index` in the tree over the first `size` leaves, leaf side first.
///
/// `index` must be below `size`; otherwise the path is empty.
pub fn inclusion_proof<N: Nodes>(nodes: &N, index: u64, size: u64) -> Result<Vec<Digest>, N::Error> {
    let mut path = Vec::new();
    if index >= size {
        return Ok(path);
    }
    let (mut start, mut end) = (0, size);
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            path.push(range_hash(nodes, middle, end)?);
            end = middle;
        } else {
            path.push(range_hash(nodes, start, middle)?);
            start = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// RFC 6962 section 2.1.2: proves that the tree over `old` leaves is a prefix of the one over `new`.
///
/// Empty where `old` is 0, equal to `new` or beyond it: nothing is left to prove, or nothing can be.
pub fn consistency_proof<N: Nodes>(nodes: &N, old: u64, new: u64) -> Result<Vec<Digest>, N::Error> {
    let mut proof = Vec::new();
    if old == 0 || old >= new {
        return Ok(proof);
    }
    let (mut start, mut end) = (0, new);
    // Whether the subtree in view is one that a holder of the old root can compute without being told.
    let mut known = true;
    while old != end {
        let middle = start + split(end - start);
        if old <= middle {
            proof.push(range_hash(nodes, middle, end)?);
            end = middle;
        } else {
            proof.push(range_hash(nodes, start, middle)?);
            start = middle;
            known = false;
        }
    }
    if !known {
        proof.push(range_hash(nodes, start, end)?);
    }
    proof.reverse();
    Ok(proof)
}

/// The largest power of two below `n`, for `n` of 2 and more.
fn split(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}

/// The hash of the leaves from `start` up to `end`, where `start` is a multiple of a power of two that covers the rest.
fn range_hash<N: Nodes>(nodes: &N, start: u64, end: u64) -> Result<Digest, N::Error> {
    let size = end - start;
    if size.is_power_of_two() {
        // ilog2 of a u64 is at most 63.
        return nodes.node(size.ilog2() as u8, start >> size.ilog2());
    }
    let middle = start + split(size);
    Ok(node_hash(&range_hash(nodes, start, middle)?, &range_hash(nodes, middle, end)?))
}
