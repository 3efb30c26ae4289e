-- Which letters stand beside each other in each ticket: see services/store/src/tickets/words.rs.
CREATE TABLE ticket_words (
    fiscal_year BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    words TSVECTOR NOT NULL,
    PRIMARY KEY (fiscal_year, sequence)
);
CREATE INDEX ticket_words_by_word ON ticket_words USING GIN (words);
