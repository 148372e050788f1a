#!/usr/bin/env bash
# Builds and tests uvgo for another machine or C library than this one's:
#
#   foreign.sh arm64 [EXTENT]   linux/arm64 by a cross compiler, run by qemu-user
#   foreign.sh musl [EXTENT]    statically linked with musl
#
# It compiles the tests of the packages below, runs them, and then puts load on an echo server of
# that build, every answer of which is compared. EXTENT is one of
#
#   whole   all tests; the default
#   short   compiles all, and runs those that are quick
#   brief   what foreign/brief.txt lists, with the fewest compilations: a minute or two, in .ci/run
#
# foreign/NAME.txt lists the tests that are left out, each with its reason. Processes that the tests
# start need the kernel to know qemu (binfmt_misc): as root it is told so for the time of the run, if
# it does not know yet.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
top=$PWD

name=${1:-} extent=${2:-whole}
usage='usage: scripts/foreign.sh arm64|musl [whole|short|brief]'
# packages are compiled, run is the part of them that is run.
packages='cuv uv requests . handles server uvnet' run='' flags='' seconds=20 echo=cmd/uvgo
case $extent in
  whole) run=$packages ;;
  short) run='cuv uv requests .' flags=-test.short seconds=3 ;;
  brief) packages='cuv uv requests . handles server' run=$packages flags=-test.short seconds=1 echo=examples/tcp-echo ;;
  *) echo "$usage" >&2; exit 2 ;;
esac
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
  *) echo "$usage" >&2; exit 2 ;;
esac

tmp=$(mktemp -d)
# For this machine, as make builds it: tests build programs, and the load comes from here.
CC='' third_party/libuv/build.sh static
own="export PKG_CONFIG_PATH=$top/third_party/libuv/build CGO_CFLAGS='-O2 -g -DUVGO_LIBUV_STAMP=0x$(head -c 8 third_party/libuv/build/.stamp)'"
variables=$(bin/libuv -goarch "$goarch" -cc "$cc")
compile=()
if [ "$extent" = brief ]; then
  # Tests that are in package cuv itself would have all of its C compiled a second time: they are left out.
  go list -f '{{range .TestGoFiles}}{{$.Dir}}/{{.}}{{"\n"}}{{end}}' ./cuv | grep . | sed 's/.*/"&": ""/' | paste -sd, |
    sed 's/.*/{"Replace": {&}}/' >"$tmp/overlay.json"
  compile=(-overlay "$tmp/overlay.json" -vet=off)
  variables=${variables/ -g / }
  ldflags="-s -w $ldflags"
fi
build() {
  (
    eval "$variables"
    GOARCH=$goarch CC=$cc go "$@"
  )
}

# left_out PACKAGE: a pattern of the tests that are left out of it.
left_out() { sed -n "s/^$1 \([A-Za-z0-9_]*\): .*/\1/p" "$top/scripts/foreign/$name.txt" | paste -sd'|' | sed 's/.*/^(&)$/'; }

# chosen PACKAGE: a pattern of its tests that foreign/brief.txt lists.
chosen() { sed -n "s/^$1 //p" "$top/scripts/foreign/brief.txt" | tr ' ' '|' | paste -sd'|' | sed 's/.*/^(&)$/'; }

echo "foreign: $name: compiling the tests of $packages"
mkdir "$tmp/tests"
paths=()
for p in $packages; do paths+=("./$p"); done
build test -c "${compile[@]}" -ldflags "$ldflags" -o "$tmp/tests/" "${paths[@]}"
build build -ldflags "$ldflags" -o "$tmp/echo" "./$echo"
if [ "$name" = musl ] && ldd "$tmp/echo" >/dev/null 2>&1; then die "the program is not linked statically"; fi
echo "foreign: $name: compiled in $SECONDS s"

for p in $run; do
  q=${p/#./uvgo}
  select=(-test.skip "$(left_out "$q")")
  [ "$extent" != brief ] || select+=(-test.run "$(chosen "$q")" -test.v)
  start=$SECONDS
  # shellcheck disable=SC2086 # flags are words
  (eval "$own" && cd "./$p" && "$tmp/tests/$q.test" $flags -test.timeout 20m "${select[@]}" >"$tmp/log" 2>&1) ||
    { tail -n 60 "$tmp/log"; die "$name: the tests of $p fail: $(grep '^--- FAIL' "$tmp/log" | tr -s '\n' ' ')"; }
  count=''
  if [ "$extent" = brief ]; then
    count=", $(grep -c '^--- PASS' "$tmp/log") tests" || die "$name: foreign/brief.txt lists no test of $p"
  fi
  echo "foreign: $name: ok $p$count, $((SECONDS - start)) s"
done

(eval "$own" && go build -o "$tmp/native" ./cmd/uvgo)
case $echo in
  cmd/uvgo) "$tmp/echo" echo --listen tcp://127.0.0.1:0 >"$tmp/echo.log" 2>&1 & ;;
  *) "$tmp/echo" -addr 127.0.0.1:0 >"$tmp/echo.log" 2>&1 & ;;
esac
server=$!
for _ in $(seq 600); do
  address=$(sed -n 's/^.*listening on [a-z/]*:*\/*\(127[0-9.:]*\).*/\1/p' "$tmp/echo.log")
  [ -z "$address" ] || break
  kill -0 $server 2>/dev/null || { cat "$tmp/echo.log"; die "$name: the echo server ended"; }
  sleep 0.1
done
"$tmp/native" load --conns 50 --duration ${seconds}s "tcp://$address" >"$tmp/load" 2>&1 || { cat "$tmp/load" "$tmp/echo.log"; die "$name: echo under load fails"; }
kill -TERM $server
wait $server || { cat "$tmp/echo.log"; die "$name: the echo server did not end well"; }
server=''
echo "foreign: $name: echo under load: $(tr -s '\n ' " " <"$tmp/load")"
answers=$(sed -n 's/^ *requests *\([0-9,]*\) .*/\1/p' "$tmp/load" | tr -d ,)
if [ "${answers:-0}" -lt $((1000 * seconds)) ] || ! grep -qx ' *errors *0' "$tmp/load"; then
  die "$name: ${answers:-no} answers in $seconds s, want $((1000 * seconds)) and no error"
fi
