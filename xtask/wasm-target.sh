#!/usr/bin/env bash
# Makes a Rust compiler for wasm32-unknown-unknown out of the packages of Debian, where rustup has none or must not fetch
# one. `cargo xtask ui` calls it after it has looked for a compiler elsewhere.
#
#   xtask/wasm-target.sh [FOLDER]      FOLDER: ~/.local/share/wasm-target, or WASM_TARGET_HOME
#
# The packages rustc-web and rust-web-src are unpacked into FOLDER and std is compiled once from their source. Nothing is
# installed in the system, so nothing conflicts with rustup. About 140 MB are downloaded, 0.5 GB stay on disk, and it takes
# one to four minutes. It prints the path of the compiler. Needs cargo, cc and apt, as root or not.
set -euo pipefail

target=wasm32-unknown-unknown
home=${1:-${WASM_TARGET_HOME:-${XDG_DATA_HOME:-$HOME/.local/share}/wasm-target}}
oldest=${WASM_TARGET_MIN_RUST:-1.95}

say() { printf 'wasm-target: %s\n' "$*" >&2; }
die() {
  say "$*"
  exit 1
}

for tool in cargo cc apt-get apt-cache dpkg-deb tar ldd; do
  command -v "$tool" >/dev/null || die "this needs $tool; where rustup may download, \`rustup target add $target\` does the same"
done

# Everything is made beside its place and moved there whole: an interrupted run leaves nothing half done.
mkdir -p "$(dirname "$home")"
home=$(cd "$(dirname "$home")" && pwd)/$(basename "$home")
new=$home.new.$$
tmp=$(mktemp -d)
trap 'rm -rf "$tmp" "$new"' EXIT

candidate() { apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: //p'; }
if [ -z "$(candidate rustc-web)" ] && [ "$(id -u)" = 0 ]; then apt-get update -qq || true; fi
version=$(candidate rustc-web)
case $version in '' | '(none)') die "there is no package rustc-web here" ;; esac
[ "$(printf '%s\n%s\n' "${version%%[+-]*}" "$oldest" | sort -V | head -n1)" = "$oldest" ] ||
  die "rustc-web is $version, older than $oldest"

depends() {
  apt-cache show "$1=$version" | sed -n 's/^Depends: //p' | head -n1 | tr ',|' '\n\n' | sed 's/^ *//; s/ .*//'
}
std=$(depends libstd-rust-web-dev | grep -m1 '^libstd-rust-web-')
llvm=$(depends "$std" | grep -m1 '^libllvm')
lld=lld-${llvm#libllvm}
say "taking rustc-web $version with $llvm"

download() {
  (cd "$tmp" && rm -f ./*.deb && apt-get -qq download "$@" >/dev/null 2>"$tmp/apt.log") || {
    cat "$tmp/apt.log" >&2
    die "cannot download $*"
  }
}
unpack() { # unpack TAR_ARGUMENTS...: all downloaded packages
  local deb
  for deb in "$tmp"/*.deb; do dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$new" "$@"; done
}

usr=$new/usr
mkdir -p "$new"/{bin,lib}
download "rustc-web=$version" "libstd-rust-web-dev=$version" "$std=$version" "$llvm" "$lld"
unpack --exclude=./usr/share --exclude=./usr/libexec --exclude=./usr/bin/rustdoc
download "rust-web-src=$version"
unpack --wildcards './usr/src/*/library/*' './usr/lib/rustlib/src/*'
source=$(cd "$usr"/src/*/library && pwd)
libs=$(dirname "$(find "$usr/lib" -name 'librustc_driver-*.so' | head -n1)")

# Libraries that the compiler wants and this system lacks.
for _ in 1 2 3; do
  missing=$(LD_LIBRARY_PATH=$libs ldd "$libs"/*.so* "$usr/bin/rustc" 2>/dev/null | awk '/not found/{print $1}' | sort -u || true)
  [ -z "$missing" ] && break
  packages=()
  for library in $missing; do
    case $library in
      libedit.so.*) packages+=(libedit2) ;;
      libz3.so.*) packages+=(libz3-4) ;;
      libffi.so.8) packages+=(libffi8) ;;
      libxml2.so.2) packages+=(libxml2) ;;
      libzstd.so.1) packages+=(libzstd1) ;;
      libz.so.1) packages+=(zlib1g) ;;
      libbsd.so.0) packages+=(libbsd0) ;;
      libmd.so.0) packages+=(libmd0) ;;
      libtinfo.so.6) packages+=(libtinfo6) ;;
      liblzma.so.5) packages+=(liblzma5) ;;
      libicu*.so.*) packages+=("libicu${library##*.so.}") ;;
      *) die "the library $library is missing, and which package has it is unknown" ;;
    esac
  done
  mapfile -t packages < <(printf '%s\n' "${packages[@]}" | sort -u)
  download "${packages[@]}"
  unpack --exclude=./usr/share
  for file in "$new"/lib/*-linux-gnu/*.so*; do if [ -e "$file" ]; then cp -a "$file" "$libs/"; fi; done
done

cat >"$new/bin/rustc" <<EOS
#!/bin/sh
# Debian's rustc from its own folder. Made by wasm-target.sh.
d=\$(dirname "\$(dirname "\$(readlink -f "\$0")")")
LD_LIBRARY_PATH="\$d/${libs#"$new"/}\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}" exec "\$d/usr/bin/rustc" "\$@"
EOS
chmod +x "$new/bin/rustc"
export RUSTC=$new/bin/rustc
host=$("$RUSTC" -vV | sed -n 's/^host: //p')
hash=$("$RUSTC" -vV | sed -n 's/^commit-hash: //p')
# rustc asks for rust-lld, which Debian does not have; its plain lld takes the flavour that rustc passes.
mkdir -p "$usr/lib/rustlib/$host/bin"
ln -sfn "../../../$(cd "$usr/lib" && echo llvm-*)/bin/lld" "$usr/lib/rustlib/$host/bin/rust-lld"

say "compiling std for $target, once (rustc $("$RUSTC" -V | cut -d' ' -f2))"
mkdir -p "$tmp/seed/src"
echo '#![no_std]' >"$tmp/seed/src/lib.rs"
printf '[package]\nname = "seed"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n' >"$tmp/seed/Cargo.toml"
# With bitcode, so that link-time optimisation reaches into std, and with the paths that the official std has in its messages.
# RUSTC_BOOTSTRAP is for this one crate, never for the project.
(
  cd "$tmp/seed"
  unset RUSTUP_TOOLCHAIN RUSTC_WRAPPER RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_TARGET CARGO_TARGET_DIR CARGO_BUILD_RUSTFLAGS
  export RUSTC_BOOTSTRAP=1 CARGO_INCREMENTAL=0
  export RUSTFLAGS="-Cembed-bitcode=yes --remap-path-prefix=$source=/rustc/$hash/library --remap-path-prefix=$usr/lib/rustlib/src/rust/library=/rustc/$hash/library --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src=/rust/deps"
  cargo build --release -Z build-std=std,panic_abort,test --target "$target" --target-dir "$tmp/seed/target" >"$tmp/std.log" 2>&1
) || {
  tail -n 30 "$tmp/std.log" >&2
  die "std did not compile"
}
mkdir -p "$usr/lib/rustlib/$target/lib"
cp "$tmp/seed/target/$target/release/deps/"lib*.rlib "$usr/lib/rustlib/$target/lib/"
rm -f "$usr/lib/rustlib/$target/lib/"libseed-*.rlib
rm -rf "$usr/src" "$usr/lib/rustlib/src"
touch "$new/.complete"
rm -rf "$home"
mv "$new" "$home"
echo "$home/bin/rustc"
