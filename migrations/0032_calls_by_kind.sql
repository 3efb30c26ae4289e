-- Calls are counted by the half hour, by line and by how they ended without reading their rows.
CREATE INDEX calls_by_kind ON calls (arrived_at, direction, line, reason, answered_at, ended_at);
