#!/usr/bin/env bash
# Installs the servers and tools that the interop tests run, where they are missing. Nothing else
# needs them. It says what it installs, and with nothing missing it says nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
FOR="the interop tests" exec scripts/deps.sh curl=curl openssl=openssl wrk=wrk h2load=nghttp2-client redis-server=redis-server \
  redis-benchmark=redis-tools pg_lsclusters=postgresql ab=apache2-utils nginx=nginx-light chromium=chromium
