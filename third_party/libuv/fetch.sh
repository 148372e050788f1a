#!/usr/bin/env bash
# Obtains libuv's source as libuv.lock pins it, checks its SHA-256 and unpacks it into src/.
#
#   LIBUV_TARBALL=path   use this tarball; nothing is downloaded
#
# Without LIBUV_TARBALL the machine's own apt client downloads it, from the mirror that its
# sources already name, through a private source list: /etc/apt is read and never written.
# A failure prints one line and leaves src/ as it was.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tmp=

die() { printf 'libuv: %s\n' "$*" >&2; exit 1; }
trap '[ -z "$tmp" ] || rm -rf "$tmp" "$here/.src.$$"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# pinned KEY: its value in libuv.lock.
pinned() { sed -n "s/^$1=//p" "$here/libuv.lock" | grep . || die "libuv.lock has no $1"; }
version=$(pinned version) suite=$(pinned suite) source=$(pinned source)
tarball=$(pinned tarball) sha256=$(pinned sha256)
by_hand="or give the tarball by hand: make libuv LIBUV_TARBALL=/path/to/$tarball"

# check FILE NAME: dies unless FILE's SHA-256 is the pinned one.
check() {
  local sum
  sum=$(sha256sum <"$1" | cut -d' ' -f1)
  [ "$sum" = "$sha256" ] ||
    die "wrong checksum: $2 has SHA-256 $sum, but libuv.lock pins $sha256; not building it: get libuv $version's tarball again, or correct libuv.lock if you changed it"
}

# write_apt_conf: what makes an apt-get private: lists, cache and sources of its own under $tmp,
# and none of the machine's hooks.
write_apt_conf() {
  cat >"$tmp/apt.conf" <<EOF
Dir::Etc::sourcelist "$tmp/private.sources";
Dir::Etc::sourceparts "/dev/null";
Dir::State::lists "$tmp/lists";
Dir::State::status "$tmp/status";
Dir::Cache "$tmp/cache";
Acquire::Languages "none";
Acquire::Retries "1";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
APT::Update::Error-Mode "any";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
EOF
}

apt_private() { apt-get -q -c "$tmp/apt.conf" "$@" </dev/null; }

# reason LOG: apt's own words for the first thing that failed.
reason() { grep -m1 -E '^[EW]: ' "$1" | sed -E 's/^[EW]: //; s/ +/ /g'; }

# download: leaves $tmp/dl/$tarball, or dies.
download() {
  command -v apt-get >/dev/null ||
    die "no apt-get on this machine to download libuv with: use the distribution's libuv >= 1.48, $by_hand"
  local list mirror keyring why=
  keyring=$(first_readable /usr/share/keyrings/debian-archive-keyring.{pgp,gpg})
  list=$("$here/mirrors.sh")
  [ -n "$list" ] || die "this machine's apt sources name no Debian mirror to download libuv from: add one, $by_hand"
  chmod 755 "$tmp" # apt downloads as its sandbox user, who must be able to reach it
  mkdir -p "$tmp/lists/partial" "$tmp/cache/archives/partial" "$tmp/dl"
  : >"$tmp/status"
  write_apt_conf
  if [ "$(id -u)" = 0 ] && id _apt >/dev/null 2>&1; then chown _apt "$tmp/dl"; fi

  while read -r mirror; do
    {
      printf 'Types: deb-src\nURIs: %s\nSuites: %s\nComponents: main\n' "$mirror" "$suite"
      [ -z "$keyring" ] || printf 'Signed-By: %s\n' "$keyring"
    } >"$tmp/private.sources"
    if apt_private update >"$tmp/log" 2>&1 &&
      (cd "$tmp/dl" && apt_private source --only-source --download-only --tar-only "$source") >"$tmp/log" 2>&1; then
      [ -f "$tmp/dl/$tarball" ] ||
        die "Debian $suite now carries $(cd "$tmp/dl" && echo *) instead of $tarball: update libuv.lock, $by_hand"
      return
    fi
    if grep -q NO_PUBKEY "$tmp/log"; then
      why="this machine's Debian keyring does not know $suite: apt-get install --only-upgrade debian-archive-keyring"
    else
      why="cannot download libuv $version from ${mirror%/} ($(reason "$tmp/log")): check the network and http_proxy"
    fi
  done <<<"$list"
  die "$why, $by_hand"
}

first_readable() {
  local f
  for f; do [ ! -r "$f" ] || { echo "$f"; return; }; done
}

if [ -n "${LIBUV_TARBALL:-}" ]; then
  [ -e "$LIBUV_TARBALL" ] || die "LIBUV_TARBALL=$LIBUV_TARBALL does not exist: name libuv's release tarball ($tarball)"
  [ -f "$LIBUV_TARBALL" ] || die "LIBUV_TARBALL=$LIBUV_TARBALL is not a file: name libuv's release tarball ($tarball)"
  [ -r "$LIBUV_TARBALL" ] || die "LIBUV_TARBALL=$LIBUV_TARBALL cannot be read by $(id -un): correct its permissions"
  check "$LIBUV_TARBALL" "$LIBUV_TARBALL"
fi
[ "$(cat "$here/src/.sha256" 2>/dev/null)" != "$sha256" ] || exit 0

tmp=$(mktemp -d "${TMPDIR:-/tmp}/uvgo-libuv.XXXXXX") || die "cannot make a temporary directory under ${TMPDIR:-/tmp}"
file=${LIBUV_TARBALL:-}
if [ -z "$file" ]; then
  echo "libuv: downloading $version (source package $source of Debian $suite)"
  download
  file=$tmp/dl/$tarball
  check "$file" "the $tarball that apt downloaded"
fi
mkdir -p "$here/.src.$$" 2>/dev/null || die "cannot write to $here: correct its permissions"
tar -xzf "$file" --strip-components=1 -C "$here/.src.$$" 2>"$tmp/log" ||
  die "cannot unpack $file ($(tail -n1 "$tmp/log")): check the free disk space"
echo "$sha256" >"$here/.src.$$/.sha256"
rm -rf "$here/src"
mv "$here/.src.$$" "$here/src"
