-- Which letters stand beside each other in each ticket: see services/store/src/tickets/words.rs. The row
-- number is the ticket's number.
CREATE VIRTUAL TABLE ticket_words USING fts5(
    words,
    content = '',
    contentless_delete = 1,
    detail = none
);
