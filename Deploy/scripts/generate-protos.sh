#!/usr/bin/env bash
# Generates the Swift of Sources/Wire from its .proto files: needs Debian's protobuf-compiler.
set -euo pipefail
cd "$(dirname "$0")/../.."

swift build --product protoc-gen-swift
swift build --product protoc-gen-grpc-swift-2
bin=$(swift build --show-bin-path)

for target in EnvoyProtos DiscoveryProtos FleetProtos; do
  folder=Sources/Wire/$target
  [ -d "$folder/Protos" ] || continue
  rm -rf "$folder/Generated" && mkdir -p "$folder/Generated"
  mapfile -t protos < <(cd "$folder/Protos" && find . -name '*.proto' | sed 's|^\./||' | LC_ALL=C sort)
  options=(Visibility=Package FileNaming=PathToUnderscores UseAccessLevelOnImports=true)
  protoc -I "$folder/Protos" --plugin="$bin/protoc-gen-swift" --swift_out="$folder/Generated" \
    "${options[@]/#/--swift_opt=}" "${protos[@]}"
  mapfile -t services < <(cd "$folder/Protos" && grep -l '^service ' "${protos[@]}" || true)
  [ ${#services[@]} -gt 0 ] || continue
  protoc -I "$folder/Protos" --plugin="$bin/protoc-gen-grpc-swift-2" \
    --grpc-swift-2_out="$folder/Generated" "${options[@]/#/--grpc-swift-2_opt=}" "${services[@]}"
done
