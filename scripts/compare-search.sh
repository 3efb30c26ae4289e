#!/usr/bin/env bash
# Measures Groonga, SQLite FTS5 and our own search on the same data, as a table in Markdown.
# PARTS_FLAGS= (empty) builds our own search without optimisation: the figures are the same.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-packages.sh groonga-bin groonga-tokenizer-mecab mecab-ipadic-utf8 python3 >&2
sample=kb/sample
files=("$sample/queries-tuning.jsonl" "$sample/queries-measured.jsonl")
ours=$(mktemp)
trap 'rm -f "$ours"' EXIT
# shellcheck disable=SC2086 # no flags is no argument
cargo run ${PARTS_FLAGS---release} --locked --quiet -p madoguchi-kb --example parts -- \
    "$sample/faq.jsonl" "${files[@]}" >"$ours"
python3 scripts/compare_search.py --ours "$ours" "$sample/faq.jsonl" "${files[@]}"
