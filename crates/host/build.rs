//! Stamps the build: which dependencies it was locked to, and for which target.

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let var = |name: &str| env::var(name).map_err(io::Error::other);
    let lock = PathBuf::from(var("CARGO_MANIFEST_DIR")?).join("../../Cargo.lock");
    println!("cargo::rerun-if-changed={}", lock.display());
    println!("cargo::rustc-env=DRIFTGATE_LOCK_HASH={}", hex(&fs::read(&lock)?));
    // `PROFILE` is debug or release; a named profile shows only in the output folder.
    println!("cargo::rustc-env=DRIFTGATE_BUILD={} {}", var("PROFILE")?, var("TARGET")?);
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}
