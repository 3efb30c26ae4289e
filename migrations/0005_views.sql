-- Filters of lists that users keep under a name, each for themselves.
CREATE TABLE saved_views (
    user_id TEXT NOT NULL REFERENCES users (id),
    page TEXT NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    PRIMARY KEY (user_id, page, name)
);
