-- The history of one object; a collection as it was at an older revision.
CREATE INDEX change_step_object ON change_step (fqn, revision);

-- Routes by the service that they are for.
CREATE INDEX object_service ON object (collection, json_extract(manifest, '$.spec.service'))
  WHERE kind = 'serviceRoute';

-- What was answered under an Idempotency-Key: a request that is sent again is not done again.
CREATE TABLE idempotency (
  principal TEXT NOT NULL,
  key       TEXT NOT NULL,
  -- SHA-256 of what was asked.
  request   BLOB NOT NULL CHECK (length(request) = 32),
  status    INTEGER NOT NULL CHECK (status BETWEEN 200 AND 299),
  headers   TEXT NOT NULL CHECK (json_valid(headers)),
  body      BLOB NOT NULL,
  -- Milliseconds since 1970.
  at        INTEGER NOT NULL,
  PRIMARY KEY (principal, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_at ON idempotency (at);
