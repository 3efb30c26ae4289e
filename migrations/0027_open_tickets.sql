-- The open tickets in the order of lists: among many that are done, they are not looked for one by one.
CREATE INDEX tickets_open_by_number ON tickets (fiscal_year, sequence) WHERE is_open = 1;
