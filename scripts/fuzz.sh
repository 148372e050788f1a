#!/usr/bin/env bash
# Runs every fuzz target for a time (default 30s), one after another.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
time=${1:-30s}
found=0
while read -r dir; do
  while read -r target; do
    found=1
    echo "fuzz $dir $target"
    go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$dir" </dev/null
  done < <(go test -list '^Fuzz' "$dir" | grep '^Fuzz')
done < <(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -r -n1 dirname | sort -u)
[ $found = 1 ] || { echo "fuzz: no fuzz target found" >&2; exit 1; }
