-- Months are read, and lists counted, by these without the rows of tickets and events.
DROP INDEX tickets_by_arrival;
CREATE INDEX tickets_by_arrival ON tickets (received_at, id, merged_into);
DROP INDEX tickets_by_end;
CREATE INDEX tickets_by_end ON tickets (done_at, received_at, id, anonymised)
    WHERE done_at IS NOT NULL AND anonymised = 0;
DROP INDEX ticket_events_by_kind;
CREATE INDEX ticket_events_by_kind ON ticket_events (kind, happened_at, ticket_id);
