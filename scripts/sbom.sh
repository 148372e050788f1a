#!/usr/bin/env bash
# Writes what a built program is made of, as a CycloneDX document: Go, the modules, and libuv, which is linked
# into it and which tools for Go do not see.
#
#   sbom.sh PROGRAM FILE.cdx.json
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tool=github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
die() { printf 'sbom: %s\n' "$*" >&2; exit 1; }

[ $# = 2 ] || die "usage: sbom.sh PROGRAM FILE.cdx.json"
program=$1 out=$2
[ -x "$program" ] || die "$program is no program: make build"
version=$(sed -n 's/^const Release = "\(.*\)"$/\1/p' "$root/version.go")
pinned=$(sed -n 's/^version=//p' "$root/third_party/libuv/libuv.lock")

# A program for this machine says which libuv it has; one with another libuv would get a wrong document.
if [ "$(go version -m "$program" | awk '$2 ~ /^GOARCH=/ { sub(/.*=/, "", $2); print $2 }')" = "$(go env GOHOSTARCH)" ]; then
  said=$("$program" version | grep '^libuv')
  case $said in
    *" $pinned, linked as a static library"*) ;;
    *) die "$program has another libuv than the pinned $pinned: $said" ;;
  esac
fi
tmp=$(mktemp -d "${TMPDIR:-/tmp}/uvgo-sbom.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
# The tools are for this machine, whatever the program is for.
unset GOOS GOARCH CC
CGO_ENABLED=0 go run "$tool" bin -json -std -version "$version" -output "$tmp/go.json" "$program" >"$tmp/log" 2>&1 ||
  { cat "$tmp/log" >&2; die "cyclonedx-gomod failed"; }
(cd "$root" && CGO_ENABLED=0 go run ./internal/cmd/sbom) <"$tmp/go.json" >"$tmp/all.json"
cp "$tmp/all.json" "$out"
echo "sbom: $out names $(grep -c '"bom-ref"' "$out") components, with libuv $pinned"
