-- What the list of users searches and filters by, narrow enough to be read through in milliseconds.
CREATE INDEX users_by_login_with_search
    ON users (login, search, roles, disabled_at, last_used_at, created_at);
