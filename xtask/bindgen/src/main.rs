//! Makes what a browser loads out of the compiled front end: `xtask-bindgen INPUT.wasm OUT_DIR`.
//!
//! wasm-bindgen as a library instead of its command: so its version is the one in `Cargo.lock`, which must be that of the
//! crate the front end is compiled with.
#![allow(clippy::print_stderr, reason = "a front: what is wrong, it says on the terminal")]
#![allow(clippy::disallowed_methods, reason = "a front: it reads its arguments and chooses the exit code")]

mod compact;

use std::path::Path;
use std::process::ExitCode;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().skip(1).collect();
    let [input, out] = args.as_slice() else {
        eprintln!("Usage: xtask-bindgen INPUT.wasm OUT_DIR");
        return ExitCode::from(64);
    };
    match bind(Path::new(input), Path::new(out)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Writes the JavaScript module and the wasm it loads, made small to fetch, into `out`.
fn bind(input: &Path, out: &Path) -> Result<(), String> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(input);
    let web = bindgen.web(true).map_err(|e| format!("{e:#}"))?;
    // The names of functions are a third of the file, and nobody reads them in a window.
    web.typescript(false).remove_name_section(true).remove_producers_section(true);
    web.generate(out).map_err(|e| format!("{}: {e:#}", input.display()))?;
    let stem = input.file_stem().unwrap_or_default().to_string_lossy();
    let file = out.join(format!("{stem}_bg.wasm"));
    let wasm = std::fs::read(&file).map_err(|e| format!("cannot read {}: {e}", file.display()))?;
    let small = compact::compact(&wasm).map_err(|e| format!("{}: {e}", file.display()))?;
    std::fs::write(&file, small).map_err(|e| format!("cannot write {}: {e}", file.display()))
}
