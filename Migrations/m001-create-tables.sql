-- The life of this database: followers that know another one start over.
CREATE TABLE epoch (
  only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 64)
) STRICT;

-- What operators wrote, as it stands now.
CREATE TABLE object (
  fqn        TEXT NOT NULL PRIMARY KEY,
  kind       TEXT NOT NULL,
  -- FQN of the collection: that of the parent and one word more.
  collection TEXT NOT NULL,
  parent     TEXT REFERENCES object (fqn) ON DELETE RESTRICT,
  manifest   TEXT NOT NULL CHECK (json_valid(manifest)),
  labels     TEXT NOT NULL CHECK (json_valid(labels)),
  created    INTEGER NOT NULL CHECK (created > 0),
  revision   INTEGER NOT NULL CHECK (revision >= created),
  createdAt  INTEGER NOT NULL,
  updatedAt  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX object_collection ON object (collection, fqn);
CREATE INDEX object_parent ON object (parent);

-- Every accepted write, chained: hash = SHA-256(previous || canonical row).
CREATE TABLE change (
  revision    INTEGER NOT NULL PRIMARY KEY CHECK (revision > 0),
  committedAt INTEGER NOT NULL,
  actor       TEXT NOT NULL,
  steps       TEXT NOT NULL CHECK (json_valid(steps)),
  previous    BLOB NOT NULL CHECK (length(previous) = 32),
  hash        BLOB NOT NULL UNIQUE CHECK (length(hash) = 32)
) STRICT;

-- Which objects a change touched: what followers read.
CREATE TABLE change_step (
  revision   INTEGER NOT NULL REFERENCES change (revision) ON DELETE RESTRICT,
  fqn        TEXT NOT NULL,
  collection TEXT NOT NULL,
  PRIMARY KEY (revision, fqn)
) STRICT, WITHOUT ROWID;
CREATE INDEX change_step_collection ON change_step (collection, revision);

-- One counter for everything that agents report.
CREATE TABLE inventory_version (
  only    INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
  version INTEGER NOT NULL CHECK (version >= 0)
) STRICT;
INSERT INTO inventory_version (only, version) VALUES (1, 0);

CREATE TABLE inventory_service (
  cluster   TEXT NOT NULL,
  namespace TEXT NOT NULL,
  name      TEXT NOT NULL,
  -- NULL: the cluster no longer reports it; followers still have to hear of that.
  observed  TEXT CHECK (observed IS NULL OR json_valid(observed)),
  version   INTEGER NOT NULL CHECK (version > 0),
  PRIMARY KEY (cluster, namespace, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX inventory_service_version ON inventory_service (version);
CREATE INDEX inventory_service_host ON inventory_service (namespace, name);

CREATE TABLE inventory_authority (
  cluster      TEXT NOT NULL PRIMARY KEY,
  -- A JSON list of DER certificates, base64.
  certificates TEXT NOT NULL CHECK (json_valid(certificates)),
  version      INTEGER NOT NULL CHECK (version > 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE inventory_gateway (
  cluster  TEXT NOT NULL PRIMARY KEY,
  -- All of them, sorted by node id.
  gateways TEXT NOT NULL CHECK (json_valid(gateways)),
  version  INTEGER NOT NULL CHECK (version > 0)
) STRICT, WITHOUT ROWID;

-- Where the gateways of other clusters take what is meant for a cluster.
CREATE TABLE cluster_port (
  cluster TEXT NOT NULL PRIMARY KEY,
  -- NULL: released with the cluster's object; followers still have to hear of that.
  port    INTEGER UNIQUE CHECK (port BETWEEN 15500 AND 19999),
  -- Whether all clusters know its authorities: nothing is sent there, or from there, before.
  trusted INTEGER NOT NULL DEFAULT 0 CHECK (trusted IN (0, 1)),
  version INTEGER NOT NULL CHECK (version > 0)
) STRICT, WITHOUT ROWID;

-- Virtual addresses: a released one keeps its row until somebody else needs it.
CREATE TABLE address (
  host       TEXT NOT NULL PRIMARY KEY,
  -- The IPv4 address as a number.
  address    INTEGER NOT NULL UNIQUE CHECK (address BETWEEN 4042260480 AND 4042326015),
  releasedAt INTEGER,
  version    INTEGER NOT NULL CHECK (version > 0)
) STRICT, WITHOUT ROWID;
CREATE INDEX address_version ON address (version);

CREATE TABLE cluster_generation (
  cluster    TEXT NOT NULL PRIMARY KEY,
  generation INTEGER NOT NULL CHECK (generation >= 0),
  digest     TEXT NOT NULL CHECK (length(digest) = 16)
) STRICT, WITHOUT ROWID;

CREATE TABLE join_token (
  id         TEXT NOT NULL PRIMARY KEY,
  -- FQN of the cluster that the token is for.
  cluster    TEXT NOT NULL,
  secretHash BLOB NOT NULL CHECK (length(secretHash) = 32),
  expiresAt  INTEGER NOT NULL,
  spentAt    INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE api_token (
  id         TEXT NOT NULL PRIMARY KEY,
  principal  TEXT NOT NULL,
  secretHash BLOB NOT NULL CHECK (length(secretHash) = 32),
  createdAt  INTEGER NOT NULL,
  expiresAt  INTEGER
) STRICT, WITHOUT ROWID;

-- What happened beside changes, chained like them.
CREATE TABLE audit (
  number   INTEGER NOT NULL PRIMARY KEY CHECK (number > 0),
  at       INTEGER NOT NULL,
  event    TEXT NOT NULL,
  actor    TEXT NOT NULL,
  subject  TEXT NOT NULL,
  detail   TEXT NOT NULL,
  previous BLOB NOT NULL CHECK (length(previous) = 32),
  hash     BLOB NOT NULL UNIQUE CHECK (length(hash) = 32)
) STRICT;

-- Small things that the server keeps for itself.
CREATE TABLE value (
  name  TEXT NOT NULL PRIMARY KEY,
  bytes BLOB NOT NULL
) STRICT, WITHOUT ROWID;
