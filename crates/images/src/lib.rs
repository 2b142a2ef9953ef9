//! Pictures: folders, decoding, one report, transforms, augmentation, corruptions, synthetic sets.
//!
//! The way of a picture: [`scan()`] finds it and its label, a [`FrameLoader`] turns its bytes into pixels without trusting one
//! of them, [`inspect()`] measures all of them and says in one report what is wrong with the set, [`groups`] names those that
//! must stay together, and [`build_tiles`] renders them to one size in a [`TileFile`], from which everything else reads.
//!
//! Nothing here knows a ledger, a table or a network: folders and bytes in, tiles and numbers out.
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test stops at the first surprise"))]

mod augment;
mod cifar10;
mod corrupt;
mod decode;
mod error;
mod filter;
mod findings;
mod inspect;
mod labels;
mod measure;
mod near;
mod noise;
mod pixels;
mod scan;
mod sniff;
mod synthetic;
#[cfg(test)]
mod testing;
mod thumbnail;
mod tile;
mod tilefile;

pub use augment::Augmenter;
pub use cifar10::{CIFAR10_CLASSES, lay_out};
pub use corrupt::{Change, applicable, apply, changes};
pub use decode::{Decoded, FaultReason, FrameLoader, ImageFault, MAX_PIXELS, MAX_SIDE, StandardLoader, decode};
pub use error::{ImagesError, Result};
pub use inspect::{Inspection, Picture, digest_of, inspect};
pub use measure::{FEATURES, Measures, difference_hash, measure};
pub use near::groups;
pub use pixels::pixel_counts;
pub use scan::{Entry, Listing, scan, scan_batch};
pub use synthetic::{SyntheticDrift, SyntheticOptions, synthesize};
pub use thumbnail::thumbnail;
pub use tile::{ChannelStats, MemoryTiles, Subset, build_tiles, moments, render};
pub use tilefile::{TileFile, TileWriter};
