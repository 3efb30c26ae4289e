-- 添付: the contents of files beside tickets, in parts. Which ticket has which stands in its log.
CREATE TABLE ticket_file_parts (
    file_id TEXT NOT NULL,
    part BIGINT NOT NULL,
    -- Base64.
    content TEXT NOT NULL,
    PRIMARY KEY (file_id, part)
);

-- Files for a ticket that is not registered yet: theirs alone who brought them.
CREATE TABLE ticket_draft_files (
    file_id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    -- The ticket that is going to be registered.
    ticket_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- The file as JSON.
    file TEXT NOT NULL
);
CREATE INDEX ticket_draft_files_by_ticket ON ticket_draft_files (ticket_id, at);
CREATE INDEX ticket_draft_files_by_at ON ticket_draft_files (at);
