#!/usr/bin/env bash
# Drives cuv's C side and libuv by a program of C, without Go, under valgrind's memcheck: each scenario with all of its
# memory, and with one allocation after another that fails. An invalid access, a use of uninitialised memory, a lost block or
# a descriptor that stays open fails it. Go programs under valgrind tell little: Go's stacks move.
#
#   valgrind.sh [SCENARIO...]   those of tests/faults/testdata/harness/main.c; default: all
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
FOR="memcheck" scripts/deps.sh valgrind=valgrind
mkdir -p bin
tests/faults/testdata/harness/build.sh bin/harness
# A child that is not exec'd stays under valgrind. Blocks that are still reachable at the end are libuv's own.
valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect --show-leak-kinds=definite,indirect \
  --fair-sched=yes bin/harness "$@" | grep -v '^abort '
