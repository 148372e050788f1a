#!/usr/bin/env bash
# Fails when the pinned libuv has a known CVE, or when Debian has published a libuv1 that
# third_party/libuv/security.tsv does not know.
#
#   libuv-security.sh              ask Debian's archive, through a private apt configuration
#   libuv-security.sh --seen FILE  compare FILE instead, with lines "suite version"
#
# Without a Debian archive it says so in a line, and fails only with UVGO_REQUIRE_NETWORK=1.
# LOCK and TSV name other files than ours.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
lock=${LOCK:-$root/third_party/libuv/libuv.lock}
tsv=${TSV:-$root/third_party/libuv/security.tsv}
tmp=

die() { printf 'libuv-security: %s\n' "$*" >&2; exit 1; }
unchecked() {
  [ -z "${UVGO_REQUIRE_NETWORK:-}" ] || die "not checked: $*"
  printf 'libuv-security: not checked against Debian: %s\n' "$*"
  exit 0
}
trap '[ -z "$tmp" ] || rm -rf "$tmp"' EXIT

# rows KIND: its rows of the table.
rows() { grep -P "^$1\t" "$tsv" | cut -f2- || true; }

# older A B: whether libuv's version A comes before B.
older() { [ "$1" != "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n1)" = "$1" ]; }

# check_pin: fails for a CVE that the pinned version has.
check_pin() {
  local version name first fixed what bad=0 n=0
  version=$(sed -n 's/^version=//p' "$lock")
  [ -n "$version" ] || die "$lock has no version"
  while IFS=$'\t' read -r name first fixed what; do
    n=$((n + 1))
    if ! older "$version" "$first" && older "$version" "$fixed"; then
      echo "libuv-security: libuv $version, which libuv.lock pins, has $name: $what. Pin $fixed or newer" >&2
      bad=1
    fi
  done < <(rows cve)
  [ "$n" -gt 0 ] || die "$tsv lists no CVE"
  [ $bad = 0 ] || exit 1
  echo "libuv-security: libuv $version has none of the $n known CVEs"
}

# check_seen: compares "suite version" lines with the table.
check_seen() {
  local suite version known bad=0
  while read -r suite version; do
    known=$(rows debian | awk -F '\t' -v suite="$suite" '$1 == suite { print $2 }')
    if [ -z "$known" ] || [ "$known" = none ] || dpkg --compare-versions "$version" gt "$known"; then
      echo "libuv-security: Debian $suite has libuv1 $version, and security.tsv knows ${known:-nothing of that suite}: read its changelog, add its CVEs," \
        "pin a libuv without them, and write $version into the row of $suite" >&2
      bad=1
    fi
  done
  [ $bad = 0 ] || exit 1
  echo "libuv-security: Debian has no newer libuv1 than security.tsv knows ($(rows debian | cut -f1 | paste -sd' '))"
}

# repositories: "suite uri" for each suite of the table. The archives are those that the
# machine's apt sources name, which carry every suite.
repositories() {
  local suite main security
  # shellcheck disable=SC2016 # the $ are apt's
  apt-get indextargets --no-release-info --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' >"$tmp/targets" 2>/dev/null || true
  main=$(awk '$1 ~ /^(bookworm|trixie|forky|duke|sid|(old)*stable|testing|unstable)$/ && $2 == "main" { print $3; exit }' "$tmp/targets")
  security=$(awk '$1 ~ /-security$/ && $3 ~ /security/ && $2 == "main" { print $3; exit }' "$tmp/targets")
  if [ -z "$main" ] || [ -z "$security" ]; then return 1; fi
  while read -r suite; do
    case $suite in *-security) echo "$suite $security" ;; *) echo "$suite $main" ;; esac
  done < <(rows debian | cut -f1)
}

# ask: writes "suite version" for each libuv1 that Debian has.
ask() {
  local suite uri keyring file n=0
  for file in /usr/share/keyrings/debian-archive-keyring.{pgp,gpg}; do [ ! -r "$file" ] || { keyring=$file && break; }; done
  chmod 755 "$tmp" # apt downloads as its sandbox user
  mkdir -p "$tmp/lists/partial" "$tmp/cache/archives/partial"
  : >"$tmp/status"
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
  while read -r suite uri; do
    printf 'Types: deb-src\nURIs: %s\nSuites: %s\nComponents: main\n' "$uri" "$suite" >"$tmp/private.sources"
    [ -z "${keyring:-}" ] || printf 'Signed-By: %s\n' "$keyring" >>"$tmp/private.sources"
    apt-get -q -c "$tmp/apt.conf" update >"$tmp/log" 2>&1 </dev/null ||
      unchecked "$suite: $(grep -m1 -E '^[EW]: ' "$tmp/log" | sed -E 's/^[EW]: //')"
    # An index without any package would hide every update.
    find "$tmp/lists" -maxdepth 1 -name '*_source_Sources*' -size +10k | grep -q . || die "$suite's index of sources is empty"
    apt-cache -c "$tmp/apt.conf" showsrc --only-source libuv1 2>/dev/null | sed -n "s/^Version: /$suite /p" >>"$tmp/seen"
    n=$((n + 1))
  done <"$tmp/repositories"
  [ "$n" -gt 0 ] || die "$tsv names no suite of Debian"
}

check_pin
if [ "${1:-}" = --seen ]; then
  check_seen <"$2"
  exit
fi
{ command -v apt-get && command -v dpkg; } >/dev/null || unchecked "this machine has no apt"
tmp=$(mktemp -d "${TMPDIR:-/tmp}/uvgo-security.XXXXXX")
repositories >"$tmp/repositories" || unchecked "this machine's apt sources name no archive of Debian with its security suites"
: >"$tmp/seen"
ask
[ -s "$tmp/seen" ] || die "no suite has libuv1: is the package called otherwise now?"
check_seen <"$tmp/seen"
