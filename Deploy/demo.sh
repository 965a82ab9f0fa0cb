#!/usr/bin/env bash
# The demo: a server, a site with an agent, an ingress gateway and a small shop, on real Envoys,
# each machine in a network namespace of its own.
#
#   Deploy/demo.sh up [--debug]       installs, builds, starts everything and says what to try
#   Deploy/demo.sh check [NAME…]      proves the scenarios with real traffic, a line each
#   Deploy/demo.sh status             shows what runs
#   Deploy/demo.sh down               ends what it started and removes what it made, nothing else
#
# Can be run again at any time, as root or as a user who may use sudo.
set -euo pipefail
. "$(dirname "$0")/scripts/common.sh"

usage() { sed -n '2,12s/^# \{0,1\}//p' "$0"; exit "${1:-0}"; }
[ $# -gt 0 ] || usage 64
verb=$1
shift
configuration=release
arguments=()
for argument in "$@"; do
  if [ "$argument" = --debug ]; then configuration=debug; else arguments+=("$argument"); fi
done

# Namespaces need root; what is built stays the caller's.
run() {
  as_root env "RIALTO_BIN=${bin:-}" "RIALTO_ENVOY=${envoy:-}" \
    "RIALTO_DEMO_INSTANCE=${RIALTO_DEMO_INSTANCE:-demo}" "RIALTO_DEMO_USER=$(id -un)" \
    python3 "$root/Deploy/demo/demo.py" "$verb" "${arguments[@]}"
}

case $verb in
up)
  "$root/Deploy/scripts/install.sh"
  say "Building ($configuration; the first time takes a while)"
  cd "$root"
  swift build -c "$configuration" --product rialto >&2
  swift build -c "$configuration" --product shop >&2
  swift build -c "$configuration" --product rialto-inject >&2
  bin=$(swift build -c "$configuration" --show-bin-path)
  envoy=$(envoy_binary)
  run
  ;;
check | status | down) run ;;
help | -h | --help) usage ;;
*) usage 64 ;;
esac
