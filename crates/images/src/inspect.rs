//! Every picture of a set, read once, and one report.

use crate::error::{ImagesError, Result};
use crate::{Entry, FaultReason, FrameLoader, ImageFault, Listing, Measures, difference_hash, findings, measure};
use driftgate_determinism::Workers;
use driftgate_model::{CancelToken, Digest, Finding, ImageSetSpec, Observer, Progress};

/// Files a thread reads between two looks at the whole.
const FILES_OF_A_THREAD: usize = 64;

/// Larger files are not read.
const LARGEST_FILE: u64 = 512 << 20;

/// A picture that can be used.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Where it is, and its label.
    pub entry: Entry,
    /// Its place in the listing, from 1.
    pub position: u64,
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// How many.
    pub bytes: u64,
    /// What the file holds, as [`crate::Decoded::mode`].
    pub mode: &'static str,
    /// What was changed on the way to 8-bit RGB.
    pub notes: Vec<String>,
    /// What its pixels say.
    pub measures: Measures,
    /// [`difference_hash`].
    pub hash: u64,
}

/// What a look at all pictures of a set gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspection {
    /// Those that can be used, in the order of the listing.
    pub pictures: Vec<Picture>,
    /// Those that cannot.
    pub faults: Vec<(Entry, ImageFault)>,
    /// What is wrong, errors first, in a fixed order. An example's value is a file or a class, its row the place in the listing.
    pub findings: Vec<Finding>,
}

/// Reads, decodes, measures and hashes every picture on `threads` (0: all), which changes no result; memory does not grow with
/// the size of the pictures. Findings about classes are made where every picture has a label.
///
/// Errors: cancelled; threads. A file that cannot be used is a fault, not an error.
pub fn inspect(
    listing: &Listing,
    loader: &dyn FrameLoader,
    spec: &ImageSetSpec,
    threads: usize,
    observer: &dyn Observer,
    cancel: &CancelToken,
) -> Result<Inspection> {
    let total = listing.entries.len();
    let (pictures, faults) = Workers::run(threads, |workers| -> Result<_> {
        let (mut pictures, mut faults) = (Vec::with_capacity(total), Vec::new());
        let mut done = 0;
        while done < total {
            let chunk = (FILES_OF_A_THREAD * workers.threads()).min(total - done);
            let looked = workers.map(chunk, |i| {
                cancel.check()?;
                Ok::<_, ImagesError>(look(&listing.entries[done + i], done + i, loader))
            });
            for one in looked {
                match one? {
                    Ok(picture) => pictures.push(picture),
                    Err(fault) => faults.push((done, fault)),
                }
                done += 1;
            }
            observer.progress("pictures", Progress { done: done as u64, total: total as u64 });
        }
        Ok((pictures, faults))
    })?;
    let findings = findings::of(listing, &pictures, &faults, spec);
    let faults = faults.into_iter().map(|(at, fault)| (listing.entries[at].clone(), fault)).collect();
    Ok(Inspection { pictures, faults, findings })
}

fn look(entry: &Entry, at: usize, loader: &dyn FrameLoader) -> Result<Picture, ImageFault> {
    let unreadable =
        |e: std::io::Error| ImageFault::new(&entry.file, FaultReason::Unreadable, format!("cannot be read: {e}"));
    let size = std::fs::metadata(&entry.path).map_err(unreadable)?.len();
    if size > LARGEST_FILE {
        let detail = format!("has {} MiB; at most {} are read", size >> 20, LARGEST_FILE >> 20);
        return Err(ImageFault::new(&entry.file, FaultReason::TooLarge, detail));
    }
    let bytes = std::fs::read(&entry.path).map_err(unreadable)?;
    let decoded = loader.load(&bytes, &entry.file)?;
    Ok(Picture {
        entry: entry.clone(),
        position: at as u64 + 1,
        digest: Digest::of(&bytes),
        bytes: bytes.len() as u64,
        mode: decoded.mode,
        measures: measure(&decoded),
        hash: difference_hash(&decoded),
        notes: decoded.notes,
    })
}

/// SHA-256 of a file's bytes, read in parts. Errors: the file system's.
pub fn digest_of(path: &std::path::Path) -> std::io::Result<Digest> {
    use sha2::Digest as _;
    use std::io::Read as _;
    let (mut sha, mut part) = (sha2::Sha256::new(), vec![0; 1 << 18]);
    let mut file = std::fs::File::open(path)?;
    loop {
        match file.read(&mut part)? {
            0 => return Ok(Digest(sha.finalize().into())),
            n => sha.update(&part[..n]),
        }
    }
}

#[cfg(test)]
#[path = "inspect_tests.rs"]
mod tests;
