#!/usr/bin/env bash
# Builds the documentation's site from docs/ into bin/docs and checks it, or serves it: docs.sh build|serve.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../docs/site"

FOR='the documentation' ../../scripts/deps.sh node=nodejs npm=npm
# npm writes the hidden lock file last. No package's own scripts are run.
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo "docs: installing VitePress with npm, some 100 MB"
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
fi

case ${1:-build} in
  build)
    node --test site.test.mjs >/dev/null || node --test site.test.mjs
    rm -rf ../../bin/docs
    npx --no-install vitepress build .
    node check.mjs ../../bin/docs
    echo "docs: bin/docs/ is the site; 'make docs-serve' shows it"
    ;;
  serve)
    exec npx --no-install vitepress dev . --host 127.0.0.1 --port "${PORT:-5173}"
    ;;
  *)
    echo "usage: docs.sh build|serve" >&2
    exit 2
    ;;
esac
