#!/usr/bin/env bash
# Builds the Dockerfile and tries the image where no Docker engine runs. Needs root on Debian.
#
# buildah builds it (chroot isolation, vfs storage). The base images are made here, with debootstrap
# from the mirror that this machine's apt sources name plus this machine's Go, under the very names
# that the Dockerfile uses. The final image then runs as an engine would run it: its own
# entrypoint, command, user and stop signal, process 1 of its own process, network and mount
# namespaces. All of it lives in one temporary directory, removed at the end.
#
#   CONTEXT=dir   build another tree's Dockerfile instead of this one's
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
context=${CONTEXT:-$here}
work='' failed=0

die() { printf 'docker-check: %s\n' "$*" >&2; exit 1; }
say() { printf 'docker-check: %s\n' "$*"; }
check() { # check WHAT COMMAND...: runs it, says how it went
  local what=$1
  shift
  if "$@"; then say "ok   $what"; else say "FAIL $what"; failed=1; fi
}

cleanup() {
  [ -n "$work" ] || return 0
  store buildah umount --all >/dev/null 2>&1 || true
  if grep -q " $work" /proc/self/mounts; then
    awk -v w="$work/" 'index($2, w) == 1 { print $2 }' /proc/self/mounts | sort -r | xargs -r umount -l
  fi
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# store buildah COMMAND...: buildah with its storage under $work.
store() {
  shift
  buildah --root "$work/storage" --runroot "$work/runroot" --storage-driver vfs "$@"
}

# make_base NAME: an image of that name: Debian, what the official Go image adds, and our Go.
make_base() {
  local name=$1 release mirror root=$work/base container
  release=${name##*-}
  mirror=$(cd "$here" && go run ./cmd/libuv -print mirrors | head -n1)
  [ -n "$mirror" ] || die "this machine's apt sources name no Debian mirror to make $name from"
  say "making a local $name with debootstrap (a minute or two)"
  debootstrap --variant=minbase --include=ca-certificates,gcc,libc6-dev,make,pkg-config \
    "$release" "$root" "$mirror" >"$work/log" 2>&1 || die "debootstrap failed: $(tail -n1 "$work/log")"
  # What this machine needs to reach its mirror and module proxy: a proxy, say, and who signs for it.
  apt-config dump | grep '^Acquire::' >"$root/etc/apt/apt.conf.d/99machine" || true
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/" 2>/dev/null || true
  cp -R "$(go env GOROOT)" "$root/usr/local/go"
  container=$(store buildah from scratch)
  store buildah add -q "$container" "$root" / >/dev/null
  store buildah config \
    --env PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    --env GOTOOLCHAIN=local --env "GOPROXY=$(go env GOPROXY)" --env "GOSUMDB=$(go env GOSUMDB)" "$container"
  store buildah commit -q "$container" "docker.io/library/$name" >/dev/null
  store buildah rm "$container" >/dev/null
  rm -rf "$root"
}

inspect() { store buildah inspect --type image --format "$1" uvgo; }

[ "$(id -u)" = 0 ] || die "run it as root: sudo make docker-check"
[ -f "$context/Dockerfile" ] || die "no Dockerfile in $context"
say "installs what is missing, makes base images, builds and tries the image: many minutes"
"$here/scripts/deps.sh" buildah=buildah debootstrap=debootstrap unshare=util-linux ip=iproute2
work=$(mktemp -d /var/tmp/uvgo-docker.XXXXXX)
chmod 755 "$work"

mapfile -t bases < <(sed -nE 's/^FROM +([^ ]+).*/\1/p' "$context/Dockerfile" | grep -vx scratch | sort -u)
for base in "${bases[@]}"; do
  make_base "$base"
done

say "building the Dockerfile (libuv, then Go's packages: some minutes)"
store buildah bud --isolation chroot --format docker --pull-never -t uvgo "$context" >"$work/log" 2>&1 || {
  tail -n 30 "$work/log" >&2
  die "buildah bud failed"
}

user=$(inspect '{{.Docker.Config.User}}')
stop=$(inspect '{{.Docker.Config.StopSignal}}')
mapfile -t entrypoint < <(inspect '{{range .Docker.Config.Entrypoint}}{{println .}}{{end}}' | sed '/^$/d')
mapfile -t command < <(inspect '{{range .Docker.Config.Cmd}}{{println .}}{{end}}' | sed '/^$/d')
mapfile -t health < <(inspect '{{range .Docker.Config.Healthcheck.Test}}{{println .}}{{end}}' | sed '/^$/d')
container=$(store buildah from --pull-never uvgo)
root=$(store buildah mount "$container")

say "size $(du -sh --apparent-size "$root" | cut -f1), user $user, stop signal $stop"
say "entrypoint: ${entrypoint[*]}; command: ${command[*]}; health: ${health[*]}"
say "files: $(cd "$root" && find . -type f | sed 's/^\.//' | sort | tr '\n' ' ')"

check 'the user is not root' test "${user%%:*}" != 0 -a -n "$user"
check 'no shell in the image' test ! -e "$root/bin/sh"
check 'no trace of gcc, Go or libuv sources' test -z "$(find "$root" -name 'gcc*' -o -name go -o -name '*.[acho]' -o -name src)"
check 'health check in exec form' test "${health[0]:-}" = CMD
check 'libuv is linked statically' test -z "$(find "$root" -name 'libuv.so*')"
say "version: $(store buildah run --isolation chroot "$container" -- "${entrypoint[@]}" version 2>&1 | tr '\n' ' ')" ||
  failed=1

printf '%s\n' "${entrypoint[@]}" "${command[@]}" >"$work/argv"
printf '%s\n' "${health[@]:1}" >"$work/health"
unshare --net "$here/scripts/docker-probe.sh" "$work" "$root" "$user" "$stop" || failed=1

[ $failed = 0 ] || die "some checks failed"
say "all checks passed"
