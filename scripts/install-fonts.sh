#!/usr/bin/env bash
# Installs the fonts of books (docx, PDF), as far as they are missing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

# The first two look as on readers' Windows; the others have the letters that those lack.
"$here/install-packages.sh" fonts-morisawa-bizud-gothic fonts-morisawa-bizud-mincho \
    fonts-noto-cjk fonts-symbola
