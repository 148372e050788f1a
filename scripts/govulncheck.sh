#!/usr/bin/env bash
# Looks for known vulnerabilities in what the Go modules of this repository use, by govulncheck.
#
#   govulncheck.sh       the root module, which is what importers get
#   govulncheck.sh all   those of tests, benchmarks and examples, too
#
# It fails for vulnerabilities in modules. Those of Go's standard library are the installed Go's: they are
# told, and fail with UVGO_STRICT=1, as for a release. The database is vuln.go.dev, or GOVULNDB. Where that
# does not answer, its source from the Go module proxy is used; without both nothing is checked, which is
# said, and fails with UVGO_REQUIRE_NETWORK=1.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tool=golang.org/x/vuln/cmd/govulncheck@v1.9.0
source=golang.org/x/vulndb@latest
tmp=$(mktemp -d "${TMPDIR:-/tmp}/uvgo-vuln.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
say() { printf 'govulncheck: %s\n' "$*"; }

# find_database: the address of a database that answers, in $db.
find_database() {
  local dir
  db=${GOVULNDB:-https://vuln.go.dev}
  if "$tmp/govulncheck" -db "$db" -C "$tmp/probe" ./... >"$tmp/log" 2>&1; then return; fi
  (cd "$tmp/probe" && go mod download -json "$source") >"$tmp/source" 2>"$tmp/log.proxy" || return 1
  dir=$(sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p' "$tmp/source")
  [ -d "$dir/data/osv" ] || return 1
  db=file://$dir/data/osv
  say "$(sed -n 's/^\t"Version": "\(.*\)",*$/vulndb \1 from the module proxy, because vuln.go.dev does not answer/p' "$tmp/source")"
}

# scan DIR: fails for findings in modules, and counts those in the standard library.
scan() {
  local status=0
  "$tmp/govulncheck" -db "$db" -C "$1" ./... >"$tmp/out" 2>&1 || status=$?
  case $status in
    0) say "$1: none" ;;
    3)
      awk '/^Vulnerability #/ { id = $3 } /^  Standard library/ { print id }' "$tmp/out" >>"$tmp/std"
      awk '/^    Fixed in:/ { sub(/.*@/, ""); print }' "$tmp/out" | grep '^go' >>"$tmp/fixed" || true
      if grep -q '^  Module: ' "$tmp/out"; then
        awk '/^Vulnerability #/ { block = "" } { block = block $0 "\n" } /^  Module: / { keep = 1 } /^$/ { if (keep) printf "%s", block; keep = 0 }' "$tmp/out"
        say "$1: vulnerable modules, see above"
        failed=1
      else
        say "$1: none in modules"
      fi
      ;;
    *) cat "$tmp/out" >&2; say "$1: failed" >&2; failed=1 ;;
  esac
}

mkdir "$tmp/probe"
printf 'module probe\n\ngo 1.26\n' >"$tmp/probe/go.mod"
printf 'package main\n\nfunc main() {}\n' >"$tmp/probe/main.go"
GOBIN=$tmp CGO_ENABLED=0 go install "$tool"
failed=0
: >"$tmp/std"
: >"$tmp/fixed"
if ! find_database; then
  say "not checked: $(tail -n1 "$tmp/log"); and the module proxy has no $source: $(tail -n1 "$tmp/log.proxy")"
  [ -z "${UVGO_REQUIRE_NETWORK:-}" ] || exit 1
  exit 0
fi
scan .
if [ "${1:-}" = all ]; then
  for mod in */go.mod */*/go.mod; do scan "$(dirname "$mod")"; done
fi
if [ -s "$tmp/std" ]; then
  say "$(go env GOVERSION) itself has $(sort -u "$tmp/std" | wc -l) that uvgo's programs reach ($(sort -u "$tmp/std" | paste -sd' ')): build with $(sort -Vu "$tmp/fixed" | tail -n1) or newer"
  [ -z "${UVGO_STRICT:-}" ] || failed=1
fi
exit $failed
