-- Browsers in which a user has signed in before: strangers' failures do not lock them out. Only
-- hashes of the cookies are kept; a browser that several people use has a row for each.
CREATE TABLE devices (
    token_hash TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    -- Failed attempts since the last success; at the tenth the row goes.
    failures BIGINT NOT NULL,
    PRIMARY KEY (token_hash, user_id)
);
CREATE INDEX devices_by_user ON devices (user_id, used_at);

-- When who is signed in has last proven it again.
ALTER TABLE sessions ADD COLUMN proven_at BIGINT;

-- The token ends when its owner's password is changed.
ALTER TABLE api_tokens ADD COLUMN ends_with_password INTEGER NOT NULL DEFAULT 0;

-- Whose sessions or tokens have ended, or who may do other things than before: every node follows
-- it and forgets what it remembers of them. The oldest rows are deleted.
CREATE TABLE access_changes (
    count BIGINT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL
);
