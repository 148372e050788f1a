#!/usr/bin/env bash
# Tests fetch.sh and build.sh offline, on copies of them beside a made-up libuv of empty files:
# that they build, that they do nothing the second time, and that each failure prints one line
# and leaves nothing half made.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/uvgo-libuv-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
unset LIBUV_TARBALL LIBUV_CFLAGS CC
passed=0

fail() { printf 'FAIL %s: %s\n' "$name" "$*" >&2; exit 1; }
pass() { passed=$((passed + 1)); }

# The made-up libuv: every file that build.sh names, each with one symbol.
stub=$work/libuv1-0.0.1
mkdir -p "$stub/src/unix" "$stub/include"
touch "$stub/LICENSE" "$stub/LICENSE-extra" "$stub/include/uv.h"
for s in $(sed -n "/^sources=/,/'$/p" "$here/build.sh" | tr -d "'" | sed 's/^sources=//'); do
  echo "int stub_${s//[^a-z]/_};" >"$stub/src/$s.c"
done
tar -czf "$work/stub.tar.gz" -C "$work" libuv1-0.0.1

# fresh: an empty checkout in $dir whose lock pins the made-up tarball.
fresh() {
  name=$1 dir=$work/checkout
  rm -rf "$dir"
  mkdir "$dir"
  cp "$here"/{{fetch,build,mirrors}.sh,callouts.c} "$dir"
  cat >"$dir/libuv.lock" <<EOF
version=0.0.1
suite=trixie
source=libuv1
source_version=0.0.1-1
tarball=stub.tar.gz
sha256=$(sha256sum <"$work/stub.tar.gz" | cut -d' ' -f1)
EOF
}

# refused PATTERN COMMAND...: it fails, in one line of stderr that matches, and leaves only what was there.
refused() {
  local pattern=$1 before
  shift
  before=$(cd "$dir" && find . ! -name .lock | sort)
  if "$@" >"$work/stdout" 2>"$work/stderr"; then fail "succeeded"; fi
  [ "$(wc -l <"$work/stderr")" = 1 ] || fail "not one line: $(cat "$work/stderr")"
  grep -qE "$pattern" "$work/stderr" || fail "no '$pattern' in: $(cat "$work/stderr")"
  [ "$(cd "$dir" && find . ! -name .lock | sort)" = "$before" ] || fail "left behind: $(cd "$dir" && find . -maxdepth 1)"
  pass
}

# apt_sources TEXT FILE: a machine whose apt sources are TEXT.
apt_sources() {
  printf '%s\n' "$1" >"$work/$2"
  printf 'Dir::Etc::sourcelist "%s";\nDir::Etc::sourceparts "/dev/null";\n' "$work/$2" >"$work/apt.conf"
  export APT_CONFIG=$work/apt.conf
}

for flavour in static:build/lib/libuv.a:libuv-static shared:build-shared/lib/libuv.so.1:libuv; do
  IFS=: read -r flavour file pc <<<"$flavour"
  fresh "$flavour build"
  LIBUV_TARBALL=$work/stub.tar.gz "$dir/build.sh" "$flavour" >/dev/null
  [ -s "$dir/$file" ] || fail "no $file"
  moved=$work/moved\ tree
  rm -rf "$moved"
  cp -R "$dir/$(dirname "$(dirname "$file")")" "$moved"
  PKG_CONFIG_PATH=$moved pkg-config --exists "$pc = 0.0.1" || fail "pkg-config does not find $pc 0.0.1"
  PKG_CONFIG_PATH=$moved pkg-config --libs "$pc" | grep -q 'moved.* tree' || fail "$pc.pc cannot be moved"
  pass

  name="$flavour build again"
  find "$dir" -printf '%p %i %T@\n' >"$work/listing"
  [ -z "$("$dir/build.sh" "$flavour")" ] || fail "it did something"
  find "$dir" -printf '%p %i %T@\n' | diff - "$work/listing" || fail "it changed something"
  pass
done

fresh 'wrong checksum'
sed -i 's/^sha256=..../sha256=0000/' "$dir/libuv.lock"
refused 'wrong checksum.*stub.tar.gz has SHA-256' env LIBUV_TARBALL="$work/stub.tar.gz" "$dir/build.sh"

fresh 'missing tarball'
refused 'nowhere.tar.gz does not exist' env LIBUV_TARBALL=nowhere.tar.gz "$dir/build.sh"

fresh 'tarball is a directory'
refused 'is not a file' env LIBUV_TARBALL="$work" "$dir/build.sh"

if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
  fresh 'unreadable tarball'
  cp "$work/stub.tar.gz" "$work/secret.tar.gz" && chmod 600 "$work/secret.tar.gz" && chmod 755 "$work" && chmod 777 "$dir"
  refused 'cannot be read by' setpriv --reuid=65534 --regid=65534 --clear-groups env LIBUV_TARBALL="$work/secret.tar.gz" "$dir/build.sh"
fi

fresh 'broken tarball'
head -c 100 "$work/stub.tar.gz" >"$work/cut.tar.gz"
sed -i "s/^sha256=.*/sha256=$(sha256sum <"$work/cut.tar.gz" | cut -d' ' -f1)/" "$dir/libuv.lock"
refused 'cannot unpack' env LIBUV_TARBALL="$work/cut.tar.gz" "$dir/build.sh"

fresh 'no compiler'
refused "no C compiler: 'no-such-cc'" env CC=no-such-cc LIBUV_TARBALL="$work/stub.tar.gz" "$dir/build.sh"

fresh 'compiler fails'
LIBUV_TARBALL=$work/stub.tar.gz "$dir/fetch.sh"
echo '#error made to fail' >>"$dir/src/src/idna.c"
refused 'compiler failed.*made to fail' "$dir/build.sh"

if command -v apt-get >/dev/null; then
  # Port 9 of the loopback interface: nothing listens there, and nothing leaves the machine.
  fresh 'no network, one-line sources'
  apt_sources 'deb [arch=amd64] http://127.0.0.1:9/debian bookworm main' sources.list
  refused 'cannot download.*127.0.0.1:9/debian.*LIBUV_TARBALL' env -u http_proxy "$dir/build.sh"

  fresh 'no network, deb822 sources'
  apt_sources $'Types: deb deb-src\nURIs: http://127.0.0.1:9/debian/\nSuites: trixie trixie-updates\nComponents: main' debian.sources
  refused 'cannot download.*127.0.0.1:9/debian.*LIBUV_TARBALL' env -u http_proxy "$dir/build.sh"

  fresh 'no Debian mirror'
  apt_sources 'deb http://127.0.0.1:9/other nodistro main' sources.list
  refused 'name no Debian mirror.*LIBUV_TARBALL' "$dir/build.sh"
  unset APT_CONFIG
fi

# Ctrl-C while the compiler runs: a compiler that says when it was called and then waits for ever.
fresh 'interrupt'
mkfifo "$work/called" "$work/never"
cat >"$work/slow-cc" <<EOF
#!/bin/sh
[ "\$1" != --version ] || exit 0
echo >"$work/called"
cat "$work/never"
EOF
chmod +x "$work/slow-cc"
LIBUV_TARBALL=$work/stub.tar.gz "$dir/fetch.sh"
before=$(find "$dir" ! -name .lock | sort)
set -m # a process group of its own, as a terminal's Ctrl-C needs; and the signal, if we run in somebody's background
env --default-signal=INT CC="$work/slow-cc" "$dir/build.sh" >/dev/null 2>&1 &
build=$!
set +m
read -r _ <"$work/called"
[ "$(find "$dir" -name '.build.*')" ] || fail "it does not build aside"
kill -INT -- "-$build"
if wait "$build"; then fail "status 0"; fi
[ "$(find "$dir" ! -name .lock | sort)" = "$before" ] || fail "left behind: $(find "$dir" -maxdepth 1)"
pass

echo "ok   third_party/libuv/test.sh ($passed checks)"
