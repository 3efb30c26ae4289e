-- Who did what: numbered from 1 without gaps, chained by hash. Rows are never changed; the oldest
-- may be deleted when they were kept long enough, which is recorded here as well.
CREATE TABLE audit (
    seq BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    before_fields TEXT NOT NULL,
    after_fields TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX audit_by_at ON audit (at, seq);
CREATE INDEX audit_by_actor ON audit (actor_name, at, seq);
CREATE INDEX audit_by_action ON audit (action, at, seq);
CREATE INDEX audit_by_object ON audit (object, at, seq);

-- One row: the ends of the chain, so that records missing there are found, too.
CREATE TABLE audit_ends (
    id INTEGER NOT NULL PRIMARY KEY,
    -- The last record that was deleted because it was kept long enough (0: none), and its hash.
    deleted_seq BIGINT NOT NULL,
    deleted_hash TEXT NOT NULL,
    -- The newest record and its hash.
    last_seq BIGINT NOT NULL,
    last_hash TEXT NOT NULL
);
INSERT INTO audit_ends (id, deleted_seq, deleted_hash, last_seq, last_hash) VALUES (
    1,
    0, '0000000000000000000000000000000000000000000000000000000000000000',
    0, '0000000000000000000000000000000000000000000000000000000000000000'
);
