#!/usr/bin/env bash
# Installs what is missing for building: checks Rust, brings a C compiler (SQLite is compiled in)
# and the sources of the Japanese dictionary that the search builds.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
wanted=$(sed -nE 's/^rust-version = "([0-9.]+)"/\1/p' "$here/../Cargo.toml")

if ! command -v cargo >/dev/null; then
    echo "Rust が見つかりません。https://rustup.rs/ の手順で Rust $wanted 以上を入れてから、もう一度実行してください。" >&2
    exit 1
fi
found=$(rustc --version | awk '{ print $2 }')
oldest=$(printf '%s\n%s\n' "$wanted" "${found%%-*}" | sort -V | head -n 1)
if [ "$oldest" != "$wanted" ]; then
    echo "Rust $found は古すぎます($wanted 以上が必要です)。「rustup update」を実行してください。" >&2
    exit 1
fi
"$here/install-packages.sh" gcc libc6-dev binutils mecab-ipadic
