-- What an agent must still know after a restart. Hashes are 64 bits, stored as signed integers.

-- Who this agent is, as the server said when it joined.
CREATE TABLE enrollment (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  organization TEXT NOT NULL,
  cluster TEXT NOT NULL,
  trust_domain TEXT NOT NULL,
  -- DER certificates as a JSON list of base64.
  certificate_chain TEXT NOT NULL,
  server_authorities TEXT NOT NULL
) STRICT;

-- How far it has followed the server.
CREATE TABLE position (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  epoch TEXT NOT NULL,
  generation INTEGER NOT NULL,
  digest INTEGER NOT NULL
) STRICT;
INSERT INTO position (id, epoch, generation, digest) VALUES (1, '', 0, 0);

CREATE TABLE item (
  key TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  schema INTEGER NOT NULL,
  hash INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  -- A JSON list of {"fqn", "revision"}.
  sources TEXT NOT NULL,
  -- The newest content that a proxy took; its bytes only where they differ from the ones above.
  good_hash INTEGER,
  good_bytes BLOB,
  good_sources TEXT,
  -- Why the content above is held back, as JSON.
  refusal TEXT
) STRICT, WITHOUT ROWID;

-- Workloads that joined, by the digest of their keys.
CREATE TABLE identity (
  node_id TEXT PRIMARY KEY,
  key_hash BLOB NOT NULL UNIQUE,
  namespace TEXT NOT NULL,
  service TEXT NOT NULL,
  service_account TEXT NOT NULL,
  role TEXT NOT NULL,
  labels TEXT NOT NULL,
  joined_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Join tokens of workloads; the secret itself is not kept.
CREATE TABLE token (
  id TEXT PRIMARY KEY,
  secret_hash BLOB NOT NULL,
  namespace TEXT NOT NULL,
  service TEXT NOT NULL,
  service_account TEXT NOT NULL,
  role TEXT NOT NULL,
  labels TEXT NOT NULL,
  expires_ms INTEGER NOT NULL,
  spent_ms INTEGER
) STRICT, WITHOUT ROWID;

-- Workloads that are here, as they described themselves last.
CREATE TABLE registration (
  node_id TEXT PRIMARY KEY REFERENCES identity (node_id) ON DELETE CASCADE,
  description TEXT NOT NULL,
  healthy INTEGER NOT NULL,
  last_change_ms INTEGER NOT NULL,
  registered INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
