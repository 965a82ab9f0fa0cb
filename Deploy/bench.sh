#!/usr/bin/env bash
# Installs what is missing, builds with optimisation, and measures: `Deploy/bench.sh all`,
# `Deploy/bench.sh propagation`, `Deploy/bench.sh idle --json`. Whatever follows goes to
# rialto-bench; --help lists it.
#
# Needs no rights beyond installing: everything runs on loopback, in a folder of its own under /tmp.
set -euo pipefail
. "$(dirname "$0")/scripts/common.sh"
cd "$root"
export SWIFT_BACKTRACE=enable=no

extra=()
# The baseline of `writes`, which starts its own; where there is systemd, Debian starts one as well.
case ${1:-} in all | writes) extra+=(etcd-server) ;; esac
Deploy/scripts/install.sh ${extra[@]+"${extra[@]}"}
for product in rialto rialto-bench; do
  say "Building $product (the first time takes a while)"
  swift build -c release --product "$product" >&2
done
RIALTO_ENVOY=$(envoy_binary)
export RIALTO_ENVOY
exec "$(swift build -c release --show-bin-path)/rialto-bench" "$@"
