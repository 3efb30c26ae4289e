-- What is set on screens: every version of every thing is kept, so that a change can be undone.
CREATE TABLE settings (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    -- 1 for the newest version of its thing.
    newest INTEGER NOT NULL,
    at BIGINT NOT NULL,
    changed_by TEXT NOT NULL,
    -- JSON; NULL: the thing was removed.
    data TEXT,
    PRIMARY KEY (kind, id, version)
);
CREATE INDEX settings_newest ON settings (kind, id) WHERE newest = 1;

-- Recordings that belong to settings, by the hash of their content.
CREATE TABLE recordings (
    hash TEXT NOT NULL PRIMARY KEY,
    -- WAV, as base64.
    content TEXT NOT NULL
);
