#!/usr/bin/env bash
# The steps that have to pass before a change lands. .ci/run calls all of them, one after another, and
# .github/workflows/ci.yml each in a job. The instrumented runs are shorter than `make ci-full`, which runs everything.
#
#   ci.sh STEP   without one it lists them. The last three are for other systems than .ci/run's.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
extent=${UVGO_BRIEF:+brief} extent=${extent:-short} # of the tests for other machines: .ci/run has 25 minutes
core='./cuv ./uv ./internal/core ./internal/submit ./internal/await ./requests ./handles'

# brief FLAGS...: the tests that say most about a system and its libuv.
brief() {
  go run "$@" ./cmd/uvgo version
  go test -count=1 -timeout 20m -short "$@" ./cuv ./uv ./internal/core ./requests ./handles . ./server ./uvnet
}

case ${1:-} in
  packages) # what the others need, where apt-get and root are
    if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
      apt-get -q update
      scripts/deps.sh shellcheck=shellcheck promtool=prometheus # which package metrics is tested with
      tests/interop/setup.sh
    fi
    ;;
  libuv) make libuv ;;
  lint) make lint ;;
  checked)
    make checked TESTFLAGS=-short \
      PKGS='./cuv ./uv ./internal/... ./requests ./handles . ./sysinfo ./server ./uvfs ./uvnet ./uvhttp/... ./cmd/uvgo/internal/...'
    ;;
  asan) make asan TESTFLAGS=-short ASAN_PKGS="$core" ;;
  shared) make test-shared TESTFLAGS=-short PKGS='./cuv ./internal/core ./requests ./handles .' ;;
  arm64) scripts/foreign.sh arm64 "$extent" ;;
  musl) scripts/foreign.sh musl "$extent" ;;
  soak) make soak SOAK=1m ;;
  book) make bench-check ;;
  security) scripts/libuv-security.sh ;; # and govulncheck by `make security`, whose tool takes a minute to build
  test) make test ;;
  pinned) # the pinned libuv without make and apt
    variables=$(CGO_ENABLED=0 go run ./cmd/libuv)
    eval "$variables"
    brief
    ;;
  system-static) PKG_CONFIG_PATH='' brief ;; # the system's libuv
  system-shared) PKG_CONFIG_PATH='' brief -tags libuv_shared ;;
  *) echo "usage: ci.sh $(sed -n 's/^  \([a-z0-9-]*\)) *.*/\1/p' "$0" | paste -sd'|')" >&2; exit 2 ;;
esac
