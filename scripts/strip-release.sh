#!/usr/bin/env bash
# Takes the symbols out of a program into a file beside it, where debuggers and the program itself
# find them when it panics.
#
#     scripts/strip-release.sh target/release/madoguchi    (the symbols: target/release/madoguchi.debug)
set -euo pipefail
program=$1
symbols=$program.debug

# Cargo puts its own, whole file in place again whenever it builds; what is stripped already stays.
if [ -f "$symbols" ] && objdump --section-headers "$program" | grep -q '\.gnu_debuglink'; then
    exit 0
fi
objcopy --only-keep-debug "$program" "$symbols.new"
mv -f "$symbols.new" "$symbols"
chmod a-x "$symbols"
# A new file in its place: the one that cargo keeps is the same file under another name.
objcopy --strip-all --add-gnu-debuglink="$symbols" "$program" "$program.new"
mv -f "$program.new" "$program"
