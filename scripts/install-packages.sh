#!/usr/bin/env bash
# Installs the Debian packages named as arguments, as far as they are missing.
set -euo pipefail

missing=()
for package in "$@"; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

echo "==> Debian パッケージを入れます: ${missing[*]}"
sudo=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "管理者として「apt-get install ${missing[*]}」を実行してください。" >&2
        exit 1
    }
    sudo=(sudo)
fi
install() {
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "${missing[@]}"
}
# The package lists of a new machine are empty or old.
install </dev/null || { "${sudo[@]}" apt-get update && install </dev/null; } || {
    echo "パッケージを入れられませんでした: ${missing[*]}。ネットワークと /etc/apt/sources.list を確認してください。" >&2
    exit 1
}
