#!/usr/bin/env bash
# Calls goreleaser, at a pinned version, with a libuv for each target of .goreleaser.yaml.
#
#   goreleaser.sh check      check .goreleaser.yaml
#   goreleaser.sh snapshot   build everything that a release has into dist/; nothing is published
#   goreleaser.sh release    the same for the tag of this commit, uploaded as a draft: the workflow `release` only
#
# GORELEASER=path uses an installed one: to build it takes many minutes the first time.
# Cross compilers come from Debian: gcc-aarch64-linux-gnu, musl-tools.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
version=v2.15.1
unset PKG_CONFIG_PATH CGO_CFLAGS # they may name this machine's libuv
die() { printf 'goreleaser: %s\n' "$*" >&2; exit 1; }
goreleaser() {
  if [ -n "${GORELEASER:-}" ]; then "$GORELEASER" "$@"; return; fi
  echo "goreleaser: go builds $version, many minutes the first time" >&2
  env -u CC -u PKG_CONFIG CGO_ENABLED=0 go run "github.com/goreleaser/goreleaser/v2@$version" "$@"
}

# libuv NAME ARCH CC: builds libuv for a target, and sets what .goreleaser.yaml reads of it.
libuv() {
  local name=$1 arch=$2 cc=$3 variables
  command -v "${cc%% *}" >/dev/null || die "no ${cc%% *}: apt-get install gcc gcc-aarch64-linux-gnu musl-tools linux-libc-dev"
  variables=$(CGO_ENABLED=0 go run ./cmd/libuv -goos linux -goarch "$arch" -cc "$cc" -dir "$PWD/dist-libuv/$name")
  eval "$(sed -nE "s/^export (PKG_CONFIG|CGO_CFLAGS)=/export \1_$name=/p" <<<"$variables")"
  export "CC_$name=$cc"
  # Go's build cache looks at CGO_CFLAGS, and not at where libuv is: that differs between checkouts.
  name=CGO_CFLAGS_$name
  export "$name=${!name} -DUVGO_LIBUV_DIR=0x$(sha256sum <<<"$PWD" | head -c 8)"
}

case ${1:-} in
  check)
    goreleaser check
    exit
    ;;
  snapshot) set -- release --snapshot --clean ;;
  release)
    tag=$(sed -n 's/^const Release = "\(.*\)"$/\1/p' version.go)
    [ "$(git describe --tags --exact-match 2>/dev/null)" = "$tag" ] || die "this commit has no tag $tag, which version.go names"
    set -- release --clean
    ;;
  *) die "usage: goreleaser.sh check, snapshot or release" ;;
esac
machine=$(uname -m)
[ "$machine" = x86_64 ] || die "releases are built on linux/amd64, and this is $machine"
headers="-idirafter /usr/include -idirafter /usr/include/$machine-linux-gnu" # the kernel's, which musl-gcc does not look for
libuv amd64 amd64 gcc
libuv arm64 arm64 aarch64-linux-gnu-gcc
libuv musl amd64 "musl-gcc $headers"
goreleaser "$@"
