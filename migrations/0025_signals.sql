-- 信号の記録: what was signalled for calls, seen on the wire or at the own endpoint.
CREATE TABLE signal_messages (
    -- Over what makes it this message, in hex: seen again it is the same.
    id TEXT NOT NULL PRIMARY KEY,
    -- Microseconds.
    at BIGINT NOT NULL,
    -- Call-ID of SIP.
    dialog TEXT NOT NULL,
    source TEXT NOT NULL,
    destination TEXT NOT NULL,
    -- 0: of a call, seen on the wire; 1: of a registration, kept for hours only; 2: of a call of the own endpoint.
    kind BIGINT NOT NULL,
    message TEXT NOT NULL
);
CREATE INDEX signal_messages_by_dialog ON signal_messages (dialog, at);
CREATE INDEX signal_messages_by_at ON signal_messages (at);

-- What became of each dialog, and of which call it is a leg. Neither names nor numbers stand here.
CREATE TABLE signal_dialogs (
    -- Call-ID of SIP.
    dialog TEXT NOT NULL PRIMARY KEY,
    -- The call in the log; empty if it is counted as none.
    call_id TEXT NOT NULL,
    -- Microseconds; NULL where it was not seen.
    started_at BIGINT,
    rung_at BIGINT,
    answered_at BIGINT,
    ended_at BIGINT,
    -- The final refusal.
    status BIGINT,
    -- 1: the caller took it back.
    cancelled BIGINT NOT NULL,
    -- Between whom the first INVITE went: addresses without ports.
    source TEXT NOT NULL,
    destination TEXT NOT NULL
);
CREATE INDEX signal_dialogs_by_call ON signal_dialogs (call_id);
CREATE INDEX signal_dialogs_by_start ON signal_dialogs (started_at);
