#!/usr/bin/env bash
# Fuzzes every parser of foreign bytes with libFuzzer, as many at once as there are cores.
#
#     scripts/fuzz.sh [SECONDS]    (60 for each)
#
# FUZZ_SEED (1) decides what is tried: on a clean checkout the same code meets the same inputs, so
# that what fails once fails again; another seed looks elsewhere. What was found of new paths is kept in
# target/fuzz/corpus for the next run; an input that fails is kept in target/fuzz/failures and named.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
seed=${FUZZ_SEED:-1}
host=$(rustc -vV | sed -n 's/^host: //p')
folder=target/fuzz
binaries=$folder/build/$host/fuzz

# What cargo-fuzz passes, less the sanitizers: they need a nightly compiler, and forbidden `unsafe`
# leaves them little to find.
flags=(
    -Cpasses=sancov-module
    -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
    -Cllvm-args=-sanitizer-coverage-pc-table
    -Cllvm-args=-sanitizer-coverage-trace-compares
    -Ccodegen-units=1
)
# With --target, scripts that run while building are spared the flags.
RUSTFLAGS="${flags[*]} ${RUSTFLAGS:-}" cargo build --locked --quiet --profile fuzz --target "$host" \
    --target-dir "$folder/build" --manifest-path tests/fuzz/Cargo.toml --bins

fuzz_one() {
    local target=$1 seeds=$2
    mkdir -p "$folder/corpus/$target" "$folder/failures"
    if "$binaries/$target" "$folder/corpus/$target" $seeds \
        -seed="$seed" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=65536 \
        -artifact_prefix="$folder/failures/$target-" -print_final_stats=1 >"$folder/$target.log" 2>&1; then
        echo "==> $target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$folder/$target.log") inputs, none fails"
    else
        tail -n 40 "$folder/$target.log" >&2
        echo "==> $target: FAILED" >&2
        return 1
    fi
}
export -f fuzz_one
export folder binaries seconds seed

# The target and what it begins with.
xargs -P "$(nproc)" -L 1 bash -c 'fuzz_one "$0" "$*"' <<'TARGETS'
fuzz_sip_message telephony/sip/tests/rfc4475
fuzz_sip_stream telephony/sip/tests/rfc4475
fuzz_sdp tests/fuzz/seeds/sdp
fuzz_multipart tests/fuzz/seeds/multipart
fuzz_digest tests/fuzz/seeds/digest
fuzz_rtp tests/fuzz/seeds/rtp
fuzz_srtp tests/fuzz/seeds/srtp
fuzz_wav tests/fuzz/seeds/wav
fuzz_markdown tests/fuzz/seeds/markdown
fuzz_workbook tests/fuzz/seeds/workbook
fuzz_manual tests/fuzz/seeds/manual
fuzz_capture tests/fuzz/seeds/capture
fuzz_hep tests/fuzz/seeds/hep
TARGETS
