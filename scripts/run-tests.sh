#!/usr/bin/env bash
# Runs every test. Stories (tests/tests/all) play desks, telephones and browsers against each other in real time: on a
# machine whose disk stands still for seconds one of them may give up too soon. Those that fail are run once more,
# one after another, and named as FLAKY if they hold then; what fails twice fails, and so does any other test at once.
#
#     scripts/run-tests.sh CARGO [ENVIRONMENT=VALUE...]
set -euo pipefail
cd "$(dirname "$0")/.."
cargo=$1
shift
# More than that is no matter of haste.
again_at_most=3

log=$(mktemp)
trap 'rm -f "$log"' EXIT
run() {
    env "$@" 2>&1
}

status=0
run "$@" "$cargo" test --workspace --lib --bins --tests --locked --no-fail-fast | tee "$log" || status=$?
[ "$status" -ne 0 ] || exit 0

targets=$(sed -n '/^error: [0-9]* targets\? failed:$/,$p' "$log" | grep '^    `' || true)
mapfile -t failed < <(sed -n '/^failures:$/,/^test result:/s/^    \([a-z0-9_]*::[a-z0-9_:]*\)$/\1/p' "$log" | sort -u)
if [ "$targets" != '    `-p madoguchi-tests --test all`' ] ||
    [ "${#failed[@]}" -eq 0 ] || [ "${#failed[@]}" -gt "$again_at_most" ]; then
    exit "$status"
fi
echo "==> stories once more: ${failed[*]}"
run "$@" "$cargo" test --workspace --test all --locked -- --exact --test-threads 1 "${failed[@]}" | tee "$log"
for story in "${failed[@]}"; do
    echo "make: FLAKY: $story failed at first and held when it was run by itself"
done
