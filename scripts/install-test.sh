#!/usr/bin/env bash
# Installs what is missing for testing: real SIP peers and readers of captures, a PostgreSQL server, a browser, a search
# for viruses, a voice, the model of the sentence encoder, fonts, and the programs that read books (LibreOffice, poppler).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

for component in rustfmt clippy; do
    if ! cargo "${component/rustfmt/fmt}" --version >/dev/null 2>&1; then
        rustup component add "$component" || {
            echo "$component を入れられませんでした。「rustup component add $component」を実行してください。" >&2
            exit 1
        }
    fi
done

# The identity provider of the tests comes from npm.
command -v npm >/dev/null || "$here/install-packages.sh" nodejs npm
node_version=$(node --version)
node_major=${node_version#v}
if [ "${node_major%%.*}" -lt 20 ]; then
    echo "Node.js $node_version は古すぎます(20 以上が必要です)。新しい Node.js を入れてから、もう一度実行してください。" >&2
    exit 1
fi
installed=$here/../tests/node_modules/.package-lock.json
if [ ! -e "$installed" ] || [ "$here/../tests/package-lock.json" -nt "$installed" ]; then
    (cd "$here/../tests" && npm ci --no-audit --no-fund) || {
        echo "npm のパッケージを入れられませんでした。ネットワークを確認して、もう一度実行してください。" >&2
        exit 1
    }
fi
"$here/install-packages.sh" sip-tester baresip sngrep tshark postgresql chromium chromium-driver jq sox g++ clamav-daemon \
    libreoffice-calc-nogui libreoffice-writer-nogui poppler-utils
"$here/install-fonts.sh"
"$here/install-voice.sh"
"$here/install-encoder.sh"
"$here/install-synonyms.sh"
