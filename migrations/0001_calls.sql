-- The log of call events: the only source of every figure. Rows are only ever added.
-- Instants are Unix milliseconds; data holds the fields of the kind as JSON.
CREATE TABLE call_events (
    call_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    node TEXT NOT NULL,
    line TEXT NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (call_id, seq)
);

-- What every agent was last doing, to be found again after a restart.
CREATE TABLE agent_states (
    agent TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    since BIGINT NOT NULL,
    no_answers BIGINT NOT NULL
);

-- Every call as the sum of its events: derived from call_events in the same transaction, and
-- computed anew whenever derived.version is not what the program expects.
CREATE TABLE calls (
    call_id TEXT NOT NULL PRIMARY KEY,
    node TEXT NOT NULL,
    line TEXT NOT NULL,
    direction TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT,
    cause TEXT,
    from_number TEXT NOT NULL,
    to_number TEXT NOT NULL,
    -- Both numbers in canonical form, to be searched.
    numbers TEXT NOT NULL,
    arrived_at BIGINT NOT NULL,
    answered_at BIGINT,
    talk_ended_at BIGINT,
    ended_at BIGINT,
    -- The parts of agents as JSON, and their names to be searched.
    parts TEXT NOT NULL,
    agents TEXT NOT NULL,
    last_seq BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);
CREATE INDEX calls_by_arrival ON calls (arrived_at, call_id);
CREATE INDEX calls_unfinished ON calls (node) WHERE ended_at IS NULL;

CREATE TABLE derived (
    name TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL
);
