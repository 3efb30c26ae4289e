-- What staff write by the form of the portal is a ticket; this is what the portal knows of it besides.
-- The program moves what is in the table inquiries when it starts (store::portal::moving).
CREATE TABLE portal_tickets (
    ticket_id TEXT NOT NULL PRIMARY KEY,
    -- When it was written.
    at BIGINT NOT NULL,
    -- 受付番号 of the form, of what was written before it became a ticket.
    number BIGINT,
    -- The article that was read before.
    article TEXT
);
CREATE UNIQUE INDEX portal_tickets_by_number ON portal_tickets (number) WHERE number IS NOT NULL;
CREATE INDEX portal_tickets_by_article ON portal_tickets (article, at) WHERE article IS NOT NULL;
