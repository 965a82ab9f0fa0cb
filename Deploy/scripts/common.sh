# Sourced by the scripts of this folder's parent: where things are, and how to say what happens.
# shellcheck shell=bash
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# Runs a command as root: directly, or through sudo.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -- "$@"; fi
}

# The stock Envoy that install.sh put into the project's folder.
envoy_binary() {
  local found
  found=$(compgen -G "$root/.envoy/lib/python3*/site-packages/envoy/_bin/envoy" | head -n 1) || true
  [ -n "$found" ] || die "Envoy is missing: run Deploy/scripts/install.sh"
  printf '%s\n' "$found"
}
