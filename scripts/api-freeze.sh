#!/usr/bin/env bash
# Keeps today's lists of exported names as those of the version in version.go, to compare later ones with.
# It refuses when that version has a tag, because people use it then.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
version=$(sed -n 's/^const Release = "\(v[0-9.]*\)"$/\1/p' version.go)
[ -n "$version" ] || { echo "api-freeze: version.go has no line: const Release = \"v0.0.0\"" >&2; exit 1; }
if git rev-parse -q --verify "refs/tags/$version" >/dev/null; then
  echo "api-freeze: $version has a tag, so its names stay as they are: raise Release in version.go first, or list exceptions in api/except" >&2
  exit 1
fi
rm -rf "api/$version"
mkdir "api/$version"
cp api/*.txt "api/$version/"
head -n 2 api/except >api/except.new && mv api/except.new api/except
echo "api-freeze: api/$version has the names of $(cd api && echo *.txt)"
