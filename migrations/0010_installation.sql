-- What tells this database from any other: its identity, and a mark of the key that seals its secrets.
CREATE TABLE installation (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- A row a node, written every few seconds: whether the database takes writes.
CREATE TABLE write_checks (
    node TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL
);
