-- 問合せ. The log of their events: the only source of every figure. Rows are only ever added; after the
-- time of retention names and numbers are taken out of their texts. Instants are Unix milliseconds.
CREATE TABLE ticket_events (
    ticket_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    happened_at BIGINT NOT NULL,
    -- The event as JSON.
    event TEXT NOT NULL,
    PRIMARY KEY (ticket_id, seq)
);
CREATE INDEX ticket_events_by_kind ON ticket_events (kind, happened_at);

-- Every ticket as the sum of its events: derived from ticket_events in the same transaction.
CREATE TABLE tickets (
    id TEXT NOT NULL PRIMARY KEY,
    fiscal_year BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    version BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    status TEXT NOT NULL,
    -- Neither done nor merged into another.
    is_open BIGINT NOT NULL,
    -- Open, without first answer, and not exempt from its limit.
    awaits_answer BIGINT NOT NULL,
    division TEXT NOT NULL,
    category TEXT NOT NULL,
    channel TEXT NOT NULL,
    system TEXT NOT NULL,
    priority TEXT NOT NULL,
    incident BIGINT NOT NULL,
    urgent BIGINT NOT NULL,
    owner TEXT NOT NULL,
    person TEXT NOT NULL,
    -- The number to call back, in canonical form.
    number TEXT NOT NULL,
    name TEXT NOT NULL,
    site TEXT NOT NULL,
    department TEXT NOT NULL,
    -- The beginning of the question.
    question TEXT NOT NULL,
    answered_at BIGINT,
    done_at BIGINT,
    -- Names and numbers were taken out.
    anonymised BIGINT NOT NULL,
    hold_until TEXT,
    -- When the next answer of a vendor is due.
    escalation_due BIGINT,
    merged_into TEXT,
    -- Everything that words are looked for in.
    search TEXT NOT NULL,
    -- The whole ticket as JSON.
    state TEXT NOT NULL
);
CREATE UNIQUE INDEX tickets_by_number ON tickets (fiscal_year, sequence);
CREATE INDEX tickets_open ON tickets (status, fiscal_year, sequence) WHERE is_open = 1;
CREATE INDEX tickets_awaiting ON tickets (received_at) WHERE awaits_answer = 1;
CREATE INDEX tickets_by_owner ON tickets (owner, fiscal_year, sequence) WHERE is_open = 1;
CREATE INDEX tickets_by_person ON tickets (person, fiscal_year, sequence) WHERE person <> '';
CREATE INDEX tickets_by_caller ON tickets (number, fiscal_year, sequence) WHERE number <> '';
CREATE INDEX tickets_by_site ON tickets (site, received_at) WHERE site <> '';
CREATE INDEX tickets_by_arrival ON tickets (received_at);
CREATE INDEX tickets_by_end ON tickets (done_at) WHERE done_at IS NOT NULL AND anonymised = 0;
CREATE INDEX tickets_by_merge ON tickets (merged_into) WHERE merged_into IS NOT NULL;

-- 応対: derived from ticket_events in the same transaction.
CREATE TABLE contacts (
    contact_id TEXT NOT NULL PRIMARY KEY,
    ticket_id TEXT NOT NULL,
    call_id TEXT,
    channel TEXT NOT NULL,
    agent TEXT,
    from_at BIGINT NOT NULL,
    until_at BIGINT,
    outcome TEXT NOT NULL,
    outcome_at BIGINT NOT NULL
);
CREATE INDEX contacts_by_ticket ON contacts (ticket_id);
CREATE INDEX contacts_by_call ON contacts (call_id) WHERE call_id IS NOT NULL;

-- 受付番号: the last one given in each fiscal year, so that none comes again.
CREATE TABLE ticket_numbers (
    fiscal_year BIGINT NOT NULL PRIMARY KEY,
    last BIGINT NOT NULL
);

-- What searches must take up, in order.
CREATE TABLE ticket_changes (
    position BIGINT NOT NULL PRIMARY KEY,
    ticket_id TEXT NOT NULL
);

-- 対象外: answered calls without a matter.
CREATE TABLE calls_without_ticket (
    call_id TEXT NOT NULL PRIMARY KEY,
    reason TEXT NOT NULL,
    note TEXT NOT NULL,
    at BIGINT NOT NULL,
    by_user TEXT NOT NULL
);

-- What somebody has typed for a call or a ticket and not saved yet: theirs alone, and no record of
-- anything.
CREATE TABLE ticket_drafts (
    user_id TEXT NOT NULL,
    -- call:ID, ticket:ID, or new.
    subject TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- The version of the ticket that it began with.
    version BIGINT,
    -- The fields of the form, as JSON.
    form TEXT NOT NULL,
    PRIMARY KEY (user_id, subject)
);
CREATE INDEX ticket_drafts_by_at ON ticket_drafts (at);

-- 職員: who may call.
CREATE TABLE people (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    kana TEXT NOT NULL,
    site TEXT NOT NULL,
    department TEXT NOT NULL,
    mail TEXT NOT NULL,
    -- JSON of the numbers, the main one first.
    numbers TEXT NOT NULL,
    left_on TEXT,
    -- Everything that words are looked for in.
    search TEXT NOT NULL,
    -- When the last import named the person.
    imported_at BIGINT NOT NULL
);
CREATE INDEX people_by_site ON people (site, id);

CREATE TABLE people_numbers (
    number TEXT NOT NULL,
    person_id TEXT NOT NULL,
    PRIMARY KEY (number, person_id)
);
CREATE INDEX people_numbers_by_person ON people_numbers (person_id);
