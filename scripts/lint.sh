#!/usr/bin/env bash
# Checks what needs no test run: formatting, vet, linters, shell scripts, generated code.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

golangci=v2.15.0 # run through go when it is not on PATH
actionlint=github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
failed=0
step() { echo "lint: $*"; }
fail() { echo "lint: FAILED: $*" >&2; failed=1; }

step gofmt
unformatted=$(gofmt -l .)
[ -z "$unformatted" ] || fail "gofmt would change: $unformatted"

step go vet
go vet ./... || fail "go vet"
scripts/submodules.sh go vet ./... || fail "go vet in a module below"

step golangci-lint
linter=(golangci-lint)
if ! command -v golangci-lint >/dev/null; then
  step "golangci-lint is not on PATH: go builds $golangci, some minutes the first time"
  linter=(go run "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$golangci")
fi
"${linter[@]}" run ./... || fail "golangci-lint"
# UVGO_BRIEF: .ci/run has 25 minutes, and vets these modules.
[ -n "${UVGO_BRIEF:-}" ] || scripts/submodules.sh "${linter[@]}" run ./... || fail "golangci-lint in a module below"

if command -v shellcheck >/dev/null; then
  step shellcheck
  shellcheck .ci/run scripts/*.sh tests/interop/*.sh tests/faults/testdata/harness/*.sh third_party/libuv/*.sh || fail "shellcheck"
fi

step actionlint
# -shellcheck= leaves the scripts in it to actionlint's caller: they are one line each.
CGO_ENABLED=0 go run "$actionlint" -shellcheck= -pyflakes= || fail "actionlint"

step go generate
sums=$(mktemp)
trap 'rm -f "$sums"' EXIT
grep -rlZE --include='*.go' --include='*.h' --exclude-dir=src '^// Code generated .* DO NOT EDIT' . | xargs -0r sha256sum >"$sums"
go generate ./... || fail "go generate"
[ ! -s "$sums" ] || sha256sum --quiet -c "$sums" || fail "generated code was out of date: commit what go generate has written"

exit $failed
