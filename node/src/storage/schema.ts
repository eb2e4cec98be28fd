/**
 * Tables of a node's store. Amounts are decimal text (a uint96 does not fit an SQLite integer), addresses and
 * hashes lower-case hex. A published entry is never edited; a change appends one.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE channels (
    payer TEXT NOT NULL,
    provider TEXT NOT NULL,
    paid TEXT NOT NULL,
    settled TEXT NOT NULL,
    redeemed TEXT NOT NULL,
    open TEXT NOT NULL,
    voucher TEXT,
    PRIMARY KEY (payer, provider)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE segments (
    row INTEGER PRIMARY KEY,
    job_id TEXT NOT NULL,
    segment INTEGER NOT NULL,
    payer TEXT NOT NULL,
    provider TEXT NOT NULL,
    state TEXT NOT NULL,
    history TEXT NOT NULL,
    ended_ms INTEGER,
    terms TEXT NOT NULL,
    failure_code TEXT,
    failure_detail TEXT,
    UNIQUE (job_id, segment)
  ) STRICT;
  CREATE INDEX segments_by_state ON segments (state);

  CREATE TABLE segment_parts (
    part INTEGER PRIMARY KEY,
    job_id TEXT NOT NULL,
    segment INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body BLOB NOT NULL
  ) STRICT;
  CREATE INDEX segment_parts_by_segment ON segment_parts (job_id, segment);

  CREATE TABLE nonces (payer TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE records (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (kind, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX records_by_age ON records (kind, at_ms);
  `,
  `
  CREATE TABLE services (
    payer TEXT NOT NULL,
    provider TEXT NOT NULL,
    paid TEXT NOT NULL,
    due TEXT NOT NULL,
    redeemed TEXT NOT NULL,
    voucher TEXT,
    PRIMARY KEY (payer, provider)
  ) STRICT, WITHOUT ROWID;
  `,
]
