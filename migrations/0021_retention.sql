-- What the periodic work takes names and numbers out of after the time of retention is found without
-- reading everything else.
CREATE INDEX tickets_merged_by_age ON tickets (updated_at)
    WHERE merged_into IS NOT NULL AND done_at IS NULL AND anonymised = 0;
CREATE INDEX people_by_leaving ON people (left_on) WHERE left_on IS NOT NULL;
CREATE INDEX calls_without_ticket_noted ON calls_without_ticket (at) WHERE note <> '';
