-- People who use the desk. Instants are Unix milliseconds; flags are 0 or 1.
CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    -- Name and login folded, to be searched.
    search TEXT NOT NULL,
    -- Names of roles, with a comma before and after each.
    roles TEXT NOT NULL,
    agent TEXT,
    oidc_subject TEXT UNIQUE,
    -- argon2id, as a PHC string.
    password TEXT,
    must_change_password INTEGER NOT NULL,
    password_changed_at BIGINT,
    -- The secret of the second factor, encrypted, and the last time step that was used.
    totp TEXT,
    totp_step BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    failed_at BIGINT,
    disabled_at BIGINT,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    version BIGINT NOT NULL
);

-- Codes that stand in for the second factor, once each. Only hashes are kept.
CREATE TABLE recovery_codes (
    user_id TEXT NOT NULL REFERENCES users (id),
    code_hash TEXT NOT NULL,
    PRIMARY KEY (user_id, code_hash)
);

-- Who is signed in where. Only hashes of the cookies are kept.
CREATE TABLE sessions (
    token_hash TEXT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id),
    -- The second factor is still owed.
    pending INTEGER NOT NULL,
    -- Begun by the site's identity provider, not by a password.
    by_provider INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    address TEXT NOT NULL,
    device TEXT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_seen ON sessions (seen_at);

-- Access of programs. Only hashes of the tokens are kept.
CREATE TABLE api_tokens (
    id TEXT NOT NULL PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX api_tokens_by_user ON api_tokens (user_id);
