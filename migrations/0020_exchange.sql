-- What programs asked to be made under which key, for a day: asked again they get the same answer.
CREATE TABLE request_keys (
    -- The hash of the user and of the key that they gave.
    request_key TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- The hash of what was asked.
    body TEXT NOT NULL,
    ticket_id TEXT NOT NULL,
    -- The version of the ticket that was answered.
    version BIGINT NOT NULL
);
CREATE INDEX request_keys_by_at ON request_keys (at);
CREATE INDEX request_keys_by_user ON request_keys (user_id, at);

-- A ledger that somebody has brought and not taken in yet: theirs alone, for a day.
CREATE TABLE ledger_files (
    user_id TEXT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL,
    at BIGINT NOT NULL,
    name TEXT NOT NULL,
    -- Base64.
    content TEXT NOT NULL
);

-- Which column of a predecessor's ledger is what, as it was last said.
CREATE TABLE ledger_mappings (
    ledger TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    -- JSON: what each head stands for.
    mapping TEXT NOT NULL
);
