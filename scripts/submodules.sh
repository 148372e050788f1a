#!/usr/bin/env bash
# Runs a command in every Go module below the root one, tests/deploy only with UVGO_LONG=1; fails behind the last if one failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
failed=0
for mod in */go.mod */*/go.mod; do
  [ -f "$mod" ] || continue
  # Kubernetes' types take minutes to compile: that is for make ci-full.
  [ "$mod" != tests/deploy/go.mod ] || [ -n "${UVGO_LONG:-}" ] || continue
  echo "(cd $(dirname "$mod") && $*)"
  (cd "$(dirname "$mod")" && "$@") || failed=1
done
exit $failed
