#!/usr/bin/env bash
# Builds the pinned libuv in this directory by cmd/libuv, whose help lists the flags:
#
#   build.sh static    build/         lib/libuv.a,            libuv-static.pc
#   build.sh asan      build-asan/    the same under AddressSanitizer
#   build.sh ubsan     build-ubsan/   the same under UndefinedBehaviorSanitizer
#   build.sh plain     build-plain/   the same without renamed calls, as a distribution's
#   build.sh shared    build-shared/  lib/libuv.so.1,         libuv.pc
#
#   CC=cc                       the C compiler
#   LIBUV_CFLAGS="-O2 -g"       optimisation and debug flags
#   LIBUV_TARBALL=path          take the source from this tarball
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
target=$(go env GOOS GOARCH)
# The program runs on this machine, whatever it is to build for. With cgo off, it needs no libuv.
GOOS='' GOARCH='' GOFLAGS='' CGO_ENABLED=0 go build -C "$here/../.." -o bin/libuv ./cmd/libuv
# shellcheck disable=SC2086 # a word each
set -- -flavour "${1:-static}" -goos ${target%%$'\n'*} -goarch ${target##*$'\n'}
exec "$here/../../bin/libuv" -checkout "$here" -cflags "${LIBUV_CFLAGS:--O2 -g}" "$@"
