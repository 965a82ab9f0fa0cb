#!/usr/bin/env bash
# Lets a fuzzer of OpenAPI APIs (schemathesis) call everything that /openapi.json describes, on a
# server of its own on loopback, for a bounded time. Ends with 1 when an answer is a server error or
# is not what the description says.
#
#   Tests/Fuzz/run.sh [SECONDS]       120 unless said otherwise
#   SEED=NUMBER                       other calls than those of every run
#   RIALTO_BIN=FOLDER                 where the rialto to test is; .build/debug unless set
set -euo pipefail
. "$(dirname "$0")/../../Deploy/scripts/common.sh"
seconds=${1:-120}
rialto=${RIALTO_BIN:-$root/.build/debug}/rialto
schemathesis=${SCHEMATHESIS:-$root/.schemathesis/bin/schemathesis}
[ -x "$schemathesis" ] || die "schemathesis is missing: run Deploy/scripts/install.sh --tests"

folder=$(mktemp -d)
server=
cleanup() {
  if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi
  rm -rf "$folder"
}
trap cleanup EXIT

read -r api fleet < <(python3 -c '
import socket
sockets = [socket.socket() for _ in range(2)]
for each in sockets: each.bind(("127.0.0.1", 0))
print(*(each.getsockname()[1] for each in sockets))')
SWIFT_BACKTRACE=enable=no "$rialto" server --data "$folder/data" --listen "127.0.0.1:$api" \
  --fleet "127.0.0.1:$fleet" --metrics 0 --advertise localhost --organization acme \
  >"$folder/out" 2>"$folder/log" &
server=$!
export RIALTO_CONFIG=$folder/data/admin-context.yaml
python3 - "$api" <<'PYTHON'
import socket, sys, time
for _ in range(600):
    try:
        socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1).close()
        break
    except OSError:
        time.sleep(0.1)
else:
    sys.exit("the server does not listen")
PYTHON
"$rialto" apply -f "$root/Tests/Fuzz/objects.yaml" >&2

python3 - "$RIALTO_CONFIG" "$folder" <<'PYTHON'
import json, pathlib, sys
# The file is our own: a line `key: value` each, the value plain or in JSON's quotes.
values = {}
for line in pathlib.Path(sys.argv[1]).read_text().splitlines():
    key, _, value = line.lstrip(" -").partition(": ")
    values[key] = json.loads(value) if value.startswith('"') else value
folder = pathlib.Path(sys.argv[2])
(folder / "authority.pem").write_text(values["certificateAuthority"])
(folder / "token").write_text(values["token"])
PYTHON

status=0
# What the fuzzer remembers goes with the folder.
cd "$folder"
timeout $((seconds + 60)) "$schemathesis" --config-file "$root/Tests/Fuzz/schemathesis.toml" run \
  "https://localhost:$api/openapi.json" --url "https://localhost:$api" \
  --tls-verify "$folder/authority.pem" --header "Authorization: Bearer $(cat "$folder/token")" \
  --max-time "$seconds" --seed "${SEED:-1}" || status=$?
kill -0 "$server" 2>/dev/null || { tail -20 "$folder/log" >&2; die "the server is gone"; }
if grep -q '"level":"error"' "$folder/log"; then
  grep '"level":"error"' "$folder/log" | head -5 >&2
  die "the server logged errors"
fi
[ "$status" = 0 ] || die "the API is not what it says (schemathesis ended with $status)"
