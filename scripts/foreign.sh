#!/usr/bin/env bash
# Builds and tests uvgo for another machine or C library than this one's:
#
#   foreign.sh arm64 [short]   linux/arm64 by a cross compiler, run by qemu-user
#   foreign.sh musl [short]    statically linked with musl
#
# It compiles the tests of every package below, runs them, or with "short" those that are quick,
# and then puts load on an echo server of that build. foreign/NAME.txt lists the tests that are
# left out, each with its reason. Processes that the tests start need the kernel to know qemu
# (binfmt_misc): as root it is told so for the time of the run, if it does not know yet.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
top=$PWD

name=${1:-} extent=${2:-whole}
packages='cuv uv requests . handles server uvnet'
quick='cuv uv requests .'
seconds=20
tmp='' registered='' server=''

die() { printf 'foreign: %s\n' "$*" >&2; exit 1; }

# end takes back what the run has put into the machine.
end() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  [ -z "$registered" ] || echo -1 >"$registered" || true
  [ -z "$tmp" ] || rm -rf "$tmp"
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# know_qemu makes the kernel run arm64 programs by qemu.
know_qemu() {
  local binfmt=/proc/sys/fs/binfmt_misc magic mask
  local head='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
  [ -e $binfmt/register ] || mount -t binfmt_misc binfmt_misc $binfmt 2>/dev/null || true
  if grep -lsq '^interpreter .*aarch64' $binfmt/*aarch64* 2>/dev/null; then return; fi
  magic=$head
  mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
  echo ":uvgo-aarch64:M::$magic:$mask:$(command -v qemu-aarch64):OCF" 2>/dev/null >$binfmt/register ||
    die "the kernel does not run arm64 programs yet: run this as root, or install qemu-user-static (apt-get install qemu-user-static)"
  registered=$binfmt/uvgo-aarch64
}

native=$(go env GOARCH)
export CGO_ENABLED=1
unset PKG_CONFIG_PATH CGO_CFLAGS
case $name in
  arm64)
    FOR="tests of linux/arm64" scripts/deps.sh qemu-aarch64=qemu-user aarch64-linux-gnu-gcc=gcc-aarch64-linux-gnu \
      /usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1=libc6-dev-arm64-cross
    [ "$native" = arm64 ] || know_qemu
    goarch=arm64 cc=aarch64-linux-gnu-gcc root=/usr/aarch64-linux-gnu/lib
    ldflags="-extldflags '-Wl,--dynamic-linker=$root/ld-linux-aarch64.so.1 -Wl,-rpath=$root'"
    ;;
  musl)
    FOR="tests with musl" scripts/deps.sh musl-gcc=musl-tools
    goarch=$native cc="musl-gcc -idirafter /usr/include -idirafter /usr/include/$(gcc -print-multiarch)"
    ldflags="-linkmode external -extldflags -static"
    ;;
  *) die "usage: scripts/foreign.sh arm64|musl [short]" ;;
esac

tmp=$(mktemp -d)
CGO_ENABLED=0 go build -o "$tmp/libuv" ./cmd/libuv
own="export PKG_CONFIG_PATH=$("$tmp/libuv" -print dir)" # for this machine: tests build programs, and the load comes from here
variables=$("$tmp/libuv" -goarch "$goarch" -cc "$cc")
build() {
  (
    eval "$variables"
    GOARCH=$goarch CC=$cc go "$@"
  )
}

# left_out PACKAGE: a pattern of the tests that are left out of it.
left_out() { sed -n "s/^$1 \([A-Za-z0-9_]*\): .*/\1/p" "$top/scripts/foreign/$name.txt" | paste -sd'|' | sed 's/.*/^(&)$/'; }

for p in $packages; do
  file=$tmp/$p.test
  [ "$p" != . ] || file=$tmp/uvgo.test
  echo "foreign: $name: compiling the tests of $p"
  build test -c -ldflags "$ldflags" -o "$file" "./$p"
done
build build -ldflags "$ldflags" -o "$tmp/uvgo" ./cmd/uvgo
if [ "$name" = musl ] && ldd "$tmp/uvgo" >/dev/null 2>&1; then die "the program is not linked statically"; fi

run=$packages flags=
[ "$extent" = whole ] || run=$quick flags=-test.short seconds=3
for p in $run; do
  file=$tmp/$p.test
  [ "$p" != . ] || file=$tmp/uvgo.test
  start=$SECONDS
  # shellcheck disable=SC2086 # flags are words
  (eval "$own" && cd "./$p" && "$file" $flags -test.timeout 20m -test.skip "$(left_out "${p/#./uvgo}")" >"$tmp/log" 2>&1) ||
    { tail -n 60 "$tmp/log"; die "$name: the tests of $p fail: $(grep '^--- FAIL' "$tmp/log" | tr -s '\n' ' ')"; }
  echo "foreign: $name: ok $p, $((SECONDS - start)) s"
done

(eval "$own" && go build -o "$tmp/native" ./cmd/uvgo)
socket=$tmp/echo.sock
"$tmp/uvgo" echo --listen "unix://$socket" >"$tmp/echo.log" 2>&1 &
server=$!
for _ in $(seq 600); do
  [ ! -S "$socket" ] || break
  kill -0 $server 2>/dev/null || { cat "$tmp/echo.log"; die "$name: the echo server ended"; }
  sleep 0.1
done
"$tmp/native" load --conns 50 --duration ${seconds}s "unix://$socket" >"$tmp/load" 2>&1 || { cat "$tmp/load" "$tmp/echo.log"; die "$name: echo under load fails"; }
kill -TERM $server
wait $server || { cat "$tmp/echo.log"; die "$name: the echo server did not end well"; }
server=''
echo "foreign: $name: echo under load: $(tr -s '\n ' " " <"$tmp/load")"
