#!/usr/bin/env bash
# Prints the Debian mirrors that this machine's apt sources name, one a line. apt parses both
# formats of them itself. Only a suite's plain name counts: security, updates, backports and
# other people's archives may live elsewhere, and do not carry every suite.
set -euo pipefail
suites='buster|bullseye|bookworm|trixie|forky|duke|sid|(old)*stable|testing|unstable'
# shellcheck disable=SC2016 # the $ are apt's
apt-get indextargets --no-release-info --format '$(RELEASE)|$(COMPONENT)|$(REPO_URI)' 2>/dev/null |
  grep -E "^($suites)\|main\|" | cut -d'|' -f3 | awk '!seen[$0]++' || true
