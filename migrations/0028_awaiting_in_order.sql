-- The tickets that wait for their first answer are read in the order in which that is due. An index that
-- had half of the order was passed over for one of all tickets, of which each was then read.
DROP INDEX tickets_awaiting;
CREATE INDEX tickets_awaiting ON tickets (received_at, id) WHERE awaits_answer = 1;
