//! Tauri's code generation, and a page for a clone whose front end is not built yet.

use std::path::Path;
use std::{env, fs};

const PLACEHOLDER: &str = "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Driftgate</title></head>\n<body><p>The window's pages are not built: run <code>cargo xtask app</code></p></body>\n</html>\n";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dist = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../ui/dist");
    let page = dist.join("index.html");
    if !page.exists() {
        fs::create_dir_all(&dist)?;
        fs::write(&page, PLACEHOLDER)?;
    }
    println!("cargo::rerun-if-changed={}", dist.display());
    tauri_build::build();
    Ok(())
}
