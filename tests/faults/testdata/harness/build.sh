#!/bin/sh
# Compiles the harness with cuv's C files and the libuv that pkg-config finds: build.sh OUTPUT [FLAG...]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cuv=$here/../../../../cuv
out=$1
shift
wrap=
for f in malloc calloc realloc strdup free abort; do wrap="$wrap,--wrap=$f"; done
# -no-pie: addresses of functions are those in the file.
# shellcheck disable=SC2046,SC2086 # words
exec ${CC:-cc} -std=gnu11 -O1 -g -no-pie -fno-omit-frame-pointer -Wall -Wextra "$@" -I"$here" -I"$cuv" $(pkg-config --cflags libuv-static) \
  "$here"/*.c $(ls "$cuv"/*.c) "-Wl$wrap" $(pkg-config --libs libuv-static) -o "$out"
