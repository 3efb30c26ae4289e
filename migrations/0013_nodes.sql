-- Nodes: who holds the lease under a name, and how often it has shown that it lives.
CREATE TABLE nodes (
    node TEXT NOT NULL PRIMARY KEY,
    run TEXT NOT NULL,
    beat BIGINT NOT NULL,
    -- 1: given back, or taken away after it had run out.
    released BIGINT NOT NULL
);

-- The order in which the log took its events, so that other nodes can read on; none of those that
-- were there before.
ALTER TABLE call_events ADD COLUMN feed_position BIGINT;
CREATE INDEX call_events_by_position ON call_events (feed_position) WHERE feed_position IS NOT NULL;

-- Which of two states of an agent was asked for later, without comparing clocks.
ALTER TABLE agent_states ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE agent_states ADD COLUMN node TEXT NOT NULL DEFAULT '';
ALTER TABLE agent_states ADD COLUMN change_number BIGINT NOT NULL DEFAULT 0;
