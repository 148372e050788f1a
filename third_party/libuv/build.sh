#!/usr/bin/env bash
# Builds the pinned libuv with plain cc: no CMake, no autotools. Linux only.
#
#   build.sh static    build/         lib/libuv.a,            libuv-static.pc
#   build.sh asan      build-asan/    the same under AddressSanitizer
#   build.sh plain     build-plain/   the same without renamed calls, as a distribution's
#   build.sh shared    build-shared/  lib/libuv.so.1,         libuv.pc
#
#   CC=cc                       the C compiler
#   OBJCOPY=objcopy             its binutils' objcopy
#   LIBUV_CFLAGS="-O2 -g"       optimisation and debug flags
#   LIBUV_TARBALL=path          see fetch.sh
#
# The result appears whole or not at all: it is built aside and renamed. Its .stamp holds a hash
# of everything that went in; when that has not changed, there is nothing to do.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
flavour=${1:-static}
tmp=

die() { printf 'libuv: %s\n' "$*" >&2; exit 1; }
trap '[ -z "$tmp" ] || rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# As upstream's CMakeLists.txt has them for Linux.
sources='fs-poll idna inet random strscpy strtok thread-common threadpool timer uv-common
  uv-data-getter-setters version
  unix/async unix/core unix/dl unix/fs unix/getaddrinfo unix/getnameinfo unix/loop-watcher
  unix/loop unix/pipe unix/poll unix/process unix/random-devurandom unix/signal unix/stream
  unix/tcp unix/thread unix/tty unix/udp
  unix/linux unix/procfs-exepath unix/proctitle unix/random-getrandom unix/random-sysctl-linux'
flags='-std=gnu90 -fvisibility=hidden -fno-strict-aliasing -fPIC
  -Wall -Wextra -Wstrict-prototypes -Wno-unused-parameter
  -D_FILE_OFFSET_BITS=64 -D_LARGEFILE_SOURCE -D_GNU_SOURCE -D_POSIX_C_SOURCE=200112'
libs='-lpthread -ldl -lrt'

# The functions of the C library that libuv.a calls by another name, cuv_NAME, and that uvgo's
# package cuv defines: it stands between libuv and the C library there, and nobody else's calls
# pass it. callouts.c has each of them for programs without uvgo.
callouts='epoll_pwait fork posix_spawnattr_init read sigaction syscall'

case $flavour in
  static) dir=build ;;
  asan) dir=build-asan flags+=' -D__ASAN__=1 -fsanitize=address -fno-omit-frame-pointer' ;;
  plain) dir=build-plain callouts= ;;
  shared) dir=build-shared callouts='' flags+=' -DBUILDING_UV_SHARED=1' ;;
  *) die "no flavour '$flavour': use static, asan, plain or shared" ;;
esac
flags="${LIBUV_CFLAGS:--O2 -g} $flags"

[ "$(uname -s)" = Linux ] || die "this script builds for Linux only: install libuv >= 1.48 with the system's package manager"
cc=${CC:-cc}
# shellcheck disable=SC2086 # CC may hold flags ("ccache gcc")
cc_version=$($cc --version 2>/dev/null | head -n1) ||
  die "no C compiler: '$cc' does not run; install gcc (apt-get install gcc libc6-dev) or set CC"
command -v ar >/dev/null || die "no 'ar' to make a library with: apt-get install binutils"
objcopy=${OBJCOPY:-objcopy}
[ -z "$callouts" ] || command -v "$objcopy" >/dev/null ||
  die "no '$objcopy' to rename libuv's calls with: apt-get install binutils, or set OBJCOPY"

version=$(sed -n 's/^version=//p' "$here/libuv.lock")
stamp=$({ cat "$here"/{libuv.lock,build.sh,callouts.c}; echo "$flavour $cc $cc_version $flags"; } | sha256sum | cut -d' ' -f1)

[ -w "$here" ] || die "cannot write to $here: correct its permissions"
exec 9>>"$here/.lock" || die "cannot write to $here: correct its permissions"
! command -v flock >/dev/null || flock 9 # one build at a time in a checkout

"$here/fetch.sh" 9>&-
[ "$(cat "$here/$dir/.stamp" 2>/dev/null)" != "$stamp" ] || exit 0

echo "libuv: building $version ($flavour), half a minute"
tmp=$(mktemp -d "$here/.$dir.XXXXXX") || die "cannot write to $here: correct its permissions"
src=$here/src
mkdir -p "$tmp/obj/unix" "$tmp/lib"
cp -R "$src/include" "$src/LICENSE" "$src/LICENSE-extra" "$tmp"

# compile NAME: one object file. The log keeps the compiler's words for a failure.
compile() {
  # shellcheck disable=SC2086
  $cc $flags "-ffile-prefix-map=$src=libuv-$version" -I"$src/include" -I"$src/src" -c "$src/src/$1.c" -o "$tmp/obj/$1.o" >>"$tmp/log" 2>&1 &&
    { [ -z "$renames" ] || $objcopy $renames "$tmp/obj/$1.o" 2>>"$tmp/log"; }
}
renames=
for c in $callouts; do renames+=" --redefine-sym $c=cuv_$c"; done
export -f compile
export cc flags objcopy renames src tmp version
# shellcheck disable=SC2016,SC2086 # $0 is the inner shell's; the list is meant to split
printf '%s\n' $sources | xargs -n1 -P"$(nproc)" bash -c 'compile "$0" || exit 255' 2>/dev/null ||
  die "the C compiler failed ($(grep -m1 -E 'error|fatal' "$tmp/log" || tail -n1 "$tmp/log")): is libc6-dev installed?"

# write_pc NAME LIBS: a pkg-config file beside lib/ and include/; the tree may be moved.
write_pc() {
  cat >"$tmp/$1.pc" <<EOF
prefix=\${pcfiledir}
libdir=\${prefix}/lib
includedir=\${prefix}/include

Name: $1
Version: $version
Description: multi-platform support library with a focus on asynchronous I/O.
URL: https://libuv.org/

Libs: -L\${libdir} $2 $libs
Cflags: -I\${includedir}${callouts:+ -DUVGO_CALLOUTS}
EOF
}

objects=()
for s in $sources; do objects+=("$tmp/obj/$s.o"); done
for c in $callouts; do
  # shellcheck disable=SC2086
  $cc $flags "-DCALLOUT_$c" "-ffile-prefix-map=$here=libuv-$version" -c "$here/callouts.c" -o "$tmp/obj/callout_$c.o" 2>>"$tmp/log" ||
    die "the C compiler failed ($(grep -m1 -E 'error|fatal' "$tmp/log" || tail -n1 "$tmp/log")): is libc6-dev installed?"
  objects+=("$tmp/obj/callout_$c.o")
done
if [ "$flavour" = shared ]; then
  # shellcheck disable=SC2086
  $cc -shared -Wl,-soname,libuv.so.1 -o "$tmp/lib/libuv.so.1.0.0" "${objects[@]}" $libs 2>>"$tmp/log" ||
    die "the linker failed ($(tail -n1 "$tmp/log"))"
  ln -s libuv.so.1.0.0 "$tmp/lib/libuv.so.1"
  ln -s libuv.so.1 "$tmp/lib/libuv.so"
  write_pc libuv -luv
else
  ar rcsD "$tmp/lib/libuv.a" "${objects[@]}" 2>>"$tmp/log" || die "ar failed ($(tail -n1 "$tmp/log"))"
  write_pc libuv-static -l:libuv.a
fi

rm -rf "$tmp/obj" "$tmp/log"
chmod 755 "$tmp"
echo "$stamp" >"$tmp/.stamp"
rm -rf "${here:?}/$dir"
mv "$tmp" "$here/$dir"
tmp=
