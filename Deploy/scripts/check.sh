#!/usr/bin/env bash
# What a reviewer would look at first: format, the graph of targets, forbidden imports and words.
set -euo pipefail
. "$(dirname "$0")/common.sh"
cd "$root"
failures=0
fail() { printf 'check: %s\n' "$*" >&2; failures=$((failures + 1)); }

# 1. Format. Generated files are left out by name: swift-format honours no ignore file.
mapfile -t sources < <(git ls-files --cached --others --exclude-standard '*.swift' | grep -v '/Generated/')
swift format lint --strict --parallel "${sources[@]}" || fail "swift format -i mends the format"

# 2. The graph of targets is a golden file: a new edge is a line that a reviewer must like.
golden=Tests/Golden/Architecture/targets.txt
edges=$(swift package dump-package | python3 -c '
import json, sys
for target in sorted(json.load(sys.stdin)["targets"], key=lambda t: t["name"]):
    names = []
    for dependency in target["dependencies"]:
        for form in ("byName", "target", "product"):
            if form in dependency:
                names.append(dependency[form][0] + (" *" if form == "product" else ""))
    for name in sorted(names):
        print(target["name"], "->", name)
')
if [ "${UPDATE_GOLDEN:-}" = 1 ]; then
  mkdir -p "$(dirname "$golden")"
  printf '%s\n' "$edges" > "$golden"
elif ! diff -u "$golden" <(printf '%s\n' "$edges"); then
  fail "the graph of targets changed: UPDATE_GOLDEN=1 Deploy/scripts/check.sh records it"
fi

# 3. Imports and words that do not belong. `forbid PATTERN REASON PATH…`
forbid() {
  local pattern=$1 reason=$2 found
  shift 2
  found=$(grep -rnE --include='*.swift' --exclude-dir=Generated "$pattern" "$@" || true)
  if [ -n "$found" ]; then
    printf '%s\n' "$found" >&2
    fail "$reason"
  fi
}
everywhere_but() {
  local -a folders=()
  local folder excluded
  for folder in Sources/*/*; do
    [ -d "$folder" ] || continue
    for excluded in "$@"; do [ "$folder" = "$excluded" ] && continue 2; done
    folders+=("$folder")
  done
  printf '%s\n' "${folders[@]}"
}

forbid '^(private |package )?import (Foundation|FoundationEssentials|Logging|NIO|GRPC|GRDB|Crypto)' \
  "the core is pure: no Foundation, no I/O" Sources/Core
forbid '\basync\b|\bawait\b|\bTask\b[ .{]|\bDate\(|\bUUID\(|\.random\(in: [^,]*\)' \
  "the core has no clock, no randomness, no concurrency" Sources/Core
mapfile -t folders < <(everywhere_but Sources/Management/Storage Sources/Agent/AgentStore Sources/Support/Databases)
forbid '^(private |package )?import GRDB' "SQL lives in Storage, AgentStore and Databases" "${folders[@]}"
mapfile -t folders < <(everywhere_but Sources/Management/RestAPI Sources/Demo/shop Sources/Bench/rialto-bench Sources/Agent/ClusterAgent Sources/Proxy/ProxySupervisor Sources/CLI/rialto)
forbid '^(private |package )?import Hummingbird' "HTTP servers live at the rim" "${folders[@]}"
mapfile -t folders < <(everywhere_but Sources/Core/EnvoyConfig Sources/Wire/EnvoyProtos Sources/Wire/DiscoveryProtos Sources/Discovery/DeltaXDS Sources/Proxy/ProxySupervisor Sources/Bench/rialto-bench)
forbid '\bEnvoy_[A-Z]' "Envoy's messages are known to EnvoyConfig and discovery only" "${folders[@]}"
forbid '@unchecked|nonisolated\(unsafe\)' "no unchecked sendability" Sources
forbid '^ *public ' "package is enough access for an application" Sources
forbid '\btry!|\bas! ' "a trap ends the whole process" Sources
forbid 'bufferingPolicy: \.unbounded' "no buffer is unbounded" Sources
forbid 'Yams\.load|YAMLDecoder|compose_all|load_all' "YAML passes the strict reader" Sources
forbid 'DatabasePool\(|DatabaseQueue\(' "one function opens databases" \
  Sources/Management Sources/Agent Sources/CLI Sources/Proxy
forbid 'addUnsecuredNone' "unsigned tokens" Sources
forbid 'fatalError\(' "a promise of our own that breaks is a precondition that says which" Sources

# 4. Files hold one idea.
while read -r lines file; do
  [ "$file" = total ] || fail "$file has $lines lines: it holds more than one idea"
done < <(git ls-files --cached --others --exclude-standard 'Sources/**/*.swift' | grep -v '/Generated/' |
  xargs wc -l | awk '$1 > 500')

[ "$failures" = 0 ] || die "$failures checks failed"
say "Format, target graph and imports are as they should be"
