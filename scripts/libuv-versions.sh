#!/usr/bin/env bash
# Tests uvgo with other versions of libuv than the pinned one, which scripts/libuv-versions.txt
# lists: each is obtained from Debian by apt with private lists, as `make libuv` obtains the
# pinned one, and linked statically.
#
#   libuv-versions.sh [VERSION...]    all of the list without an argument
#   PKGS='./cuv …'                    the packages to test
#   TESTFLAGS=-short                  flags for go test
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

pkgs=${PKGS:-./cuv ./uv ./requests ./handles .}
# Left out: what says nothing of the libuv that runs (how the C compiles for other systems, how a
# build fails), and a shared library of Go's, into which Debian's libuv.a cannot be linked: its
# code is not position-independent (-fPIC).
skip='^(TestCOn.*|TestBuild.*|TestDescriptorsAreInOnePlace|TestSignalsInALoadedLibrary)$'
tmp=$(mktemp -d "${TMPDIR:-/tmp}/uvgo-libuvs.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
chmod 755 "$tmp"

die() { printf 'libuvs: %s\n' "$*" >&2; exit 1; }

# mirrors: the Debian mirrors that this machine's apt sources name.
mirrors() {
  # shellcheck disable=SC2016 # the $ are apt's
  apt-get indextargets --no-release-info --format '$(RELEASE)|$(COMPONENT)|$(REPO_URI)' 2>/dev/null |
    sed -nE 's/^(bookworm|trixie|forky|duke|sid|(old)*stable|testing|unstable)\|main\|//p' | awk '!seen[$0]++'
}

apt_private() { apt-get -q -c "$tmp/apt.conf" "$@" </dev/null; }

# download SUITE ARCH PACKAGE_VERSION: leaves the package's .deb in $tmp/dl.
download() {
  local mirror log=$tmp/log
  mirror=$(mirrors | head -n1)
  [ -n "$mirror" ] || die "this machine's apt sources name no Debian mirror"
  rm -rf "$tmp/lists" "$tmp/dl"
  mkdir -p "$tmp/lists/partial" "$tmp/cache/archives/partial" "$tmp/dl"
  chmod 777 "$tmp/dl"
  : >"$tmp/status"
  local keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  [ -r "$keyring" ] || keyring=/usr/share/keyrings/debian-archive-keyring.pgp
  printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nArchitectures: %s\nSigned-By: %s\n' \
    "$mirror" "$1" "$2" "$keyring" >"$tmp/private.sources"
  cat >"$tmp/apt.conf" <<CONF
APT::Architecture "$2";
Dir::Etc::sourcelist "$tmp/private.sources";
Dir::Etc::sourceparts "/dev/null";
Dir::State::lists "$tmp/lists";
Dir::State::status "$tmp/status";
Dir::Cache "$tmp/cache";
Acquire::Languages "none";
APT::Update::Error-Mode "any";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
CONF
  apt_private update >"$log" 2>&1 || die "cannot read Debian $1's list: $(grep -m1 '^[EW]: ' "$log" || tail -n1 "$log")"
  (cd "$tmp/dl" && apt_private download "libuv1-dev=$3") >"$log" 2>&1 ||
    die "Debian $1 has libuv1-dev $(apt-cache -c "$tmp/apt.conf" policy libuv1-dev | sed -n 's/ *Candidate: //p'), not $3: update scripts/libuv-versions.txt ($(grep -m1 '^E: ' "$log"))"
}

# unpack VERSION DEB: makes $tmp/VERSION with lib, include and libuv-static.pc of the package. The
# suite's C library may be newer than this machine's: the names of C23's scanf and strtol are
# defined, which it gives to the functions that all have.
unpack() {
  local dir=$tmp/$1
  dpkg-deb -x "$2" "$tmp/x"
  mkdir -p "$dir/lib"
  cp -R "$tmp/x/usr/include" "$dir"
  cp "$tmp"/x/usr/lib/*/libuv.a "$dir/lib"
  rm -rf "$tmp/x"
  cat >"$tmp/c23.c" <<'C'
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#define WEAK __attribute__((weak))
WEAK int __isoc23_sscanf(const char *s, const char *f, ...) {
  va_list a;
  va_start(a, f);
  int n = vsscanf(s, f, a);
  va_end(a);
  return n;
}
WEAK int __isoc23_fscanf(FILE *s, const char *f, ...) {
  va_list a;
  va_start(a, f);
  int n = vfscanf(s, f, a);
  va_end(a);
  return n;
}
WEAK long __isoc23_strtol(const char *s, char **end, int base) { return strtol(s, end, base); }
C
  ${CC:-cc} -std=gnu11 -O2 -fPIC -c "$tmp/c23.c" -o "$tmp/c23.o"
  ar r "$dir/lib/libuv.a" "$tmp/c23.o"
  cat >"$dir/libuv-static.pc" <<PC
prefix=\${pcfiledir}
Name: libuv-static
Version: $1
Description: libuv $1 of Debian
Libs: -L\${prefix}/lib -l:libuv.a -lpthread -ldl -lrt -lm
Cflags: -I\${prefix}/include
PC
}

done=0
while read -r version suite arch package sha256; do
  case $version in '' | '#'*) continue ;; esac
  [ $# = 0 ] || [[ " $* " == *" $version "* ]] || continue
  [ "$(dpkg --print-architecture)" = "$arch" ] || continue
  echo "libuvs: libuv $version (libuv1-dev $package of Debian $suite)"
  download "$suite" "$arch" "$package"
  deb=$(echo "$tmp"/dl/*.deb)
  [ "$(sha256sum <"$deb" | cut -d' ' -f1)" = "$sha256" ] || die "wrong checksum of $(basename "$deb")"
  unpack "$version" "$deb"
  # go's build cache does not look at what pkg-config says: the stamp makes it.
  # shellcheck disable=SC2086
  PKG_CONFIG_PATH=$tmp/$version CGO_ENABLED=1 CGO_CFLAGS="-O2 -g -DUVGO_LIBUV_STAMP=0x${sha256:0:8}" \
    go test -count=1 -skip "$skip" ${TESTFLAGS:-} $pkgs || die "uvgo's tests fail with libuv $version"
  done=$((done + 1))
done <scripts/libuv-versions.txt
[ "$done" != 0 ] || die "scripts/libuv-versions.txt has none of ${*:-this architecture}"
