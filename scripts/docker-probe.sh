#!/usr/bin/env bash
# The running half of docker-check.sh: starts the image's program as a container engine would and
# talks to it. Called in a network namespace of its own, so port 8888 is free whatever else runs.
#
#   docker-probe.sh WORK ROOT USER SIGNAL   WORK/argv, WORK/health: one argument a line
# shellcheck disable=SC2317 # functions are called through check
set -euo pipefail

work=$1 root=$2 user=$3 signal=$4
mapfile -t argv <"$work/argv"
mapfile -t health <"$work/health"
failed=0

say() { printf 'docker-check: %s\n' "$*"; }
check() {
  local what=$1
  shift
  if "$@"; then say "ok   $what"; else say "FAIL $what"; failed=1; fi
}

# in_image COMMAND...: it, as the image's user, in the image's root.
in_image() { chroot --userspec="$user" "$root" "$@"; }

# echoes TEXT: whether a connection sends it back.
echoes() {
  local fd line=
  exec {fd}<>/dev/tcp/127.0.0.1/8888 || return 1
  echo "$1" >&"$fd"
  read -r -t 10 -u "$fd" line || true
  exec {fd}>&-
  [ "$line" = "$1" ]
}

ip link set lo up
mkdir -p "$root/proc"
mkfifo "$work/output"

# The program is process 1 of its namespace, where a signal without a handler is ignored.
unshare --pid --mount --fork --kill-child --mount-proc="$root/proc" \
  chroot --userspec="$user" "$root" "${argv[@]}" >"$work/output" 2>&1 </dev/null &
engine=$!
exec 3<"$work/output"
listening=
while read -r -t 20 -u 3 line; do
  say "  | $line"
  case $line in *8888*) listening=1; break ;; esac
done
[ -n "$listening" ] || { say "FAIL it does not say that it listens on 8888"; exit 1; }
sed -u 's/^/docker-check:   | /' <&3 &
pid=$(tr -d ' ' <"/proc/$engine/task/$engine/children")

check "echo round trip" echoes 'hello, uvgo'
check "health: ${health[*]}" in_image "${health[@]}"
check "runs as uid ${user%%:*}" grep -qE "^Uid:\s+${user%%:*}\s" "/proc/$pid/status"

# A connection is open while it drains: what it was owed is there, then end of file, then status 0.
exec 4<>/dev/tcp/127.0.0.1/8888
echo 'still here' >&4
read -r -t 10 -u 4 line || true
kill -s "$signal" "$pid"
check "$signal: the open connection was served and is closed" \
  test "$line|$(timeout 20 cat <&4 | wc -c)" = 'still here|0'
exec 4>&-
timeout 20 tail --pid="$engine" -f /dev/null || { say "FAIL it still runs 20 s after $signal"; kill -KILL "$pid"; }
status=0
wait "$engine" || status=$?
check "$signal: drained, status $status" test "$status" = 0
check "health fails once it has stopped" bash -c '! "$@" >/dev/null 2>&1' - chroot --userspec="$user" "$root" "${health[@]}"
wait
exit $failed
