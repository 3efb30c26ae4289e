-- A list of tickets is read in its order by an index whatever it is narrowed by: the columns behind the order tell
-- which rows count without reading them.
DROP INDEX tickets_by_owner;
CREATE INDEX tickets_by_owner ON tickets
    (owner, fiscal_year, sequence, received_at, merged_into, is_open);
CREATE INDEX tickets_by_category ON tickets
    (category, fiscal_year, sequence, received_at, merged_into, is_open);
CREATE INDEX tickets_by_channel ON tickets
    (channel, fiscal_year, sequence, received_at, merged_into, is_open);
CREATE INDEX tickets_by_system ON tickets
    (system, fiscal_year, sequence, received_at, merged_into, is_open);
CREATE INDEX tickets_by_division ON tickets
    (division, fiscal_year, sequence, received_at, merged_into, is_open);
DROP INDEX tickets_by_site;
CREATE INDEX tickets_by_site ON tickets
    (site, fiscal_year, sequence, received_at, merged_into) WHERE site <> '';
CREATE INDEX tickets_by_department ON tickets
    (department, fiscal_year, sequence, merged_into) WHERE department <> '';
CREATE INDEX tickets_with_incident ON tickets
    (incident, merged_into, fiscal_year, sequence, received_at) WHERE incident = 1;
CREATE INDEX tickets_in_order ON tickets (merged_into, fiscal_year, sequence, received_at);
CREATE INDEX tickets_by_change ON tickets (merged_into, updated_at, fiscal_year, sequence, received_at);
DROP INDEX tickets_open;
CREATE INDEX tickets_open ON tickets (is_open, status, fiscal_year, sequence) WHERE is_open = 1;
DROP INDEX tickets_open_by_number;
CREATE INDEX tickets_open_by_number ON tickets (is_open, fiscal_year, sequence) WHERE is_open = 1;

-- Who has a ticket open on the screen, and until when that is taken for granted.
CREATE TABLE ticket_viewers (
    ticket_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    until_at BIGINT NOT NULL,
    PRIMARY KEY (ticket_id, user_id)
);
CREATE INDEX ticket_viewers_by_time ON ticket_viewers (until_at);
