#!/usr/bin/env bash
# Installs uvgo as a newcomer does, on bare Debian systems, and prints each command with its time.
# Needs root on Debian.
#
# Each system is made by debootstrap from the mirror that this machine's apt sources name, with gcc, libc6-dev
# and this machine's Go added: no pkg-config, no libuv, no make. An ordinary user then follows docs/install.md
# there. uvgo comes from a module proxy of files that holds this checkout as a release. All of it lives in one
# temporary directory, removed at the end.
#
#   install-check.sh [RELEASE...]   default: bookworm trixie
#   install-check.sh program        only prints the newcomer's program
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
[ $# -gt 0 ] || set -- bookworm trixie
limit=1800 # seconds for each step that may hang: making a system, and the newcomer's session
work=''

die() { printf 'install-check: %s\n' "$*" >&2; exit 1; }
say() { printf 'install-check: %s\n' "$*"; }
trap '[ -z "$work" ] || rm -rf --one-file-system "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# program: the first one of docs/start.md, to which the README leads.
program() {
  local text
  text=$(awk '/^package main$/ { on = 1 } /^```$/ && on { exit } on' "$here/docs/start.md")
  [[ $text == *'Addr: "127.0.0.1:8080"'* ]] || die "the first program of docs/start.md is no server on 127.0.0.1:8080"
  printf '%s\n' "$text"
}

# make_proxy: a module proxy in $work/proxy with this checkout, as a user would get it from the public one.
make_proxy() {
  local version module=github.com/uvgo/uvgo dir commit nested=()
  version=v$(sed -n 's/^const Release = "v\(.*\)"$/\1/p' "$here/version.go")
  [ "$version" != v ] || die "version.go names no version"
  dir=$work/proxy/$module/@v
  mkdir -p "$dir"
  cd "$here"
  for mod in $(git ls-files '*/go.mod'); do nested+=(":(exclude)${mod%/go.mod}"); done
  commit=$(git stash create) # the working tree, if it differs from HEAD
  git archive --format=zip --prefix="$module@$version/" -o "$dir/$version.zip" "${commit:-HEAD}" . "${nested[@]}"
  cp go.mod "$dir/$version.mod"
  printf '{"Version":"%s","Time":"2026-01-01T00:00:00Z"}\n' "$version" >"$dir/$version.info"
  echo "$version" >"$dir/list"
  # What uvgo requires: this machine's module cache has the form of a proxy.
  go mod download
  cp -R "$(go env GOMODCACHE)/cache/download/golang.org" "$work/proxy/"
  mkdir -p "$work/proxy/github.com/google"
  cp -R "$(go env GOMODCACHE)/cache/download/github.com/google/go-cmp" "$work/proxy/github.com/google/"
  chmod -R a+rX "$work/proxy"
}

# make_system RELEASE: a bare system in $work/RELEASE.
make_system() {
  local release=$1 root=$work/$1
  say "$release: making a bare system with gcc and libc6-dev (a minute or two)"
  timeout "$limit" debootstrap --variant=minbase --include=gcc,libc6-dev "$release" "$root" "$mirror" >"$work/log" 2>&1 ||
    die "debootstrap failed: $(tail -n1 "$work/log")"
  # What this machine needs to reach its mirror: a proxy, say.
  apt-config dump | grep '^Acquire::' >"$root/etc/apt/apt.conf.d/99machine" || true
  if [ -e /etc/ssl/certs/ca-certificates.crt ] && [[ $mirror == https:* ]]; then
    mkdir -p "$root/etc/ssl/certs" && cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  fi
  cp /etc/resolv.conf /etc/hosts "$root/etc/"
  cp -R "$(go env GOROOT)" "$root/usr/local/go"
  cp -R "$work/proxy" "$root/srv/proxy"
  chroot "$root" useradd --create-home --shell /bin/bash newcomer
  program >"$work/main.go"
  install -m 644 "$work/main.go" "$root/home/newcomer/main.go"
  install -m 755 "$here/scripts/install-newcomer.sh" "$root/home/newcomer/newcomer.sh"
}

[ "$1" != program ] || { program; exit; }
[ "$(id -u)" = 0 ] || die "run it as root"
"$here/scripts/deps.sh" debootstrap=debootstrap unshare=util-linux
mirror=$(cd "$here" && CGO_ENABLED=0 go run ./cmd/libuv -print mirrors | head -n1)
[ -n "$mirror" ] || die "this machine's apt sources name no Debian mirror to make systems from"
work=$(mktemp -d /var/tmp/uvgo-install.XXXXXX)
chmod 755 "$work"
make_proxy

failed=0
for release; do
  make_system "$release"
  # Mounts and processes end with the namespaces.
  # shellcheck disable=SC2016 # the $ are the inner shell's
  timeout --kill-after=10 "$limit" unshare --mount --pid --fork --kill-child sh -c \
    'mount -t proc none "$1/proc" && exec chroot --userspec=newcomer "$1" /usr/bin/env -i \
       HOME=/home/newcomer PATH=/usr/local/go/bin:/usr/bin:/bin TERM=dumb http_proxy="$2" https_proxy="$3" \
       GOTOOLCHAIN=local GOPROXY=file:///srv/proxy GOSUMDB=off /home/newcomer/newcomer.sh' \
    sh "$work/$release" "${http_proxy:-}" "${https_proxy:-}" 2>&1 | sed -u "s/^/$release: /" || failed=1
  rm -rf --one-file-system "${work:?}/$release"
done
[ $failed = 0 ] || die "some steps failed"
say "all steps passed"
