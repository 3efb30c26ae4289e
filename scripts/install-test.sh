#!/usr/bin/env bash
# Installs what is missing for testing: real SIP peers, a PostgreSQL server, a browser.
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
"$here/install-packages.sh" sip-tester baresip postgresql chromium chromium-driver jq sox
