#!/usr/bin/env bash
# Installs what is missing to build uvgo: a C compiler with its headers, pkg-config, certificates.
# Further needs are given as command=package, and in FOR what needs them. With nothing missing it calls no
# package manager.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# find_missing: the packages whose command or file is not here, in $missing.
find_missing() {
  missing=()
  local cc=${CC:-cc} need
  command -v "${cc%% *}" >/dev/null || missing+=(gcc)
  echo '#include <stdlib.h>' | cpp_probe "$cc" || missing+=(libc6-dev)
  command -v "${PKG_CONFIG:-pkg-config}" >/dev/null || missing+=(pkg-config)
  [ -e /etc/ssl/certs/ca-certificates.crt ] || [ -d /etc/pki/tls/certs ] || missing+=(ca-certificates)
  for need in "$@"; do
    command -v "${need%%=*}" >/dev/null || missing+=("${need#*=}")
  done
}

# cpp_probe CC: whether it finds the C library's headers; without CC the answer is yes, for gcc
# alone would not bring them and is reported already.
cpp_probe() {
  command -v "${1%% *}" >/dev/null || return 1
  $1 -E -x c - >/dev/null 2>&1
}

# as_root COMMAND...: it, as root, never asking for a password.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# check_go: dies unless Go is as new as go.mod wants it. A Go from 1.21 on may fetch that by itself,
# which asking for its version in the module makes it do. In an image's first layer there is no go.mod.
check_go() {
  local want have
  command -v go >/dev/null || die "no 'go' on PATH: install Go 1.26 or newer (go.dev/doc/install), then run make again"
  want=$(sed -n 's/^go //p' "$root/go.mod" 2>/dev/null) || return 0
  have=$(cd "$root" && go env GOVERSION 2>&1) || die "Go $want or newer is needed ($(tail -n1 <<<"$have")): install it (go.dev/doc/install), then run make again"
  [[ $have == devel* ]] || printf '%s\n' "go$want" "$have" | sort -VC ||
    die "Go $want or newer is needed, and the 'go' on PATH is $have: install it (go.dev/doc/install), then run make again"
}

# check_cc: dies if CC names a compiler that does not run: no package that this script installs brings it.
check_cc() {
  [ -z "${CC:-}" ] || $CC --version >/dev/null 2>&1 || die "CC=$CC does not run: unset it or set it to a compiler"
}

# check_target: dies if Go is to build for another system and no CC says by which compiler.
check_target() {
  local target host
  target=$(cd "$root" && go env GOOS GOARCH | paste -sd/)
  host=$(cd "$root" && go env GOHOSTOS GOHOSTARCH | paste -sd/)
  [ -n "${CC:-}" ] || [ "$target" = "$host" ] ||
    die "Go is to build for $target, and this machine is $host: set CC to a cross compiler, or unset GOOS and GOARCH"
}

check_go
check_cc
check_target

find_missing "$@"
[ ${#missing[@]} -gt 0 ] || exit 0

command -v apt-get >/dev/null ||
  die "missing: ${missing[*]} (Debian's names): install them with this system's package manager, then run make again"
install="apt-get install ${missing[*]}"
[ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null ||
  die "missing packages: ${missing[*]}, and not root to install them: run 'sudo $install', then make again"

echo "setup: installing with apt-get${FOR:+ for $FOR}: ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
{
  as_root apt-get -q update || true # one unreachable archive of several need not matter
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends "${missing[@]}"
} >"$log" 2>&1 </dev/null ||
  die "missing packages: ${missing[*]}, and apt-get cannot install them ($(grep -m1 '^[EW]: ' "$log" || tail -n1 "$log")): check the network, run '$install', then make again"

find_missing "$@"
[ ${#missing[@]} -eq 0 ] || die "installed, but still not found: ${missing[*]}: check PATH and CC"
