#!/usr/bin/env bash
# Measures Groonga, SQLite FTS5 and our own search on the same data, as tables in Markdown.
# PARTS_FLAGS= (empty) builds our own search without optimisation: the figures are the same.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-packages.sh groonga-bin groonga-tokenizer-mecab mecab-ipadic-utf8 python3 >&2
sample=kb/sample
ours=$(mktemp)
trap 'rm -f "$ours"' EXIT

# compare ARTICLES QUERIES…
compare() {
    # shellcheck disable=SC2086 # no flags is no argument
    cargo run ${PARTS_FLAGS---release} --locked --quiet -p madoguchi-kb --example parts -- "$@" >"$ours"
    python3 scripts/compare_search.py --ours "$ours" "$@"
}

compare "$sample"/{faq,queries-tuning,queries-measured}.jsonl
compare "$sample"/city/{faq-measured,queries-measured}.jsonl
