-- Tickets in brief, in the order of their reception: what a month's figures read instead of whole tickets.
-- Derived from ticket_events in the same transaction (services/store/src/tickets/briefs.rs).
CREATE TABLE ticket_briefs (
    received_at BIGINT NOT NULL,
    ticket_id TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    brief TEXT NOT NULL,
    PRIMARY KEY (received_at, ticket_id)
);
