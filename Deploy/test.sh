#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test: unit, golden, property and feature tests by
# the Swift runner, a fuzzer of the API, then the end-to-end scenarios on real Envoys in network
# namespaces, and the benchmarks in a form so small that only what they check counts.
#
# Works from a clean clone, as root or as a user who may use sudo, again and again. One build
# configuration serves everything. Each stage prints how long it took and what it may take on two
# cores; one that takes longer is a finding, not a failure.
set -euo pipefail
. "$(dirname "$0")/scripts/common.sh"
cd "$root"
export SWIFT_BACKTRACE=enable=no

report=()
stage() { # stage NAME BUDGET_MINUTES COMMAND…
  local name=$1 budget=$2 started=$SECONDS took
  shift 2
  say "$name (budget $budget min)"
  "$@"
  took=$((SECONDS - started))
  report+=("$(printf '%-28s %4d s of %4d s' "$name" "$took" $((budget * 60)))")
}

demo() { RIALTO_DEMO_INSTANCE=test "$root/Deploy/demo.sh" "$@"; }
finish() { demo down >/dev/null 2>&1 || true; }

scenarios() {
  trap finish EXIT
  demo up --debug >/dev/null
  demo check
  demo down
  trap - EXIT
}

# The test build serves, and what it leaves out is built here.
benchmarks() {
  swift build --product rialto >&2
  swift build --product rialto-bench >&2
  "$(swift build --show-bin-path)/rialto-bench" all --quick
}

stage "install" 5 Deploy/scripts/install.sh --tests
# The bundle of the tests alone: the generators of protocol code are not needed here.
stage "build" 25 swift build --product rialtoPackageTests
stage "checks of the sources" 2 Deploy/scripts/check.sh
stage "fuzzing of the API" 3 Tests/Fuzz/run.sh 120
stage "end-to-end scenarios" 15 scenarios
stage "benchmarks, quick" 5 benchmarks
printf '%s\n' "${report[@]}"

# Last, so that the runner's summary is what a reader finds at the end.
say "unit and feature tests (budget 8 min)"
swift test --skip-build --disable-xctest
