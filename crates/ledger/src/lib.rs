//! The append-only store: events, Merkle tree, checkpoints, projections, objects.
