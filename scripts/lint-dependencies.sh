#!/usr/bin/env bash
# Checks the dependencies against deny.toml, with cargo-deny if it is there.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v cargo-deny >/dev/null; then
    # Building it takes longer than all our tests, so it is not brought along.
    echo "==> dependencies: NOT CHECKED, cargo-deny is not installed (cargo install cargo-deny --locked)" >&2
    exit 0
fi
echo "==> dependencies"
# Advisories need the network; without them the rest is still checked.
cargo deny --locked check bans licenses sources
cargo deny --locked check advisories || {
    echo "make: advisories failed: a dependency has a known fault, or the advisory list could not be fetched." >&2
    exit 1
}
